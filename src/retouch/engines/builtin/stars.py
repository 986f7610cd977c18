"""Real stars: the Hipparcos catalogue, projected as a lens does and drawn as a sensor sees them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from retouch.engines.builtin.blur import Plane, f32, gaussian


@dataclass(frozen=True, slots=True)
class View:
    """A camera's axis (right ascension, declination), its roll and the width it sees; all in rad."""

    right_ascension: float
    declination: float
    roll: float
    field: float

    def project(
        self, right_ascension: NDArray[np.float32], declination: NDArray[np.float32], size: tuple[int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Gnomonic projection -> x, y in pixels of ``size`` (width, height), and which lie in front."""
        turn = right_ascension - np.float32(self.right_ascension)
        sin0, cos0 = np.sin(self.declination), np.cos(self.declination)
        depth = sin0 * np.sin(declination) + cos0 * np.cos(declination) * np.cos(turn)
        front = depth > 0.1
        depth = np.where(front, depth, 1)
        east = -np.cos(declination) * np.sin(turn) / depth
        north = (cos0 * np.sin(declination) - sin0 * np.cos(declination) * np.cos(turn)) / depth
        scale = max(size) / (2 * np.tan(self.field / 2))
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        x = size[0] / 2 + scale * (cos * east - sin * north)
        y = size[1] / 2 - scale * (sin * east + cos * north)
        return x.astype(np.float32), y.astype(np.float32), front

    def directions(self, size: tuple[int, int]) -> Plane:
        """Unit vectors (H, W, 3), equatorial frame, that the pixels of ``size`` look along."""
        width, height = size
        scale = max(size) / (2 * np.tan(self.field / 2))
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        u, v = (x - width / 2) / f32(scale), (height / 2 - y) / f32(scale)
        cos, sin = f32(np.cos(self.roll)), f32(np.sin(self.roll))
        east, north = cos * u + sin * v, -sin * u + cos * v
        ra, dec = self.right_ascension, self.declination
        axis = f32([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
        to_east = f32([-np.sin(ra), np.cos(ra), 0])
        to_north = np.cross(axis, to_east)
        # East is on the left of somebody who looks up at the sky.
        rays = axis - east[..., None] * to_east + north[..., None] * to_north
        # The three directions are at right angles: a ray is as long as the way to its place on the plane.
        return f32(rays / np.sqrt(1 + u * u + v * v)[..., None])


def catalogue() -> NDArray[np.float32]:
    """Rows of right ascension (rad), declination (rad), magnitude, B-V colour index; brightest first."""
    return _CATALOGUE


def _read_catalogue() -> NDArray[np.float32]:
    raw = np.load(BytesIO(files("retouch.engines.builtin").joinpath("data/stars.npy").read_bytes()))
    scale = np.array([np.pi / 32767, np.pi / 65534, 1e-3, 1e-3], np.float32)
    rows = raw.astype(np.float32) * scale
    rows[:, 0] += np.pi
    return f32(rows)


# Read at import: the pixel process can open no file any more when it draws.
_CATALOGUE = _read_catalogue()


def star_colour(index: NDArray[np.float32]) -> NDArray[np.float32]:
    """B-V -> linear RGB of about the same luminance.

    Temperature from Ballesteros (EPL 97, 2012); its black-body colour by powers of the temperature, a fit
    that keeps the blue of Rigel and the orange of Betelgeuse a little fuller than the eye sees them, as
    photographs do.
    """
    bv = np.clip(index, -0.35, 1.9)
    kelvin = 4600 * (1 / (0.92 * bv + 1.7) + 1 / (0.92 * bv + 0.62))
    red = np.clip((6600 / kelvin) ** 0.75, 0.55, 1.6)
    blue = np.clip((kelvin / 6600) ** 0.8, 0.35, 1.8)
    return np.stack([red, np.ones_like(red), blue], -1).astype(np.float32)


def draw_stars(view: View, size: tuple[int, int], exposure: float = 1.0, faintest: float = 9.0) -> Plane:
    """The catalogue's stars in ``view``: (H, W, 3) float32, linear, unbounded above.

    Every star lands on its four nearest pixels in proportion, then the whole plane is blurred by a sharp
    core and two halos: flux decides how large a star looks, as on a sensor.
    """
    width, height = size
    ra, dec, magnitude, index = catalogue().T
    x, y, front = view.project(ra, dec, size)
    seen = front & (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2) & (magnitude < faintest)
    unit = max(size) / 1024
    flux = exposure * 2.512 ** (4.6 - magnitude[seen]) * unit**2
    light = flux[:, None] * star_colour(index[seen])
    points = splat(x[seen], y[seen], light, (height, width))
    bright = splat(
        x[seen], y[seen], light * np.clip((3.6 - magnitude[seen]) / 3, 0, 1)[:, None], (height, width)
    )
    core = gaussian(points, 0.62 * unit)
    return f32(core + 0.20 * gaussian(bright, 2.2 * unit) + 0.14 * gaussian(bright, 9 * unit))


def splat(
    x: NDArray[np.float32], y: NDArray[np.float32], light: NDArray[np.float32], shape: tuple[int, int]
) -> Plane:
    """Add coloured points (N, C) at fractional places onto a black (H, W, C) plane, bilinearly."""
    places, lights = [], []
    left, top = x.astype(np.int64), y.astype(np.int64)
    fx, fy = x - left, y - top
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
        row, column = np.clip(top + dy, 0, shape[0] - 1), np.clip(left + dx, 0, shape[1] - 1)
        places.append(row * shape[1] + column)
        lights.append(weight[:, None] * light)
    # All four corners at once: counting fills a plane of the picture's size every time.
    where, what = np.concatenate(places), np.concatenate(lights)
    planes = [np.bincount(where, each, shape[0] * shape[1]) for each in what.T]
    return f32(np.stack(planes, -1)).reshape(*shape, -1)
