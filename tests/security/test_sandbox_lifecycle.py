"""A child that crashes, hangs, swells or is told to stop costs its own task only."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from retouch.engines.planner.plan import Plan
from retouch.errors import (
    ChildCrashed,
    DeadlineExceeded,
    EngineFailed,
    EngineUnavailable,
    ImageUnreadable,
    OutOfMemory,
    SetupError,
    StorageUnavailable,
    TargetNotFound,
    TaskCancelled,
    TaskError,
    WeightsMissing,
)
from retouch.settings import GIB, Settings
from retouch.task import EditRequest
from retouch.testing.pictures import photo, saved
from retouch.worker.child.pool import ChildPool
from retouch.worker.child.session import Session

FAKE = "retouch.testing.engines:FakeEngine"
PHOTO = saved(photo())
NO_PLAN = Plan("en", (), 1.0)


def settings_in(folder: Path, slots: int = 1, **more: Any) -> Settings:
    return Settings(
        data_dir=folder / "data",
        weights_dir=folder / "weights",
        worker_slots=slots,
        child_memory_bytes=GIB // 2,
        **more,
    )


@pytest_asyncio.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ChildPool]:
    pool = ChildPool(settings_in(tmp_path), engines=(FAKE,))
    await pool.start()
    yield pool
    await pool.stop()


def request(prompt: str, **more: Any) -> EditRequest:
    return EditRequest(model="m", prompt=prompt, sources=(), seed=3, **more)


async def edit(
    session: Session, prompt: str, timeout_s: float = 60, previews: int = 0, **more: Any
) -> tuple[int, ...]:
    await session.prepare([PHOTO])
    asked = request(prompt, previews=previews)
    summary = await session.edit(FAKE, asked, NO_PLAN, timeout_s=timeout_s, **more)
    return summary.seeds


async def works(pool: ChildPool) -> None:
    """The pool serves an ordinary task."""
    async with asyncio.timeout(60), pool.session() as session:
        assert await edit(session, "ordinary") == (3,)
        (picture,) = await session.finish("png", None)
        assert (picture.width, picture.height, picture.content_type) == (64, 48, "image/png")


@pytest.mark.parametrize(
    ("prompt", "timeout_s", "expected"),
    [
        ("crash", 60, ChildCrashed),
        ("hang", 0.5, DeadlineExceeded),
        ("slow", 0.5, DeadlineExceeded),
        ("hungry", 60, OutOfMemory),
        ("bug", 60, EngineFailed),
        ("missing", 60, TargetNotFound),
    ],
)
async def test_a_bad_task_ends_as_its_own_error(
    pool: ChildPool, prompt: str, timeout_s: float, expected: type[TaskError]
) -> None:
    with pytest.raises(expected):
        async with pool.session() as session:
            await edit(session, prompt, timeout_s)
    await works(pool)


async def test_a_bug_keeps_its_child(pool: ChildPool) -> None:
    before = {child.pid for child in pool._children}
    with pytest.raises(EngineFailed):
        async with pool.session() as session:
            await edit(session, "bug")
    await works(pool)
    assert {child.pid for child in pool._children} == before


async def test_a_broken_picture_keeps_its_child(pool: ChildPool) -> None:
    before = {child.pid for child in pool._children}
    with pytest.raises(ImageUnreadable):
        async with pool.session() as session:
            await session.prepare([PHOTO[:60]])
    await works(pool)
    assert {child.pid for child in pool._children} == before


async def test_an_engine_that_nobody_loaded(pool: ChildPool) -> None:
    async with pool.session() as session:
        await session.prepare([PHOTO])
        with pytest.raises(EngineFailed, match="not loaded"):
            await session.edit("unheard-of", request("x"), NO_PLAN, timeout_s=9)


async def test_an_engine_that_cannot_start_fails_its_tasks_only(tmp_path: Path) -> None:
    engines = ("retouch.testing.engines:NoSuchEngine", FAKE)
    pool = ChildPool(settings_in(tmp_path), engines=engines)
    await pool.start()
    try:
        async with pool.session() as session:
            await session.prepare([PHOTO])
            with pytest.raises(EngineUnavailable):
                await session.edit(engines[0], request("x"), NO_PLAN, timeout_s=9)
        await works(pool)
    finally:
        await pool.stop()


async def test_without_weights_the_child_starts_and_the_task_names_the_command(tmp_path: Path) -> None:
    pool = ChildPool(settings_in(tmp_path), engines=("builtin", FAKE))
    await pool.start()
    try:
        async with pool.session() as session:
            await session.prepare([PHOTO])
            with pytest.raises(WeightsMissing, match="retouch models pull u2net"):
                await session.edit("builtin", request("x"), NO_PLAN, timeout_s=9)
        await works(pool)
    finally:
        await pool.stop()


async def test_killed_from_outside_in_the_middle(pool: ChildPool) -> None:
    (child,) = pool._children
    with pytest.raises(ChildCrashed):
        async with pool.session() as session:
            await edit(session, "slow", on_progress=lambda _: os.kill(child.pid, signal.SIGKILL))
    await works(pool)


async def test_killed_while_idle(pool: ChildPool) -> None:
    (child,) = pool._children
    os.kill(child.pid, signal.SIGKILL)
    await child._process.wait()
    await works(pool)


async def test_stop_signals_are_left_to_the_parent(pool: ChildPool) -> None:
    (child,) = pool._children
    os.kill(child.pid, signal.SIGINT)
    os.kill(child.pid, signal.SIGTERM)
    await works(pool)
    assert pool._children == {child}


async def test_cancel_stops_the_engine_and_keeps_the_child(pool: ChildPool) -> None:
    (child,) = pool._children
    async with pool.session() as session:
        running, at_work = start(session, "slow")
        await at_work.wait()
        await session.cancel()
        with pytest.raises(TaskCancelled):
            await running
    await works(pool)
    assert pool._children == {child}


async def test_cancel_kills_a_child_that_does_not_listen(pool: ChildPool) -> None:
    async with pool.session() as session:
        running, at_work = start(session, "hang")
        await at_work.wait()
        await session.cancel()
        with pytest.raises(TaskCancelled):
            await running
    await works(pool)


@pytest.mark.parametrize("prompt", ["slow", "hang"])
async def test_a_cancelled_await_frees_the_slot(pool: ChildPool, prompt: str) -> None:
    at_work = asyncio.Event()

    async def task() -> None:
        async with pool.session() as session:
            await edit(session, prompt, on_progress=lambda _: at_work.set())

    running = asyncio.create_task(task())
    await at_work.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await works(pool)


def start(session: Session, prompt: str) -> tuple[asyncio.Task[tuple[int, ...]], asyncio.Event]:
    """An edit that runs, and an event that says when its engine is at work."""
    at_work = asyncio.Event()
    return asyncio.create_task(edit(session, prompt, on_progress=lambda _: at_work.set())), at_work


async def test_cancel_while_a_large_picture_is_on_its_way(pool: ChildPool) -> None:
    """Two messages at once must not get into each other's bytes."""
    async with pool.session() as session:
        large = asyncio.create_task(session.prepare([PHOTO + bytes(40 << 20)]))
        await asyncio.sleep(0)
        await session.cancel()
        assert (await large).width == 64
    await works(pool)


