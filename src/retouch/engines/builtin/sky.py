"""Where the sky is: smooth, joined to the picture's upper border, of a sky's colour, with land under it.

No net knows skies here. A small picture says which region it is; in a larger one the region's own colours
follow it into branches and lattices, where every pixel is a mix of the sky and of what stands before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian, resize, smoothstep
from retouch.engines.builtin.matting import guided_upsample
from retouch.engines.builtin.operation import Matte
from retouch.errors import TargetNotFound

_COARSE = 320  # px of the longer side: where the region is looked for
_PROXY = 1024  # px of the longer side: where its edge is drawn
_LEAST_AREA = 0.02  # of the picture
_LEAST_TOP = 0.12  # of the upper border
_MOST_BOTTOM = 0.4  # of the lower border: a sky has land under it, else it may as well be a wall
_CALM, _ROUGHEST = 1.2, 2.5  # L*a*b* units a pixel of the small picture: a steeper change ends the sky
_FALL = 0.3  # L* a pixel: a level line below which it is darker is a horizon, however hazy
_STEP = 3  # L*, over eight pixels: less is a bank of clouds
_BELOW = 0.08  # of the height
_CLOUD = 0.012  # of the picture: smaller pale things before the sky may be houses
_CLOUD_SHADE = -3, 2  # L* that a cloud by day, and one by night, is at least lighter than the sky beside it
_ISLAND_SHADE = -15, 0  # the same of one that the sky surrounds
_DAY = 45  # L* of a sky: in a darker one masts and branches are hardly darker
_HAZE_DEEP, _HAZE_LIKE = 0.025, 30  # of the height below the horizon; L*a*b* units from the sky's colour

Mask: TypeAlias = NDArray[np.bool_]
Photo: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sky:
    """``alpha``: (H, W) float32, 1 = sky; ``horizon``: how far down it is seen, 0..1 from the top."""

    alpha: Plane
    horizon: float


def find_sky(rgb: Photo, subject: Matte) -> Sky:
    """The sky of ``rgb``, (H, W, 3) uint8 sRGB, behind the subject's matte, (H, W).

    Raises:
        TargetNotFound: there is none, or it cannot be told from a wall.
    """
    size = _size(rgb, _COARSE)
    small = _reduced(rgb, size)
    region = sky_region(small, resize(subject, size))
    must_be_sky(small, region)
    size = _size(rgb, _PROXY)
    photo = _reduced(rgb, size)
    seen = np.flatnonzero(region.mean(1) > 0.02)
    horizon = float((seen[-1] + 1) / len(region))
    before = resize(subject, size)
    alpha = _drawn(photo, resize(region.astype(np.float32), size), before, horizon)
    alpha = f32(np.minimum(alpha, 1 - _core(before)))
    return Sky(alpha if photo.shape == rgb.shape else guided_upsample(rgb, photo, alpha), horizon)


def _size(rgb: Photo, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(rgb.shape[:2]))
    return max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))


def _reduced(rgb: Photo, size: tuple[int, int]) -> Photo:
    if rgb.shape[1::-1] == size:
        return rgb
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _lab(rgb: Photo) -> Plane:
    """CIE L* 0..100, a*, b*."""
    return f32(cv2.cvtColor(rgb.astype(np.float32) / f32(255), cv2.COLOR_RGB2LAB))


def sky_region(photo: Photo, subject: Plane) -> Mask:
    """What can be reached from the upper border without a steep step: (h, w) bool, of a small picture."""
    calm = np.asarray(cv2.bilateralFilter(cv2.medianBlur(photo, 3), 7, 20, 4), np.uint8)
    lab = _lab(calm)
    steep = _steepness(lab)
    rows = max(2, len(photo) // 16)
    limit = float(np.clip(4 * np.median(steep[:rows]), _CALM, _ROUGHEST))
    open_ = ((steep < limit) & (subject < 0.3)).astype(np.uint8)
    open_ = np.asarray(cv2.morphologyEx(open_, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    region = _joined_to_top(open_)
    above = np.arange(len(lab))[:, None] < _horizon(lab[..., 0], region)
    return _with_clouds(region & above, lab, steep, np.asarray(above & (subject < 0.3), np.bool_))


def _steepness(lab: Plane) -> Plane:
    planes = [cv2.Sobel(lab, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1))]
    return f32(np.sqrt(np.square(planes).sum((0, -1))))


def _joined_to_top(open_: Photo) -> Mask:
    _, labels = cv2.connectedComponents(open_, connectivity=4)
    tops = np.unique(np.asarray(labels)[:3])
    return np.asarray(np.isin(labels, tops[tops > 0]), np.bool_)


def _horizon(lightness: Plane, region: Mask) -> int:
    """The first level line, right across the region, below which it is darker: haze may hide the far shore.

    Gives the row; where there is none, one a little below the lowest of the region: what is bright there may
    be the evening's sky.
    """
    weight = region.astype(np.float32)
    along = [
        cv2.GaussianBlur(f32(plane), (0, 0), sigmaX=12, sigmaY=0.7) for plane in (lightness * weight, weight)
    ]
    mean = f32(along[0] / np.maximum(along[1], 1e-3))
    rise = cv2.Sobel(mean, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    step = np.roll(mean, 4, axis=0) - np.roll(mean, -4, axis=0)
    width = region.sum(1)
    falls = ((rise < -_FALL) & (step > _STEP) & region).sum(1) > 0.75 * np.maximum(width, 1)
    falls &= width > 0.2 * region.shape[1]
    lines = np.flatnonzero(falls[len(region) // 8 : -4]) + len(region) // 8
    if lines.size:
        return int(lines[0])
    lowest = np.flatnonzero(region.mean(1) > 0.02)
    return int(lowest[-1] + 1 + _BELOW * len(region)) if lowest.size else 0


def _with_clouds(region: Mask, lab: Plane, steep: Plane, open_: Mask) -> Mask:
    """And what is no darker, even and of a sky's colours: large, or with sky all around it; and its outline.

    ``open_`` is where there may be sky at all.
    """
    if not region.any():
        return region
    beside = _nearby(lab, region.astype(np.float32), max(region.shape))[..., 0]
    day, above = beside > _DAY, lab[..., 0] - beside
    like = _sky_like(lab, float(np.median(lab[-max(1, len(lab) // 4) :, :, 0]))) & open_
    light = (above > np.where(day, *_CLOUD_SHADE)) & open_
    even = cv2.morphologyEx(
        (like & light & (steep < 2 * _ROUGHEST) & ~region).astype(np.uint8), cv2.MORPH_OPEN, _disc(1)
    )
    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(even, np.uint8), connectivity=4)
    large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > _CLOUD * region.size)
    clouds = np.isin(labels, large[large > 0])
    closed = cv2.morphologyEx((region | clouds).astype(np.uint8), cv2.MORPH_CLOSE, _disc(3))
    grown = np.asarray(region | ((closed > 0) & light), np.bool_) if clouds.any() else region
    return grown | _islands(grown, np.asarray(open_ & (above > np.where(day, *_ISLAND_SHADE)), np.bool_))


def _islands(region: Mask, light: Mask) -> Mask:
    """What the sky surrounds and is mostly ``light``: clouds, the sun and the moon; birds are not."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~region).astype(np.uint8), connectivity=8)
    _, top, _, height, area = stats.T
    inside = top + height < len(region)  # land reaches down to the lower border
    bright = np.bincount(np.asarray(labels).ravel(), light.ravel(), len(stats)) > 0.75 * area
    chosen = np.flatnonzero(inside & bright)
    return np.asarray(np.isin(labels, chosen[chosen > 0]), np.bool_)


