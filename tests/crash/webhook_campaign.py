"""Many events through a receiver that misbehaves, while the worker that delivers them is killed.

    python -m tests.crash.webhook_campaign --events 10000 --kills 20 --seed 1

The receiver answers some with 500, 302 or 429, hangs up on others, and takes the rest. Every event must be
taken in the end, under the one id of its task, with one body; none that was never committed may come.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, LiteralString

from tests.conftest import forget_cluster
from tests.support_tasks import submit
from tests.support_webhooks import finish, told, with_webhooks

from retouch.database.embedded import Supervisor
from retouch.database.migrate import migrate
from retouch.database.pool import Pool, open_pool
from retouch.settings import Settings
from retouch.tasks.deliveries import DeliveryState, DeliveryStore
from retouch.tasks.queue import TicketQueue
from retouch.tasks.store import TaskStore

_WORKER: Final = Path(__file__).with_name("webhook_worker.py")
_CEILING_S: Final = 3600.0
_LEASES_RUN_OUT: Final[LiteralString] = (
    "UPDATE webhook_deliveries SET lease_until = now(), due_at = now() WHERE lease_until IS NOT NULL"
)


@dataclass
class FlakyReceiver:
    """Takes about six in ten messages; ``taken`` counts what it took, ``bodies`` all that it saw."""

    draw: random.Random
    taken: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    answered: Counter[str] = field(default_factory=Counter)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = {
                name.lower(): value for name, _, value in (s.partition(": ") for s in head.split("\r\n"))
            }
            body = await reader.readexactly(int(fields["content-length"]))
            self.bodies[fields["webhook-id"]].add(body)
            answer = self.draw.choices(["204", "500", "302", "429", "hang up"], [60, 15, 5, 10, 10])[0]
            self.answered[answer] += 1
            if answer == "hang up":
                return
            if answer == "204":
                self.taken[fields["webhook-id"]] += 1
            writer.write(
                f"HTTP/1.1 {answer} -\r\nlocation: /x\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n".encode()
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            self.answered["cut off"] += 1  # the worker was killed
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Report:
    """What a campaign found; ``lost``, ``unasked`` and ``torn`` must be empty."""

    events: int
    kills: int
    messages: int
    twice: int  # taken more than once: at least once is what is promised
    lost: tuple[str, ...]  # committed, and never taken
    unasked: tuple[str, ...]  # told, and never committed
    torn: tuple[str, ...]  # one id, several bodies
    undelivered: int  # by the log
    seconds: float

    @property
    def clean(self) -> bool:
        """Everything arrived, and nothing else."""
        return not (self.lost or self.unasked or self.torn or self.undelivered)


async def campaign(url: str, settings: Settings, *, events: int, kills: int, seed: int) -> Report:
    """Run one on the migrated database at ``url``."""
    began = time.monotonic()
    receiver = FlakyReceiver(random.Random(seed))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1")
    receiver.port = server.sockets[0].getsockname()[1]
    chosen = with_webhooks(settings, webhook_slots_per_host=16, webhook_timeout_s=1.0).model_copy(
        update={"fetch_allow": (f"127.0.0.1/32:{receiver.port}",)}
    )
    async with server, await open_pool(url, chosen) as pool:
        store = TaskStore(pool, await TicketQueue.open(url, chosen), chosen)
        deliveries = DeliveryStore(pool, chosen)
        killer = asyncio.create_task(
            _keep_alive_and_kill(pool, url, chosen, receiver, kills=kills, events=events)
        )
        committed = set()
        try:
            for _ in range(events):
                task = await submit(store, request=told(f"http://127.0.0.1:{receiver.port}/hook"))
                await finish(store, task)
                committed.add(task.id.replace("task_", "msg_"))
            await _drained(deliveries, events, killer)
        finally:
            killer.cancel()
            await asyncio.gather(killer, return_exceptions=True)
        counts = await deliveries.counts()
        await store.queue.close()
    return Report(
        events=events,
        kills=kills,
        messages=receiver.answered.total(),
        twice=sum(number > 1 for number in receiver.taken.values()),
        lost=tuple(committed - set(receiver.taken)),
        unasked=tuple(set(receiver.bodies) - committed),
        torn=tuple(each for each, bodies in receiver.bodies.items() if len(bodies) > 1),
        undelivered=sum(number for state, number in counts.items() if state is not DeliveryState.DELIVERED),
        seconds=round(time.monotonic() - began, 1),
    )


async def _drained(deliveries: DeliveryStore, events: int, killer: asyncio.Task[None]) -> None:
    until = time.monotonic() + _CEILING_S
    while (await deliveries.counts())[DeliveryState.DELIVERED] < events and time.monotonic() < until:
        if killer.done():
            killer.result()
        await asyncio.sleep(0.05)


async def _keep_alive_and_kill(
    pool: Pool, url: str, settings: Settings, receiver: FlakyReceiver, *, kills: int, events: int
) -> None:
    """A worker process at all times; SIGKILL, in the middle of messages, ``kills`` times."""
    for number in range(kills + 1):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(_WORKER), url, str(settings.data_dir), str(receiver.port),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            goal = events * (number + 1) // (kills + 1) if number < kills else None
            while goal is None or receiver.answered.total() < goal:
                if process.returncode is not None:
                    raise RuntimeError(f"the worker ended with {process.returncode}")
                await asyncio.sleep(0.005)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
        # Its leases would run out in 16 s; nobody else holds one.
        async with pool.connection() as connection:
            await connection.execute(_LEASES_RUN_OUT)


def main() -> int:
    """Run a campaign as told on the command line, on a server of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        supervisor = Supervisor(settings)
        try:
            with supervisor as server:
                asyncio.run(migrate(server.url))
                report = asyncio.run(
                    campaign(
                        server.url, settings, events=options.events, kills=options.kills, seed=options.seed
                    )
                )
        finally:
            forget_cluster(supervisor)
    print(report)  # noqa: T201 - a command's output
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
