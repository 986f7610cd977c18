"""``retouch doctor``: what is installed, which engines are able, and what to fix."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal

import typer
from rich.markup import escape

from retouch.cli.common import AsJson, DataDir, out, print_json
from retouch.engines import registry
from retouch.errors import RetouchError, SetupError
from retouch.settings import Settings, load_settings

_PACKAGES: Final = ("openvino", "opencv-contrib-python-headless", "numpy", "procrastinate")
_MARKS: Final = {"ok": "[green]ok  [/green]", "note": "[yellow]note[/yellow]", "fix": "[red]fix [/red]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``advice`` says what to do where something is to be done."""

    area: str
    state: Literal["ok", "note", "fix"]
    text: str
    advice: str = ""


def doctor(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Look at everything that Retouch needs; exit status 1 when something is to be fixed.

    Example: retouch doctor --json
    """
    settings = load_settings(data_dir=data_dir)
    findings = [finding for look in _LOOKS for finding in look(settings)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            out.print(f"{_MARKS[finding.state]} [bold]{finding.area:<9}[/bold] {escape(finding.text)}")
            if finding.advice:
                out.print(f"               → {finding.advice}", markup=False)
    if any(finding.state == "fix" for finding in findings):
        raise typer.Exit(1)


def _versions(_: Settings) -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()}, Retouch {version('retouch')}")
    for name in _PACKAGES:
        try:
            yield Finding("package", "ok", f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding("package", "fix", f"{name} is not installed", "make install")


def _codecs(_: Settings) -> Iterator[Finding]:
    from retouch.images.codecs import versions  # noqa: PLC0415 - loads Pillow

    for name, found in versions().items():
        if found:
            yield Finding("codec", "ok", f"{name} {found}")
        else:
            yield Finding("codec", "fix", f"{name} is missing", "reinstall Pillow from its wheel")


def _disk(settings: Settings) -> Iterator[Finding]:
    from retouch.storage import ObjectStore  # noqa: PLC0415 - only here

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = ObjectStore.open(settings).free_percent()
    text = f"{free:.0f} % free for {settings.object_store_url or settings.data_dir}"
    if free < settings.disk_min_free_percent:
        yield Finding("disk", "fix", text, "free some space: submits are answered with 503")
    else:
        yield Finding("disk", "ok", text)


def _database(settings: Settings) -> Iterator[Finding]:
    from retouch.database.embedded import server_alive  # noqa: PLC0415 - loads the driver
    from retouch.database.place import find_place, find_postgres  # noqa: PLC0415 - the same

    if settings.database_url is not None:
        yield Finding("database", "ok", "the one that RETOUCH_DATABASE_URL names")
        return
    try:
        place = find_place(settings)
        binaries = find_postgres(settings, place.account)
    except SetupError as error:
        yield Finding("database", "fix", error.message, error.hint)
        return
    yield Finding("database", "ok", f"bundled, {binaries}")
    state = "runs" if server_alive(settings) else "does not run; retouch run starts it"
    yield Finding("database", "ok", f"the server of {settings.data_dir} {state}")


def _weights(settings: Settings) -> Iterator[Finding]:
    from retouch.weights.store import WeightsStore  # noqa: PLC0415 - only here

    store = WeightsStore(settings.weights_dir)
    for name, row in store.rows.items():
        if store.has(name):
            yield Finding("weights", "ok", f"{name}, {row.bytes / 1e6:.0f} MB, {row.licence}")
        elif row.needed:
            yield Finding("weights", "fix", f"{name} is not here", f"retouch models pull {name}")
        else:
            yield Finding("weights", "note", f"{name} is not here", f"to have it: retouch models pull {name}")


def _gate(settings: Settings) -> Iterator[Finding]:
    from retouch.weights.gate import require_gate  # noqa: PLC0415 - only here

    if settings.gate == "off":
        yield Finding("gate", "ok", "off: no picture is judged (setting gate)")
        return
    try:
        require_gate(settings)
    except SetupError as error:
        yield Finding("gate", "fix", error.message, error.hint)
    else:
        text = f"{settings.gate} holds: refuses from {settings.gate_threshold:g} on"
        yield Finding("gate", "ok", text)


def _engines(settings: Settings) -> Iterator[Finding]:
    from retouch.weights.store import WeightsStore  # noqa: PLC0415 - only here

    store = WeightsStore(settings.weights_dir)
    for name in registry.names():
        try:
            able = registry.capabilities(name)
        except SetupError as error:
            yield Finding("engine", "fix", error.message, error.hint)
            continue
        models = [model for model, route in settings.models.items() if name in route.engines]
        text = f"{name} on {able.where}, {able.licence}; serves {', '.join(models) or 'no model'}"
        missing = [weight for weight in able.weights if not store.has(weight)]
        if missing:
            yield Finding("engine", "fix", text, f"retouch models pull {' '.join(missing)}")
        else:
            yield Finding("engine", "ok", text)


def _extensions(settings: Settings) -> Iterator[Finding]:
    """What other packages and the owner's folder bring to the builtin engine, as far as words go."""
    from retouch.engines import extensions  # noqa: PLC0415 - only here
    from retouch.engines.planner import learn, taken_words, unreachable, vocabulary  # noqa: PLC0415 - the same

    try:
        left_out = learn(settings.scenes_dir)
    except SetupError as error:
        yield Finding("extension", "fix", error.message, error.hint)
        return
    for each in extensions.find().installed:
        yield Finding("extension", "ok", each.what)
    for scene in vocabulary.own_scenes():
        yield Finding("extension", "ok", f"the scene {scene.name!r} of scenes_dir, {scene.licence}")
    for line in left_out:
        yield Finding("extension", "fix", f"left out: {line}", "mend it or take it away")
    for line in taken_words():
        yield Finding("extension", "note", line, "that word means what it meant before")
    for line in unreachable():
        yield Finding("extension", "fix", line, "give it words of its own")


def _sandbox(settings: Settings) -> Iterator[Finding]:
    try:
        layers, left_out, gate_fault = asyncio.run(_child(settings))
    except RetouchError as error:
        yield Finding("sandbox", "fix", f"the pixel process does not start: {error.message}", "see the log")
        return
    for line in left_out:
        yield Finding("extension", "fix", f"left out: {line}", "mend it or take it away")
    if gate_fault:
        yield Finding(
            "gate", "fix", f"every task fails: {gate_fault}", f"retouch models pull {settings.gate}"
        )
    for name, holds in layers.items():
        if holds:
            yield Finding("sandbox", "ok", name)
        else:
            advice = "see docs/explanation/trust-border.md"
            yield Finding("sandbox", "note", f"{name} does not hold here", advice)


async def _child(settings: Settings) -> tuple[dict[str, bool], tuple[str, ...], str]:
    """The layers that hold around a child, what its engines left out, and why it has no gate."""
    from retouch.worker.child.pool import ChildPool  # noqa: PLC0415 - only here

    children = ChildPool(settings.model_copy(update={"worker_slots": 1}))
    await children.start()
    try:
        return dict(children.layers), children.left_out, children.gate_fault
    finally:
        await children.stop()


_LOOKS: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (
    _versions,
    _codecs,
    _disk,
    _database,
    _weights,
    _gate,
    _engines,
    _extensions,
    _sandbox,
)
