"""What a measurement says of itself, and how it becomes a page."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

QUICK = "RETOUCH_BENCH_QUICK"
ROOT = Path(__file__).resolve().parent.parent
SHOWN_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the page. ``aim`` is what we want of it; ``met`` is None where there is no aim."""

    name: str
    value: str
    aim: str = ""
    met: bool | None = None

    def row(self) -> str:
        """A row of the page's table."""
        verdict = {None: "", True: "yes", False: "**no**"}[self.met]
        return f"| {self.name} | {self.value} | {self.aim} | {verdict} |"


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of one script and the command that gives them again."""

    title: str
    command: str
    figures: tuple[Figure, ...]
    notes: str = ""

    def markdown(self) -> str:
        """One section of the page."""
        table = "\n".join(
            ["| figure | measured | aim | met |", "|---|---|---|---|", *(f.row() for f in self.figures)]
        )
        return f"## {self.title}\n\n`{self.command}`\n\n{table}\n" + (
            f"\n{self.notes}\n" if self.notes else ""
        )


def quantile(values: list[float], q: float) -> float:
    """The q-quantile by the nearest rank: an observed value, never an interpolated one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def quick() -> bool:
    """Whether a sample is enough: set by ``--quick``, for a look while working on something."""
    return os.environ.get(QUICK) == "1"


def cpu_flags() -> list[str]:
    """Those of :data:`SHOWN_FLAGS` that this CPU has."""
    file = Path("/proc/cpuinfo")
    cpu = file.read_text(encoding="utf-8") if file.exists() else ""
    flags = set(next((line for line in cpu.splitlines() if line.startswith("flags")), "").split())
    return [flag for flag in SHOWN_FLAGS if flag in flags]


def machine() -> str:
    """Cores, CPU and flags that matter, versions, commit and date: without them a figure says little."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":", 1)[1].strip() for line in cpu.splitlines() if line.startswith("model name")), ""
    )
    shown = ", ".join(cpu_flags()) or "none of those that matter"
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("openvino", "numpy", "opencv-contrib-python-headless")
    )
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return (
        f"{os.cpu_count()} cores, {model or platform.processor()} ({shown}); Linux {platform.release()}; "
        f"Python {platform.python_version()}; {libraries}; commit {commit or 'unknown'}; "
        f"{datetime.now(UTC):%Y-%m-%d}."
    )
