"""Each of the further styles leaves the mark that it is known by, and no two of them look alike."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.engines.builtin.colour import decode, to_float, to_oklab
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations import style
from retouch.engines.builtin.styles import STYLES
from retouch.engines.builtin.styles.cells import Seeds, centres, grown, means, strewn
from retouch.engines.builtin.styles.sheet import Sheet
from retouch.engines.planner import SUPPORTED, plan_instruction

if TYPE_CHECKING:
    from numpy.typing import NDArray


def matte(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A disc in the middle is the subject."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    inside = np.hypot((y + 0.5) / height - 0.5, (x + 0.5) / width - 0.5) < 0.3
    return np.asarray(inside, np.float32)


def nobody(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros(rgb.shape[:2], np.float32)


def styled(
    name: str, rgb: NDArray[np.uint8], seed: int = 1, subject: Any = matte, **arguments: Any
) -> NDArray[np.uint8]:
    context = Context(seed, 0, subject, lambda _: None, lambda _: None)
    return style.apply(Canvas(rgb), {"style": name, **arguments}, context).rgb


def photo(height: int = 240, width: int = 320) -> NDArray[np.uint8]:
    """A pale sky, a dark ground, and a shaded orange ball with a dark edge before both."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = (y + 0.5) / height, (x + 0.5) / width
    sky = np.stack([0.55 + 0.2 * y, 0.68 + 0.1 * y, 0.92 - 0.1 * y], -1)
    ground = np.stack([0.22 + 0.1 * x, 0.24 + 0 * x, 0.12 + 0 * x], -1)
    picture = np.where((y > 0.75)[..., None], ground, sky)
    ball = np.hypot(y - 0.5, x - 0.5)
    shade = np.clip(1.1 - 1.9 * np.hypot(y - 0.4, x - 0.4), 0.12, 1)[..., None]
    picture = np.where((ball < 0.3)[..., None], shade * np.array([0.95, 0.45, 0.2]), picture)
    picture = picture + rng.normal(0, 0.015, picture.shape)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def flat(colour: tuple[int, int, int], height: int = 160, width: int = 200) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def chroma(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    lab = to_oklab(decode(rgb))
    return np.hypot(lab[..., 1], lab[..., 2])


def border(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])


def test_the_planner_offers_the_styles_that_the_engine_draws() -> None:
    assert set(SUPPORTED.styles) == set(STYLES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("make it film noir", "noir"),
        ("转成彩色玻璃风格", "stained glass"),
        ("變成點彩畫", "pointillism"),
        ("estilo puntillista", "pointillism"),
        ("Transforme en mosaïque", "mosaic"),
        ("als Holzschnitt", "woodcut"),
        ("desenho a carvão", "charcoal"),
        ("в стиле Ван Гога", "van gogh"),
        ("بأسلوب فان جوخ", "van gogh"),
        ("वैन गॉग शैली", "van gogh"),
        ("수묵화로 바꿔줘", "ink wash"),
        ("色鉛筆画にして", "color pencil"),
        ("japanischer Holzschnitt", "ukiyo-e"),
    ],
)
def test_a_style_is_asked_for_by_its_name_in_any_language(text: str, name: str) -> None:
    (operation,) = plan_instruction(text).operations
    assert operation.to_json() == {"kind": "style", "style": name}


@pytest.mark.parametrize("text", ["Put a mosaic on the faces", "给人脸打马赛克", "얼굴에 모자이크 처리해줘"])
def test_a_mosaic_over_a_face_is_not_taken_for_the_style(text: str) -> None:
    assert not any(operation.kind == "style" for operation in plan_instruction(text).operations)


def test_no_two_styles_give_the_same_picture() -> None:
    rgb = photo(150, 200)
    drawn = {name: styled(name, rgb).astype(np.float32) for name in STYLES}
    for one, other in combinations(STYLES, 2):
        assert np.abs(drawn[one] - drawn[other]).mean() > 6, (one, other)


def test_charcoal_lies_black_and_chalk_white_on_a_toned_sheet() -> None:
    out = styled("charcoal", photo())
    assert chroma(out).mean() < 0.05
    assert np.percentile(out, 3) < 60
    assert 110 < np.median(border(out)) < 200
    assert styled("charcoal", flat((255, 255, 255)))[60:100, 80:120].mean() > np.median(border(out)) + 20


def test_colour_pencils_keep_the_hues_and_leave_the_border_white() -> None:
    rgb = photo()
    out = styled("color pencil", rgb)
    assert np.median(border(out)) > 235
    before, after = (to_oklab(decode(p))[100:140, 140:180].mean((0, 1)) for p in (rgb, out))
    turned = np.arctan2(before[2], before[1]) - np.arctan2(after[2], after[1])
    assert abs(turned) < 0.5


