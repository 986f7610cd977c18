"""A cut-out at 1024 x 1024 beside rembg: same u2net file, warm sessions, same number of threads.

rembg lives in a virtual environment of its own (build/rembg), made on the first run: it brings a second
OpenCV, which would break ours. The two take turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

from bench.photos import photo
from bench.report import ROOT, SHOWN_FLAGS, Figure, Section
from retouch.settings import load_settings
from retouch.weights.store import WeightsStore

SIDE, RUNS = 1024, 9
REST_S = 0.5
PHOTOS = ("astronaut.png", "coffee.png")
REMBG = "rembg[cpu]==2.0.86"
FOLDER = ROOT / "build" / "rembg"
THREADS = os.cpu_count() or 1


def rembg_python() -> Path:
    """The interpreter of rembg's environment, made if need be."""
    python = FOLDER / "bin" / "python"
    stamp = FOLDER / REMBG.replace("[", "_").replace("]", "_")
    if not stamp.exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        venv.create(FOLDER, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", REMBG], check=True)
        stamp.touch()
    return python


class Peer:
    """A process that cuts the picture out each time it reads a line, and answers with its seconds."""

    def __init__(self, python: Path, script: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [python, ROOT / "bench" / script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(THREADS)},
        )

    def once(self) -> dict[str, float]:
        """One cut-out: {"net": seconds, "whole": seconds}."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peer has no pipes")
        # Both runtimes keep their threads spinning after a run, on the cores that the other one needs.
        time.sleep(REST_S)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)


def measure() -> Section:
    """Take turns on two photos, one on which our net looks twice and one on which it looks once."""
    figures = tuple(figure for name in PHOTOS for figure in _figures(name, _pairs(name)))
    return Section(
        "Cut-out beside rembg",
        "python -m bench cutout",
        figures,
        f"{SIDE} x {SIDE}, {REMBG}, the same u2net file, {THREADS} threads, warm, {RUNS} turns, medians. "
        f"Between turns the other's threads come to rest for {REST_S:g} s. Ours has refined alpha and true "
        f"foreground colours, rembg is as it comes. CPU flags: {_flags()}.",
    )


def _pairs(name: str) -> list[tuple[dict[str, float], dict[str, float]]]:
    weights = str(WeightsStore(load_settings().weights_dir).path("u2net"))
    picture = FOLDER.parent / name
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(photo(name, SIDE))
    arguments = (weights, str(picture), str(THREADS))
    ours = Peer(Path(sys.executable), "cutout_ours.py", *arguments)
    theirs = Peer(rembg_python(), "cutout_rembg.py", *arguments)
    try:
        for peer in (ours, theirs):
            peer.once()
        return [(ours.once(), theirs.once()) for _ in range(RUNS)]
    finally:
        ours.close()
        theirs.close()


def _figures(name: str, pairs: list[tuple[dict[str, float], dict[str, float]]]) -> tuple[Figure, Figure]:
    aim = 0.6 if "bf16" in _flags() else 1.15
    whole, net = (_median([a[part] / b[part] for a, b in pairs]) for part in ("whole", "net"))

    def both(part: str) -> str:
        first, second = (_median([pair[side][part] for pair in pairs]) * 1000 for side in (0, 1))
        return f"{first:.0f} ms beside {second:.0f} ms"

    stem = Path(name).stem
    return (
        Figure(f"{stem}, net only", f"{both('net')}, ratio {net:.2f}"),
        Figure(
            f"{stem}, decoded RGB to RGBA",
            f"{both('whole')}, ratio {whole:.2f}",
            f"<= {aim}",
            whole <= aim,
        ),
    )


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _flags() -> str:
    cpu = Path("/proc/cpuinfo")
    known = cpu.read_text(encoding="utf-8") if cpu.exists() else ""
    return ", ".join(flag for flag in SHOWN_FLAGS if flag in known)
