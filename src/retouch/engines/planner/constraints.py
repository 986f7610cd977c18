"""What must be left as it is: "keep the subject", "don't change the colours"."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import Reading

# What a prohibition may name besides: "don't crop it", "no border".
_WORKS = frozenset({"crop", "flip", "turn", "rotate", "resize", "size", "extend", "straighten", "sharpen"})
_WORKS |= {"denoise", "tint", "frame", "weather", "falling", "noise", "enhance", "upscale", "operation"}
_WORKS |= {"retouch", "smooth"}


def read_constraint(bag: Bag) -> Reading | None:
    """Keep the subject; everything else unchanged; the person stays as she is."""
    allowed = {"keep", "unchanged", "subject", "property", "rest", "background", "image", "only", "except"}
    allowed |= {"person", "touch", "front", "behind", "amount", "put"}
    if bag.has("unchanged"):
        allowed |= {"change", "axis", "sky"}
    if not bag.has("background"):
        allowed |= {"change"}
    if not bag.has("keep", "unchanged") or not bag.only(allowed):
        return None
    if bag.all("keep", "only", "subject") and not bag.has("unchanged", "background"):
        return Reading(Operation("background.remove"), isolates=True)
    return _keeping(bag)


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
    if not kept and (bag.has("image") or bag.only({"keep", "unchanged"})) and bag.has("keep"):
        kept.add("property")
    return Reading(kept=frozenset(kept)) if kept else None


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
        return Reading(kept=frozenset({"property"}))
    kinds = [kind for kind in ("remove", "cutout", "blur") if bag.has(kind)]
    if len(kinds) > 1 or (kinds and bag.has("subject") and bag.has("background")):
        return None
    return _keeping(bag) or Reading(kept=frozenset({"property"}))
