"""Retouch's own scenes, styles and operations pass the suite that it gives to those who write their own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from retouch.engines.builtin.operation import Canvas
from retouch.engines.builtin.operations import OPERATIONS
from retouch.engines.builtin.scenes import SCENES, SceneImage
from retouch.engines.builtin.styles import STYLES
from retouch.engines.builtin.styles.sheet import Style
from retouch.errors import EngineFailed
from retouch.testing.extensions import check_operation, check_scene, check_style

# One edit for each operation that needs no net but the matte.
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "background.replace": {"scene": "studio"},
    "background.remove": {},
    "background.blur": {"strength": 40},
    "style": {"style": "comic", "strength": 70},
    "tone": {"brightness": 20, "shadows": 15},
    "geometry": {"action": "crop", "ratio": "square"},
    "frame": {"frame": "polaroid"},
    "weather": {"weather": "snow"},
    "restore": {"mode": "denoise"},
    "recolor": {"target": "whole", "color": "#2d7dd2"},
}


@pytest.mark.parametrize("name", SCENES.built_in)
def test_scenes(name: str) -> None:
    check_scene(SCENES[name])


@pytest.mark.parametrize("name", STYLES.built_in)
def test_styles(name: str) -> None:
    check_style(STYLES[name])


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_operations(kind: str) -> None:
    check_operation(OPERATIONS[kind], ARGUMENTS[kind])


def test_the_suite_notices_a_scene_of_the_wrong_size() -> None:
    narrow = replace(
        SCENES["studio"],
        draw=lambda size, rng, framing: SceneImage.of(np.zeros((size[1], size[0] - 1, 3), np.float32)),  # noqa: ARG005 - the row's signature
    )
    with pytest.raises(EngineFailed, match=r"the scene 'studio' gave \(64, 95, 3\) float32 instead of"):
        check_scene(narrow)


def test_the_suite_notices_a_scene_with_chance_of_its_own() -> None:
    restless = replace(
        SCENES["studio"],
        draw=lambda size, rng, framing: SceneImage.of(  # noqa: ARG005 - the row's signature
            np.full((size[1], size[0], 3), time.perf_counter() % 1, np.float32)
        ),
    )
    with pytest.raises(AssertionError, match="chance of its own"):
        check_scene(restless)


@pytest.mark.parametrize(
    ("render", "said"),
    [
        (lambda sheet: sheet.rgb.astype(np.float64), "float64 instead of"),
        (lambda sheet: sheet.rgb * np.float32(3), "instead of 0 to 1"),
        (lambda sheet: sheet.rgb * np.float32("nan"), "values from nan"),
        (lambda sheet: None, "gave NoneType instead of"),  # noqa: ARG005 - the row's signature
    ],
)
def test_the_suite_notices_a_style_that_gives_no_picture(render: Any, said: str) -> None:
    with pytest.raises(EngineFailed, match=said):
        check_style(Style(render))


def test_the_suite_notices_a_style_that_changes_nothing() -> None:
    with pytest.raises(AssertionError, match="changes nothing"):
        check_style(Style(lambda sheet: sheet.rgb))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda canvas: canvas.rgb, "gave ndarray instead of a Canvas"),
        (lambda canvas: Canvas(canvas.rgb / 255), "float64 instead of uint8 pixels"),
        (lambda canvas: Canvas(canvas.rgb[..., 0]), "instead of uint8 pixels"),
        (lambda canvas: Canvas(canvas.rgb[:0]), "instead of uint8 pixels"),
        (lambda canvas: Canvas(canvas.rgb, canvas.rgb[:-1, :, 0]), "of different sizes"),
    ],
)
def test_the_suite_notices_an_operation_that_gives_no_canvas(make: Any, said: str) -> None:
    with pytest.raises(EngineFailed, match=said):
        check_operation(lambda canvas, arguments, context: make(canvas), {})  # noqa: ARG005 - the row's signature


def test_the_suite_notices_an_operation_that_writes_on_what_it_was_given() -> None:
    def scribble(canvas: Canvas, arguments: Mapping[str, Any], context: object) -> Canvas:  # noqa: ARG001 - the row's signature
        canvas.rgb[0] = 0
        return canvas

    with pytest.raises(ValueError, match="read-only"):
        check_operation(scribble, {})
