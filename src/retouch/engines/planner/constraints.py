"""What must be left as it is: "keep the subject", "don't change the colours"."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import Reading

# What a prohibition may name besides: "don't crop it", "no border".
_WORKS = frozenset({"crop", "flip", "turn", "rotate", "resize", "size", "extend", "straighten", "sharpen"})
_WORKS |= {"denoise", "tint", "frame", "weather", "falling", "noise", "enhance", "upscale", "operation"}
_WORKS |= {"retouch", "smooth"}


# What lies on a picture already where it is to be kept: "keep the rain". "Leave a white border" asks for one.
_LIES_ON_IT = frozenset({"frame", "weather", "falling", "noise", "text", "caption"})
_ARTICLES = frozenset(
    ["a", "es", "it", "an", "un", "una", "une", "ein", "eine", "einen", "um", "uma", "some"]
)


def read_constraint(bag: Bag) -> Reading | None:
    """Keep the subject; everything else unchanged; the person stays as she is."""
    allowed = {"keep", "unchanged", "subject", "property", "rest", "background", "image", "only", "except"}
    allowed |= {"person", "touch", "front", "behind", "amount", "put"}
    if bag.has("unchanged"):
        allowed |= {"change", "axis", "sky"}
    if _keeps_what_is_there(bag):
        return Reading(kept=frozenset({"property"}))
    if not bag.has("background"):
        allowed |= {"change"}
    if not bag.has("keep", "unchanged") or not bag.only(allowed):
        return None
    if bag.all("keep", "only", "subject") and not bag.has("unchanged", "background"):
        return Reading(Operation("background.remove"), isolates=True)
    return _keeping(bag)


def _keeps_what_is_there(bag: Bag) -> bool:
    named = bag.has("keep") and bag.has(*_LIES_ON_IT)
    given = any(mark.text in _ARTICLES and mark.label != "filler:the" for mark in bag.marks)
    return named and not given and bag.only({"keep", "unchanged", "image", *_LIES_ON_IT})


def _keeping(bag: Bag) -> Reading | None:
    kept = set()
    if bag.has("subject", "rest", "person"):
        kept.add("subject")
    if bag.has("rest") and not bag.has("subject", "person"):
        kept.add("rest")
    if bag.has("background") and not bag.has("except", "subject"):
        kept.add("background")
    if bag.has("property", "axis", "sky"):
        kept.add("property")
    if not kept and bag.only({"keep", "unchanged", "image"}):  # of what no word here names: "色は変えないで"
        kept.add("property")
    if kept and any(mark.text.startswith(_COLOURS) for mark in bag.marks):
        kept.add("colour")
    return Reading(kept=frozenset(kept)) if kept else None


_COLOURS = ("colo", "couleur", "farbe", "cores", "цвет", "色", "颜", "颜色", "색", "रंग", "الالوان", "لون")
# Verbs that also mean to make something so: "déjame más guapa". They spare a thing only with "as it is".
_ALSO_MAKE = ("dej", "deix", "laiss", "lass", "остав", "خل", "रख", "rakh", "leav")
_SPARED = frozenset(
    {"unknown", "neg", "touch", "change", "keep", "unchanged", "rest", "only", "person", "subject"}
)


def read_spared(bag: Bag) -> Reading | None:
    """What is to stay as it is under an unlisted name, the subject: "don't touch the bride"."""
    if not bag.only(_SPARED) or any(mark.family == "unknown" and mark.name for mark in bag.marks):
        return None
    keeps = [mark for mark in bag.content if mark.family == "keep"]
    kept = bag.has("unchanged") or any(not mark.text.startswith(_ALSO_MAKE) for mark in keeps)
    if not kept and not (bag.has("neg") and bag.has("touch", "change")):
        return None
    if bag.has("neg") and keeps:
        return None
    return Reading(kept=frozenset({"subject"}), warnings=("what is to stay as it is: read as the subject",))


def read_prohibition(bag: Bag) -> Reading | None:
    """Do not touch the subject; don't remove the background; not too dark."""
    if not bag.has("neg"):
        return None
    if bag.only({"neg", "background", "image"}) and bag.has("background"):
        return Reading(Operation("background.remove"))
    nouns = {"background", "subject", "property", "rest", "person", "image", "sky", "axis", "behind"}
    allowed = nouns | {
        "neg",
        "change",
        "put",
        "touch",
        "add",
        "remove",
        "cutout",
        "blur",
        "up",
        "down",
        "too",
    }
    allowed |= {"adj", "cmp", "amount", "more", "less", "only", "except", "transparent", *_WORKS}
    if not bag.only(allowed) or not bag.has(
        "change", "touch", "remove", "blur", "cutout", "add", "up", "down", *_WORKS
    ):
        return None
    if bag.has(*_WORKS):
        forbidden = frozenset(f"no {work}" for work in bag.families & _WORKS)
        return Reading(kept=forbidden | {"property"})
    kinds = [kind for kind in ("remove", "cutout", "blur") if bag.has(kind)]
    if len(kinds) > 1 or (kinds and bag.has("subject") and bag.has("background")):
        return None
    return _keeping(bag) or Reading(kept=frozenset({"property"}))
