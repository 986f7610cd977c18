"""Land, water, woods, walls: drawn in range, new for every seed, of any size, and found by their words."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.engines.builtin.blur import Plane, f32
from retouch.engines.builtin.colour import luminance, to_srgb
from retouch.engines.builtin.noise import fractal
from retouch.engines.builtin.scenes import SCENES, Framing, relief
from retouch.engines.planner import plan_instruction
from retouch.engines.planner.words import load

NAMES = (
    "mountains",
    "forest",
    "desert",
    "ocean",
    "beach",
    "winter",
    "autumn leaves",
    "cherry blossom",
    "meadow",
    "rainbow",
    "rain window",
    "city skyline",
    "fireworks",
    "moon surface",
    "mars",
    "ringed planet",
    "brick wall",
    "wooden table",
    "marble",
    "velvet curtain",
    "stage",
    "window light",
    "park",
    "countryside",
    "savanna",
    "canyon",
    "salt flat",
    "waterfront",
    "city street",
    "old town",
    "living room",
    "office",
    "shopping mall",
    "event hall",
    "warehouse",
    "factory",
    "library",
    "christmas tree",
    "concrete wall",
    "earth orbit",
)
REQUESTS = {
    "en": "Change the background to {}",
    "zh": "把背景换成{}",
    "es": "Cambia el fondo por {}",
    "fr": "Remplace l'arrière-plan par {}",
    "de": "Ersetze den Hintergrund durch {}",
    "ja": "背景を{}に変えて",
    "pt": "Troque o fundo por {}",
    "ru": "Замени фон на {}",
    "ar": "غير الخلفية إلى {}",
    "hi": "पृष्ठभूमि को {} में बदलें",
    "ko": "배경을 {}로 바꿔줘",
}


def drawn(name: str, seed: int, framing: Framing, size: tuple[int, int] = (192, 128)) -> Plane:
    return SCENES[name].draw(size, np.random.default_rng(seed), framing).linear


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_is_light_in_range_and_new_for_every_seed(name: str) -> None:
    one, again, other = (drawn(name, seed, Framing()) for seed in (1, 1, 2))
    assert one.shape == (128, 192, 3)
    assert one.dtype == np.float32
    assert np.isfinite(one).all()
    assert 0 <= float(one.min()) <= float(one.max()) <= 1
    assert np.array_equal(one, again)
    assert float(np.abs(one - other).mean()) > 0.004


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (7, 90), (90, 7), (1300, 40)])
def test_a_scene_can_be_drawn_at_any_size(name: str, size: tuple[int, int]) -> None:
    picture = drawn(name, 1, Framing(), size)
    assert picture.shape == (size[1], size[0], 3)
    assert np.isfinite(picture).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_has_light_and_dark(name: str) -> None:
    tones = to_srgb(f32(luminance(drawn(name, 4, Framing(), (256, 256)))))
    low, high = np.quantile(tones, [0.02, 0.98])
    assert high - low > 0.08


def test_no_two_scenes_have_the_same_tones_and_colours() -> None:
    """Colour and contrast over a 6x6 grid tell every scene from every other, whatever the seed."""
    seen = {name: np.mean([_features(name, seed) for seed in range(3)], axis=0) for name in SCENES}
    names = list(seen)
    near = {
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if float(np.abs(seen[a] - seen[b]).mean()) < 0.02
    }
    assert near == set()


def _features(name: str, seed: int) -> Plane:
    picture = to_srgb(drawn(name, seed, Framing(), (96, 96))).reshape(6, 16, 6, 16, 3)
    return np.concatenate([picture.mean((1, 3)), picture.std((1, 3))])


@pytest.mark.parametrize("name", [n for n in NAMES if SCENES[n].ground and SCENES[n].horizon])
def test_a_standing_subject_stands_on_the_ground_and_not_before_the_sky(name: str) -> None:
    """However high its feet are, the picture under them is not the sky's: the horizon has moved up."""
    framing = Framing(box=(0.4, 0.1, 0.6, 0.62), cut=False)
    assert relief.eye_level(framing, SCENES[name].horizon or 0.5) < 0.60
    assert not np.array_equal(drawn(name, 1, framing), drawn(name, 1, Framing()))


