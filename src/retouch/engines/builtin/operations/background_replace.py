"""``background.replace``: the subject stays, the place changes.

Arguments: exactly one of ``scene``, ``color``, ``gradient``, ``image``; scene "studio" may have a ``color``
beside it. ``image`` is the place of a further picture of the request, 1 for the second one. ``keep``
"subject" leaves the subject's core as it is, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, lens, smoothstep
from retouch.engines.builtin.colour import decode, to_uint8
from retouch.engines.builtin.compositing import Placement, composite
from retouch.engines.builtin.further import further
from retouch.engines.builtin.noise import grain_of
from retouch.engines.builtin.operation import Canvas, Context, Matte
from retouch.engines.builtin.scenes import SCENES, Framing, Scene, SceneImage
from retouch.engines.builtin.scenes.scene import rgb_hex
from retouch.engines.builtin.subject import found
from retouch.errors import InstructionNotSupported

_DEPTH = 0.0022  # radius of the blur of a picture behind a portrait, of the longer side
_STANDING = 0.6  # of a scene's blur, behind what is seen whole: photographed from farther off
_LEAST_RADIUS = 3.0  # px, of a blur that looks like a disc
_LEAST_DRAWN = 400  # px
_LARGEST = 3200  # px: scenes hold no detail finer than that, larger pictures get them enlarged
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def apply(canvas: Canvas, arguments: Mapping[str, Any], context: Context) -> Canvas:
    """Put the subject before a scene, a colour, a gradient or another picture."""
    matte = found(canvas, context)
    context.preview(Canvas(canvas.rgb, to_uint8(matte)))
    context.progress(0.4)
    if "scene" in arguments:
        background, placement = _before_scene(canvas, matte, arguments, context)
    elif "image" in arguments:
        background, placement = _before_picture(canvas, matte, arguments, context)
    else:
        background, placement = _before_paper(matte, arguments, context)
    context.progress(0.75)
    rgb = composite(canvas.rgb, matte, background, placement, context.rng(1))
    context.progress(1.0)
    return Canvas(rgb)


def _before_scene(
    canvas: Canvas, matte: Matte, arguments: Mapping[str, Any], context: Context
) -> tuple[Plane, Placement]:
    scene = _scene(arguments["scene"])
    colour = _colour(arguments["color"]) if "color" in arguments else None
    framing = _framing(matte, colour)
    drawn = scene.draw(_drawn_size(matte.shape, scene, framing), context.rng(), framing)
    background = _out_of_focus(drawn.linear, scene, framing)
    return background, Placement(
        ambient=drawn.ambient,
        keep=_keeps(arguments),
        relight=0.6,
        wrap=0.55,
        shadow=0.8 if scene.ground and not framing.cut else 0.0,
        grain=max(grain_of(canvas.rgb), 0.8 / 255),
    )


def _drawn_size(shape: tuple[int, ...], scene: Scene, framing: Framing) -> tuple[int, int]:
    """What a lens blurs everywhere needs no pixel finer than a third of the blur's radius."""
    longer = max(shape)
    scale = min(1.0, _LARGEST / longer)
    if scene.depth and framing.cut:
        scale = min(scale, max(_LEAST_RADIUS / (scene.depth * longer), _LEAST_DRAWN / longer))
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def _out_of_focus(picture: Plane, scene: Scene, framing: Framing) -> Plane:
    """The lens is set to the subject: behind it all is soft, but not the ground that it stands on."""
    radius = max(picture.shape) * scene.depth * (1.0 if framing.cut else _STANDING)
    soft = lens(picture, radius)
    if framing.cut or not scene.ground or soft is picture:
        return soft
    foot = framing.box[3]
    y = np.linspace(0, 1, picture.shape[0], dtype=np.float32)[:, None, None]
    far = smoothstep(foot - 0.05, foot - 0.30, y)
    return f32(picture + far * (soft - picture))


