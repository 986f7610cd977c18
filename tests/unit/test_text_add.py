"""Text on a picture: in its place, within the margins, never cut off, and nothing else changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.support_pictures import context, photo

from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations.text_add import POSITIONS, apply
from retouch.errors import InstructionNotSupported


def added(canvas: Canvas, variation: int = 0, /, **arguments: Any) -> Canvas:
    run, _ = context(np.zeros((4, 4), np.float32), variation=variation)
    return apply(canvas, arguments, run)


def changed(before: Canvas, after: Canvas) -> NDArray[np.bool_]:
    return np.asarray((before.rgb != after.rgb).any(-1))


def grey(height: int = 300, width: int = 400, value: int = 30) -> Canvas:
    return Canvas(np.full((height, width, 3), value, np.uint8))


def box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1


@pytest.mark.parametrize("position", POSITIONS)
def test_it_stands_where_it_is_asked_to(position: str) -> None:
    top, bottom, left, right = box(changed(grey(), added(grey(), text="Hello", position=position)))
    margin = round(0.06 * 300)
    if "top" in position:
        assert top == margin
    elif "bottom" in position:
        assert bottom == 300 - margin
    else:
        assert abs((top + bottom) / 2 - 150) <= 1
    if "left" in position:
        assert left == margin
    elif "right" in position:
        assert right == 400 - margin
    else:
        assert abs((left + right) / 2 - 200) <= 1


def test_the_bottom_is_where_it_goes_by_itself() -> None:
    assert np.array_equal(added(grey(), text="Hi").rgb, added(grey(), text="Hi", position="bottom").rgb)


def test_sizes_differ() -> None:
    sizes: tuple[dict[str, Any], ...] = ({"size": "small"}, {}, {"size": "large"})
    areas = [changed(grey(), added(grey(), text="Summer", **each)).sum() for each in sizes]
    assert areas[0] * 2 < areas[1] < areas[2] / 1.5


def test_a_colour_is_kept_exactly() -> None:
    out = added(grey(), text="HHHH", color="#ff8800", size="large").rgb
    assert (out == (255, 136, 0)).all(-1).sum() > 500


WORDS = st.text(alphabet="abcdefgh HELLO你好世界안녕مرحباनमस्ते.,!-", min_size=1, max_size=80).filter(
    lambda t: t.strip()
)


@settings(max_examples=50, deadline=None)
@given(WORDS, st.integers(60, 500), st.integers(60, 500), st.sampled_from(POSITIONS))
def test_nothing_is_ever_cut_off(text: str, height: int, width: int, position: str) -> None:
    canvas = grey(height, width)
    try:
        out = added(canvas, text=text, position=position)
    except InstructionNotSupported as refused:
        assert "too small" in refused.message  # noqa: PT017 - a refusal is one of two right answers
        return
    top, bottom, left, right = box(changed(canvas, out))
    margin = round(0.06 * min(height, width)) - 1
    assert min(top, left, height - bottom, width - right) >= margin


@pytest.mark.parametrize("name", ["astronaut", "china", "rocket", "flower"])
def test_far_from_the_text_the_photo_is_the_same(name: str) -> None:
    before = Canvas(photo(name))
    after = added(before, text="Hello", position="top", size="small")
    assert not changed(before, after)[before.rgb.shape[0] // 3 :].any()


def test_each_of_several_pictures_is_a_little_different() -> None:
    made = [added(grey(), index, text="Hello world").rgb for index in range(10)]
    assert len({each.tobytes() for each in made}) == 10
    assert np.array_equal(made[0], added(grey(), text="Hello world").rgb)


def test_long_text_is_broken_into_lines_and_still_large_enough() -> None:
    text = "The quick brown fox jumps over the lazy dog and then sleeps in the warm sun until evening"
    top, bottom, left, right = box(changed(grey(), added(grey(), text=text)))
    assert bottom - top > 60
    assert right - left > 200


def test_text_that_nobody_could_read_is_refused() -> None:
    with pytest.raises(InstructionNotSupported, match="too small to be read in a picture of 64 x 48"):
        added(grey(48, 64), text="All of this " * 20)


def test_a_transparent_picture_gets_visible_text() -> None:
    canvas = Canvas(np.zeros((200, 300, 3), np.uint8), np.zeros((200, 300), np.uint8))
    out = added(canvas, text="Hello", size="large")
    assert out.alpha is not None
    assert (out.alpha == 255).sum() > 300
    assert out.alpha[:60].max() == 0
    assert canvas.alpha is not None
    assert canvas.alpha.max() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"text": ""},
        {"text": "x" * 301},
        {"text": "Hi", "position": "behind"},
        {"text": "Hi", "color": "red"},
        {"text": "Hi", "size": "huge"},
        {"text": "Hi", "font": "Comic"},
        {"text": "🎉"},
    ],
)
def test_what_it_cannot_do_it_refuses(arguments: dict[str, Any]) -> None:
    with pytest.raises(InstructionNotSupported):
        added(grey(), **arguments)
