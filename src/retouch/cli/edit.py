"""``retouch edit``: one picture, edited here and now, without a server; or by one, with ``--server``."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from retouch.cli import remote
from retouch.cli.common import AsJson, err, note, out, print_json
from retouch.errors import ImageUnreadable, RetouchError, SetupError, SourceTooLarge
from retouch.settings import Settings, load_settings
from retouch.task import DEFAULT_MODEL, EditRequest, Failure, OutputFormat, Source, SourceKind

if TYPE_CHECKING:
    from retouch.engines.base import EncodedImage
    from retouch.engines.planner.plan import Plan
    from retouch.engines.routing import Route
    from retouch.worker.child.values import EditSummary, Prepared

_SEED_MAX: Final = 2**31 - 1
_FORMATS: Final[dict[str, OutputFormat]] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".avif": "avif",
}


def edit(
    photo: Annotated[Path, typer.Argument(help="The picture to edit.")],
    instruction: Annotated[str, typer.Argument(help="What to do, in any language.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where to write; the ending picks the format.")
    ],
    images: Annotated[
        list[Path] | None,
        typer.Option("--image", help="A further picture that the instruction points to; may be repeated."),
    ] = None,
    n: Annotated[int, typer.Option("--n", "-n", min=1, max=10, help="How many different pictures.")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, max=_SEED_MAX, help="Same seed, same picture. [default: drawn]")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help="Let this server do it; Ctrl-C cancels there."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", envvar="RETOUCH_API_KEY", help="API key of that server.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Edit a picture on this machine. No server is needed.

    Examples:
        retouch edit photo.png "Change the background to a starry sky" -o starry.png

        retouch edit photo.jpg "Convert the image to cyberpunk style" -o neon.png --n 2 --seed 7

        retouch edit photo.png "Use the second picture as the background" --image beach.jpg -o there.png

        retouch edit photo.png "Make it snow" -o snow.png --server https://pictures.example.com
    """
    photos = (photo, *(images or ()))
    try:
        if server is None:
            report = _run(photos, instruction, output, n, seed, quiet=as_json)
        else:
            wish = remote.Wish(photos, instruction, n, seed, _format(output))
            report = remote.edit(server, key, wish, _bar(quiet=as_json), _targets(output, n))
    except RetouchError as error:
        if not as_json:
            raise
        code, kind = getattr(error, "code", "setup"), getattr(error, "type", "setup_error")
        print_json({"status": "failed", "error": asdict(Failure(code, kind, error.message))})
        raise typer.Exit(1) from error
    if as_json:
        print_json(report)
        return
    for warning in report["warnings"]:
        note(warning)
    for image in report["images"]:
        out.print(image["file"], markup=False)


def _run(
    photos: Sequence[Path], instruction: str, output: Path, n: int, seed: int | None, *, quiet: bool
) -> dict[str, Any]:
    settings = load_settings(worker_slots=1)
    request = EditRequest(
        model=DEFAULT_MODEL,
        prompt=instruction.strip(),
        sources=tuple(Source(SourceKind.OBJECT, photo.name) for photo in photos),
        n=n,
        seed=secrets.randbelow(_SEED_MAX) if seed is None else seed,
        output_format=_format(output),
    )
    blobs = [_read(photo, settings.image_max_bytes) for photo in photos]
    started = time.perf_counter()
    made = asyncio.run(_edit(settings, request, blobs, quiet=quiet))
    return made.report(_write(output, made.pictures), time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class _Made:
    """Everything that came of one run, encoded."""

    plan: Plan
    route: Route
    prepared: Prepared
    summary: EditSummary
    pictures: Sequence[EncodedImage]
    unsigned: tuple[str, ...]

    def report(self, files: Sequence[Path], seconds: float) -> dict[str, Any]:
        """The document that ``--json`` prints."""
        ignored = {each.param: each for each in (*self.route.ignored, *self.summary.ignored)}
        return {
            "status": "completed",
            "engine": self.route.engine,
            "images": [
                {"file": str(file), "seed": seed, "width": image.width, "height": image.height}
                for file, seed, image in zip(files, self.summary.seeds, self.pictures, strict=True)
            ],
            "plan": self.plan.to_json(),
            "ignored": [asdict(each) for each in ignored.values()],
            "warnings": list(
                dict.fromkeys((*self.prepared.warnings, *self.summary.warnings, *self.unsigned))
            ),
            "seconds": round(seconds, 3),
        }


async def _edit(settings: Settings, request: EditRequest, blobs: Sequence[bytes], *, quiet: bool) -> _Made:
    from retouch.credentials.signer import Signer  # noqa: PLC0415 - --help must stay quick
    from retouch.engines import routing  # noqa: PLC0415 - the same
    from retouch.engines.planner import learn, plan_instruction  # noqa: PLC0415 - the same
    from retouch.worker.child.pool import ChildPool  # noqa: PLC0415 - the same
    from retouch.worker.signing import signed  # noqa: PLC0415 - the same

    learn(settings.scenes_dir)
    plan = plan_instruction(request.prompt)
    route = routing.route(request, plan, settings.models)
    signer = Signer.open(settings)
    children = ChildPool(settings, engines=(route.engine,))
    with _bar(quiet=quiet) as show:
        show("loading", 0)
        await children.start()
        try:
            async with children.session() as session:
                show("reading", 5)
                prepared = await session.prepare(blobs[: routing.looked_at(route.capabilities, plan)])
                summary = await session.edit(
                    route.engine,
                    request,
                    plan,
                    timeout_s=settings.edit_timeout_s,
                    on_progress=lambda percent: show("editing", 10 + 0.8 * percent),
                )
                show("writing", 92)
                encoded = await session.finish(request.output_format, request.output_compression)
                pictures, unsigned = signed(signer, encoded, plan=plan, engine=route.engine, title="picture")
                show("done", 100)
        finally:
            await children.stop()
    return _Made(plan, route, prepared, summary, pictures, unsigned)


@contextlib.contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    columns = (TextColumn("{task.description:>8}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet) as progress:
        bar = progress.add_task("", total=100)
        yield lambda phase, percent: progress.update(bar, description=phase, completed=percent)


def _format(output: Path) -> OutputFormat:
    try:
        return _FORMATS[output.suffix.lower()]
    except KeyError:
        endings = ", ".join(_FORMATS)
        raise SetupError(f"{output} has no ending that names a format", f"use one of: {endings}") from None


def _read(photo: Path, most: int) -> bytes:
    try:
        if photo.exists() and not photo.is_file():
            raise ImageUnreadable(f"{photo} is no file")
        if photo.stat().st_size > most:
            raise SourceTooLarge(f"{photo} has more than {most} bytes (image_max_bytes)")
        return photo.read_bytes()
    except OSError as error:
        raise ImageUnreadable(f"{photo} cannot be read: {error.strerror}") from error


def _targets(output: Path, n: int) -> list[Path]:
    """One picture goes to ``output`` itself, several get -1, -2, ... before the ending."""
    return [output if n == 1 else output.with_stem(f"{output.stem}-{i}") for i in range(1, n + 1)]


def _write(output: Path, pictures: Sequence[EncodedImage]) -> list[Path]:
    files = _targets(output, len(pictures))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for file, picture in zip(files, pictures, strict=True):
            file.write_bytes(picture.data)
    except OSError as error:
        raise SetupError(
            f"{output} cannot be written: {error.strerror}", "choose another place with -o"
        ) from error
    return files