async def test_two_slots_work_side_by_side(tmp_path: Path) -> None:
    pool = ChildPool(settings_in(tmp_path, slots=2), engines=(FAKE,))
    await pool.start()
    try:
        async with pool.session() as first, pool.session() as second:
            assert first._child.pid != second._child.pid
            slow, at_work = start(first, "slow")
            await at_work.wait()
            assert await edit(second, "ordinary") == (3,)
            assert not slow.done()
            first.kill()
            with pytest.raises(ChildCrashed):
                await slow
            assert len(await second.finish("png", None)) == 1
    finally:
        await pool.stop()


async def test_a_task_more_than_slots_waits_for_one(pool: ChildPool) -> None:
    order: list[str] = []

    async def second() -> None:
        async with pool.session() as session:
            order.append("second begins")
            await edit(session, "ordinary")

    async with pool.session() as session:
        waiting = asyncio.create_task(second())
        await edit(session, "ordinary")
        order.append("first ends")
    await waiting
    assert order == ["first ends", "second begins"]


async def test_stopping_the_pool_ends_a_running_edit(tmp_path: Path) -> None:
    pool = ChildPool(settings_in(tmp_path), engines=(FAKE,))
    await pool.start()
    async with pool.session() as session:
        running, at_work = start(session, "slow")
        await at_work.wait()
        await pool.stop()
        with pytest.raises(ChildCrashed):
            await running


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
async def test_a_child_that_cannot_start_says_so(tmp_path: Path) -> None:
    pool = ChildPool(settings_in(tmp_path, sandbox_user="no-such-user-here"), engines=())
    with pytest.raises(SetupError, match="no user called 'no-such-user-here'"):
        await pool.start()


async def test_a_session_that_is_over_stays_over(pool: ChildPool) -> None:
    async with pool.session() as session:
        await session.prepare([PHOTO])
    await works(pool)
    with pytest.raises(RuntimeError):
        await session.encoded_inputs()


async def test_pixels_do_not_pass_from_task_to_task(pool: ChildPool) -> None:
    await works(pool)
    async with pool.session() as session:
        assert await session.finish("png", None) == []
        assert await session.encoded_inputs() == []


async def test_progress_previews_and_checkpoints(pool: ChildPool) -> None:
    percents: list[float] = []
    previews: list[bytes] = []
    states: list[Any] = []

    async def commit(state: Any) -> None:
        states.append(state)

    async with pool.session() as session:
        hear: dict[str, Any] = {"on_preview": previews.append, "on_checkpoint": commit}
        await edit(session, "checkpoint", previews=1, on_progress=percents.append, **hear)
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert [preview[8:12] for preview in previews] == [b"WEBP"]
    assert states == [{"step": 1}, {"step": 2}, {"step": 3}, {"step": 4}]


async def test_an_edit_goes_on_where_it_was(pool: ChildPool) -> None:
    states: list[Any] = []

    async def commit(state: Any) -> None:
        states.append(state)

    async with pool.session() as session:
        await edit(session, "checkpoint", on_checkpoint=commit, resume_state={"step": 3})
    assert states == [{"step": 4}]


async def test_a_checkpoint_that_cannot_be_committed_ends_the_edit(pool: ChildPool) -> None:
    async def commit(_state: Any) -> None:
        raise StorageUnavailable("no answer")

    with pytest.raises(StorageUnavailable):
        async with pool.session() as session:
            await edit(session, "checkpoint", on_checkpoint=commit)
    await works(pool)


async def test_an_upstreams_answer_is_decoded_and_takes_the_size_of_the_input(pool: ChildPool) -> None:
    async with pool.session() as session:
        await session.prepare([PHOTO])
        (sent,) = await session.encoded_inputs()
        assert (sent.width, sent.height) == (64, 48)
        (picture,) = await session.finish("webp", 80, [saved(photo(100, 80), "JPEG")])
        assert (picture.width, picture.height, picture.content_type) == (64, 48, "image/webp")
        with pytest.raises(ImageUnreadable):
            await session.finish("png", None, [b"<html>not a picture</html>"[6:]])
