"""Cyberpunk: the subject lit by two neon colours, a night city in the haze behind, rain on the ground.

The photo is first brought to a common exposure, so that a dim or a bright one ends in the same night. The
subject keeps its drawing and part of its own colour: light is added to it, it is not painted over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.builtin.colour import from_oklab, to_float, to_linear, to_oklab, to_srgb
from retouch.engines.builtin.painting import grey, smoothstep
from retouch.engines.builtin.styles.colouring import levelled
from retouch.engines.builtin.styles.light import bloom, fringes, shoulder, vignette
from retouch.engines.builtin.styles.neon_city import Neon, draw
from retouch.engines.builtin.surface import blur, clouds, grain
from retouch.engines.builtin.tone import into_gamut

if TYPE_CHECKING:
    from retouch.engines.builtin.styles.sheet import Picture, Plane, Sheet

_MAGENTA, _CYAN = (1.0, 0.05, 0.52), (0.02, 0.72, 1.0)
_VIOLET, _ORANGE, _AMBER = (0.42, 0.08, 1.0), (1.0, 0.22, 0.04), (1.0, 0.5, 0.08)

# The nights to draw from. Magenta against cyan is in each: it is what the style is known by.
_NIGHTS = (
    Neon(_CYAN, _MAGENTA, (_MAGENTA, _CYAN, _VIOLET, _MAGENTA), (0.012, 0.02, 0.075), (0.30, 0.03, 0.25)),
    Neon(_MAGENTA, _CYAN, (_CYAN, _MAGENTA, _AMBER, _CYAN), (0.008, 0.03, 0.08), (0.26, 0.04, 0.30)),
    Neon(_CYAN, _MAGENTA, (_MAGENTA, _ORANGE, _CYAN, _VIOLET), (0.03, 0.012, 0.085), (0.34, 0.05, 0.20)),
    Neon(_MAGENTA, _CYAN, (_VIOLET, _CYAN, _MAGENTA, _MAGENTA), (0.006, 0.035, 0.07), (0.12, 0.07, 0.34)),
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Where things are, each (H, W) 0..1."""

    subject: Plane
    sky: Plane  # open background that a city may stand in
    ground: Plane  # background low in the picture that may be wet


def render(sheet: Sheet) -> Picture:
    """The night, sRGB. Palette, its sides, the city, haze and rain come from the sheet's seed."""
    rng = sheet.rng(1)
    neon = _NIGHTS[int(rng.integers(len(_NIGHTS)))]
    level = levelled(sheet.rgb, 0.42, most=1)
    subject = sheet.subject()
    if subject.mean() > 0.92:
        # A subject that fills the frame leaves no night around it: then all of it is the city.
        subject = np.zeros_like(subject)
    parts = _parts(level, subject, sheet.unit)
    sheet.progress(0.25)
    city = draw(sheet.shape, neon, sheet.rng(2), float(np.clip(parts.sky.mean() * 4, 0.1, 0.85)))
    sheet.progress(0.45)
    picture = _background(level, parts, city, neon, sheet)
    picture = _wet(picture, parts, sheet)
    sheet.progress(0.6)
    lit = _lit_subject(level, parts.subject, neon, sheet)
    wrap = (
        blur(picture, 22 * sheet.unit)
        * (parts.subject * (1 - blur(parts.subject, 12 * sheet.unit)))[..., None]
    )
    cover = parts.subject[..., None]
    picture = np.asarray(picture * (1 - cover) + (lit + 0.9 * wrap) * cover, np.float32)
    sheet.progress(0.75)
    return _lens(picture, sheet)


def _parts(level: Picture, subject: Plane, unit: float) -> _Parts:
    """Subject, open sky and ground from the matte, smoothness and height in the picture."""
    light = grey(level)
    rough = blur(np.abs(light - blur(light, 2.5 * unit)), 5 * unit)
    smooth = 1 - smoothstep(rough, 0.008, 0.035)
    down = np.linspace(0, 1, light.shape[0], dtype=np.float32)[:, None]
    open_sky = _from_the_top(smooth * (1 - subject) * (1 - smoothstep(down, 0.6, 0.8)), unit)
    edge_of_sky = cv2.ximgproc.guidedFilter(light, open_sky, max(2, round(10 * unit)), 1e-3)
    sky = np.clip(edge_of_sky, 0, 1) * (1 - subject)
    ground = (1 - subject) * (1 - sky) * smoothstep(down + 0 * light, 0.5, 0.75)
    return _Parts(subject, sky.astype(np.float32), ground.astype(np.float32))


