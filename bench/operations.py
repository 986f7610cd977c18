"""What every operation costs in the warm pixel process: from a photo's bytes to the result's."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Final

from bench.kinds import carried_out, rows
from bench.report import Figure, Section, cpu_flags, quantile, quick
from bench.warm import Cost, WarmChild, bf16, sized, warm_child
from retouch.engines.planner import SUPPORTED

SIDE, LARGE = 1024, (4000, 3000)
REPLACE_S, REPLACE_P99_S, STYLE_S, LARGE_S = 0.9, 1.3, 0.8, 4.0
QUICK_STEP: Final = 8
SLOWEST_SHOWN: Final = 5
LARGE_KINDS: Final = {"background.replace", "style", "background.blur", "weather", "restore", "remove"}
KEEP: Final = {"kind": "background.replace", "keep": "subject"}


def measure() -> Section:
    """All scenes, all styles, every other kind, and some of them at 12 megapixels."""
    with warm_child() as child:
        child.edit(KEEP | {"scene": "starry sky"}, sized("coffee.png", SIDE, SIDE))
        figures = [
            *_table(child, "background.replace", _scenes(), REPLACE_S, REPLACE_P99_S),
            *_table(child, "style", _styles(), STYLE_S, None),
            *_each(child),
            *_large(child),
        ]
    return Section(
        "What an operation costs",
        "python -m bench operations" + (" --quick" if quick() else ""),
        tuple(figures),
        f"{SIDE} x {SIDE}, PNG in, PNG out: decoded, edited and encoded in one warm sandboxed process, matte "
        f"included, every scene and style once. CPU seconds are those of all its threads. "
        "The aims are stated for a CPU with bf16; this one "
        + ("has it" if bf16() else "has none, and an aim that is missed here is not counted")
        + f" ({', '.join(cpu_flags()) or 'no flag that matters'}).",
    )


def _scenes() -> list[dict[str, Any]]:
    return [KEEP | {"scene": scene} for scene in _some(SUPPORTED.scenes)]


def _styles() -> list[dict[str, Any]]:
    return [{"kind": "style", "style": style} for style in _some(SUPPORTED.styles)]


def _some(names: Sequence[str]) -> Sequence[str]:
    return names[::QUICK_STEP] if quick() else names


def _table(
    child: WarmChild, kind: str, plans: list[dict[str, Any]], median_s: float, p99_s: float | None
) -> list[Figure]:
    photo = sized("astronaut.png", SIDE, SIDE)
    taken = [(plan, child.edit(plan, photo)) for plan in plans]
    walls, cpus = [cost.wall for _, cost in taken], [cost.cpu for _, cost in taken]
    middle, last = statistics.median(walls), quantile(walls, 0.99)
    wanted = "scene" if kind == "background.replace" else "style"
    slowest = sorted(taken, key=lambda row: -row[1].cpu)[:SLOWEST_SHOWN]
    named = ", ".join(f"{plan[wanted]} {cost.cpu:.2f}" for plan, cost in slowest)
    cpu = f"{statistics.median(cpus):.2f} s, p99 {quantile(cpus, 0.99):.2f} s"
    return [
        _aimed(f"{kind}, median of {len(plans)} {wanted}s", middle, median_s),
        _aimed(f"{kind}, p99", last, p99_s),
        Figure(f"{kind}, CPU seconds, median", cpu),
        Figure(f"{kind}, the most CPU seconds", named),
    ]


def _aimed(name: str, seconds: float, aim: float | None) -> Figure:
    if aim is None:
        return Figure(name, f"{seconds:.2f} s")
    met = True if seconds <= aim else (False if bf16() else None)
    return Figure(name, f"{seconds:.2f} s", f"<= {aim} s", met)


def _each(child: WarmChild) -> list[Figure]:
    found = [(row.name, carried_out(child, row, (SIDE, SIDE))) for row in rows()]
    return [Figure(name, _said(cost)) for name, cost in found]


def _said(cost: Cost | str) -> str:
    return cost if isinstance(cost, str) else f"{cost.wall:.2f} s (CPU {cost.cpu:.2f})"


def _large(child: WarmChild) -> list[Figure]:
    some = [row for row in rows() if row.plan["kind"] in LARGE_KINDS]
    figures = []
    for row in some[:1] if quick() else some:
        cost, name = carried_out(child, row, LARGE, "JPEG"), f"12 megapixels, JPEG: {row.name}"
        figures.append(Figure(name, cost) if isinstance(cost, str) else _aimed(name, cost.wall, LARGE_S))
    return figures
