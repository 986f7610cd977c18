"""What is not documented does not exist: pages are as the code would write them, and no link is dead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripts.gallery import sheets
from scripts.reference import sheets_of, stale

from retouch.engines.planner.supported import BUILT_IN

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_generated_pages_are_fresh() -> None:
    assert stale() == [], "run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = {(ROOT / "docs" / target).resolve() for target in LINK.findall(index) if "://" not in target}
    pages = {page for page in PAGES if page.parent.parent == ROOT / "docs"}
    assert pages - listed - {ROOT / "docs" / "gallery" / "README.md"} == set()


@pytest.mark.parametrize("kind", BUILT_IN.kinds)
def test_every_operation_has_a_picture(kind: str) -> None:
    names = sheets_of(kind)
    assert names, f"no sheet of scripts/gallery.py shows {kind}"
    assert [name for name in names if not (ROOT / "docs" / "gallery" / f"{name}.webp").exists()] == []


def test_the_gallery_shows_every_scene_style_and_look_and_every_sheet() -> None:
    shown = [operation for rows in sheets().values() for row in rows for operation in row.operations]
    assert {each["scene"] for each in shown if "scene" in each} == set(BUILT_IN.scenes)
    assert {each["style"] for each in shown if "style" in each} == set(BUILT_IN.styles)
    assert {each["look"] for each in shown if "look" in each} == set(BUILT_IN.looks)
    page = (ROOT / "docs" / "gallery" / "README.md").read_text(encoding="utf-8")
    assert [name for name in sheets() if name != "showcase" and f"({name}.webp)" not in page] == []


def test_the_reference_has_every_operation_with_its_arguments_scene_style_and_look() -> None:
    page = (ROOT / "docs" / "reference" / "operations.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    for kind, example in BUILT_IN.kinds.items():
        assert example in sections[kind]
        examples = re.findall(r"“.+?” · “(.+?)”", sections[kind])
        assert examples, f"{kind} has no example in a second language"
        assert "| `" in sections[kind] or "No arguments." in sections[kind]
    for title in ("scenes", "styles", "looks", "skies"):
        assert sections[title.capitalize()].strip() == ", ".join(getattr(BUILT_IN, title))
