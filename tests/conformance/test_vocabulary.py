"""The planner promises what the builtin engine does, and nothing else: the two name the same things."""

from __future__ import annotations

from retouch.engines.builtin.looks import LOOKS
from retouch.engines.builtin.operations import OPERATIONS
from retouch.engines.builtin.operations.sky_replace import SKIES
from retouch.engines.builtin.scenes import SCENES
from retouch.engines.builtin.styles import STYLES
from retouch.engines.planner import SUPPORTED


def test_operations() -> None:
    assert set(SUPPORTED.kinds) == set(OPERATIONS)


def test_scenes() -> None:
    assert set(SUPPORTED.scenes) == set(SCENES)


def test_skies() -> None:
    assert set(SUPPORTED.skies) == set(SKIES)


def test_styles() -> None:
    assert set(SUPPORTED.styles) == set(STYLES)


def test_looks() -> None:
    assert set(SUPPORTED.looks) == set(LOOKS)
