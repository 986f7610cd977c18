"""Requests to make something disappear: a person, the main subject, what the mask covers."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import Reading


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# To cut something out of a picture is to keep it.
_CUTS = _listed(
    "cut clip trim strip knock coup schneid rausschneid wegschneid streich вырез 抜 切 カット 裁 剪 扣 抠"
)
_VANISHING = _listed("disappear vanish desapar sumir dispar verschwind исчез 消失 消え 사라 يختفي تختفي गायब")
_ALL = _listed(
    "all todos todas tous toutes alle все всех كل جميع सभी सब 모든 모두 전부 所有 全部 すべて 全て"
)
# Of several, one is meant, and no word says which.
_SOME = _listed(
    "one ones some another other others each next otro otra otros otras alguna algun outro outra outros "
    "outras algum alguma autre autres один одного одну другой другого другую 一个 一些 某个 하나 कुछ 一人"
)
# Things that are not said to be the main one.
_VAGUE = _listed(
    "object objet objeto objekt объект オブジェクト 对象 対象 객체 대상 ऑब्जेक्ट عنصر هدف "
    "foreground primer premier avant vordergrund передн 前景 전경 अग्र مقدم"
)
_MAIN = _listed("principal رييسي اساسي")
_LIGHT = _listed(
    "해 하 して する しろ した कर द"
)  # goes with a noun that says what is done: 제거해줘, 削除して, हटा दो


def read_removal(bag: Bag) -> Reading | None:
    """Remove the person; get rid of the main subject; erase what I marked. Other things have no detector."""
    if bag.has("refill") and not bag.has("remove", "marked"):
        return Reading(kept=frozenset({"refill"})) if bag.only({"refill"}) else None
    if not bag.has("remove", "refill") or any(mark.phrase.startswith(_CUTS) for mark in _of(bag, "remove")):
        return None
    allowed = {"remove", "subject", "marked", "image", "rest", "refill"}
    allowed |= {"person"} if bag.has("marked") else set()
    target = _target(bag)
    if target is None or not bag.only(allowed | ({"change"} if _merely_helps(bag) else set())):
        return None
    return Reading(Operation("remove", {"target": target}))


def _of(bag: Bag, family: str) -> list[Mark]:
    return [mark for mark in bag.marks if mark.family == family]


def _merely_helps(bag: Bag) -> bool:
    """Whether a word like "make" only carries the other verb: "make him disappear"."""
    vanishing = any(mark.phrase.startswith(_VANISHING) for mark in _of(bag, "remove"))
    light = bag.head_last and all(mark.phrase.startswith(_LIGHT) for mark in _of(bag, "change"))
    return vanishing or light


def _target(bag: Bag) -> str | None:
    if bag.has("marked"):
        worn = "inside" in bag.names("marked") and bag.has("subject")  # "the man in the mask"
        return None if worn else "mask"
    things = set(bag.names("subject"))
    if things == {"main"} and not bag.has("rest"):
        return None if any(_vague(mark.phrase) for mark in _of(bag, "subject")) else "subject"
    every = all(mark.text in _ALL for mark in _of(bag, "rest"))
    some = any(mark.text in _SOME for mark in bag.marks)
    return "person" if things and things <= {"person", "people"} and every and not some else None


def _vague(thing: str) -> bool:
    return thing.startswith(_VAGUE) and not any(word in thing for word in _MAIN)