@given(bottom=st.floats(0.3, 0.98), usual=st.floats(0.3, 0.8))
def test_the_horizon_is_never_below_the_feet(bottom: float, usual: float) -> None:
    framing = Framing(box=(0.3, 0.1, 0.7, bottom), cut=False)
    assert relief.eye_level(framing, usual, 0.05) <= max(bottom, 0.05)
    assert relief.eye_level(Framing(cut=True), usual) == usual


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), horizon=st.floats(0.2, 0.8))
def test_flat_ground_lies_where_perspective_puts_it(seed: int, horizon: float) -> None:
    """A plane one eye height below the eye is 1/sine away: row r below the horizon sees distance L/r."""
    flat = np.zeros((relief.TILE, relief.TILE), np.float32)
    ground = relief.look_over(flat, (120, 100), horizon, np.random.default_rng(seed), 10.0)
    row = int(horizon * 100 + 0.5 * (1 - horizon) * 100)
    assert float(ground.distance[row].mean()) == pytest.approx(120 / (row - horizon * 100), rel=0.03)
    assert float(ground.cover[: int(horizon * 100) - 2].max()) == 0
    assert float(ground.cover[row:].min()) == 1


def test_a_hill_hides_what_lies_behind_it() -> None:
    """Down a column of pixels the ground never comes nearer again as the eye goes up."""
    hills = f32(0.3 * fractal((relief.TILE, relief.TILE), np.random.default_rng(3), 2.2))
    ground = relief.look_over(hills, (90, 90), 0.4, np.random.default_rng(3), 10.0)
    assert float(np.diff(ground.distance, axis=0).max()) <= 1e-4


def test_what_is_too_fine_for_a_pixel_is_averaged() -> None:
    """A chequered plain is grey in the distance, not a pattern of its own."""
    chequered = f32(np.indices((relief.TILE, relief.TILE)).sum(0) % 2)
    flat = np.zeros_like(chequered)
    ground = relief.look_over(flat, (200, 200), 0.4, np.random.default_rng(1), 40.0)
    far = ground.look_up(chequered)[84:100]
    assert float(far.std()) < 0.01
    assert float(far.mean()) == pytest.approx(0.5, abs=0.02)


def test_a_wall_throws_its_shadow_away_from_the_sun() -> None:
    wall = np.zeros((relief.TILE, relief.TILE), np.float32)
    wall[:, 300:310] = 1.0
    light = relief.sunlit(wall, float(relief.TILE), 0.1)  # one pixel a distance: its shadow is 10 long
    assert float(light[500, 314]) < 0.05
    assert float(light[500, 290]) > 0.95
    assert float(light[500, 330]) > 0.95


@pytest.mark.parametrize("language", REQUESTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_word_of_a_scene_asks_for_it(name: str, language: str) -> None:
    for word in load().concepts[f"scene:{name}"][language].split(","):
        text = REQUESTS[language].format(word.strip().rstrip("~"))
        operations = plan_instruction(text).to_json()["operations"]
        assert operations == [{"kind": "background.replace", "scene": name}], text


@pytest.mark.parametrize("name", ["waterfront", "canyon", "salt flat"])
def test_places_of_few_forms_are_nearly_in_focus(name: str) -> None:
    """Behind a subject they were a blur of two colours that nobody could name."""
    sharpness = []
    for seed in range(3):
        light = SCENES[name].draw((320, 240), np.random.default_rng(seed), Framing()).linear.mean(-1)
        soft = cv2.GaussianBlur(light, (0, 0), 6)
        own, blurred = (np.quantile(np.abs(np.diff(each, axis=0)), 0.99) for each in (light, soft))
        sharpness.append(own / blurred)
    assert np.median(sharpness) > 2.1


def test_sunrise_mirrors_its_sky_in_a_lake_and_mountains_do_not() -> None:
    """Both were ridges behind ridges with the sun behind them."""

    def likeness(name: str) -> float:
        scene = SCENES[name]
        light = scene.draw((320, 240), np.random.default_rng(2), Framing()).linear.mean(-1)
        shore = round((scene.horizon or 0.6) * 240)
        depth = 240 - shore - 20
        below, above = light[shore + 20 :], light[shore - 20 - depth : shore - 20][::-1]
        return float(np.corrcoef(below.mean(0), above.mean(0))[0, 1])

    assert likeness("sunrise") > 0.6
    assert likeness("mountains") < likeness("sunrise") - 0.1
