"""``python -m bench [NAME ...]``: measure, print, and with no name write docs/reference/measurements.md."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

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
PAGE = ROOT / "docs" / "reference" / "measurements.md"


def main() -> int:
    """Run the measurements; exit status 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, []], help="which to run; none: all, and write the page"
    )
    parser.add_argument("--quick", action="store_true", help="samples where a bench has them; no page")
    arguments = parser.parse_args()
    names = arguments.names or NAMES
    os.environ[QUICK] = str(int(arguments.quick))
    sections = []
    for name in names:
        print(f"measuring: {name} ...", file=sys.stderr, flush=True)
        section: Section = importlib.import_module(f"bench.{name}").measure()
        print(section.markdown(), flush=True)
        sections.append(section)
    if tuple(names) == NAMES and not arguments.quick:
        body = "\n".join(section.markdown() for section in sections)
        PAGE.write_text(
            f"# Measurements\n\nWritten by `make bench` on {machine()}\n\n{body}", encoding="utf-8"
        )
        print(f"written: {PAGE.relative_to(ROOT)}")
    return int(any(figure.met is False for section in sections for figure in section.figures))


if __name__ == "__main__":
    sys.exit(main())
