"""Make ``engines/builtin/data/fonts`` from the Noto fonts of the npm packages ``@fontsource/noto-sans*``.

    npm pack @fontsource/noto-sans @fontsource/noto-sans-arabic @fontsource/noto-sans-devanagari \
        @fontsource/noto-sans-sc @fontsource/noto-sans-jp @fontsource/noto-sans-kr      (all 5.3.0)
    for p in *.tgz; do mkdir ${p%.tgz} && tar xzf $p -C ${p%.tgz}; done
    python -m pip install fonttools brotli
    python scripts/fonts.py .

Latin, Greek, Cyrillic, Arabic and Devanagari are copied as they are. The packages cut Chinese, Japanese and
Korean into some hundred files each; what a coverage set below asks for is taken out of them and merged into
one file per weight, without layout tables: square characters need no kerning. Fonts and parts of them are
under the SIL Open Font License 1.1, whose text is copied beside them.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.merge import Merger
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parents[1] / "src/retouch/engines/builtin/data/fonts"
WEIGHTS = (400, 700)
WHOLE = {
    "noto-sans": ("latin", "latin-ext", "vietnamese", "greek", "cyrillic", "cyrillic-ext"),
    "noto-sans-arabic": ("arabic",),
    "noto-sans-devanagari": ("devanagari",),
}
LAYOUT = ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG", "DSIG", "gasp")
PUNCTUATION = {*range(0x3000, 0x3040), *range(0xFF00, 0xFFF0)}
FIRST = 0x2000  # what comes before stands in the fonts of other scripts
KANA = {*range(0x3041, 0x3100)}
HANGUL = {*range(0xAC00, 0xD7A4), *range(0x3131, 0x318F)}


def double_bytes(codec: str, leads: range) -> Iterator[int]:
    """Code points of the two-byte characters of a character set."""
    for lead in leads:
        for trail in range(0x40, 0xFF):
            character = bytes((lead, trail)).decode(codec, "ignore")
            if len(character) == 1 and ord(character) >= FIRST:
                yield ord(character)


def coverage(package: str, weight: int) -> set[int]:
    """What a merged file is to hold; bold, which most text is set in, has the rare Chinese characters too."""
    if package == "noto-sans-kr":
        return HANGUL | PUNCTUATION
    if package == "noto-sans-jp":
        return {*double_bytes("euc_jp", range(0xA1, 0xF5))} | KANA | PUNCTUATION
    common = {*double_bytes("gb2312", range(0xA1, 0xF8)), *double_bytes("big5", range(0xA1, 0xC7))}
    rare = {*double_bytes("gbk", range(0x81, 0xFF))} if weight == max(WEIGHTS) else set()
    return common | rare | PUNCTUATION


def part(file: Path, wanted: set[int]) -> tuple[BytesIO, set[int]] | None:
    """The glyphs of ``wanted`` in ``file`` as a font of its own, with their code points."""
    font = TTFont(file)
    found = set(font.getBestCmap()) & wanted
    if not found:
        return None
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += LAYOUT
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=found)
    cutter.subset(font)
    font.flavor = None
    saved = BytesIO()
    font.save(saved)
    saved.seek(0)
    return saved, found


def merged(folder: Path, package: str, weight: int) -> None:
    """One file out of the many of ``package``."""
    wanted, parts = coverage(package, weight), []
    for file in sorted((folder / "files").glob(f"{package}-*-{weight}-normal.woff2")):
        if cut := part(file, wanted):
            parts.append(cut[0])
            wanted -= cut[1]
    font = Merger().merge(parts)
    font.flavor = "woff2"
    font.save(TARGET / f"{package}-{weight}.woff2")
    print(package, weight, len(font.getBestCmap()), "characters")


def ranges(points: list[int]) -> list[int]:
    """Sorted code points as first, last, first, last..."""
    firsts = [point for at, point in enumerate(points) if not at or points[at - 1] != point - 1]
    lasts = [point for at, point in enumerate(points) if at + 1 == len(points) or points[at + 1] != point + 1]
    return [end for pair in zip(firsts, lasts, strict=True) for end in pair]


def index() -> None:
    """Write down what each file holds: Pillow does not tell."""
    rows = {file.stem: ranges(sorted(TTFont(file).getBestCmap())) for file in sorted(TARGET.glob("*.woff2"))}
    lines = (f'"{name}": {json.dumps(row, separators=(",", ":"))}' for name, row in rows.items())
    (TARGET / "coverage.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main(packages: Path) -> None:
    """Copy, merge, and put the licences beside."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for package in (*WHOLE, "noto-sans-sc", "noto-sans-jp", "noto-sans-kr"):
        (folder,) = packages.glob(f"*{package}-5*/package")
        shutil.copy(folder / "LICENSE", TARGET / f"OFL-{package}.txt")
        for weight in WEIGHTS:
            for script in WHOLE.get(package, ()):
                source = folder / "files" / f"{package}-{script}-{weight}-normal.woff2"
                shutil.copy(source, TARGET / f"{package}-{script}-{weight}.woff2")
            if package not in WHOLE:
                merged(folder, package, weight)
    index()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
