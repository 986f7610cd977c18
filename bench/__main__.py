"""``python -m bench [--write] [NAME ...]``: measure, print, write into docs/reference/measurements.md."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from bench.report import QUICK, ROOT, Section, machine

NAMES = (
    "submit",
    "dialects",
    "inline",
    "waiting",
    "latency",
    "connections",
    "webhooks",
    "cutout",
    "edits",
    "subject",
    "operations",
    "memory",
    "planner",
)
HEAD = "# Measurements\n\nWritten by `make bench`, or a part alone by `python -m bench --write NAME`."
PAGE = ROOT / "docs" / "reference" / "measurements.md"


def main() -> int:
    """Run the measurements; exit status 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which to run; none: all of them")
    parser.add_argument("--write", action="store_true", help="put what was measured into the page")
    parser.add_argument("--quick", action="store_true", help="samples where a bench has them")
    arguments = parser.parse_args()
    if arguments.write and arguments.quick:
        parser.error("a sample is not for the page: leave --quick or --write away")
    names = arguments.names or NAMES
    os.environ[QUICK] = str(int(arguments.quick))
    sections = []
    for name in names:
        print(f"measuring: {name} ...", file=sys.stderr, flush=True)
        section: Section = importlib.import_module(f"bench.{name}").measure()
        print(section.markdown(), flush=True)
        sections.append(section)
    if arguments.write:
        write(sections)
    return int(any(figure.met is False for section in sections for figure in section.figures))


def write(sections: Sequence[Section]) -> None:
    """Put ``sections`` into the page, in the place of those so titled; the others stay."""
    here = machine()
    _, *old = PAGE.read_text(encoding="utf-8").split("\n## ") if PAGE.exists() else ("",)
    parts = {part.partition("\n")[0]: part.rstrip() for part in old}
    for section in sections:
        text = section.markdown().removeprefix("## ").rstrip()
        parts[section.title] = f"{text}\n\n*Measured on {here}*"
    PAGE.write_text("\n\n## ".join([HEAD, *parts.values()]) + "\n", encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
