"""What every scene, style and operation must keep to: one suite for Retouch's own rows and for yours.

    from retouch.testing.extensions import check_operation, check_scene, check_style, check_words

    def test_tartan() -> None:
        check_words("retouch.scenes", "retouch_tartan:tartan")
        check_scene(TARTAN)

Each raises AssertionError, or EngineFailed where a result has the wrong shape, type or range.
"""

# ruff: noqa: S101 - this module is a test suite, and pytest asserts
from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retouch.engines import extensions
from retouch.engines.builtin.checked import checked_operation, checked_scene, checked_style
from retouch.engines.builtin.operation import Canvas, Context, OperationFunction
from retouch.engines.builtin.scenes.scene import Framing, Scene
from retouch.engines.builtin.styles.sheet import Sheet, Style
from retouch.engines.extensions import Extension
from retouch.engines.planner.words import meanings
from retouch.testing.pictures import ball

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZES: Final = ((96, 64), (61, 97), (64, 64))  # width, height: odd ones, upright ones
_FRAMINGS: Final = (
    Framing(),
    Framing(box=(0.4, 0.4, 0.6, 0.7), bands=((0.4, 0.6),) * 8, cut=False, color=(0.2, 0.4, 0.6)),
    Framing(box=(0.0, 0.0, 1.0, 1.0), bands=((0.0, 1.0),) * 16),
)
_PIXELS: Final = ("PIL", "cv2", "openvino")


def check_scene(scene: Scene) -> None:
    """It draws at any size behind any subject; twice the same seed is twice the same place."""
    assert scene.name == scene.name.strip().lower()
    assert scene.licence, "a scene says whose it is"
    assert scene.horizon is None or 0 <= scene.horizon <= 1
    drawing = checked_scene(scene)
    drawn = [
        drawing.draw(size, np.random.default_rng(5), framing)
        for size, framing in zip((*_SIZES, _SIZES[0]), (*_FRAMINGS, _FRAMINGS[0]), strict=True)
    ]
    assert np.array_equal(drawn[0].linear, drawn[-1].linear), "drawn by chance of its own: use rng"
    for each in drawn:
        assert np.allclose(each.ambient, each.linear.mean((0, 1)), atol=0.1), "SceneImage.of measures it"


def check_style(style: Style) -> None:
    """It paints at any size and strength, changes the photo, and leaves the sheet as it was."""
    painting = checked_style("under test", style)
    for size in _SIZES:
        for strength in (0.3, 1.0):
            first, second = (painting.render(_sheet(size, strength)) for _ in range(2))
            assert np.array_equal(first, second), "painted by chance of its own: use sheet.rng"
            assert not np.array_equal(first, _photo(size)), "it changes nothing"


def check_operation(apply: OperationFunction, arguments: Mapping[str, Any]) -> None:
    """It edits a photo and a cut-out, says how far it is, and leaves the canvas as it was."""
    operation = checked_operation("under test", apply)
    for size in _SIZES:
        for canvas in (_canvas(size, cut_out=False), _canvas(size, cut_out=True)):
            said: list[float] = []
            first = operation(canvas, arguments, _context(said))
            second = operation(canvas, arguments, _context([]))
            assert np.array_equal(first.pixels, second.pixels), "edited by chance of its own: use context.rng"
            assert all(0 <= one <= other <= 1 for one, other in pairwise([0, *said])), f"progress {said}"


def check_words(group: str, reference: str) -> Extension:
    """``reference`` ("module:attribute") holds words that load no library of pixels; its row is there.

    Each word must be free: one that means something to Retouch already would never ask for the extension.
    """
    module, _, attribute = reference.partition(":")
    code = f"import sys, {module}; print([m for m in {_PIXELS!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert done.stdout.strip() == "[]", (
        f"{module} loads {done.stdout.strip()}: move that to the pixels' module"
    )
    extension = getattr(import_module(module), attribute)
    assert isinstance(extension, Extension)
    assert group in extensions.GROUPS
    assert group != extensions.OPERATIONS or extension.example, "an operation has an example"
    extensions.Installed(group, "under test", extension).row()
    taken = meanings(extension.words, f"{extensions.GROUPS[group]}:{extension.name}")
    assert not taken, "; ".join(taken)
    return extension


def _photo(size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(ball(*size), np.float32) / np.float32(255)


def _sheet(size: tuple[int, int], strength: float) -> Sheet:
    photo = _photo(size)
    photo.flags.writeable = False
    return Sheet(
        rgb=photo,
        strength=strength,
        rng=lambda salt: np.random.default_rng((5, salt)),
        subject=lambda: _matte(size),
        progress=lambda _: None,
    )


def _canvas(size: tuple[int, int], *, cut_out: bool) -> Canvas:
    rgb = np.array(ball(*size))
    alpha = (_matte(size) * 255).astype(np.uint8) if cut_out else None
    for plane in (rgb, alpha):
        if plane is not None:
            plane.flags.writeable = False
    return Canvas(rgb, alpha)


def _context(said: list[float]) -> Context:
    return Context(
        seed=5,
        variation=0,
        matte=lambda rgb: _matte((rgb.shape[1], rgb.shape[0])),
        progress=said.append,
        preview=lambda _: None,
    )


def _matte(size: tuple[int, int]) -> NDArray[np.float32]:
    """A soft disc in the middle."""
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
    return np.asarray(np.clip((0.6 - np.hypot(x, y)) * 8, 0, 1), np.float32)
