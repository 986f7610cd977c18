"""The most memory that each kind of operation takes at the largest picture, in a fresh child."""

from __future__ import annotations

from typing import Final

from bench.kinds import Row, carried_out, rows
from bench.report import Figure, Section, quick
from bench.warm import warm_child

PIXELS: Final = (6000, 4000)
LIMIT_GIB: Final = 2.0
# The limit holds for what comes out as well: these start from less, so that it is just kept. Enlarging works
# in tiles of one size and takes minutes at the limit.
STARTS: Final = {
    "upscale": (1200, 800),
    "extend": (5000, 3360),
    "rotate": (5000, 3360),
    "frame": (5400, 3600),
}
QUICK_KINDS: Final = {"background.replace", "restore"}


def measure() -> Section:
    """Every kind, each in a process that has done nothing before."""
    some = [row for row in rows() if not quick() or row.plan["kind"] in QUICK_KINDS]
    return Section(
        "Memory at the limit",
        "python -m bench memory" + (" --quick" if quick() else ""),
        tuple(_figure(row) for row in some),
        f"Peak resident memory (VmHWM) of the child, which has every net loaded, over decoding, editing and "
        f"encoding of {PIXELS[0]} x {PIXELS[1]} pixels, JPEG in and out; what grows starts from less.",
    )


def _figure(row: Row) -> Figure:
    keys = (str(row.plan.get("action", "")), str(row.plan["kind"]))
    width, height = next((STARTS[key] for key in keys if key in STARTS), PIXELS)
    with warm_child() as child:
        cost = carried_out(child, row, (width, height), "JPEG")
        if isinstance(cost, str):
            return Figure(row.name, cost)
        peak = child.peak_bytes() / 2**30
    name = row.name if (width, height) == PIXELS else f"{row.name}, from {width} x {height}"
    said = f"{peak:.2f} GiB ({cost.wall:.1f} s)"
    return Figure(name, said, f"< {LIMIT_GIB:g} GiB", peak < LIMIT_GIB)