def test_ink_wash_is_ink_on_pale_paper_with_one_red_seal_in_a_lower_corner() -> None:
    out = styled("ink wash", photo(360, 480)).astype(int)
    red = (out[..., 0] > out[..., 1] + 60).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(red, np.ones((9, 9))))
    assert count == 2  # the ground and the seal
    x, y, width, height, _ = stats[1]
    assert y > 270
    assert x < 100 or x + width > 380
    assert abs(width - height) <= 4
    assert np.median(chroma(out.astype(np.uint8))) < 0.03
    assert np.percentile(out, 90) > 210


def test_a_woodcut_is_ink_or_paper_and_the_lines_close_as_the_tone_darkens() -> None:
    light = styled("woodcut", photo()).mean(-1)
    assert ((light < 70) | (light > 190)).mean() > 0.8
    steps = np.linspace(20, 235, 8).astype(np.uint8)
    bars = np.repeat(np.repeat(steps[None, :, None], 3, -1), 40, 1).repeat(160, 0)
    covered = [(styled("woodcut", bars).mean(-1) < 128)[:, 40 * i + 8 : 40 * i + 32].mean() for i in range(8)]
    assert covered[0] > 0.8
    assert covered[-1] < 0.1
    assert np.corrcoef(covered, np.arange(8))[0, 1] < -0.85


def test_a_halftone_is_made_of_four_inks_and_mixes_to_the_tone_of_the_photo() -> None:
    ramp = np.repeat(np.repeat(np.linspace(30, 225, 6).astype(np.uint8)[None, :, None], 3, -1), 60, 1)
    out = styled("halftone", ramp.repeat(200, 0))
    patches = [out[:, 60 * i + 10 : 60 * i + 50].astype(float) for i in range(6)]
    means_ = [patch.mean() for patch in patches]
    assert means_ == sorted(means_)
    assert patches[3].std() > 30  # dots, not a tint
    assert chroma(out)[:, 190:230].max() > 0.1  # cyan, magenta and yellow beside each other
    assert np.ptp(patches[3].mean((0, 1))) < 45


def test_stained_glass_glows_between_dark_leads() -> None:
    rgb = photo()
    out = styled("stained glass", rgb)
    dark = out.max(-1) < 60
    assert border(out).mean() < 70
    assert 0.03 < dark[20:-20, 20:-20].mean() < 0.4
    panes, _ = cv2.connectedComponents((~dark).astype(np.uint8))
    assert panes > 12
    assert np.percentile(chroma(out)[~dark], 90) > np.percentile(chroma(rgb), 90)


def test_low_poly_is_flat_within_its_facets_up_to_the_border() -> None:
    out = styled("low poly", photo(480, 640), subject=nobody).astype(int)
    same = (np.abs(np.diff(out, axis=1)).max(-1) <= 1).mean()
    assert same > 0.85
    assert border(styled("low poly", flat((200, 200, 200)))).min() > 120


def test_a_blueprint_is_white_lines_on_blue() -> None:
    out = styled("blueprint", photo()).astype(int)
    assert (out[..., 2] > out[..., 0] + 25).mean() > 0.8
    assert 0.005 < (out.min(-1) > 160).mean() < 0.3


def test_a_blueprint_outlines_the_subject() -> None:
    out = styled("blueprint", photo(400, 400)).min(-1)
    y, x = np.mgrid[0:400, 0:400] + 0.5
    off = np.abs(np.hypot(y - 200, x - 200) - 120)
    assert out[off < 2].mean() > 2 * out[(off > 25) & (off < 40)].mean()


def test_neon_is_bright_vivid_lines_in_the_dark() -> None:
    out = styled("neon", photo(400, 400))
    assert np.median(out.max(-1)) < 80
    y, x = np.mgrid[0:400, 0:400] + 0.5
    ring = np.abs(np.hypot(y - 200, x - 200) - 120) < 4
    assert out.max(-1)[ring].mean() > 2 * out.max(-1)[~ring].mean()
    assert chroma(out)[ring].mean() > 2 * chroma(out)[~ring].mean()


def test_noir_is_dark_and_colourless_with_the_shadow_of_slats_across_it() -> None:
    out = styled("noir", photo())
    assert chroma(out).max() < 0.05
    assert out.mean() < 100
    wall = styled("noir", flat((150, 140, 120), 300, 300), subject=nobody).mean(-1)
    middle = wall[60:240, 60:240]
    smooth = cv2.GaussianBlur(middle.astype(np.float32), (0, 0), 3)
    assert np.abs(np.diff(smooth, axis=0)).mean() > 2 * np.abs(np.diff(smooth, axis=1)).mean()