def _from_the_top(smooth: Plane, unit: float) -> Plane:
    """Only the smooth parts that hang together with the upper edge."""
    small_size = (
        max(1, round(smooth.shape[1] / (4 * max(unit, 0.25)))),
        max(1, round(smooth.shape[0] / (4 * max(unit, 0.25)))),
    )
    small = cv2.resize(smooth, small_size, interpolation=cv2.INTER_AREA)
    _, labels = cv2.connectedComponents((small > 0.4).astype(np.uint8))
    top = np.unique(labels[: max(1, small.shape[0] // 12)])
    kept = np.isin(labels, top[top > 0]).astype(np.float32) * small
    return np.asarray(cv2.resize(kept, smooth.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _graded(level: Picture, *, keep: float, dark: float, tint: float = 1) -> Picture:
    """Night exposure with teal shadows and magenta highlights; ``keep`` is how much own colour stays."""
    lab = to_oklab(to_linear(level))
    light = np.clip(lab[..., 0], 0, 1)
    shade, shine = 1 - smoothstep(light, 0.15, 0.6), smoothstep(light, 0.5, 0.95)
    middle = 1 - shade - shine
    lab[..., 1] = keep * lab[..., 1] + tint * (-0.045 * shade + 0.055 * shine + 0.025 * middle)
    lab[..., 2] = keep * lab[..., 2] + tint * (-0.055 * shade - 0.03 * shine - 0.065 * middle)
    lab[..., 0] = dark * (0.05 + 0.95 * light ** np.float32(1.3))
    return np.maximum(from_oklab(lab), 0).astype(np.float32)


def _background(level: Picture, parts: _Parts, city: Picture, neon: Neon, sheet: Sheet) -> Picture:
    """The photo's own background gone dark, the city standing in its sky, neon along its edges, haze."""
    unit = sheet.unit
    own = _graded(level, keep=0.35, dark=0.6)
    sky = parts.sky[..., None]
    picture = own * (1 - 0.88 * sky) + city * (0.14 + 0.86 * sky)
    light = grey(level)
    # What stands beside the subject is lit by the same lamps, more weakly, or the subject would float.
    near = (light**2 * (1 - parts.sky))[..., None]
    picture += 0.34 * near * _sides(sheet.shape, neon, 0.5)
    soft = blur(light, 1.4 * unit)
    edges = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    edges = np.asarray(edges * max(unit, 0.2) ** 0.7, np.float32)
    tubes = smoothstep(edges, 0.12, 0.75) * (1 - parts.sky)
    tubes *= 1 - smoothstep(blur(parts.subject, 7 * unit), 0.02, 0.2)
    picture += 0.55 * tubes[..., None] * _sides(sheet.shape, neon, 0.5)
    haze = np.clip(0.6 + 0.5 * clouds(sheet.shape, sheet.rng(3), 1.7), 0, 2)
    down = np.linspace(0, 1, sheet.shape[0], dtype=np.float32)[:, None]
    thick = 0.5 * haze * np.exp(-(((down - 0.64) / 0.22) ** 2)) * (1 - 0.45 * parts.ground)
    fog = blur(city, 60 * unit) * 0.5 + _sides(sheet.shape, neon, 0.5) * 0.1
    return np.asarray(
        picture * (1 - 0.35 * np.clip(thick, 0, 1))[..., None] + fog * thick[..., None], np.float32
    )


def _sides(shape: tuple[int, int], neon: Neon, middle: float) -> Picture:
    """The two lights' colours over the width of the picture, changing at ``middle``."""
    x = np.linspace(0, 1, shape[1], dtype=np.float32)[None]
    right = smoothstep(x, middle - 0.3, middle + 0.3)[..., None]
    lights = np.asarray(neon.left, np.float32) * (1 - right) + np.asarray(neon.right, np.float32) * right
    return np.asarray(np.broadcast_to(lights, (*shape, 3)), np.float32)


def _wet(picture: Picture, parts: _Parts, sheet: Sheet) -> Picture:
    """The ground as a wet street: the lights above stand on their heads in it, drawn out and rippled."""
    height, width = sheet.shape
    line = 0.62 * height
    ripple = clouds(sheet.shape, sheet.rng(4), 1.1, scale=1) * (4 * sheet.unit)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    mirrored = cv2.remap(
        picture, x + ripple, 2 * line - y + 2 * ripple, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    tall = max(3, round(46 * sheet.unit)) | 1
    streaks = cv2.blur(cv2.blur(mirrored, (1, tall)), (max(1, round(3 * sheet.unit)) | 1, tall))
    puddles = np.clip(0.75 + 0.45 * clouds(sheet.shape, sheet.rng(5), 1.5), 0.15, 1.6)
    return np.asarray(
        picture * (1 - 0.2 * parts.ground[..., None]) + streaks * (0.65 * parts.ground * puddles)[..., None],
        np.float32,
    )


def _lit_subject(level: Picture, subject: Plane, neon: Neon, sheet: Sheet) -> Picture:
    """Dim own light, one coloured lamp from each side over its relief, and bright rims."""
    unit = sheet.unit
    level = _found_in_the_dark(level, subject)
    light = to_oklab(to_linear(level))[..., 0]
    facing = _facing(light, subject, unit)
    from_right, from_left = (
        smoothstep(facing, -0.1, 1.0)[..., None],
        smoothstep(-facing, -0.1, 1.0)[..., None],
    )
    left, right = np.asarray(neon.left, np.float32), np.asarray(neon.right, np.float32)
    own = _graded(level, keep=0.95, dark=0.8, tint=0.5)
    # Lamps find drawing in the shadows too: a coat that was black in the sun is not black in neon light.
    shadows = np.clip(light - blur(light, 16 * unit), -0.1, 0.25)
    albedo = (0.03 + 0.75 * light**2.2 + 0.5 * np.clip(shadows, 0, 1))[..., None]
    linear = to_linear(level)
    surface = 0.5 + 0.5 * np.clip(
        (linear + 0.02) / (linear @ np.full((3, 1), 1 / 3, np.float32) + 0.02), 0, 2
    )
    lit = own + 0.9 * albedo * surface * (from_left * left + from_right * right)
    return np.asarray(lit + _rims(light, subject, neon, unit), np.float32)


def _found_in_the_dark(level: Picture, subject: Plane) -> Picture:
    """Raise a subject that is darker than the whole picture: its own median lightness towards 0.6."""
    lab = to_oklab(to_linear(level))
    inside = lab[..., 0][subject > 0.5]
    if inside.size == 0:
        return level
    median = float(np.clip(np.median(inside), 0.12, 0.9))
    lab[..., 0] = np.maximum(lab[..., 0], 0) ** np.float32(np.clip(np.log(0.6) / np.log(median), 0.55, 1.0))
    return to_srgb(into_gamut(lab))


def _facing(light: Plane, subject: Plane, unit: float) -> Plane:
    """How much the subject turns to the right (> 0) or left lamp: its shading, and where it stands."""
    relief = blur(light, 9 * unit) + 0.5 * blur(light, 28 * unit) + 1.6 * blur(subject, 40 * unit)
    slope = cv2.Sobel(relief, cv2.CV_32F, 1, 0, scale=1 / 8) * np.float32(1024 * unit / 12)
    slope = blur(slope, 4 * unit)
    x = np.linspace(0, 1, light.shape[1], dtype=np.float32)[None]
    weight = subject.sum(0)
    if weight.sum() < 1:
        return np.asarray(2 * (x - 0.5) - slope, np.float32)
    middle = float((weight * x[0]).sum() / weight.sum())
    wide = max(0.08, float((weight > 0.05 * weight.max()).mean()) / 2)
    return np.asarray(np.clip(0.75 * (x - middle) / wide - slope, -1.4, 1.4), np.float32)


def _rims(light: Plane, subject: Plane, neon: Neon, unit: float) -> Picture:
    """Light that grazes the outline, from the left on left edges and from the right on right ones."""
    rims = np.zeros((*light.shape, 3), np.float32)
    texture = np.clip(0.55 + 1.2 * light, 0, 1.5)
    for sigma, amount in ((3.5, 1.3), (13, 0.65)):
        soft = blur(subject, sigma * unit)
        edge = np.clip((1 - soft) * 2, 0, 1) ** np.float32(1.3) * subject
        gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        across = np.asarray(gx / (np.hypot(gx, gy) + 1e-4), np.float32)
        for colour, facing in ((neon.left, across), (neon.right, -across)):
            lit = edge * texture * smoothstep(facing, -0.25, 0.75) * np.float32(amount)
            rims += lit[..., None] * np.asarray(colour, np.float32)
    return rims


def _lens(linear: Picture, sheet: Sheet) -> Picture:
    """Bloom, shoulder, rain, vignette, a trace of colour fringes and grain; gives sRGB."""
    unit = sheet.unit
    linear = bloom(linear, 0.45, unit, 0.9)
    linear = linear + _rain(sheet)[..., None] * np.array([0.55, 0.75, 1.0], np.float32) * blur(
        linear, 12 * unit
    )
    linear *= vignette(sheet.shape, 0.5)[..., None]
    srgb = fringes(to_srgb(shoulder(np.maximum(linear, 0), 0.55)), 0.0022)
    return np.asarray(srgb + 0.012 * grain(sheet.shape, sheet.rng(6), unit)[..., None], np.float32)


def _rain(sheet: Sheet) -> Plane:
    """Thin slanted streaks, 0..1."""
    height, width = sheet.shape
    rng = sheet.rng(7)
    drops = np.zeros((height, width), np.uint8)
    for x, y, long, bright in rng.random((260, 4)):
        start = (round(x * width * 1.1), round((y * 1.1 - 0.1) * height))
        reach = (8 + 34 * long) * sheet.unit
        end = (round(start[0] - 0.16 * reach), round(start[1] + reach))
        cv2.line(drops, start, end, int(40 + 150 * bright), max(1, round(sheet.unit)), cv2.LINE_AA)
    return blur(to_float(drops), 0.6 * sheet.unit)
