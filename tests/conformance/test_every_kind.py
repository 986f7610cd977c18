"""Every kind of operation can be asked for at each door: command line, API, and the pixels behind them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.world import Server, connect

from retouch.engines.planner import SUPPORTED, plan_instruction
from retouch.errors import TargetNotFound, WeightsMissing
from retouch.settings import Settings
from retouch.task import DEFAULT_MODEL, EditRequest
from retouch.tasks.keys import KeyStore
from retouch.worker.child.pool import ChildPool

PHOTOS = Path(__file__).resolve().parents[1] / "data" / "photos"
PHOTO_OF = {"sky.replace": "china.jpg", "remove": "flower.jpg"}  # her portrait is too large to be removed
MAY_BE_MISSING = {"remove", "retouch", "text.remove", "text.replace"}  # no person, no writing
KINDS = tuple(SUPPORTED.kinds.items())


@pytest.mark.parametrize(("kind", "example"), KINDS)
def test_its_example_is_planned_as_exactly_that(kind: str, example: str) -> None:
    plan = plan_instruction(example)
    assert [operation.kind for operation in plan.operations] == [kind]
    assert plan.unsupported == ()


def test_the_command_line_plans_each() -> None:
    command = [sys.executable, "-m", "retouch.cli.main", "plan", "-"]
    lines = "\n".join(example for _, example in KINDS)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    planned = [json.loads(line)["operations"] for line in done.stdout.splitlines()]
    assert [[each["kind"] for each in operations] for operations in planned] == [[kind] for kind, _ in KINDS]


async def test_the_api_plans_each(settings: Settings, keys: KeyStore, database_url_fixture: str) -> None:
    server = Server(settings, database_url_fixture)
    server.begin()
    try:
        async with connect(server, (await keys.create("test")).token) as client:
            for kind, example in KINDS:
                answer = await client.post("/v1/plan", json={"prompt": example})
                assert [each["kind"] for each in answer.json()["data"]["operations"]] == [kind]
    finally:
        server.end()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the module: the child belongs to it."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def children(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildPool]:
    """One real pixel process."""
    pool = ChildPool(Settings(data_dir=tmp_path_factory.mktemp("child"), worker_slots=1))
    runner.run(pool.start())
    yield pool
    runner.run(pool.stop())


@pytest.mark.xdist_group("every-kind")
@pytest.mark.parametrize(("kind", "example"), KINDS)
def test_the_pixel_process_carries_it_out(
    kind: str, example: str, runner: asyncio.Runner, children: ChildPool
) -> None:
    """What the photo lacks (writing, a red eye) and a net that is not here are the two honest ways out."""
    photo = PHOTOS.joinpath(PHOTO_OF.get(kind, "astronaut.png")).read_bytes()
    request = EditRequest(model=DEFAULT_MODEL, prompt=example, sources=(), seed=4)

    async def edit() -> bytes:
        async with children.session() as session:
            await session.prepare([photo])
            plan = plan_instruction(example)
            await session.edit("builtin", request, plan, timeout_s=120, on_progress=lambda _: None)
            (image,) = await session.finish("png", None)
        return image.data

    try:
        edited = runner.run(edit())
    except WeightsMissing as error:
        pytest.skip(error.message)
    except TargetNotFound:
        assert kind in MAY_BE_MISSING
    else:
        assert edited.startswith(b"\x89PNG")
        assert edited != photo
