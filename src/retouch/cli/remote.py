"""``retouch edit --server``: the same command, carried out by a service somewhere else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch import errors
from retouch.cli.common import note
from retouch.errors import EngineFailed, RetouchError, SetupError, TaskError
from retouch.task import OutputFormat

if TYPE_CHECKING:
    from retouch.client import Client, ClientError, EditResult, Event
    from retouch.client.orders import Options

Show = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    photos: Sequence[Path]
    instruction: str
    n: int
    seed: int | None
    output_format: OutputFormat


def edit(
    server: str, key: str | None, wish: Wish, bar: AbstractContextManager[Show], targets: Sequence[Path]
) -> dict[str, Any]:
    """The document that ``--json`` prints, once the pictures are written.

    Raises:
        RetouchError: in the words of this command line, whatever the service or the way to it had to say.
    """
    from retouch.client import Client  # noqa: PLC0415 - --help must stay quick

    started = time.perf_counter()
    with _translated(), Client(server, key) as client:
        result = _followed(client, wish, bar)
    for picture, target in zip(result.pictures, targets, strict=False):
        picture.save(target)
    return {
        "status": "completed",
        "task_id": result.task_id,
        "engine": result.engine,
        "images": [
            {"file": str(target), "seed": picture.seed}
            for picture, target in zip(result.pictures, targets, strict=False)
        ],
        "ignored": [asdict(each) for each in result.ignored],
        "warnings": list(result.warnings),
        "cost": result.cost,
        "seconds": round(time.perf_counter() - started, 3),
    }


def _followed(client: Client, wish: Wish, bar: AbstractContextManager[Show]) -> EditResult:
    """Submit, show the progress, download. Whoever interrupts the wait means the task, too."""
    from retouch.client import ClientError  # noqa: PLC0415 - as above

    options: Options = {"n": wish.n, "output_format": wish.output_format}
    if wish.seed is not None:
        options["seed"] = wish.seed
    with bar as show:
        show("sending", 0)
        task_id = client.submit(wish.photos, wish.instruction, **options)

        def on_progress(event: Event) -> None:
            show(event.status or event.kind, 5 + 0.9 * (event.progress or 0))

        try:
            task = client.wait(task_id, on_progress=on_progress)
        except KeyboardInterrupt:
            with contextlib.suppress(ClientError):
                client.cancel(task_id)
                note(f"{task_id} is cancelled")
            raise
        show("fetching", 97)
        return client.download(task)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    from retouch.client import ClientError  # noqa: PLC0415 - as above

    try:
        yield
    except ClientError as error:
        raise _translation(error) from error


def _translation(error: ClientError) -> RetouchError:
    from retouch import client  # noqa: PLC0415 - as above

    if isinstance(error, client.TaskFailed):
        kinds = {kind.code: kind for kind in TaskError.__subclasses__()}
        return kinds.get(error.code, EngineFailed)(error.message)
    if isinstance(error, client.TaskCancelled):
        return errors.TaskCancelled(error.message)
    hint = ""
    if isinstance(error, client.AuthenticationError):
        hint = "give a key of that server with --key, or in RETOUCH_API_KEY"
    elif isinstance(error, client.TimedOut):
        hint = f"the task goes on: GET /v1/tasks/{error.task_id}"
    elif isinstance(error, client.ConnectionLost):
        hint = "is it running there? it is started with: retouch run"
    return SetupError(str(error), hint)
