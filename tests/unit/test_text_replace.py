"""Words taken off a picture or exchanged for others: the right ones, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.support_pictures import context

from retouch.engines.builtin.colour import decode, to_srgb, to_uint8
from retouch.engines.builtin.lettering.fonts import Weight, load
from retouch.engines.builtin.lettering.ground import halo_of
from retouch.engines.builtin.lettering.setting import Setter, draw
from retouch.engines.builtin.ocr import TextLine
from retouch.engines.builtin.operation import Canvas, Context
from retouch.engines.builtin.operations import text_remove, text_replace
from retouch.engines.builtin.strokes import colour_of, strokes
from retouch.errors import InstructionNotSupported, TargetNotFound, WeightsMissing

PHOTOS = Path(__file__).parents[1] / "data" / "photos"
PAPER = (200, 190, 170)


def page(seed: int = 3, size: tuple[int, int] = (160, 420)) -> NDArray[np.uint8]:
    """A ground with a little grain."""
    noise = np.random.default_rng(seed).normal(0, 3, (*size, 3))
    return np.clip(np.array(PAPER) + noise, 0, 255).astype(np.uint8)


def written(
    rgb: NDArray[np.uint8],
    text: str,
    *,
    at: tuple[int, int] = (60, 100),
    colour: tuple[int, int, int] = (120, 20, 30),
    weight: Weight = 700,
    em: float = 44,
) -> TextLine:
    """``text`` set on ``rgb``, and the line as a reader would find it."""
    fonts = load()
    setter = Setter.of(text, fonts, weight)
    mask = draw([setter.line(text)], em, 1.2, "left", fonts).mask
    (x, baseline), (h, w) = at, mask.shape
    top = baseline - h
    part = rgb[top : top + h, x : x + w]
    light = decode(part) * (1 - mask[..., None]) + decode(np.array(colour, np.uint8)) * mask[..., None]
    part[:] = to_uint8(to_srgb(light.astype(np.float32)))
    pad = 0.3 * h
    corners = [
        (x - pad, top - pad),
        (x + w + pad, top - pad),
        (x + w + pad, top + h + pad),
        (x - pad, top + h + pad),
    ]
    places = tuple(setter.measure(text[: i + 1]) * em / w for i in range(len(text)))
    return TextLine(np.array(corners, np.float32), text, places)


def reading(lines: Sequence[TextLine], variation: int = 0, mask: NDArray[np.uint8] | None = None) -> Context:
    run, _ = context(np.zeros((4, 4), np.float32), variation=variation, seed=7 + variation)
    run.texts = lambda _: tuple(lines)
    run.mask = mask
    return run


def rows(line: TextLine) -> slice:
    return slice(int(line.corners[0, 1]) - 12, int(line.corners[2, 1]) + 12)


def test_strokes_are_the_letters_and_their_colour_is_theirs() -> None:
    rgb = page()
    line = written(rgb, "SALE")
    found = strokes(rgb, line)
    assert found.clear
    red = np.abs(rgb[found.rows, found.columns].astype(int) - (120, 20, 30)).max(-1) < 15
    assert found.sure[red].mean() > 0.98
    assert found.all[red].all()
    assert found.all.mean() < 0.75
    assert np.abs(np.array(colour_of(rgb, found)) - (120, 20, 30)).max() <= 3


def test_letters_on_a_ground_of_many_colours_are_told_from_it() -> None:
    """A median of the surroundings was no ground where there was a cup: all of the rectangle was smeared."""
    rgb = np.random.default_rng(5).integers(0, 200, (16, 42, 3), dtype=np.uint8)
    rgb = np.ascontiguousarray(cv2.resize(rgb, (420, 160), interpolation=cv2.INTER_CUBIC))
    line = written(rgb, "SALE", colour=(255, 255, 255))
    found = strokes(rgb, line)
    assert found.clear
    assert 0.06 < found.sure.mean() < 0.4


def test_the_glow_about_letters_goes_with_them() -> None:
    rgb = page()
    line = written(rgb, "SALE")
    plain = strokes(rgb, line).all.sum()
    letters = (np.abs(rgb.astype(int) - (120, 20, 30)).max(-1) < 40).astype(np.uint8)
    glow = cv2.dilate(letters, np.ones((11, 11), np.uint8)).astype(bool) & ~letters.astype(bool)
    rgb[glow] = 255
    found = strokes(rgb, line)
    assert found.all[glow[found.rows, found.columns]].mean() > 0.97
    assert found.all.sum() > plain


def test_what_is_taken_off_is_gone_and_the_rest_is_the_same() -> None:
    rgb = page()
    clean = rgb.copy()
    line = written(rgb, "SALE")
    out = text_remove.apply(Canvas(rgb), {}, reading([line])).rgb
    assert np.abs(out.astype(int) - clean).mean() < 3
    assert np.abs(cv2.GaussianBlur(out, (0, 0), 4).astype(int) - PAPER).max() < 12
    assert np.array_equal(out[: rows(line).start], rgb[: rows(line).start])
    assert np.array_equal(out[:, 300:], rgb[:, 300:])


def shaded_page() -> tuple[NDArray[np.uint8], TextLine]:
    """A page with white letters on a soft shade, and their line."""
    clean = page()
    rgb = clean.copy()
    line = written(rgb, "SALE", colour=(255, 255, 255))
    letters = np.clip((rgb.astype(np.float32).min(-1) - 190) / 65, 0, 1)
    shade = 1 - 0.6 * halo_of(letters.astype(np.float32), 44)
    light = decode(clean) * shade[..., None] * (1 - letters[..., None]) + letters[..., None]
    return to_uint8(to_srgb(light.astype(np.float32))), line


def test_the_shade_about_letters_goes_with_them() -> None:
    """Letters were taken off and the shade under them stayed: a dark patch in the shape of the words."""
    rgb, line = shaded_page()
    out = text_remove.apply(Canvas(rgb), {}, reading([line])).rgb
    dark = [np.abs(cv2.GaussianBlur(each, (0, 0), 4).astype(int) - PAPER).mean() for each in (rgb, out)]
    assert dark[1] < 0.35 * dark[0]
    assert np.abs(cv2.GaussianBlur(out, (0, 0), 4).astype(int) - PAPER).max() < 30


def test_new_words_have_the_shade_of_the_old_ones() -> None:
    rgb, line = shaded_page()
    out = text_replace.apply(Canvas(rgb), {"old": "SALE", "new": "SOLD"}, reading([line])).rgb
    inside = out[rows(line), 60:160].astype(int).max(-1)
    assert np.quantile(inside, 0.2) < PAPER[0] - 25


def test_the_ground_of_plain_letters_is_no_shade() -> None:
    photo = np.asarray(Image.open(PHOTOS / "chelsea.png").convert("RGB"))[:200, :440].copy()
    line = written(photo, "SALE", at=(60, 120), colour=(255, 255, 255))
    before = photo.copy()
    own = strokes(photo, line)
    out = text_remove.apply(Canvas(photo), {}, reading([line])).rgb
    hole = np.zeros(photo.shape[:2], np.bool_)
    hole[own.rows, own.columns] = own.all
    assert np.array_equal(out[~hole], before[~hole])


def test_only_the_text_that_is_named_is_taken_off() -> None:
    rgb = page()
    lines = [written(rgb, "SALE", at=(30, 60)), written(rgb, "TODAY", at=(30, 130))]
    out = text_remove.apply(Canvas(rgb), {"text": "today"}, reading(lines)).rgb
    assert np.array_equal(out[rows(lines[0])][:50], rgb[rows(lines[0])][:50])
    assert np.abs(cv2.GaussianBlur(out, (0, 0), 4)[85:].astype(int) - PAPER).max() < 12


def test_a_mask_says_which_text_goes() -> None:
    rgb = page()
    lines = [written(rgb, "SALE", at=(30, 60)), written(rgb, "TODAY", at=(30, 130))]
    mask = np.zeros(rgb.shape[:2], np.uint8)
    mask[80:] = 255
    out = text_remove.apply(Canvas(rgb), {}, reading(lines, mask=mask)).rgb
    assert np.array_equal(out[:80], rgb[:80])
    assert not np.array_equal(out[80:], rgb[80:])
    with pytest.raises(TargetNotFound, match="inside the mask"):
        text_remove.apply(Canvas(rgb), {}, reading(lines[:1], mask=mask))


def replaced(
    rgb: NDArray[np.uint8], line: TextLine, old: str, new: str, variation: int = 0
) -> NDArray[np.uint8]:
    return text_replace.apply(Canvas(rgb), {"old": old, "new": new}, reading([line], variation)).rgb


def ink(rgb: NDArray[np.uint8], colour: tuple[int, int, int] = (120, 20, 30)) -> NDArray[np.bool_]:
    return np.asarray(np.abs(rgb.astype(int) - colour).max(-1) < 45)


def box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1


@pytest.mark.parametrize("weight", [400, 700])
def test_new_words_are_as_high_as_heavy_and_of_the_same_colour(weight: Weight) -> None:
    rgb = page()
    line = written(rgb, "SALE", weight=weight)
    out = replaced(rgb, line, "SALE", "LEAS")
    before, after = box(ink(rgb)), box(ink(out))
    assert after[0] == pytest.approx(before[0], abs=2)
    assert after[1] == pytest.approx(before[1], abs=2)
    assert (after[2] + after[3]) / 2 == pytest.approx((before[2] + before[3]) / 2, abs=3)
    expected = page()
    written(expected, "LEAS", weight=weight)
    assert ink(out).sum() == pytest.approx(ink(expected).sum(), rel=0.12)


def test_longer_words_are_fitted_to_the_place() -> None:
    rgb = page()
    line = written(rgb, "SALE", at=(150, 100))
    out = replaced(rgb, line, "SALE", "CLEARANCE")
    before, after = box(ink(rgb)), box(ink(out))
    assert after[3] - after[2] <= 1.12 * (before[3] - before[2])
    assert after[1] - after[0] < before[1] - before[0]


def test_words_within_a_line_stay_next_to_their_neighbours() -> None:
    """The new word stood in the middle of the wider place of "Summer", with a hole before "Sale"."""
    rgb = page()
    line = written(rgb, "Summer Sale", at=(40, 100))
    out = replaced(rgb, line, "Summer", "Big")
    gaps = np.flatnonzero(~ink(out).any(0))
    inside = [gap for gap in gaps if box(ink(out))[2] < gap < box(ink(out))[3]]
    runs = np.split(np.array(inside), np.flatnonzero(np.diff(inside) > 1) + 1)
    assert max(len(run) for run in runs) < 26
    assert np.array_equal(ink(out)[:, 260:], ink(rgb)[:, 260:])


def test_a_leaning_line_stays_leaning() -> None:
    rgb = page(size=(300, 420))
    line = written(rgb, "CLOSED", at=(110, 170))
    turn = cv2.getRotationMatrix2D((210, 150), 20, 1)
    leaning = np.asarray(
        cv2.warpAffine(rgb, turn, (420, 300), borderValue=PAPER, flags=cv2.INTER_CUBIC), np.uint8
    )
    corners = (np.c_[line.corners, np.ones(4)] @ turn.T).astype(np.float32)
    out = replaced(leaning, TextLine(corners, line.text, line.places), "CLOSED", "OPENED")
    (_, size, angle) = cv2.minAreaRect(np.argwhere(ink(out))[:, ::-1].astype(np.float32))
    lean = angle if size[0] > size[1] else angle - 90
    assert lean == pytest.approx(-20, abs=2.5)


def test_each_of_several_pictures_is_a_little_different() -> None:
    rgb = page()
    line = written(rgb, "SALE")
    assert len({replaced(rgb, line, "SALE", "SOLD", index).tobytes() for index in range(6)}) == 6


Operation = Callable[[Canvas, Any, Context], Canvas]
NEW = {"old": "x", "new": "y"}


@pytest.mark.parametrize(("apply", "arguments"), [(text_remove.apply, {}), (text_replace.apply, NEW)])
def test_a_picture_without_text_says_so(apply: Operation, arguments: dict[str, str]) -> None:
    with pytest.raises(TargetNotFound, match="no text was found"):
        apply(Canvas(page()), arguments, reading([]))


@pytest.mark.parametrize(
    ("apply", "arguments"), [(text_remove.apply, {"text": "hello"}), (text_replace.apply, NEW)]
)
def test_what_was_read_instead_is_quoted(apply: Operation, arguments: dict[str, str]) -> None:
    rgb = page()
    lines = [written(rgb, "SALE", at=(30, 60)), written(rgb, "TODAY", at=(30, 130))]
    with pytest.raises(TargetNotFound, match="“SALE”, “TODAY”"):
        apply(Canvas(rgb), arguments, reading(lines))


@pytest.mark.parametrize("old", ["مرحبا", "नमस्ते", "Привет", "세일"])
def test_a_script_that_is_not_read_is_named_and_not_searched_for(old: str) -> None:
    rgb = page()
    line = written(rgb, "SALE")
    for apply, arguments in (
        (text_remove.apply, {"text": old}),
        (text_replace.apply, {"old": old, "new": "x"}),
    ):
        with pytest.raises(InstructionNotSupported, match="Latin letters, Chinese and Japanese only"):
            apply(Canvas(rgb), arguments, reading([line]))


def test_new_words_that_no_font_has_are_refused_before_anything_is_read() -> None:
    run, _ = context(np.zeros((4, 4), np.float32))
    with pytest.raises(InstructionNotSupported, match="no font here has"):
        text_replace.apply(Canvas(page()), {"old": "SALE", "new": "🎉"}, run)


def test_words_over_two_lines_are_not_exchanged() -> None:
    rgb = page()
    lines = [written(rgb, "GRAND", at=(30, 60)), written(rgb, "SALE", at=(30, 130))]
    with pytest.raises(InstructionNotSupported, match="several lines"):
        text_replace.apply(Canvas(rgb), {"old": "grand sale", "new": "x"}, reading(lines))


def test_words_far_too_long_for_the_place_are_refused() -> None:
    rgb = page()
    line = written(rgb, "NO", em=20)
    with pytest.raises(InstructionNotSupported, match="too long for the place"):
        replaced(rgb, line, "NO", "This is very much longer than what was there")


@pytest.mark.parametrize(("apply", "arguments"), [(text_remove.apply, {}), (text_replace.apply, NEW)])
def test_without_the_nets_nothing_passes_as_removed(apply: Operation, arguments: dict[str, str]) -> None:
    with pytest.raises(WeightsMissing):
        apply(Canvas(page()), arguments, context(np.zeros((4, 4), np.float32))[0])


@pytest.mark.parametrize(
    ("apply", "arguments"),
    [
        (text_remove.apply, {"words": "x"}),
        (text_remove.apply, {"text": ""}),
        (text_replace.apply, {"old": "x"}),
        (text_replace.apply, {"old": "", "new": "y"}),
        (text_replace.apply, {"old": "x", "new": "y" * 301}),
    ],
)
def test_what_it_does_not_know_it_refuses(apply: Operation, arguments: dict[str, str]) -> None:
    with pytest.raises(InstructionNotSupported):
        apply(Canvas(page()), arguments, reading([written(page(), "x")]))
