"""What a picture's manifest says: the source that was opened, then each operation and what made its pixels.

Vocabulary: C2PA 2.x actions (https://spec.c2pa.org) and the IPTC digital source types
(https://cv.iptc.org/newscodes/digitalsourcetype/). The instruction is private and never in a manifest: of an
operation's arguments only numbers, truth values and names from our own lists are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

_VOCABULARY: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"

# The same picture, altered by an algorithm that somebody configured; its main content stays.
ALTERED: Final = _VOCABULARY + "algorithmicallyEnhanced"
# Several elements put together: the photo's, and elements that an algorithm drew. None is generative.
COMPOSITE: Final = _VOCABULARY + "composite"
# Pixels that a generative model made, within or instead of those of the source.
GENERATED: Final = _VOCABULARY + "compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True, slots=True)
class Meaning:
    """How one kind of operation is told: a C2PA action and a digital source type."""

    action: str
    source_type: str


# The builtin engine's trained nets find things and sharpen them, and invent no content; but see _BY_EXAMPLE.
MEANINGS: Final[Mapping[str, Meaning]] = {
    # A drawn scene, colour or gradient stands where the photo's background was; or the second picture.
    "background.replace": Meaning("c2pa.edited", COMPOSITE),
    "sky.replace": Meaning("c2pa.edited", COMPOSITE),
    # Something is gone and nothing was added.
    "background.remove": Meaning("c2pa.edited", ALTERED),
    # Every pixel comes from the photo, out of focus.
    "background.blur": Meaning("c2pa.filtered", ALTERED),
    "privacy": Meaning("c2pa.filtered", ALTERED),
    # The photo's own content in another hand; see _DRAWN_STYLES for those that add some.
    "style": Meaning("c2pa.filtered", ALTERED),
    # Light and colour alone.
    "tone": Meaning("c2pa.adjustedColor", ALTERED),
    "recolor": Meaning("c2pa.adjustedColor", ALTERED),
    # The hole is filled with pieces of the rest.
    "remove": Meaning("c2pa.edited", COMPOSITE),
    "text.remove": Meaning("c2pa.edited", COMPOSITE),
    # Drawn over the photo.
    "text.add": Meaning("c2pa.edited", COMPOSITE),
    "text.replace": Meaning("c2pa.edited", COMPOSITE),
    "weather": Meaning("c2pa.edited", COMPOSITE),
    "frame": Meaning("c2pa.edited", COMPOSITE),
    # The same content in another shape or crisper. IPTC's own example of this type is a denoised photo.
    "geometry": Meaning("c2pa.edited", ALTERED),
    "upscale": Meaning("c2pa.enhanced", ALTERED),
    "restore": Meaning("c2pa.enhanced", ALTERED),
    "retouch": Meaning("c2pa.enhanced", ALTERED),
}

# These draw what no camera saw: a neon city, rain, a sun over a grid.
_DRAWN_STYLES: Final = frozenset({"blueprint", "cyberpunk", "ink wash", "neon", "vaporwave"})

# A style that is taken from a second picture: each pixel comes out of a trained net.
_BY_EXAMPLE: Final = Meaning("c2pa.filtered", GENERATED)

# Of an engine or an operation that nobody has entered here, the strongest that it can be is told.
_UNKNOWN_OPERATION: Final = Meaning("c2pa.edited", COMPOSITE)
_UNKNOWN_ENGINE: Final = Meaning("c2pa.edited", GENERATED)
_CLASSICAL_ENGINES: Final = frozenset({"builtin"})

# Arguments of the classical engines whose text is a name from our own lists, or a colour. All other text may
# be the client's words.
_NAMES: Final = frozenset({"scene", "style", "look", "keep", "color", "gradient", "action"})
_NAME: Final = re.compile(r"#?[0-9A-Za-z][0-9A-Za-z -]{0,39}")


def manifest(operations: Sequence[Mapping[str, Any]], engine: str, title: str) -> dict[str, Any]:
    """The definition that the library signs. ``operations`` are those of a plan, in their flat form."""
    # The source's own bytes are a stranger's: they are named as the parent, and never parsed beside the key.
    source = {"title": "source", "relationship": "parentOf", "label": "source"}
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [source["label"]]}}
    actions = [opened, *_edits(operations, engine)]
    return {
        "claim_generator_info": [_agent()],
        "title": title,
        "ingredients": [source],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }


def _edits(operations: Sequence[Mapping[str, Any]], engine: str) -> Iterator[dict[str, Any]]:
    classical = engine in _CLASSICAL_ENGINES
    if not operations and not classical:  # it was given the instruction itself
        operations = [{"kind": "edit"}]
    for operation in operations:
        meaning = _meaning(operation) if classical else _UNKNOWN_ENGINE
        told = _public(operation, _NAMES if classical else frozenset())
        yield {
            "action": meaning.action,
            "digitalSourceType": meaning.source_type,
            "softwareAgent": _agent(),
            "parameters": {"retouch": {"engine": engine, **told}},
        }


def _meaning(operation: Mapping[str, Any]) -> Meaning:
    meaning = MEANINGS.get(str(operation.get("kind")), _UNKNOWN_OPERATION)
    if operation.get("kind") == "style" and "image" in operation:
        return _BY_EXAMPLE
    if operation.get("style") in _DRAWN_STYLES:
        return Meaning(meaning.action, COMPOSITE)
    return meaning


def _public(operation: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in operation.items()
        if name == "kind" or isinstance(value, int | float) or (name in names and _is_name(value))
    }


def _is_name(value: object) -> bool:
    texts = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(text, str) and _NAME.fullmatch(text) for text in texts)


def _agent() -> dict[str, str]:
    return {"name": "Retouch", "version": version("retouch")}
