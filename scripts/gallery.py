"""Make the contact sheets of docs/gallery again: each scene, style and look, the showcases on all photos.

    python scripts/gallery.py [SHEET ...]

Seeds are fixed: the same version gives the same pictures. Timings under the pictures are the engine's own
seconds for one picture on this machine, the first of its matte included.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from retouch.engines.base import EngineEnvironment
from retouch.engines.builtin.engine import BuiltinEngine
from retouch.engines.builtin.looks import LOOKS
from retouch.engines.builtin.scenes import SCENES
from retouch.engines.builtin.styles import STYLES
from retouch.engines.planner.plan import Operation, Plan
from retouch.settings import load_settings
from retouch.task import DEFAULT_MODEL, EditRequest
from retouch.weights.store import WeightsStore

Polygons: TypeAlias = Sequence[Sequence[tuple[int, int]]]  # corners (x, y)
Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom

ROOT: Final = Path(__file__).resolve().parent.parent
PHOTOS: Final = ROOT / "tests" / "data" / "photos"
TARGET: Final = ROOT / "docs" / "gallery"
SEED: Final = 11
CELL: Final = 300
LABEL: Final = 26
HALF: Final = 28  # of the scenes: a WebP is at most 16,383 px high
PORTRAITS: Final = ("astronaut.png", "chelsea.png", "coffee.png")
ALL: Final = (*PORTRAITS, "rocket.jpg", "camera.png", "china.jpg", "flower.jpg")
FOUR: Final = (*PORTRAITS, "flower.jpg")
OUTDOORS: Final = ("china.jpg", "camera.png", "astronaut.png", "chelsea.png")
LANDSCAPES: Final = ("china.jpg", "flower.jpg", "coffee.png")
SKIES: Final = ("china.jpg", "rocket.jpg", "camera.png")
NEW_SKIES: Final = ("sunset", "starry sky", "aurora", "storm")
WEATHERS: Final = ("rain", "snow", "fog", "sun-rays")
FRAMES: Final = ("border", "polaroid", "vignette", "rounded", "sticker outline", "drop shadow", "grain")
RESTORES: Final = ("denoise", "deblock", "dehaze", "sharpen", "auto")
MARK: Final = np.array([127, 0, 60], np.uint8)
STANDING: Final = ("flower.jpg", "rocket.jpg", "china.jpg")  # subjects with enough behind them
EMBLEM: Final = [[(130, 328), (180, 322), (222, 356), (222, 416), (184, 442), (132, 432), (116, 376)]]
TRIPOD: Final = [
    [(286, 180), (306, 180), (316, 264), (346, 290), (424, 512), (222, 512), (268, 300), (286, 270)]
]
TOWERS: Final = [
    [(425, 118), (460, 118), (480, 427), (415, 427)],
    [(178, 118), (215, 118), (230, 427), (165, 427)],
]
MARKS: Final = {"astronaut.png": EMBLEM, "camera.png": TRIPOD, "rocket.jpg": TOWERS}
GEOMETRY: Final = {"kind": "geometry"}
SMALL: Final = GEOMETRY | {"action": "resize", "percent": 50}
TEXT: Final = {"kind": "text.add"}
SALE: Final = TEXT | {"text": "Summer Sale", "position": "bottom"}
FACES: Final = ("astronaut.png",)
STYLE_OF: Final = {"kind": "style", "image": 1}
EXAMPLES: Final = ("coffee.png", "flower.jpg", "china.jpg", "camera.png")
TWO_FACES: Final = ("astronaut.png", "camera.png")
SKIN: Final = {"kind": "retouch", "mode": "smooth skin"}
LIGHT: Final = {"kind": "retouch", "mode": "brighten face"}
DIM: Final = {"kind": "tone", "brightness": -45}
# Parts of the photos, (left, top, right, bottom): what a sheet of whole ones would show too small.
FACE_PARTS: Final = {"astronaut.png": (150, 25, 300, 190), "camera.png": (160, 80, 310, 230)}
PARTS: Final = {
    "astronaut.png": (90, 0, 384, 294),
    "chelsea.png": (100, 0, 394, 294),
    "coffee.png": (150, 50, 444, 344),
    "flower.jpg": (180, 80, 474, 374),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet: an edit, carried out on several photos."""

    label: str
    operations: Sequence[Mapping[str, Any]]
    photos: Sequence[str]
    marks: Mapping[str, Polygons] = field(default_factory=dict)  # without operations they are shown
    compares: bool = False  # shown only beside another line
    beside: str = ""  # the photo that is the request's second picture
    parts: Mapping[str, Box] = field(default_factory=dict)  # edited instead of the whole


