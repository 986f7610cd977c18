"""What the planner knows beyond its own lexicon: what other packages bring, and the owner's pictures.

Packages are there from the start of a process; the owner's folder is a setting, and is learnt when a process
starts, before its first instruction (:func:`retouch.engines.planner.learning.learn`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from retouch.engines import extensions
from retouch.engines.extensions import Extension
from retouch.engines.folder import OwnScene


class _Cache(Protocol):
    def cache_clear(self) -> None: ...


CacheT = TypeVar("CacheT", bound=_Cache)
_caches: list[_Cache] = []
_own: tuple[OwnScene, ...] = ()


def forgotten(cache: CacheT) -> CacheT:
    """Mark a cache that holds what hangs on the vocabulary: it is emptied when something is learnt."""
    _caches.append(cache)
    return cache


def keep(scenes: tuple[OwnScene, ...]) -> None:
    """Know these pictures of the owner's, and no others."""
    global _own  # noqa: PLW0603 - as logging: one vocabulary per process, set when it starts
    if scenes != _own:
        _own = scenes
        for cache in _caches:
            cache.cache_clear()


def own_scenes() -> tuple[OwnScene, ...]:
    """The owner's pictures that are known."""
    return _own


def added_scenes() -> tuple[str, ...]:
    """Names of the scenes that are not built in."""
    packaged = (each.extension.name for each in extensions.find().of(extensions.SCENES))
    return (*packaged, *(scene.name for scene in _own))


def added_styles() -> tuple[str, ...]:
    """Names of the styles that are not built in."""
    return tuple(each.extension.name for each in extensions.find().of(extensions.STYLES))


def added_operations() -> Mapping[str, Extension]:
    """Operations that are not built in, by kind."""
    return {each.extension.name: each.extension for each in extensions.find().of(extensions.OPERATIONS)}


def added_words() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Label and words of everything that is not built in: ("scene:tartan", {"en": "tartan, plaid"})."""
    for each in extensions.find().installed:
        yield f"{extensions.GROUPS[each.group]}:{each.extension.name}", each.extension.words
    for scene in _own:
        yield f"scene:{scene.name}", scene.words
