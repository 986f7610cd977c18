"""Mutants of every format through a real child: each ends as a picture or a typed failure, none kills it.

A campaign: ``RETOUCH_MUTANTS=20000 pytest tests/security/test_pictures_mutants.py`` makes it long.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from retouch.errors import ImageTooLarge, ImageUnreadable, ImageUnsupported
from retouch.settings import Settings
from retouch.testing import pictures
from retouch.worker.child.pool import ChildPool

MUTANTS = int(os.environ.get("RETOUCH_MUTANTS", "400"))
SEED = int(os.environ.get("RETOUCH_MUTANTS_SEED", "1"))
EXPECTED = (ImageUnreadable, ImageTooLarge, ImageUnsupported)


def ancestors() -> list[bytes]:
    """Whole pictures that between them reach most of what the decoders can do."""
    photo = pictures.photo()
    return [
        pictures.HEIC,
        pictures.grey16(),
        pictures.rgb16(),
        pictures.with_gps(),
        pictures.with_profile(pictures.swapped_profile()),
        *(pictures.saved(photo, name) for name in ("PNG", "JPEG", "WEBP", "AVIF")),
        *(pictures.animation(name) for name in ("GIF", "PNG", "WEBP", "AVIF")),
        pictures.saved(photo, "WEBP", lossless=True),
        pictures.saved(photo, "JPEG", progressive=True),
        pictures.saved(photo.convert("CMYK"), "JPEG"),
        pictures.saved(photo.convert("P"), "GIF", interlace=True),
        pictures.saved(photo.convert("RGBA"), "AVIF"),
    ]


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Bytes changed, blocks cut out, doubled or moved, ends cut off; the same seed makes the same mutants."""
    chance = random.Random(seed)
    kinds = ancestors()
    for _ in range(count):
        data = bytearray(chance.choice(kinds))
        for _ in range(chance.randint(1, 6)):
            mutate(data, chance)
        yield bytes(data)


def mutate(data: bytearray, chance: random.Random) -> None:
    """One change in place."""
    at = chance.randrange(len(data) or 1)
    length = chance.randint(1, 16)
    match chance.randrange(6):
        case 0:
            data[at : at + 1] = chance.randbytes(1)
        case 1:
            data[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)])
        case 2:
            del data[at : at + length]
        case 3:
            data[at:at] = data[at : at + length]
        case 4:
            data[at:at] = chance.randbytes(length)
        case _:
            del data[max(1, len(data) - length) :]


@pytest.mark.campaign
async def test_no_mutant_kills_its_child(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", weights_dir=tmp_path / "weights", worker_slots=1)
    pool = ChildPool(settings, engines=())
    await pool.start()
    (child,) = pool._children
    decoded = 0
    try:
        async with pool.session() as session:
            for number, mutant in enumerate(mutants(MUTANTS, SEED)):
                (tmp_path / "last").write_bytes(mutant)
                try:
                    await session.prepare([mutant])
                except EXPECTED:
                    continue
                decoded += 1
                assert child.alive, f"mutant {number} of seed {SEED}"
    finally:
        await pool.stop()
    assert 0 < decoded < MUTANTS