class Silent:
    """A run that nobody watches."""

    cancelled = False
    deadline = float("inf")
    resume_state = None

    def __init__(self, mask: NDArray[np.uint8] | None) -> None:
        self.mask = mask

    def progress(self, percent: float) -> None:
        """Nobody watches."""

    def preview(self, image: NDArray[np.uint8]) -> None:
        """Nobody watches."""

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Nothing is resumed."""


def replace(scene: str) -> list[dict[str, Any]]:
    """A plan with one new background."""
    return [{"kind": "background.replace", "scene": scene, "keep": "subject"}]


def sheets() -> dict[str, list[Row]]:
    """Sheet name -> its lines."""
    return {
        "showcase": [
            Row("photo", [], FOUR),
            Row("starry sky", replace("starry sky"), FOUR),
            Row("cyberpunk", [{"kind": "style", "style": "cyberpunk"}], FOUR),
        ],
        "starry-sky": [Row("starry sky", replace("starry sky"), ALL)],
        "cyberpunk": [Row("cyberpunk", [{"kind": "style", "style": "cyberpunk"}], ALL)],
        "scenes": [
            *(Row(name, replace(name), FOUR) for name in [*SCENES][:HALF]),
            Row("#2d7dd2", [{"kind": "background.replace", "color": "#2d7dd2"}], FOUR),
            Row("gradient", [{"kind": "background.replace", "gradient": ["#ff9a5a", "#5a2d82"]}], FOUR),
        ],
        "scenes-more": [Row(name, replace(name), FOUR) for name in [*SCENES][HALF:]],
        "styles": [Row(name, [{"kind": "style", "style": name}], FOUR) for name in STYLES],
        "looks": [Row(name, [{"kind": "tone", "look": name}], FOUR) for name in LOOKS],
        "sky": [Row(name, [{"kind": "sky.replace", "scene": name}], SKIES) for name in NEW_SKIES],
        "weather": [
            *(Row(name, [{"kind": "weather", "weather": name}], OUTDOORS) for name in WEATHERS),
        ],
        "frames": [Row(name, [{"kind": "frame", "frame": name}], FOUR) for name in FRAMES],
        "recolor": [
            Row("subject", [{"kind": "recolor", "target": "subject", "color": "#2d7dd2"}], FOUR),
            Row("background", [{"kind": "recolor", "target": "background", "color": "#7a3fa0"}], FOUR),
            Row("whole", [{"kind": "recolor", "target": "whole", "color": "#2a9d5c"}], FOUR),
        ],
        "remove": [
            Row("photo", [], STANDING),
            Row("the subject, removed", [{"kind": "remove", "target": "subject"}], STANDING),
            Row("marked", [], tuple(MARKS), MARKS),
            Row("what is marked, removed", [{"kind": "remove", "target": "mask"}], tuple(MARKS), MARKS),
        ],
        "geometry": [
            Row(
                "square, to subject", [GEOMETRY | {"action": "crop", "ratio": "square", "to": "subject"}], ALL
            ),
            Row("turned by 7", [GEOMETRY | {"action": "rotate", "degrees": 7}], ALL),
            Row("flipped", [GEOMETRY | {"action": "flip", "axis": "horizontal"}], ALL),
            Row("extended by 20 %", [GEOMETRY | {"action": "extend", "percent": 20}], LANDSCAPES),
        ],
        "restore": [Row(name, [{"kind": "restore", "mode": name}], ALL) for name in RESTORES],
        "retouch": [
            Row("photo", [], TWO_FACES, parts=FACE_PARTS),
            Row("smooth skin", [SKIN], TWO_FACES, parts=FACE_PARTS),
            Row("smooth skin, 100", [SKIN | {"strength": 100}], TWO_FACES, parts=FACE_PARTS),
            Row("darkened", [DIM], FACES, parts=FACE_PARTS, compares=True),
            Row("brighten face", [DIM, LIGHT], FACES, parts=FACE_PARTS),
        ],
        "text": [
            Row("text.add", [TEXT | {"text": "Summer Sale", "position": "top", "color": "#ffffff"}], FOUR),
            Row("text.add", [TEXT | {"text": "早上好 おはよう 좋은 아침", "size": "large"}], FOUR),
            Row("text.add", [TEXT | {"text": "صباح الخير", "position": "top right"}], FOUR),
            Row(
                "text.replace: Summer",
                [SALE, {"kind": "text.replace", "old": "Summer", "new": "Winter"}],
                FOUR,
            ),
            Row("text.remove: Summer Sale", [SALE, {"kind": "text.remove"}], FOUR),
        ],
        "privacy": [
            Row("blurred", [{"kind": "privacy", "mode": "blur", "target": "faces"}], FACES),
            Row("pixelated", [{"kind": "privacy", "mode": "pixelate", "target": "faces"}], FACES),
        ],
        "upscale": [
            Row("half of it, times 2", [SMALL, {"kind": "upscale", "factor": 2}], FOUR, parts=PARTS),
            Row(
                "the same, resampled",
                [SMALL, GEOMETRY | {"action": "resize", "percent": 200}],
                FOUR,
                compares=True,
                parts=PARTS,
            ),
            Row("the photo", [], FOUR, parts=PARTS, compares=True),
        ],
        "second-picture": [
            Row("before china.jpg", [{"kind": "background.replace", "image": 1}], FOUR, beside="china.jpg"),
            *(Row(f"in the style of {name}", [STYLE_OF], FOUR, beside=name) for name in EXAMPLES),
        ],
        "background": [
            Row("removed", [{"kind": "background.remove"}], ALL),
            Row("blurred", [{"kind": "background.blur", "strength": 60}], ALL),
        ],
    }


def load(name: str) -> NDArray[np.uint8]:
    """A photo as (H, W, 3) uint8."""
    with Image.open(PHOTOS / name) as opened:
        return np.asarray(opened.convert("RGB"))


def part_of(picture: NDArray[np.uint8], part: Box | None) -> NDArray[np.uint8]:
    """The rectangle, or all of it where there is none."""
    if part is None:
        return picture
    left, top, right, bottom = part
    return np.ascontiguousarray(picture[top:bottom, left:right])


def edited(engine: BuiltinEngine, row: Row) -> Iterator[tuple[Image.Image, float]]:
    """Each photo of the line, edited, with the seconds it took."""
    plan = Plan("en", tuple(Operation.from_json(each) for each in row.operations), 1.0)
    request = EditRequest(model=DEFAULT_MODEL, prompt=row.label, sources=(), seed=SEED)
    for name in row.photos:
        picture = part_of(load(name), row.parts.get(name))
        mask = marked(picture, row.marks[name]) if row.marks else None
        if mask is not None and not row.operations:
            picture = np.where(mask[..., None] > 0, picture // 2 + MARK, picture).astype(np.uint8)
        began = time.perf_counter()
        pictures = [picture, *([load(row.beside)] if row.beside else [])]
        result = engine.edit(request, plan, pictures, Silent(mask))
        yield flattened(Image.fromarray(result.pictures[0].image)), time.perf_counter() - began


def marked(picture: NDArray[np.uint8], polygons: Polygons) -> NDArray[np.uint8]:
    """A mask of polygons, (H, W) uint8."""
    mask = Image.new("L", (picture.shape[1], picture.shape[0]))
    for polygon in polygons:
        ImageDraw.Draw(mask).polygon(polygon, fill=255)
    return np.asarray(mask)


def flattened(picture: Image.Image) -> Image.Image:
    """Alpha shown on a checkerboard."""
    if picture.mode != "RGBA":
        return picture
    rows, columns = np.indices((picture.height, picture.width)) // 16
    board = np.where((rows + columns) % 2, 205, 245).astype(np.uint8)
    ground = Image.fromarray(np.dstack([board] * 3))
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def draw(rows: Sequence[Row], engine: BuiltinEngine) -> Image.Image:
    """One sheet."""
    width = max(len(row.photos) for row in rows) * CELL
    sheet = Image.new("RGB", (width, len(rows) * (CELL + LABEL)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for line, row in enumerate(rows):
        top = line * (CELL + LABEL)
        for column, (picture, seconds) in enumerate(edited(engine, row)):
            fitted = ImageOps.pad(picture, (CELL - 6, CELL - 6), Image.Resampling.LANCZOS, color="white")
            sheet.paste(fitted, (column * CELL + 3, top + 3))
            text = f"{row.label}   {picture.width} x {picture.height}   {seconds:.2f} s"
            pen.text((column * CELL + 5, top + CELL), text, "black", font)
        print(f"  {row.label}", file=sys.stderr, flush=True)
    return sheet


def main() -> None:
    """Draw the sheets that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="SHEET", help=f"which: {', '.join(sheets())}; none: all")
    names = parser.parse_args().names or list(sheets())
    settings = load_settings()
    weights = WeightsStore(settings.weights_dir)
    engine = BuiltinEngine(EngineEnvironment(weights.path, settings.threads_per_child))
    engine.warm()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in names:
        print(name, file=sys.stderr, flush=True)
        draw(sheets()[name], engine).save(TARGET / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
