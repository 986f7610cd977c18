"""The air between camera and scene: how far things are, what haze does to them, what light falls through it.

One photograph holds no depth. What is known of most outdoor pictures stands in for it: the ground comes
nearer toward the lower border, the sky is farthest, the subject is as near as the place where it meets the
ground.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, box, enlarged, f32, gaussian, resize, smoothstep, strips
from retouch.engines.builtin.colour import LUMINANCE, decode, luminance, to_srgb, to_uint8
from retouch.engines.builtin.operation import Matte

PROXY = 768  # px of the longer side: distance, haze and rays are smooth
_GREEN = 128 - 12  # CIELAB a in 8 bits: no sky is as green
_NEAREST = 0.05  # what lies at the lower border


@dataclass(frozen=True, slots=True)
class View:
    """A photograph, small, and what is guessed of its depth; all planes (h, w), linear light.

    ``distance`` 0 near, 1 sky; ``subject`` 0..1; ``sky`` 0..1; ``level``: how bright the day is, 0..1.
    """

    light: Plane  # (h, w, 3)
    subject: Plane
    sky: Plane
    distance: Plane
    level: float

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], matte: Matte | None) -> View:
        """Look at (H, W, 3) uint8 sRGB and the matte of its subject, if there is one."""
        size = small_size(rgb.shape[:2], PROXY)
        photo = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        light = decode(photo)
        subject = (
            np.zeros(photo.shape[:2], np.float32) if matte is None else np.clip(resize(matte, size), 0, 1)
        )
        sky = sky_of(photo, subject)
        bright = float(np.quantile(luminance(light), 0.85))
        return cls(light, subject, sky, _distance(light, subject, sky), min(max(bright, 0.0), 1.0))


def small_size(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """(width, height) of a picture (H, W) reduced to ``longest`` px at the most."""
    scale = min(1.0, longest / max(shape[:2]))
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def sky_of(photo: NDArray[np.uint8], subject: Plane) -> Plane:
    """Where the sky is, (h, w) 0..1: smooth, like the picture's upper border, and joined to it."""
    lab = f32(cv2.cvtColor(photo, cv2.COLOR_RGB2LAB))
    gray = lab[..., 0]
    rough = np.sqrt(np.maximum(box(gray * gray, 2) - box(gray, 2) ** 2, 0))
    rows = max(1, photo.shape[0] // 12)
    top = lab[:rows].reshape(-1, 3)[(subject[:rows] < 0.2).ravel()]
    if top.size == 0 or float(np.median(rough[:rows])) > 6:
        return np.zeros(photo.shape[:2], np.float32)
    # Light and colour change slowly down a sky: each row is compared with what has been sky above it.
    result = np.zeros(photo.shape[:2], np.float32)
    colour = np.median(top, 0)
    if colour[1] < _GREEN:
        return result
    able = (rough < 5) & (subject < 0.3)
    for y in range(photo.shape[0]):
        near = able[y] & (np.abs(lab[y] - colour) @ np.array([0.5, 1, 1], np.float32) < 22)
        if y and y % 2 == 0:
            near &= np.asarray(cv2.dilate(result[y - 1][None], np.ones((1, 5)))[0] > 0, np.bool_)
        result[y] = near
        if near.mean() < 0.02 and y > rows:
            break
        if near.any():
            colour = 0.9 * colour + 0.1 * np.median(lab[y][near], 0)
    # What is as smooth as a sky down to the lower border is a backdrop, or the ground.
    height = np.linspace(0, 1, photo.shape[0], dtype=np.float32)[:, None]
    return _refined(gaussian(result * (1 - smoothstep(0.72, 0.95, height)), 1.5), photo)


def _refined(plane: Plane, photo: NDArray[np.uint8]) -> Plane:
    radius = max(2, max(plane.shape) // 48)
    guide = f32(photo / f32(255))
    if min(plane.shape) < 3:
        return plane
    return f32(np.clip(cv2.ximgproc.guidedFilter(guide, plane, radius, 1e-3), 0, 1))


def _distance(light: Plane, subject: Plane, sky: Plane) -> Plane:
    height, width = subject.shape
    y = (np.arange(height, dtype=np.float32) + f32(0.5)) / f32(height)
    ground = np.repeat(np.clip(_NEAREST + 0.8 * (1 - y) ** 1.25, 0, 1)[:, None], width, 1)
    far = _behind(_refined(np.maximum(ground, sky), to_uint8(to_srgb(light))), subject)
    rows = np.flatnonzero((subject > 0.5).any(axis=1))
    contact = float(ground[rows[-1], 0]) if rows.size else 0.0
    return f32(far * (1 - subject) + np.minimum(far, contact + 0.03) * subject)


def _behind(plane: Plane, subject: Plane) -> Plane:
    """``plane`` with what is around the subject carried on behind it, so that its rim sheds no halo."""
    longer = max(plane.shape)
    side = 2 * max(1, longer // 40) + 1
    free = 1 - f32(cv2.dilate(subject, np.ones((side, side))))
    stack = f32(np.dstack([plane * free, free]))
    total = gaussian(stack, 0.02 * longer) + f32(1e-3) * gaussian(stack, 0.15 * longer)
    filled = total[..., 0] / np.maximum(total[..., 1], 1e-6)
    return f32(np.where(total[..., 1] > 1e-5, plane * free + filled * (1 - free), plane))


@dataclass(frozen=True, slots=True)
class Haze:
    """``depth``: optical depth, (h, w), 0 none; ``colour``: the air's own light, linear RGB."""

    depth: Plane
    colour: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """Something that hangs in the air: ``cover`` (h, w) 0..1 and its light (h, w, 3), linear."""

    cover: Plane
    light: Plane


@dataclass(frozen=True, slots=True)
class Weather:
    """All that a kind of weather does: to the light of the day, by the air, and by what falls."""

    grade: Grade
    haze: Haze
    layers: Sequence[Layer]


@dataclass(frozen=True, slots=True)
class Grade:
    """How the day changes: ``exposure`` in stops, ``saturation`` a factor, ``tint`` linear RGB factors."""

    exposure: float = 0.0
    saturation: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def of(self, linear: Plane) -> Plane:
        """(..., 3) linear light, graded."""
        tint = np.array(self.tint, np.float32)
        tint *= f32(2**self.exposure) / (tint @ LUMINANCE)
        gray = luminance(linear)[..., None]
        return f32((gray + (linear - gray) * self.saturation) * tint)


def through_air(
    rgb: NDArray[np.uint8],
    weather: Weather,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> NDArray[np.uint8]:
    """``rgb`` seen through haze and whatever falls in it, strip by strip; planes are stretched over it.

    Koschmieder, "Theorie der horizontalen Sichtweite" (1924): light fades as exp(-depth), the air's own takes
    its place. Dithered: haze is smooth, and would show bands.
    """
    size, air = (rgb.shape[1], rgb.shape[0]), np.array(weather.haze.colour, np.float32)
    result = np.empty_like(rgb)
    for rows in strips(rgb.shape[0]):
        clear = np.exp(-np.maximum(enlarged(weather.haze.depth, size, rows), 0))[..., None]
        light = weather.grade.of(decode(rgb[rows])) * clear + air * (1 - clear)
        for layer in weather.layers:
            cover = np.clip(enlarged(layer.cover, size, rows), 0, 1)[..., None]
            light = light * (1 - cover) + np.maximum(enlarged(layer.light, size, rows), 0) * cover
        dither = rng.random((*light.shape[:2], 1), np.float32) - f32(0.5)
        result[rows] = to_uint8(to_srgb(f32(light)) + dither * f32(1 / 255))
        progress(rows.stop / rgb.shape[0])
    return result


def surroundings(view: View) -> Plane:
    """The light that reaches a drop or a flake in front of each place: from all around, (h, w, 3)."""
    wide = gaussian(view.light, 0.07 * max(view.subject.shape))
    return f32(0.7 * np.maximum(wide, 0) + 0.3 * view.light.reshape(-1, 3).mean(0))


def god_rays(view: View, rng: np.random.Generator) -> tuple[Plane, float]:
    """Shafts of light from the sky's brightest part, or from outside the picture where it shows no sky.

    Mitchell, "Volumetric light scattering as a post-process" (GPU Gems 3, 2007): what is bright is smeared
    away from its source, so that everything before it casts a shadow.

    Returns:
        (h, w) 0..1, and 1 where the source is in the picture, 0 where it is not.
    """
    source, bright = _source(view, rng)
    shape = view.subject.shape
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    dx, dy = x - f32(source[0]), y - f32(source[1])
    reach = float(np.hypot(*shape))
    shafts = _shafts(np.arctan2(dx, np.abs(dy) + 1e-3), rng)
    fall = np.exp(-1.6 * np.hypot(dx, dy) / f32(reach))
    if bright is None:
        return f32(shafts * fall * smoothstep(-0.25, 0.5, f32(dy / reach + 0.35))), 0.0
    rays = bright
    for turn in range(6):
        zoom = 1 - 0.55 / 2 ** (6 - turn)
        back = np.array([[zoom, 0, source[0] * (1 - zoom)], [0, zoom, source[1] * (1 - zoom)]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(rays, back, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
        rays = f32(0.5 * (rays + moved))
    return f32(rays * (0.3 + 0.7 * shafts) * fall), 1.0


def _source(view: View, rng: np.random.Generator) -> tuple[tuple[float, float], Plane | None]:
    """Where the light comes from, and what of the picture lets it through."""
    height, width = view.subject.shape
    value = luminance(view.light)
    open_ = f32(view.sky * smoothstep(0.25, 1.0, value / max(float(np.quantile(value, 0.97)), 0.05)))
    if float(view.sky.mean()) < 0.04 or float(open_.mean()) < 0.01:
        left = float(value[: height // 2 + 1, : width // 2 + 1].mean())
        right = float(value[: height // 2 + 1, width // 2 :].mean())
        side = -0.12 if left >= right else 1.12
        return (width * (side + 0.03 * float(rng.standard_normal())), -0.25 * height), None
    weight = gaussian(open_, 0.06 * max(height, width)) ** 4
    x = float((weight * np.arange(width)).sum() / weight.sum())
    y = float((weight * np.arange(height)[:, None]).sum() / weight.sum())
    return (x + 0.03 * width * float(rng.standard_normal()), min(y, 0.3 * height)), open_


def _shafts(angle: Plane, rng: np.random.Generator) -> Plane:
    """Brightness by direction, 0..1: wide beams with finer ones in them."""
    count = 720
    line = np.zeros(count, np.float32)
    for sigma, share in ((22, 1.0), (8, 0.7), (3, 0.4)):
        noise = cv2.GaussianBlur(rng.standard_normal((1, count), np.float32), (0, 0), sigma)[0]
        line += share * noise / (noise.std() + 1e-6)
    line = smoothstep(-0.8, 1.6, f32(line / line.std()))
    place = f32((angle / np.pi + 1) / 2 * (count - 1))
    return f32(cv2.remap(line[None], place, np.zeros_like(place), cv2.INTER_LINEAR))
