"""The owner's folder of backgrounds: what a file name says, what a TOML file adds, and what is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from retouch.engines.builtin.scenes.own import covering, own_scene
from retouch.engines.builtin.scenes.scene import Framing
from retouch.engines.folder import BYTES_MAX, PICTURES_MAX, OwnScene, read_folder
from retouch.engines.planner import SUPPORTED, learn, plan_instruction, taken_words, unreachable
from retouch.engines.planner.chat_schema import answer_schema
from retouch.errors import ImageUnreadable, SetupError
from retouch.testing import pictures
from retouch.testing.extensions import check_scene

Fill: TypeAlias = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def fill(tmp_path: Path) -> Iterator[Fill]:
    """Writes files into a folder; the planner forgets it after the test."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    yield write
    learn(None)


def names(folder: Path) -> list[str]:
    return [scene.name for scene in read_folder(folder).scenes]


def test_a_file_name_is_its_english_words(fill: Fill) -> None:
    folder = fill(
        {"wheat-field.jpg": b"", "Grandma's_garden.PNG": b"", "Our_Café.webp": b"", "b  b.avif": b""}
    )
    found = read_folder(folder)
    assert {scene.name for scene in found.scenes} == {"wheat field", "our café", "b b"}
    assert found.scenes[-1].words == {"en": found.scenes[-1].name}
    assert found.left_out == ("Grandma's_garden.PNG: its file name is not made of words",)


def test_other_files_and_folders_are_no_pictures(fill: Fill) -> None:
    folder = fill({"notes.txt": "", "wheat.toml": "", "page.html": ""})
    (folder / "more").mkdir()
    (folder / "album.jpg").mkdir()
    assert read_folder(folder).scenes == ()
    assert read_folder(folder).left_out == ("album.jpg: it is no file",)


def test_a_toml_file_says_the_rest(fill: Fill) -> None:
    said = """
        words = { de = "weizenfeld~, kornfeld", en = "corn field" }
        horizon = 0.4
        ground = true
        licence = "CC0-1.0"
    """
    (scene,) = read_folder(fill({"wheat field.jpg": b"", "wheat field.toml": said})).scenes
    assert scene.words == {"en": "wheat field, corn field", "de": "weizenfeld~, kornfeld"}
    assert (scene.horizon, scene.ground, scene.licence) == (0.4, True, "CC0-1.0")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("words = ", "Invalid value"),
        ("words = 'wheat'", "words is a table"),
        ("words = { German = 'weizen' }", "'German' is no language's code"),
        ("words = { de = 3 }", "'de' is no language's code with words"),
        ("horizon = 1.5", "0..1, not 1.5"),
        ("horizon = 'low'", "0..1, not 'low'"),
        ("ground = 'yes'", "ground is true or false"),
        ("licence = 7", "licence is a text"),
        ("color = 'red'", "'color' is none of words, horizon, ground, licence"),
        (b"licence = '\xff'", "can't decode"),
        (b"#" * (65 << 10), "more than 64 KiB"),
    ],
)
def test_a_toml_file_that_makes_no_sense_leaves_its_picture_out(
    fill: Fill, toml: str | bytes, said: str
) -> None:
    found = read_folder(fill({"wheat.jpg": b"", "wheat.toml": toml, "rye.jpg": b""}))
    assert [scene.name for scene in found.scenes] == ["rye"]
    (line,) = found.left_out
    assert line.startswith("wheat.jpg: ")
    assert said in line


def test_two_files_of_one_name_are_one_scene(fill: Fill) -> None:
    found = read_folder(fill({"wheat field.jpg": b"", "wheat_field.png": b""}))
    assert [scene.file.name for scene in found.scenes] == ["wheat field.jpg"]
    assert found.left_out == ("wheat_field.png: wheat field.jpg has the same name",)


def test_too_many_and_too_large_are_left_out(fill: Fill) -> None:
    folder = fill({f"x{number:03}.jpg": b"" for number in range(PICTURES_MAX + 1)})
    with (folder / "x001.jpg").open("wb") as file:
        file.truncate(BYTES_MAX + 1)
    (folder / "y.jpg").write_bytes(b"")
    left_out = read_folder(folder).left_out
    assert left_out == ("x001.jpg: it has more than 32 MiB", "y.jpg: one more than the 64 that are taken")


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_setting_that_names_no_folder_stops_the_start(fill: Fill, name: str) -> None:
    folder = fill({"file.txt": ""})
    with pytest.raises(SetupError, match="scenes_dir"):
        learn(folder / name)