def _before_picture(
    canvas: Canvas, matte: Matte, arguments: Mapping[str, Any], context: Context
) -> tuple[Plane, Placement]:
    """Behind a subject that the lower border cuts, as in a portrait, it goes a little out of focus."""
    picture = _covering(further(arguments["image"], context), matte.shape)
    background = decode(picture)
    if _framing(matte, None).cut:
        background = lens(background, max(background.shape) * _DEPTH)
    return background, Placement(
        ambient=SceneImage.of(background).ambient,
        keep=_keeps(arguments),
        relight=min(1.0, context.vary(0.6)),
        wrap=0.5,
        grain=max(grain_of(canvas.rgb) - grain_of(picture), 0.5 / 255),
    )


def _covering(picture: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The middle of ``picture`` in the proportions of ``shape`` (H, W), no larger than it."""
    scale = max(shape[0] / picture.shape[0], shape[1] / picture.shape[1])
    height, width = (max(1, min(n, round(s / scale))) for n, s in zip(picture.shape, shape, strict=False))
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    part = picture[top : top + height, left : left + width]
    most = min(1.0, _LARGEST / max(shape))
    size = max(1, round(shape[1] * most)), max(1, round(shape[0] * most))
    method = cv2.INTER_AREA if size[0] < width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size, interpolation=method), np.uint8)


def _before_paper(matte: Matte, arguments: Mapping[str, Any], context: Context) -> tuple[Plane, Placement]:
    """One colour stays exact; a gradient gets just enough grain to show no bands."""
    keep = _keeps(arguments)
    if "color" in arguments:
        background = np.broadcast_to(f32(_colour(arguments["color"])), (*matte.shape, 3))
    else:
        background = _gradient(arguments.get("gradient", ()), matte.shape)
    light = SceneImage.of(background).ambient
    noise = 0.0 if "color" in arguments else 0.5 / 255
    relight = context.vary(0.25)  # all that there is to vary: the colours were asked for
    return background, Placement(ambient=light, keep=keep, relight=relight, wrap=0.2, grain=noise)


def _keeps(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("keep") == "subject")


def _framing(matte: Matte, colour: tuple[float, float, float] | None) -> Framing:
    """Where the subject is. Given only a matte with a subject in it."""
    height = len(matte)
    solid = matte > 0.5
    (left, right), (top, bottom) = _ends(solid, 0), _ends(solid, 1)
    bands = tuple(_ends(band, 0) for band in np.array_split(solid, min(16, height)))
    cut = bool(bottom >= 1 - 1.5 / height - 0.01)
    return Framing(box=(left, top, right, bottom), bands=bands, cut=cut, color=colour)


def _ends(solid: NDArray[np.bool_], axis: int) -> tuple[float, float]:
    """Where the subject begins and ends across ``axis``, 0..1; the middle, where there is none of it."""
    line = np.asarray(solid.any(axis))
    places = np.flatnonzero(line)
    if places.size == 0:
        return 0.5, 0.5
    return float(places[0] / line.size), float((places[-1] + 1) / line.size)


def _scene(name: object) -> Scene:
    if isinstance(name, str) and name in SCENES:
        return SCENES[name]
    raise InstructionNotSupported(f"there is no scene {name!r}; there are: {', '.join(SCENES)}")


def _colour(text: object) -> tuple[float, float, float]:
    if isinstance(text, str) and _COLOUR.fullmatch(text):
        return rgb_hex(text)
    raise InstructionNotSupported(f"{text!r} is no colour; write it as #rrggbb")


def _gradient(colours: Sequence[object], shape: tuple[int, int]) -> Plane:
    """From the top colour to the bottom one, evenly to the eye."""
    if len(colours) != 2:
        raise InstructionNotSupported("a gradient has two colours, from top to bottom")
    top, bottom = (np.array(_colour(c), np.float32) ** (1 / 2.2) for c in colours)
    ramp = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    return np.broadcast_to(f32(((1 - ramp) * top + ramp * bottom) ** 2.2), (*shape, 3))
