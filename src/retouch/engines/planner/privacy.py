"""Requests to make faces unrecognisable."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.quantities import says
from retouch.engines.planner.reading import Reading

_BLURRED = (
    "blurr",
    "fuzzy",
    "unsharp",
    "размыт",
    "нечетк",
    "unscharf",
    "verschwommen",
    "borros",
    "floue",
    "flous",
)
_BLOCKS = frozenset({"mosaic", "pixel art"})
_OBJECT = frozenset(["を", "를", "을", "को", "把", "将", "给"])
_ALL_FACES = "faces: all of them are made unrecognisable"


def read_privacy(bag: Bag) -> Reading | None:
    """Blur or pixelate the faces; anonymise the picture. A face that is blurred already is no request."""
    bag = _in_blocks(bag)
    if not bag.has("privacy", "blur") or says(bag, "is"):
        return None
    if not bag.only({"privacy", "blur", "subject", "rest", "image", "change", "put", "add", "person"}):
        return None
    hidden = set(bag.names("subject"))
    if not hidden <= {"face", "people"}:
        return None
    if "face" not in hidden and (bag.names("privacy") != ["blur"] or bag.has("person", "blur")):
        return None
    if not bag.has("privacy") and not _asks_to_blur(bag):
        return None
    mode = "pixelate" if "pixelate" in bag.names("privacy") else "blur"
    vague = bag.has("person") or "face" not in hidden
    return Reading(
        Operation("privacy", {"mode": mode, "target": "faces"}), warnings=(_ALL_FACES,) if vague else ()
    )


def _in_blocks(bag: Bag) -> Bag:
    """A mosaic over a face, or a face in pixels, is no style."""
    if not bag.has("subject") or "face" not in bag.names("subject") or not set(bag.names("style")) & _BLOCKS:
        return bag
    marks = (replace(m, label="privacy:pixelate") if m.name in _BLOCKS else m for m in bag.marks)
    return replace(bag, marks=tuple(marks))


def _asks_to_blur(bag: Bag) -> bool:
    """Whether blur is what should be done, and not what a face looks like: "a blurred face"."""
    if bag.has("change"):
        return True
    texts = {mark.text for mark in bag.marks}
    first = bag.content[0]
    families = [mark.family for mark in bag.content if mark.family in {"subject", "blur"}]
    if families == ["subject", "blur"]:
        return True  # "Gesichter verwischen", 脸模糊: the blurred face has its adjective first
    verb = first.family == "blur" and not first.text.startswith(_BLURRED) and "的" not in texts
    return bool(texts & _OBJECT) or (verb and not (bag.head_last and first.text in {"흐", "ぼ", "ボ"}))
