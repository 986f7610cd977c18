"""What may be asked of an edit beside its picture and its instruction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict

from retouch.client.errors import ConfigurationError
from retouch.client.pictures import Given, Picture, Pictures, load, load_all

_OWN: Final = ("mask", "extra", "idempotency_key")


class Options(TypedDict, total=False):
    """Everything may be left away.

    ``n``: pictures wanted, 1 to 10. ``seed``: of the first one. ``size``: "1024x768" or "16:9". ``mask``:
    white, or transparent, may be edited. ``model``: one of ``models()``. ``output_format`` and
    ``output_compression`` (0 to 100, best). ``webhook``: an https URL that is told of the end.
    ``metadata``: at most 16 pairs, given back. ``strict``: refuse rather than ignore a parameter.
    ``extra``: further fields of the wire, such as ``negative_prompt``. ``idempotency_key``: submits with
    the same one are one task; made for each call where it is not given.
    """

    n: int
    seed: int
    size: str
    mask: Picture
    model: str
    output_format: Literal["png", "jpeg", "webp", "avif"]
    output_compression: int
    webhook: str
    metadata: Mapping[str, str]
    strict: bool
    extra: Mapping[str, Any]
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Order:
    """One edit, with its pictures read."""

    pictures: tuple[Given, ...]
    mask: Given | None
    fields: Mapping[str, Any]
    idempotency_key: str

    @classmethod
    def of(cls, pictures: Pictures, prompt: object, options: Options) -> Order:
        """Read the pictures. Raises ConfigurationError, and TypeError for an option that there is not."""
        unknown = options.keys() - Options.__annotations__.keys()
        if unknown:
            raise TypeError(f"there is no option {min(unknown)}; further fields of the wire go into extra")
        given = {name: value for name, value in options.items() if name not in _OWN and value is not None}
        if not isinstance(prompt, str):  # picture and instruction exchanged: said before a file is sent
            raise ConfigurationError(f"the instruction is a string, not {type(prompt).__name__}")
        mask = options.get("mask")
        return cls(
            load_all(pictures),
            None if mask is None else load(mask),
            {**options.get("extra", {}), **given, "prompt": prompt},
            options.get("idempotency_key") or f"retouch-{uuid.uuid4()}",
        )

    def body(self, urls: Sequence[str], mask_url: str | None) -> dict[str, Any]:
        """The JSON of the submit, once every picture has a URL."""
        masked = {} if mask_url is None else {"mask_url": mask_url}
        return {**self.fields, "image_urls": list(urls), **masked}