def _sky_like(lab: Plane, ground: float) -> Mask:
    """Pixels of a colour that a sky may have; ``ground`` is the lightness at the picture's foot."""
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    blue = (hue >= 215) & (hue <= 325) & (chroma > 1)
    pale = (chroma < 8) & (light > max(45.0, ground + 15))
    evening = ((hue <= 95) | (hue > 325)) & (chroma > 6) & (light > max(40.0, ground + 20))
    return np.asarray(blue | pale | evening, np.bool_)


def must_be_sky(photo: Photo, region: Mask) -> None:
    """Refuse what is no sky by its place, its size or its colour."""
    if region.mean() < _LEAST_AREA or region[: max(1, len(region) // 50)].any(0).mean() < _LEAST_TOP:
        raise TargetNotFound("no sky was found in the picture")
    if region[-2:].any(0).mean() > _MOST_BOTTOM:
        raise TargetNotFound(
            "no sky was found in the picture: what is behind the subject has no land under it"
        )
    lab = _lab(photo)
    if not _sky_coloured(lab[region], lab[~region]):
        raise TargetNotFound("no sky was found in the picture: nothing at its top has the colour of a sky")


def _sky_coloured(sky: Plane, land: Plane) -> bool:
    """Blue by day or night; grey or white; or in the evening's colours, then far brighter than the land."""
    light, red, yellow = (float(value) for value in np.median(sky, 0))
    chroma, hue = float(np.hypot(red, yellow)), float(np.degrees(np.arctan2(yellow, red))) % 360
    if 215 <= hue <= 325 and chroma > 1:
        return True
    if chroma < 2.5 or (chroma < 7 and light > 88):
        return light > 45
    evening = hue <= 95 or hue > 325
    return evening and chroma > 10 and light > 40 and light > float(np.median(land[:, 0])) + 25


def _drawn(photo: Photo, region: Plane, subject: Plane, horizon: float) -> Plane:
    """The sky's edge at the larger size: alpha by colour where the region ends, and in gaps near it."""
    longer = max(photo.shape[:2])
    lab, square = _lab(photo), np.ones((3, 3), np.uint8)
    sure = np.asarray(cv2.erode((region > 0.5).astype(np.uint8), square, iterations=3), np.uint8)
    away = lab - _nearby(lab, sure.astype(np.float32), longer)
    distance = gaussian(f32(np.sqrt((away * away).sum(-1))), 0.5)
    alpha = _unlike(away, distance, sure > 0, longer)
    edge = np.asarray(cv2.dilate(sure, _disc(round(longer * 0.022))), np.bool_)
    alpha *= edge | _gaps(alpha, sure > 0, edge, subject, longer)
    alpha = _hazy(alpha, distance, horizon)
    alpha = f32(np.maximum(alpha, gaussian(cv2.erode(sure, _disc(3)).astype(np.float32), 0.8)))
    return f32(np.clip((gaussian(alpha, 0.5) - 0.08) / 0.84, 0, 1))


def _hazy(alpha: Plane, distance: Plane, horizon: float) -> Plane:
    """Below the horizon there is no sky, but its light: the far shore fades into it as far as it is alike."""
    below = (np.arange(len(alpha), dtype=np.float32) / f32(len(alpha)) - f32(horizon))[:, None]
    veil = 0.6 * np.exp(-np.maximum(below, 0) / _HAZE_DEEP) * smoothstep(_HAZE_LIKE, 4, distance)
    return f32(np.where(below < 2 / len(alpha), np.maximum(alpha, veil * (below > -_HAZE_DEEP)), veil))


def _disc(radius: int) -> Photo:
    side = 2 * max(1, radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _nearby(lab: Plane, sure: Plane, longer: int) -> Plane:
    """The sky's colour about every pixel, from near by if there is any, else from farther away."""
    stack = f32(np.dstack([lab * sure[..., None], sure]))
    total = np.zeros_like(stack)
    for share, reach in ((1.0, 0.012), (1e-2, 0.04), (1e-4, 0.15)):
        total += f32(share) * gaussian(stack, longer * reach)
    total += f32(1e-7) * stack.reshape(-1, 4).mean(0)
    return f32(total[..., :3] / np.maximum(total[..., 3:], 1e-12))


def _unlike(away: Plane, distance: Plane, sure: Mask, longer: int) -> Plane:
    """1 where a pixel has the sky's colour, 0 where it has that of the land near by, else its place between.

    What lies on the far side of the sky's colour is something else before it, but beside an edge: there
    sharpening leaves a bright seam on the sky.
    """
    near = float(np.clip(np.quantile(distance[sure], 0.97) if sure.any() else 4, 2.5, 7))
    weight = np.square(np.maximum(distance - near, 0))[..., None]
    stack = gaussian(f32(np.concatenate([away * weight, weight], -1)), longer * 0.005)
    land = f32(stack[..., :3] / np.maximum(stack[..., 3:], 1e-3))
    length = np.maximum(np.sqrt((land * land).sum(-1)), 1e-3)
    along = (away * land).sum(-1) / length
    far = np.maximum(0.85 * length, near + 6)
    seam = cv2.dilate((along > near + 6).astype(np.uint8), _disc(2)) > 0
    beyond = np.clip((-along - near - np.where(seam, 8, 1)) / 4, 0, 1)
    return f32((1 - np.clip((along - near) / (far - near), 0, 1)) * (1 - beyond))


def _gaps(alpha: Plane, sure: Mask, edge: Mask, subject: Plane, longer: int) -> Mask:
    """Openings near the sky through which it is seen.

    Small ones are; of the large ones those that something dark divides from the sky, like the fields of a
    lattice. What differs from the sky by a seam only is a pale thing before it.
    """
    reach = cv2.dilate(edge.astype(np.uint8), _disc(round(longer * 0.10))) > 0
    reach &= cv2.dilate((subject > 0.5).astype(np.uint8), _disc(round(longer * 0.02))) == 0
    beyond = ((alpha > 0.5) & ~edge).astype(np.uint8)
    radius = _disc(round(longer * 0.009))
    wide = np.asarray(cv2.dilate(cv2.morphologyEx(beyond, cv2.MORPH_OPEN, radius), radius), np.uint8)
    _, labels = cv2.connectedComponents(((alpha > 0.85) | sure).astype(np.uint8), connectivity=4)
    joined = np.isin(labels, np.unique(np.asarray(labels)[sure]))
    return np.asarray(reach & ~((wide > 0) & joined), np.bool_)


def _core(subject: Plane) -> Plane:
    """The subject without its rim, where colour tells better."""
    return gaussian(f32(cv2.erode((subject > 0.9).astype(np.float32), _disc(2))), 0.7)
