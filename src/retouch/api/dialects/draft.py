"""What a dialect makes of a submit: the request, its pictures as the client sent them, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from retouch.task import EditRequest, Source

if TYPE_CHECKING:
    from collections.abc import Sequence


Given: TypeAlias = str | bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """How a synchronous dialect wants its answer."""

    dialect: Literal["openai", "xai"]
    form: Literal["b64_json", "url"]
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A validated submit before its pictures are taken in.

    ``request`` has no sources yet. ``pictures`` and ``mask`` are URLs, data URIs or bytes; ``names`` and
    ``mask_name`` are the fields that they came in, for error answers. ``seeded``: the seed is the
    client's own.
    """

    request: EditRequest
    pictures: tuple[Given, ...]
    names: tuple[str, ...]
    mask: Given | None = None
    mask_name: str = "mask_url"
    strict: bool = False
    seeded: bool = False
    reply: Reply | None = None  # None: answered with a task, at once

    def filled(self, sources: Sequence[Source], mask: Source | None) -> EditRequest:
        """The request with its pictures in place."""
        return replace(self.request, sources=tuple(sources), mask=mask)