@pytest.mark.parametrize(
    ("text", "scene"),
    [
        ("Change the background to our wine cellar", "wine cellar"),
        ("put him in front of the wine cellar", "wine cellar"),
        ("Replace the background with a wine cellar, keep the subject", "wine cellar"),
        ("Ersetze den Hintergrund durch einen Weinkeller", "wine cellar"),
        ("ersetze den hintergrund durch weinkellern", "wine cellar"),
        ("背景をワインセラーに変えて", "wine cellar"),
        ("ضع قبو النبيذ في الخلفية", "wine cellar"),
        ("把背景换成 wine cellar", "wine cellar"),
        ("change the sky to a wine cellar", None),
        ("add a wine cellar to her shirt", None),
    ],
)
def test_the_planner_learns_its_names(fill: Fill, text: str, scene: str | None) -> None:
    said = 'words = { de = "weinkeller~", ja = "ワインセラー", ar = "قبو نبيذ, قبو النبيذ" }'
    assert plan_instruction(text).operations == ()
    assert learn(fill({"wine cellar.jpg": b"", "wine cellar.toml": said})) == ()
    planned = [each.arguments.get("scene") for each in plan_instruction(text).operations]
    assert planned == ([scene] if scene else [])


def test_what_is_served_lists_them(fill: Fill) -> None:
    learn(fill({"wine cellar.jpg": b""}))
    assert "wine cellar" in SUPPORTED.scenes
    assert "wine cellar" in str(answer_schema())
    learn(None)
    assert "wine cellar" not in SUPPORTED.scenes
    assert "wine cellar" not in str(answer_schema())


def test_a_built_in_name_or_word_stays_what_it_is(fill: Fill) -> None:
    folder = fill({"sunset.jpg": b"", "cellar.jpg": b"", "cellar.toml": 'words = { en = "beach, wheat" }'})
    assert learn(folder) == (
        "scenes_dir: sunset.jpg: there is a scene 'sunset' already, one of Retouch's own",
    )
    assert taken_words() == ("scene:cellar: 'beach' (en) means scene:beach",)
    assert unreachable() == ()
    (beach,) = plan_instruction("Change the background to a beach").operations
    assert beach.arguments["scene"] == "beach"
    (room,) = plan_instruction("Change the background to a cellar").operations
    assert room.arguments["scene"] == "cellar"


def test_a_picture_whose_every_word_means_something_else_is_pointed_out(fill: Fill) -> None:
    # A file called flower field.jpg was listed as a scene, and asking for it gave the built-in meadow.
    assert learn(fill({"flower field.jpg": b"", "rye.jpg": b""})) == ()
    assert unreachable() == (
        "scene:flower field: each of its words has another meaning, so nobody can ask for it",
    )


def test_the_picture_is_cut_to_the_proportions_and_the_horizon_keeps_its_height() -> None:
    rows = np.arange(400, dtype=np.float32)[:, None] * np.ones((1, 300), np.float32)
    tall = np.dstack([(rows * 255 / 399).astype(np.uint8)] * 3)
    for horizon in (0.0, 0.25, 0.5, 1.0):
        cut = covering(tall, (300, 100), horizon)
        assert cut.shape == (100, 300, 3)
        at_horizon = cut[min(99, round(100 * horizon)), 0, 0]
        assert abs(int(at_horizon) - 255 * horizon) < 4
    wide = covering(np.ascontiguousarray(tall.transpose(1, 0, 2)), (100, 100), 0.5)
    assert abs(int(wide[:, 50].mean()) - 127) < 4  # the middle of it


@pytest.mark.parametrize("ending", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_each_format_is_a_scene_like_any_other(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "ball"
    file.write_bytes(pictures.saved(pictures.ball(160, 120), ending))
    check_scene(own_scene(OwnScene("ball", file, {"en": "ball"})))


def test_a_huge_picture_is_kept_small(tmp_path: Path) -> None:
    file = tmp_path / "ball"
    file.write_bytes(pictures.saved(pictures.ball(4000, 120), "JPEG"))
    drawn = own_scene(OwnScene("ball", file, {})).draw((96, 64), np.random.default_rng(0), Framing())
    assert drawn.linear[32, 48, 0] > 2 * drawn.linear[32, 48, 1]  # the red ball in its middle


def test_a_broken_picture_says_so(tmp_path: Path) -> None:
    file = tmp_path / "ball"
    file.write_bytes(pictures.saved(pictures.ball(), "JPEG")[:2000])
    with pytest.raises(ImageUnreadable, match="broken or cut off"):
        own_scene(OwnScene("ball", file, {}))
