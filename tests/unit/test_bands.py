"""Work in bands covers a picture once, on any number of threads, and says what went wrong in one of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from retouch.engines.builtin.bands import each_band, side_by_side


@pytest.fixture(params=[1, 2, 4])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """The number of threads that OpenCV may use, put back afterwards."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield int(request.param)
    cv2.setNumThreads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (7, 3), (8, 100_000), (9, 100_000), (512, 640), (257, 65_536)]
)
def test_every_row_is_worked_on_once(height: int, width: int) -> None:
    seen = np.zeros(height, np.int64)

    def work(rows: slice) -> None:
        seen[rows] += 1

    each_band(work, height, width)
    assert (seen == 1).all()


@pytest.mark.usefixtures("threads")
def test_a_picture_made_in_bands_is_the_one_made_at_once() -> None:
    """Bands meet at no visible seam because each pixel's sum does not depend on who adds it."""
    picture = np.random.default_rng(1).random((700, 800, 3), np.float32)
    made = np.empty_like(picture)

    def work(rows: slice) -> None:
        made[rows] = np.sqrt(picture[rows]) * np.float32(0.7)

    each_band(work, *picture.shape[:2])
    assert np.array_equal(made, np.sqrt(picture) * np.float32(0.7))


@pytest.mark.usefixtures("threads")
def test_what_a_band_raises_reaches_the_caller() -> None:
    def work(rows: slice) -> None:
        if rows.start > 0:
            raise ValueError("the second band")

    with pytest.raises(ValueError, match="the second band"):
        each_band(work, 4000, 1000)


def test_no_piece_starts_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that waits for itself would wait for ever: two pieces that each hand on two would need four."""
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 2)
    workers: list[tuple[int, int]] = []

    def outer(_: int) -> None:
        mine = threading.get_ident()
        side_by_side(lambda _: workers.append((mine, threading.get_ident())), [0, 1])

    side_by_side(outer, [0, 1, 2])
    assert len(workers) == 6
    assert all(mine == inner != threading.get_ident() for mine, inner in workers)


def test_one_thread_works_where_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 1)
    workers: set[int] = set()
    side_by_side(lambda _: workers.add(threading.get_ident()), [0, 1, 2])
    assert workers == {threading.get_ident()}
