"""Puts what other packages and the owner's folder bring into the engine's tables, in the child.

All of it is imported and read here, before the sandbox closes. What fails is left out: asked for, it ends
as EngineFailed, and the owner is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from retouch.engines import extensions
from retouch.engines.builtin.checked import checked_operation, checked_scene, checked_style
from retouch.engines.builtin.operation import Canvas, OperationFunction
from retouch.engines.builtin.operations import OPERATIONS
from retouch.engines.builtin.scenes import SCENES, Scene
from retouch.engines.builtin.scenes.own import own_scene
from retouch.engines.builtin.styles import STYLES
from retouch.engines.builtin.styles.sheet import Style
from retouch.engines.extensions import Installed
from retouch.engines.folder import read_folder
from retouch.errors import EngineFailed, SetupError

Row = TypeVar("Row")


def install(scenes_dir: Path | None, report: Callable[[str], None]) -> None:
    """Fill the tables; ``report`` takes a line for each row that had to be left out.

    Raises:
        SetupError: a name is taken.
    """
    found = extensions.find()
    rows = {group: _rows(found.of(group), report) for group in extensions.GROUPS}
    own = {} if scenes_dir is None else _own_scenes(scenes_dir, report)
    SCENES.install({**own, **rows[extensions.SCENES]})
    STYLES.install(rows[extensions.STYLES])
    OPERATIONS.install(rows[extensions.OPERATIONS])


def _rows(installed: tuple[Installed, ...], report: Callable[[str], None]) -> Mapping[str, Any]:
    rows = {}
    for each in installed:
        admit, absent = _BY_GROUP[each.group]
        try:
            rows[each.extension.name] = admit(each)
        except Exception as error:  # noqa: BLE001 - somebody else's module; the engine outlives its bugs
            report(f"{each.what}: {type(error).__name__}: {error}")
            rows[each.extension.name] = absent(each.extension.name, each.what)
    return rows


def _own_scenes(folder: Path, report: Callable[[str], None]) -> Mapping[str, Scene]:
    """The owner's pictures. Names that are taken were reported by those who read instructions."""
    try:
        scenes = read_folder(folder).scenes
    except SetupError as error:  # it went away since the start: no reason to serve nothing
        report(error.message)
        return {}
    rows = {}
    for scene in scenes:
        if scene.name in SCENES.built_in:
            continue
        try:
            rows[scene.name] = own_scene(scene)
        except Exception as error:  # noqa: BLE001 - a decoder raises what it likes; the other pictures stay
            report(f"scenes_dir: {scene.file.name}: {error}")
            rows[scene.name] = _absent_scene(scene.name, f"the picture {scene.name!r}")
    return rows


def _scene(each: Installed) -> Scene:
    scene = _of_type(Scene, each)
    if scene.name != each.extension.name:
        raise ValueError(f"its pixels are those of a scene called {scene.name!r}")
    return checked_scene(scene)


def _style(each: Installed) -> Style:
    return checked_style(each.extension.name, _of_type(Style, each))


def _operation(each: Installed) -> OperationFunction:
    apply = each.row()
    if not callable(apply):
        raise TypeError(f"{each.extension.pixels} cannot be called")
    return checked_operation(each.extension.name, apply)


def _of_type(kind: type[Row], each: Installed) -> Row:
    row = each.row()
    if not isinstance(row, kind):
        raise TypeError(f"{each.extension.pixels} is no {kind.__name__}")
    return row


def _absent_scene(name: str, what: str) -> Scene:
    return Scene(name, _refusing(what))


def _absent_style(_: str, what: str) -> Style:
    return Style(_refusing(what))


def _absent_operation(_: str, what: str) -> OperationFunction:
    def apply(canvas: Canvas, arguments: Mapping[str, Any], context: object) -> Canvas:  # noqa: ARG001 - stands in for one
        return _refusing(what)()

    return apply


def _refusing(what: str) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise EngineFailed(f"{what} could not be loaded here")

    return refuse


_BY_GROUP: Mapping[str, tuple[Callable[[Installed], Any], Callable[[str, str], Any]]] = {
    extensions.SCENES: (_scene, _absent_scene),
    extensions.STYLES: (_style, _absent_style),
    extensions.OPERATIONS: (_operation, _absent_operation),
}
