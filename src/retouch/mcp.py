"""``retouch mcp``: an assistant edits pictures, over the Model Context Protocol on standard input and output.

    edit_image    a picture in a folder that was opened to the assistant, or at a URL; written beside it
    plan_edit     what an instruction would do; nothing is submitted
    get_task      how a task stands, and its pictures

It is a client like any other: the work is done by the server that RETOUCH_URL names. Files are read and
written below the roots only, whatever the assistant was talked into; what is no picture is never sent, and
nothing is overwritten unasked. Standard output belongs to the protocol.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from retouch.client import AsyncClient, ClientError, ConfigurationError, ConnectionLost, Event, TimedOut
from retouch.client.pictures import Blob, load

if TYPE_CHECKING:
    from retouch.client import EditResult, Task
    from retouch.client.orders import Options

SHOWN_MAX: Final = 512 * 1024  # bytes of a picture that goes into the conversation, beside its file
_CANCEL_S: Final = 5.0
_FORMATS: Final = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".avif": "avif"}
_NO_SERVER: Final = (
    "No Retouch server is configured. Start one with `retouch run`, which prints its URL and its first key; "
    "then set RETOUCH_URL (such as http://127.0.0.1:8000) and RETOUCH_API_KEY for `retouch mcp`."
)
_ABOUT: Final = (
    "Edits pictures by instruction, in any of eleven languages: another background or sky, a style, colours, "
    "light, weather, text, things removed, cropping, enlarging. Say it in one plain sentence. What cannot "
    "be done is refused with what can; plan_edit tells beforehand."
)

Picture = Annotated[str, Field(description="Path of a picture, or an https URL.")]
Instruction = Annotated[str, Field(description="What to do with the picture.", min_length=1, max_length=8000)]
Output = Annotated[
    str | None,
    Field(description="File or folder to write to. Left out: beside the picture, with -edited in its name."),
]
Content = list[str | Image]


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders that the assistant may read and write in; relative paths begin in the first one."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, folders: Sequence[Path]) -> Roots:
        """Folders by their real names; none means the current one."""
        return cls(tuple(folder.resolve() for folder in (folders or (Path(),))))

    def inside(self, path: str) -> Path:
        """The real path. Raises ToolError where it lies outside, by whatever dots or links."""
        try:
            real = (self.folders[0] / path).resolve()
        except (OSError, ValueError, RuntimeError):  # a zero byte, a circle of links
            raise ToolError(f"{path!r} is no path") from None
        if not any(real.is_relative_to(folder) for folder in self.folders):
            opened = ", ".join(str(folder) for folder in self.folders)
            raise ToolError(f"{path} is outside of the folders that are open to you: {opened}")
        return real


class Assistant:
    """The three tools. ``connect`` makes a client of the configured server."""

    def __init__(self, roots: Roots, connect: Callable[[], AsyncClient]) -> None:
        self._roots = roots
        self._connect = connect

    async def edit_image(  # noqa: PLR0917 - the arguments go by name over the protocol
        self,
        picture: Picture,
        instruction: Instruction,
        context: Context[Any, Any],
        output: Output = None,
        n: Annotated[int, Field(ge=1, le=10, description="How many different pictures.")] = 1,
        seed: Annotated[int | None, Field(ge=0, description="Same seed, same picture.")] = None,
        overwrite: Annotated[bool, Field(description="Whether existing files may be replaced.")] = False,  # noqa: FBT002 - the protocol names it
    ) -> Content:
        """Edit a picture and write the result to a file. Small results are shown as well."""
        given = await asyncio.to_thread(self._given, picture)
        targets = self._targets(picture, output, n, overwrite=overwrite)
        options: Options = {"n": n, "output_format": _FORMATS[targets[0].suffix.lower()]}  # type: ignore[typeddict-item]  # its values are the literal's
        if seed is not None:
            options["seed"] = seed
        try:
            async with self._client() as client:
                task_id = await client.submit(_sent(given), instruction, **options)
                task = await _ended(client, task_id, context)
                result = await client.download(task)
        except ClientError as error:
            raise _tool_error(error) from error
        return await asyncio.to_thread(_kept, result, targets, overwrite=overwrite)

    async def plan_edit(self, instruction: Instruction) -> str:
        """What an instruction would do, operation by operation, and what would not be understood."""
        try:
            async with self._client() as client:
                plan = await client.plan(instruction)
        except ClientError as error:
            raise _tool_error(error) from error
        return json.dumps(dict(plan.raw), ensure_ascii=False)

    async def get_task(self, task_id: str, output: Output = None) -> Content:
        """How a task stands. With an output its pictures are written there, once it is completed."""
        try:
            async with self._client() as client:
                task = await client.get(task_id)
                if output is None or task.status != "completed":
                    return [json.dumps(_state(task), ensure_ascii=False)]
                targets = self._targets(None, output, len(task.images), overwrite=False)
                result = await client.download(task)
        except ClientError as error:
            raise _tool_error(error) from error
        return await asyncio.to_thread(_kept, result, targets, overwrite=False)

    def _client(self) -> AsyncClient:
        try:
            return self._connect()
        except ConfigurationError as error:
            raise ToolError(f"{_NO_SERVER} ({error})") from None

    def _given(self, picture: str) -> str | Blob:
        if picture.startswith("https://"):
            return picture
        if "://" in picture or picture.startswith("data:"):
            raise ToolError("a picture is a path or an https URL")
        try:
            blob = load(self._roots.inside(picture))
        except ClientError as error:
            raise ToolError(str(error)) from None
        if not isinstance(blob, Blob) or blob.media_type == "image/octet-stream":
            raise ToolError(f"{picture} is no picture (PNG, JPEG, WebP, GIF, AVIF or HEIC): it is not sent")
        return blob

    def _targets(self, picture: str | None, output: str | None, n: int, *, overwrite: bool) -> list[Path]:
        """Where ``n`` pictures go. Raises ToolError where that is not allowed, or taken."""
        target = self._target(picture, output)
        if target.suffix.lower() not in _FORMATS:
            raise ToolError(f"{target.name} has no ending that names a format: {', '.join(_FORMATS)}")
        targets = [target if n == 1 else target.with_stem(f"{target.stem}-{i}") for i in range(1, n + 1)]
        taken = [each.name for each in targets if each.exists() and not (overwrite and each.is_file())]
        if taken:
            raise ToolError(f"{', '.join(taken)}: there already; choose another output, or ask to overwrite")
        return targets

    def _target(self, picture: str | None, output: str | None) -> Path:
        local = picture is not None and "://" not in picture
        stem = Path(picture).stem if local and picture is not None else "picture"
        name = f"{stem}-edited.png"
        if output is None:
            folder = (
                self._roots.inside(picture).parent
                if local and picture is not None
                else self._roots.folders[0]
            )
            return self._roots.inside(str(folder / name))
        target = self._roots.inside(output)
        folder_meant = target.is_dir() or output.endswith("/")
        return self._roots.inside(str(target / name)) if folder_meant else target


def make_server(roots: Roots, connect: Callable[[], AsyncClient], version: str) -> MCPServer[Any]:
    """The server with its tools."""
    server: MCPServer[Any] = MCPServer("retouch", instructions=_ABOUT, version=version, log_level="WARNING")
    tools = Assistant(roots, connect)
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    writing = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
    server.tool(annotations=writing, structured_output=False)(tools.edit_image)
    server.tool(annotations=reading, structured_output=False)(tools.plan_edit)
    server.tool(annotations=writing, structured_output=False)(tools.get_task)
    return server


async def _ended(client: AsyncClient, task_id: str, context: Context[Any, Any]) -> Task:
    """The ended task; told of on the way. A call that is cancelled takes the task with it."""
    told = -1

    async def on_progress(event: Event) -> None:
        nonlocal told
        if event.progress is not None and event.progress > told:
            told = event.progress
            await context.report_progress(told, 100, f"{task_id}: {event.status}")

    try:
        return await client.wait(task_id, on_progress=on_progress)
    except asyncio.CancelledError:
        with anyio.move_on_after(_CANCEL_S, shield=True):
            await client.cancel(task_id)
        raise


def _sent(given: str | Blob) -> str | bytes:
    return given if isinstance(given, str) else given.data


def _kept(result: EditResult, targets: Sequence[Path], *, overwrite: bool) -> Content:
    """Write the files; what the assistant is told of them, and the pictures that are small enough."""
    try:
        for picture, target in zip(result.pictures, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb" if overwrite else "xb") as file:
                file.write(picture.data)
    except OSError as error:
        raise ToolError(
            f"{error.filename}: {error.strerror}; the pictures of {result.task_id} are kept"
        ) from None
    told = {
        "task_id": result.task_id,
        "files": [str(target) for target in targets],
        "seeds": [picture.seed for picture in result.pictures],
        "warnings": list(result.warnings),
        "ignored": [asdict(each) for each in result.ignored],
    }
    small = [picture for picture in result.pictures if len(picture.data) <= SHOWN_MAX]
    shown = [Image(data=each.data, format=each.media_type.removeprefix("image/")) for each in small]
    return [json.dumps(told, ensure_ascii=False), *shown]


def _state(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "status": task.status,
        "progress": task.progress,
        "urls": [image.url for image in task.images],
        "error": asdict(task.error) if task.error else None,
        "warnings": list(task.warnings),
    }


def _tool_error(error: ClientError) -> ToolError:
    """What went wrong, in words that an assistant can act on."""
    if isinstance(error, ConnectionLost):
        return ToolError(f"{error}. Is the server running? It is started with `retouch run`.")
    if isinstance(error, TimedOut):
        return ToolError(f"{error}: ask get_task for {error.task_id} later")
    return ToolError(f"{error} (task {error.task_id})" if error.task_id else str(error))
