"""``python -m bench [NAME ...]``: measure, print, and with no name write docs/reference/measurements.md."""

from __future__ import annotations

import argparse
import importlib
import sys

from bench.report import ROOT, Section, machine

NAMES = (
    "submit",
    "dialects",
    "inline",
    "waiting",
    "latency",
    "webhooks",
    "cutout",
    "edits",
    "subject",
    "planner",
)
PAGE = ROOT / "docs" / "reference" / "measurements.md"


def main() -> int:
    """Run the measurements; exit status 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*NAMES, []], help="which to run; none: all, and write the page"
    )
    names = parser.parse_args().names or NAMES
    sections = []
    for name in names:
        print(f"measuring: {name} ...", file=sys.stderr, flush=True)
        section: Section = importlib.import_module(f"bench.{name}").measure()
        print(section.markdown(), flush=True)
        sections.append(section)
    if tuple(names) == NAMES:
        body = "\n".join(section.markdown() for section in sections)
        PAGE.write_text(
            f"# Measurements\n\nWritten by `make bench` on {machine()}\n\n{body}", encoding="utf-8"
        )
        print(f"written: {PAGE.relative_to(ROOT)}")
    return int(any(figure.met is False for section in sections for figure in section.figures))


if __name__ == "__main__":
    sys.exit(main())
