"""The owner's folder of backgrounds: which pictures lie in it, and what they are called. Opens none of them.

Each picture (jpg, png, webp, avif) is a scene. Its file name is its English words: ``wine-cellar.jpg`` is
asked for as "wine cellar". A TOML file of the same name may say more::

    words = { de = "weinkeller~", ja = "ワインセラー", en = "cellar" }
    horizon = 0.55        # its height from the top, 0..1
    ground = true         # a subject that stands freely casts a shadow there
    licence = "CC0-1.0"
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from retouch.errors import SetupError

ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif"})
PICTURES_MAX: Final = 64
BYTES_MAX: Final = 32 << 20  # of one picture, encoded
_TOML_MAX: Final = 64 << 10
_LONGEST: Final = 60
_APART = re.compile(r"[\s_\-]+")
_WORDS = re.compile(r"[^\W\d_][^\W_]*(?: [^\W_]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_KNOWN: Final = ("words", "horizon", "ground", "licence")


@dataclass(frozen=True, slots=True)
class OwnScene:
    """A picture of the owner's. ``words`` as those of :class:`retouch.engines.extensions.Extension`."""

    name: str
    file: Path
    words: Mapping[str, str]
    horizon: float | None = None
    ground: bool = False
    licence: str = "the owner's"


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies in it, by name, and a line for each picture that cannot be used."""

    scenes: tuple[OwnScene, ...] = ()
    left_out: tuple[str, ...] = field(default=())

    def without(self, taken: Mapping[str, str]) -> Folder:
        """Less those whose name is ``taken`` already, by whom its value says."""
        kept = tuple(scene for scene in self.scenes if scene.name not in taken)
        lost = tuple(
            f"{scene.file.name}: there is a scene {scene.name!r} already, {taken[scene.name]}"
            for scene in self.scenes
            if scene.name in taken
        )
        return Folder(kept, (*self.left_out, *lost))


def read_folder(folder: Path) -> Folder:
    """The pictures of ``folder`` (not of folders in it), in the order of their names, 64 at most.

    Raises:
        SetupError: it is no folder, or may not be read.
    """
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)
    except OSError as error:
        raise SetupError(f"scenes_dir: {folder}: {error.strerror}", "correct RETOUCH_SCENES_DIR") from error
    scenes: dict[str, OwnScene] = {}
    left_out: list[str] = []
    for file in files:
        try:
            scene = _scene(file)
            if scene.name in scenes:
                raise ValueError(f"{scenes[scene.name].file.name} has the same name")  # noqa: TRY301 - one place for all that is left out
            if len(scenes) == PICTURES_MAX:
                raise ValueError(f"one more than the {PICTURES_MAX} that are taken")  # noqa: TRY301 - the same
        except (ValueError, TypeError, OSError) as error:
            left_out.append(f"{file.name}: {error}")
        else:
            scenes[scene.name] = scene
    return Folder(tuple(scenes.values()), tuple(left_out))


def _scene(file: Path) -> OwnScene:
    name = _APART.sub(" ", unicodedata.normalize("NFC", file.stem)).strip().casefold()
    if not _WORDS.fullmatch(name) or len(name) > _LONGEST:
        raise ValueError("its file name is not made of words")
    if not file.is_file():
        raise ValueError("it is no file")
    if file.stat().st_size > BYTES_MAX:
        raise ValueError(f"it has more than {BYTES_MAX >> 20} MiB")
    said = _said(file.with_suffix(".toml"))
    return OwnScene(name, file, words=dict(_worded(name, said.get("words", {}))), **_placed(said))


def _said(beside: Path) -> dict[str, Any]:
    if not beside.is_file():
        return {}
    if beside.stat().st_size > _TOML_MAX:
        raise ValueError(f"{beside.name} has more than {_TOML_MAX >> 10} KiB")
    said = tomllib.loads(beside.read_text("utf-8"))
    if unknown := sorted(said.keys() - set(_KNOWN)):
        raise ValueError(f"{beside.name}: {unknown[0]!r} is none of {', '.join(_KNOWN)}")
    return said


def _worded(name: str, words: object) -> Iterator[tuple[str, str]]:
    """The file's name first among the English words, then what the TOML file says."""
    if not isinstance(words, dict):
        raise TypeError("words is a table: a language's code = its words")
    for language, phrases in {"en": "", **words}.items():
        if not _LANGUAGE.fullmatch(language) or not isinstance(phrases, str):
            raise ValueError(f"words: {language!r} is no language's code with words between commas")
        spoken = [each.strip() for each in (name if language == "en" else "", *phrases.split(","))]
        yield language, ", ".join(each for each in spoken if each.strip("~"))


def _placed(said: Mapping[str, Any]) -> dict[str, Any]:
    horizon, ground, licence = said.get("horizon"), said.get("ground", False), said.get("licence", "")
    if horizon is not None and not (isinstance(horizon, int | float) and 0 <= horizon <= 1):
        raise ValueError(f"horizon is a height from the top, 0..1, not {horizon!r}")
    if not isinstance(ground, bool) or not isinstance(licence, str):
        raise TypeError("ground is true or false, licence is a text")
    placed = {"horizon": None if horizon is None else float(horizon), "ground": ground}
    return {**placed, "licence": licence} if licence else placed
