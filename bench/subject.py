"""Keeping the subject: six photos before every scene, three ways, against masks that were drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.keeping import (
    CHANGED,
    COVERED,
    DRIFT_LEVELS,
    MASKS,
    OFF_PART,
    PSNR_DB,
    SHIFT_PX,
    SSIM,
    Kept,
    Mask,
    Rgb,
    compare,
    core,
    hand_made,
)
from bench.report import ROOT, Figure, Section
from retouch.settings import load_settings
from retouch.weights.store import WeightsStore

if TYPE_CHECKING:
    from retouch.engines.builtin.operation import Canvas, Context
    from retouch.task import OutputFormat

SEED: Final = 5
KEEP: Final[Mapping[str, str]] = {"keep": "subject"}
WAYS: Final[Mapping[str, tuple[Mapping[str, str], OutputFormat]]] = {
    "kept, PNG": (KEEP, "png"),
    "kept, JPEG": (KEEP, "jpeg"),
    "harmonised": ({}, "png"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A photo, what is drawn by hand, and where both the drawing and our matte say that it is."""

    name: str
    rgb: Rgb
    hand: Mask
    inside: Mask
    matte: object

    @property
    def covered(self) -> float:
        """The part of the hand-made mask that is looked at."""
        return float(self.inside.sum() / self.hand.sum())


def subjects() -> Iterator[Subject]:
    """Every photo that has a hand-made mask."""
    from PIL import Image  # noqa: PLC0415 - only where pictures are measured

    from retouch.engines.builtin.matting import U2NetMatting  # noqa: PLC0415 - the same

    matting = U2NetMatting(WeightsStore(load_settings().weights_dir).path("u2net"), None, 2)
    for path in sorted(MASKS.glob("*.png")):
        photo = next((ROOT / "tests" / "data" / "photos").glob(f"{path.stem}.*"))
        with Image.open(photo) as opened:
            rgb = np.asarray(opened.convert("RGB"))
        matte, hand = matting.matte(rgb), hand_made(path.stem)
        yield Subject(path.stem, rgb, hand, core(matte) & hand, matte)


def outcomes(subject: Subject) -> Iterator[tuple[str, str, Kept]]:
    """(way, scene, measures) of every scene behind one photo, of the file that a client would get."""
    from retouch.engines.builtin.operation import Canvas  # noqa: PLC0415 - only where pictures are measured
    from retouch.engines.builtin.operations import background_replace  # noqa: PLC0415 - the same
    from retouch.engines.builtin.scenes import SCENES  # noqa: PLC0415 - the same

    for scene in SCENES:
        drawn: dict[str, Canvas] = {}
        for way, (arguments, output) in WAYS.items():
            key = str(arguments)
            if key not in drawn:
                canvas, wanted = Canvas(subject.rgb), {"scene": scene, **arguments}
                drawn[key] = background_replace.apply(canvas, wanted, _context(subject))
            after = _delivered(drawn[key].rgb, output)
            yield way, scene, compare(subject.rgb, after, subject.inside, subject.hand)


def _context(subject: Subject) -> Context:
    from retouch.engines.builtin.operation import Context  # noqa: PLC0415 - only where pictures are measured

    def matte(_: Rgb) -> object:
        return subject.matte

    return Context(SEED, 0, matte, lambda _: None, lambda _: None)  # type: ignore[arg-type]  # it is one


def _delivered(rgb: Rgb, output: OutputFormat) -> Rgb:
    from retouch.images.decode import decode  # noqa: PLC0415 - only where pictures are measured
    from retouch.images.encode import encode  # noqa: PLC0415 - the same

    return decode(encode(rgb, output), 24_000_000).pixels


def measure() -> Section:
    """The worst picture of each measure, named."""
    seen = list(subjects())
    rows = [(way, f"{one.name}, {scene}", kept) for one in seen for way, scene, kept in outcomes(one)]
    least = min(seen, key=lambda one: one.covered)
    figures = [
        Figure(
            "hand-made mask that is looked at",
            f"{least.covered:.1%} ({least.name}), all: "
            + ", ".join(f"{one.name} {one.covered:.0%}" for one in seen),
            f">= {COVERED:.0%}",
            least.covered >= COVERED,
        )
    ]
    for way in WAYS:
        some = [(name, kept) for each, name, kept in rows if each == way]
        figures += _figures(way, some)
    pictures = len(rows) // len(WAYS)
    return Section(
        "Keeping the subject",
        "python -m bench subject",
        tuple(figures),
        f"{len(seen)} photos before {pictures // len(seen)} scenes, {pictures} pictures a way, seed {SEED}, "
        "decoded from the file that a client gets. Measured inside our matte drawn in by 8 px, where the "
        "mask drawn by hand agrees; the worst picture of each measure is named.",
    )


def _figures(way: str, some: list[tuple[str, Kept]]) -> list[Figure]:
    last = _least(f"{way}: the rest changed", some, "changed", CHANGED, ".1%")
    if way == next(iter(WAYS)):
        exact = sum(kept.exact for _, kept in some)
        aim = Figure(f"{way}: byte-exact", f"{exact} of {len(some)}", "all", exact == len(some))
        return [aim, last]
    return [
        _least(f"{way}: PSNR, dB", some, "psnr", PSNR_DB, ".1f"),
        _least(f"{way}: SSIM", some, "ssim", SSIM, ".4f"),
        _most(f"{way}: pixels off by more than 24", some, "off", OFF_PART, ".2%"),
        _most(f"{way}: shift, px", some, "shift", SHIFT_PX, ".3f"),
        _most(f"{way}: drift of a channel's mean, levels", some, "drift", DRIFT_LEVELS, ".2f"),
        last,
    ]


def _least(title: str, some: list[tuple[str, Kept]], field: str, aim: float, shape: str) -> Figure:
    name, kept = min(some, key=lambda row: getattr(row[1], field))
    value = getattr(kept, field)
    return Figure(title, f"{value:{shape}} ({name})", f">= {aim:{shape}}", value >= aim)


def _most(title: str, some: list[tuple[str, Kept]], field: str, aim: float, shape: str) -> Figure:
    name, kept = max(some, key=lambda row: getattr(row[1], field))
    value = getattr(kept, field)
    return Figure(title, f"{value:{shape}} ({name})", f"<= {aim:{shape}}", value <= aim)