def test_van_gogh_paints_in_blue_and_yellow_with_thick_strokes() -> None:
    grey = np.repeat(photo().mean(-1, keepdims=True).astype(np.uint8), 3, -1)
    lab = to_oklab(decode(styled("van gogh", grey, subject=nobody)))
    assert (lab[..., 2] > 0.03).mean() > 0.1
    assert (lab[..., 2] < -0.02).mean() > 0.1
    even = styled("van gogh", flat((120, 130, 140)), subject=nobody).astype(float)
    assert even.std((0, 1)).mean() > 8


def test_pointillism_breaks_an_even_colour_into_many_that_mix_to_it() -> None:
    even = flat((110, 140, 120), 240, 320)
    out = styled("pointillism", even)
    lab, aim = to_oklab(decode(out)), to_oklab(decode(even))[0, 0]
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    vivid = chroma(out) > 0.03
    counts, _ = np.histogram(hue[vivid], 12, (-180, 180))
    assert (counts > 0.01 * vivid.sum()).sum() >= 4
    assert np.abs(lab[..., 1:].mean((0, 1)) - aim[1:]).max() < 0.05


def test_a_mosaic_is_tiles_of_one_colour_in_mortar() -> None:
    out = styled("mosaic", photo(480, 480)).astype(np.float32)
    light = out.mean(-1)
    inside = cv2.GaussianBlur(light, (0, 0), 6)
    assert (np.abs(light - inside) > 12).mean() > 0.1  # joints and lit edges
    again = styled("mosaic", flat((180, 60, 40), 480, 480))
    tiles = again[np.abs(again.astype(int) - np.median(again, (0, 1))).max(-1) < 40]
    assert len(tiles) > 0.4 * 480 * 480


def test_less_strength_makes_smaller_facets() -> None:
    rgb = photo(300, 300)

    def colours(strength: float) -> int:
        sheet = Sheet(to_float(rgb), strength, np.random.default_rng, lambda: nobody(rgb), lambda _: None)
        return len(
            np.unique((STYLES["low poly"].render(sheet) * 255).astype(np.uint8).reshape(-1, 3), axis=0)
        )

    assert colours(0.4) > 1.2 * colours(1)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 80), st.integers(1, 80), st.floats(1, 60), st.floats(1, 60), st.integers(0, 2**32 - 1))
def test_strewn_points_stand_inside_about_as_dense_as_asked(
    height: int, width: int, left: float, right: float, seed: int
) -> None:
    spacing = np.linspace(left, right, width, dtype=np.float32)[None].repeat(height, 0)
    points = strewn(spacing, np.random.default_rng(seed))
    assert len(points) >= 1
    assert (points >= 0).all()
    assert (points <= (width - 1, height - 1)).all()
    # A leaf is between 0.55 and 1.7 spacings wide; points of the cells over the border are left out.
    assert len(points) <= 1 + (height + right + left) * (width + right + left) / (0.5 * min(left, right)) ** 2


def test_every_pixel_belongs_to_the_nearest_seed_where_the_tone_is_even() -> None:
    rng = np.random.default_rng(2)
    at = rng.uniform(0, 60, (40, 2)).astype(np.float32)
    seeds = Seeds(at, np.full(40, 12, np.float32), np.zeros(40, np.float32))
    labels = grown(seeds, np.full((60, 60), 0.5, np.float32), 1.0)
    y, x = np.mgrid[0:60, 0:60]
    apart = np.maximum(np.abs(x[..., None] - at[:, 0]), np.abs(y[..., None] - at[:, 1]))
    chosen = np.take_along_axis(apart, labels[..., None], -1)[..., 0]
    within = apart.min(-1) < 12
    assert np.abs(chosen - apart.min(-1))[within].max() < 0.02


def test_a_piece_stops_at_an_edge_of_tone() -> None:
    tone = np.zeros((40, 60), np.float32)
    tone[:, 35:] = 1
    seeds = Seeds(
        np.array([[15, 20], [50, 20]], np.float32), np.full(2, 30, np.float32), np.zeros(2, np.float32)
    )
    assert np.array_equal(grown(seeds, tone, 0.2), (tone > 0.5).astype(np.int32))


def test_means_and_centres_are_those_of_the_pieces() -> None:
    labels = np.array([[0, 0, 2], [0, 2, 2]], np.int32)
    picture = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    got = means(picture, labels, 3)
    assert np.allclose(got[0], picture[labels == 0].mean(0))
    assert np.allclose(got[1], 0)
    seeds = Seeds(np.full((3, 2), 7, np.float32), np.ones(3, np.float32), np.zeros(3, np.float32))
    wanted = np.array([[1 / 3, 1 / 3], [7, 7], [5 / 3, 2 / 3]])
    assert np.allclose(centres(labels, 3, seeds), wanted)
