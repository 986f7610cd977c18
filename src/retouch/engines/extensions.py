"""Scenes, styles and operations of other packages: the whole door, on one page.

A package brings one of them in two halves, because two kinds of process look at it:

* its *words*: an :class:`Extension`, named by an entry point. They are read wherever instructions are
  understood, in processes that open no picture: the module that holds them must load no library of pixels;
* its *pixels*: a row of the very kind that the builtin engine's own tables hold, named by
  ``pixels="module:attribute"``. Only the sandboxed child imports it, with all that it needs, before the
  sandbox closes: afterwards no file can be opened.

    ======================  ===================================================  ============================
    entry-point group       ``pixels`` names                                     asked for by
    ======================  ===================================================  ============================
    ``retouch.scenes``      ``retouch.engines.builtin.scenes.Scene``             "change the background to W"
    ``retouch.styles``      ``retouch.engines.builtin.styles.sheet.Style``       "convert it to W style"
    ``retouch.operations``  ``retouch.engines.builtin.operation.OperationFunction``  "add W", "a bit of W"
    ======================  ===================================================  ============================

What a row gives is checked (:mod:`retouch.engines.builtin.installed`); an exception of its own fails the
task as ``engine_failed``. A package whose halves do not import is left out, logged, and shown by ``retouch
doctor``: the service stays up. A name that is taken stops the start, because nobody could say which of
the two is meant. ``retouch.testing.extensions`` has the conformance suite, which the built-in rows pass too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from retouch.errors import SetupError

SCENES: Final = "retouch.scenes"
STYLES: Final = "retouch.styles"
OPERATIONS: Final = "retouch.operations"
GROUPS: Final[Mapping[str, str]] = {SCENES: "scene", STYLES: "style", OPERATIONS: "operation"}

_NAME = re.compile(r"[a-z0-9]+(?:[ ._-][a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_REFERENCE = re.compile(r"[\w.]+:\w+")
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What can be asked for, and where its pixels are made.

    ``name`` stands in plans: lower-case ASCII; that of an operation is its kind, best with its maker before
    a dot ("acme.scanlines"). ``words`` maps a language (ISO 639) to what people call it there, separated by
    commas; ``~`` after a word lets it take that language's endings. ``example`` and ``strength`` are those
    of an operation: an instruction that asks for it, and whether it takes ``strength``, 0..100.
    """

    name: str
    words: Mapping[str, str]
    pixels: str
    example: str = ""
    strength: bool = False

    def __post_init__(self) -> None:
        """Refuse what would only fail later, and elsewhere."""
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST:
            raise ValueError(f"name: {self.name!r} is not made of lower-case words")
        for language, phrases in self.words.items():
            if not _LANGUAGE.fullmatch(language) or not all(each.strip(" ~") for each in phrases.split(",")):
                raise ValueError(f"words: {language!r} needs a language's code and words between commas")
        if not self.words:
            raise ValueError("words: none, so nobody could ask for it")
        if not _REFERENCE.fullmatch(self.pixels):
            raise ValueError(f"pixels: {self.pixels!r} is not of the form module:attribute")


@dataclass(frozen=True, slots=True)
class Installed:
    """An extension and the package that it came from, "name version"."""

    group: str
    package: str
    extension: Extension

    @property
    def what(self) -> str:
        """For messages: "the scene 'tartan' of retouch-tartan 1.0"."""
        return f"the {GROUPS[self.group]} {self.extension.name!r} of {self.package}"

    def row(self) -> Any:
        """Its pixels' row. Imports them: only in the child. Raises whatever that import raises."""
        module, _, attribute = self.extension.pixels.partition(":")
        return getattr(import_module(module), attribute)


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that is installed, and a line for each that had to be left out."""

    installed: tuple[Installed, ...]
    left_out: tuple[str, ...]

    def of(self, group: str) -> tuple[Installed, ...]:
        """Those of one group."""
        return tuple(each for each in self.installed if each.group == group)


@cache
def find() -> Found:
    """What is installed beside Retouch. Imports the words of each, never its pixels.

    Raises:
        SetupError: two packages bring the same name.
    """
    installed: dict[tuple[str, str], Installed] = {}
    left_out: list[str] = []
    for group in GROUPS:
        for entry in _entries(group):
            try:
                found = Installed(group, _package(entry), _loaded(entry))
            except Exception as error:  # noqa: BLE001 - somebody else's module; the service outlives its bugs
                what = f"the {GROUPS[group]} {entry.name!r} of {_package(entry)}"
                left_out.append(f"{what}: {type(error).__name__}: {error}")
                continue
            other = installed.setdefault((group, found.extension.name), found)
            if other is not found:
                raise SetupError(
                    f"{other.what} has the name of {found.what}", "uninstall one of the two packages"
                )
    return Found(tuple(installed.values()), tuple(left_out))


def _entries(group: str) -> Iterator[EntryPoint]:
    """In an order that does not hang on the file system."""
    yield from sorted(entry_points(group=group), key=lambda entry: (_package(entry), entry.name))


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "no package"


def _loaded(entry: EntryPoint) -> Extension:
    found = entry.load()
    if not isinstance(found, Extension):
        raise TypeError(f"{entry.value} is no Extension")
    return found
