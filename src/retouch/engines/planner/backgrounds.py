"""Requests about the background: remove it, blur it, replace it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.quantities import says
from retouch.engines.planner.reading import AMOUNT, FRAME, Reading
from retouch.engines.planner.replacing import apart
from retouch.engines.planner.slots import colours_of, fill, scene_of, strength_of
from retouch.engines.planner.supported import SUPPORTED
from retouch.engines.planner.text import fold
from retouch.engines.planner.words import load

_SCENIC = frozenset({"scene", "part", "night", "sky", "bokeh"})
_WEATHER = frozenset({"fog", "storm"})
_FOREGROUND = (
    *("foreground", "primerplano", "premierplan", "vordergrund", "primeiroplano", "передн"),
    *("前景", "전경", "مقدم", "المقدم", "अग्रभूमि", "फोरग्राउंड"),
)
_ARABIC_ARTICLE = "ال"
_WITH_ALPHA = frozenset({"png", "webp"})  # "a transparent png" has no background
_SKY = frozenset({"front", "change", "put", "add", "image", "sky", "scene", "part", "night", "only"})
_FAULTS = frozenset({"colour", "adj", "too", "amount", "haze"})
_WHERE = frozenset(
    ["in", "at", "on", "en", "dans", "sur", "auf", "am", "im", "em", "no", "na", "num", "numa", "в", "на"]
)
_WHERE |= {"在", "里", "に", "で", "에", "में", "पर", "في", "على", "علي"}
_INTO = frozenset(
    ["in", "into", "en", "dans", "au", "am", "an", "im", "als", "no", "ao", "в", "во", "на", "في", "to"]
)
_IN_A_PICTURE = frozenset({"velvet curtain", "wooden table", "brick wall", "marble", "stage", "window light"})


def read_isolation(bag: Bag) -> Reading | None:
    """Remove the background; cut out the subject; transparent background; remove all but the person."""
    allowed = FRAME | {
        "remove",
        "cutout",
        "transparent",
        "background",
        "behind",
        "subject",
        "except",
        "only",
    }
    allowed |= {"amount", "person", "colour", "front", "adj", "crop"}
    bag = _with_removal(bag)
    if not bag.has("remove", "cutout", "transparent") or not bag.only(allowed):
        return None
    described = bag.all("remove", "background") and not bag.has("change")  # "remove the white background"
    left = bag.all("keep", "colour")  # "take the background off and leave it white"
    crops = bag.all("crop", "image") and not bag.has("subject", "background")  # as "recortar" may mean
    if left or crops or (bag.has("colour", "adj") and not described):
        return None
    if bag.all("except", "subject") or (bag.all("only", "subject") and bag.has("cutout")):
        return Reading(Operation("background.remove"))
    if bag.has("background", "behind"):
        right = bag.has("cutout", "transparent") or not bag.has("subject") or _object_is_background(bag)
        return Reading(Operation("background.remove")) if right else None
    see_through = bag.has("transparent") and any(mark.text in _WITH_ALPHA for mark in bag.marks)
    if see_through or (bag.has("cutout") and not bag.has("rest", "add")):
        return Reading(Operation("background.remove"))
    return None


def _with_removal(bag: Bag) -> Bag:
    """As "quítale" takes away a part of something ("quítale brillo"), but all of a background."""
    marks = tuple(
        replace(mark, label="remove") if mark.family == "down" and mark.text.startswith("quit") else mark
        for mark in bag.marks
    )
    return replace(bag, marks=marks) if bag.only({"down", "background"}) else bag


def _object_is_background(bag: Bag) -> bool:
    """In "remove X from Y", whether X is the background and not the subject."""
    nouns = [mark for mark in bag.content if mark.family in {"background", "behind", "subject", "remove"}]
    verb = [mark.family for mark in nouns].index("remove")
    near = nouns[verb + 1 :] or nouns[:verb]
    if bag.head_last:
        return near[-1].family != "subject"
    if near[0].family != "subject":
        return True
    if not near[1:] or near[1].family != "background":
        return False
    between = [mark.text for mark in bag.marks if near[0].last <= mark.first < near[1].first]
    if near[1].phrase.startswith("ao"):  # Portuguese: those in the background
        return False
    return near[0].last == near[1].first or between == ["s"]  # product background, the person's background


def read_blur(bag: Bag) -> Reading | None:
    """Blur the background; a soft bokeh; everything but the subject out of focus."""
    allowed = FRAME | AMOUNT | {"blur", "bokeh", "background", "behind", "subject", "except", "only", "more"}
    allowed |= {"up", "adj", "person", "front"}
    if not bag.has("blur", "bokeh") or not bag.only(allowed):
        return None
    arguments = fill({}, "strength", strength_of(bag, "blur"))
    if bag.has("more", "up") and not arguments:
        arguments = {"strength": 80}
    around = bag.has("background", "behind") or bag.all("except", "subject")
    if around and not (bag.has("subject") and bag.has("keep")):
        return Reading(Operation("background.blur", arguments))
    if bag.has("bokeh") and not bag.has("blur", "subject"):
        return Reading(
            Operation("background.blur", arguments), warnings=("bokeh: read as a blurred background",)
        )
    return None


def read_background(bag: Bag) -> Reading | None:
    """Replace the background by a scene, a colour, a gradient."""
    allowed = FRAME | _SCENIC | {"background", "behind", "front", "subject", "person", "colour", "gradient"}
    allowed |= {"adj", "only", "amount", "look", "blur", "more"} | (
        {"side"} if bag.has("gradient") else set()
    )
    on_colour = bag.all("subject", "colour") and bag.has("put", "front")
    if not (bag.has("background", "behind") or on_colour) or not bag.only(allowed):
        return None
    if bag.all("keep", "subject") or (bag.has("look") and bag.names("look") != ["black and white"]):
        return None
    if bag.has(*_SCENIC):
        return None if bag.has("gradient", "look", "more") else _scenic(bag)
    return None if bag.has("blur") else _painted(bag)


def _scenic(bag: Bag) -> Reading | None:
    scene = scene_of(bag)
    if scene is None or (bag.has("blur") and scene.id != "bokeh lights"):
        return None
    arguments: dict[str, Any] = {"scene": scene.id}
    warnings = [f"{scene.generous}: read as {scene.id}"] if scene.generous else []
    if scene.id == "studio" and "light" in bag.names("adj"):
        warnings.append("studio: lit in its own way")
    colours = colours_of(bag)
    if colours and scene.id == "studio":
        arguments["color"] = colours[-1]
    elif colours and apart(bag):
        return None
    elif colours and not _describes_old_background(bag):
        warnings.append(f"{scene.id}: drawn in its own colours")
    return Reading(Operation("background.replace", arguments), warnings=tuple(warnings))


def _painted(bag: Bag) -> Reading | None:
    colours = colours_of(bag)
    if bag.has("gradient"):
        return _graded(colours)
    if bag.has("look") or not 1 <= len(colours) <= 2:  # noqa: PLR2004 - one colour, or an old and a new one
        return None
    if len(colours) == 1:
        return Reading(Operation("background.replace", {"color": colours[0]}))
    return None if bag.has("subject") else _second_of_two(bag, colours)


def _second_of_two(bag: Bag, colours: list[str]) -> Reading:
    """What two colours come to: the new one, the last one, or both."""
    if says(bag, "then"):
        said = "one background after another: the last one counts"
        return Reading(Operation("background.replace", {"color": colours[1]}), warnings=(said,))
    if _describes_old_background(bag):
        return Reading(Operation("background.replace", {"color": colours[1]}))
    said = "two colours: read as a gradient"
    return Reading(Operation("background.replace", {"gradient": colours}), warnings=(said,))


def _graded(colours: list[str]) -> Reading | None:
    if len(colours) == 2:  # noqa: PLR2004 - a gradient has two ends
        return Reading(Operation("background.replace", {"gradient": colours}))
    if len(colours) == 1:
        said = "gradient of one colour: read as towards white"
        return Reading(
            Operation("background.replace", {"gradient": [colours[0], "#ffffff"]}), warnings=(said,)
        )
    return None


def _describes_old_background(bag: Bag) -> bool:
    """Whether the first colour is the old one: it stands at the word itself, as in "the white background"."""
    marks = [mark for mark in bag.content if mark.family in {"colour", "background", "scene", "part"}]
    if not bag.has("change", "put") or len(marks) < 3:  # noqa: PLR2004 - old colour, background, new one
        return False
    first, second = marks[:2]
    if first.family == "colour":
        return second.family == "background" and second.first - first.last <= 1
    return (first.family, second.family) == ("background", "colour") and first.last == second.first


def read_scene(bag: Bag) -> Reading | None:
    """A scene without the word background: alone, or as what somebody is put in front of."""
    allowed = _SCENIC | {"front", "subject", "person", "adj", "image", "change", "put"}
    if not bag.has("scene", "part") or not bag.only(allowed):
        return None
    placed = bag.has("subject", "person") and (bag.has("front", "put") or _located(bag))
    if bag.has("subject", "person") and not placed:
        return None
    of_the_sky = bag.has("sky", "add") and not placed and bag.has("change") and bag.names("scene")
    if of_the_sky or _speaks_of_the_sky(bag) or _put_elsewhere(bag):
        return None
    scene = scene_of(bag)
    in_the_picture = _WEATHER | _IN_A_PICTURE if bag.has("change") else _WEATHER  # "another curtain"
    if scene is None or (scene.id in in_the_picture and not placed):
        return None
    said = [f"{scene.generous}: read as {scene.id}"] if scene.generous else []
    if bag.has("change") and not placed:
        said.append(f"{scene.id}: read as the background")
    return Reading(Operation("background.replace", {"scene": scene.id}), warnings=tuple(said))


def _located(bag: Bag) -> bool:
    """Whether the scene is where somebody should seem to be: "as if she were on a beach", 让她在太空里."""
    at = next((at for at, mark in enumerate(bag.marks) if mark.family in {"scene", "part"}), 0)
    before = {mark.text for mark in bag.marks[max(0, at - 2) : at]}
    after = {mark.text for mark in bag.marks[at + 1 : at + 3]}
    return bag.has("change") and bool((before if not bag.head_last else before | after) & _WHERE)


def _put_elsewhere(bag: Bag) -> bool:
    """Whether the scene should be no background: "put a starry sky in the foreground", or in the sky."""
    if bag.has("front"):
        return False
    subjects = (mark.phrase for mark in bag.marks if mark.family == "subject")
    aloft = bag.all("put", "sky") and not bag.has("change")
    return aloft or any(phrase.startswith(_FOREGROUND) for phrase in subjects)


def read_sky(bag: Bag) -> Reading | None:
    """Another sky over the same land: the sky is named first, and then what it should be."""
    bag = _without_old_sky(bag)
    families = [mark.family for mark in bag.content]
    wish = families[:1] == ["sky"] and len(families) > 1 and not bag.head_last and not says(bag, "is")
    told = families in (["sky", "scene"], ["sky", "only", "scene"]) and bag.head_last and says(bag, "to")
    aloft = families == ["scene", "sky"] and not bag.head_last and _up_there(bag)
    if not (bag.has("change", "put", "add") or wish or told or aloft) or not bag.only(_SKY):
        return None
    wished = [at for at, family in enumerate(families) if family in {"scene", "part", "night"}]
    changed = "sky" in families and bool(wished)
    if changed and families.index("sky") > wished[0]:
        changed = _up_there(bag) or bag.head_last
    scene = scene_of(bag) if changed or _speaks_of_the_sky(bag) else None
    if scene is None or scene.id not in SUPPORTED.skies:
        return None
    said = (f"{scene.generous}: read as {scene.id}",) if scene.generous else ()
    return Reading(Operation("sky.replace", {"scene": scene.id}), warnings=said)


def _without_old_sky(bag: Bag) -> Bag:
    """Without what says how the sky is or what is wrong with it: "that dull grey sky", 天空太灰了."""
    if not bag.has("sky"):
        return bag
    return replace(bag, marks=tuple(m for m in bag.marks if m.family not in _FAULTS and m.text != "ihn"))


def _up_there(bag: Bag) -> bool:
    """Whether the scene is put into the sky: "put a rainbow in the sky", "pon nubes en el cielo"."""
    texts = [mark.text for mark in bag.marks]
    sky = next(at for at, mark in enumerate(bag.marks) if mark.family == "sky")
    return bool(_INTO.intersection(texts[max(0, sky - 2) : sky])) or texts[sky].startswith("بالس")


def _speaks_of_the_sky(bag: Bag) -> bool:
    """Whether the sky itself is to change, as in "rends le ciel étoilé": a verb, an article, the sky."""
    marks = bag.marks
    for index, mark in enumerate(marks):
        if mark.family != "scene" or not index:
            continue
        bare = mark.text.removeprefix(_ARABIC_ARTICLE)
        article = bare != mark.text or marks[index - 1].label == "filler:the"
        verb = marks[index - 1 - (bare == mark.text)] if index > (bare == mark.text) else None
        if article and bare in _sky_words() and verb is not None and verb.family == "change":
            return True
    return False


@lru_cache(maxsize=1)
def _sky_words() -> frozenset[str]:
    phrases = ",".join(load().concepts["sky"].values()).split(",")
    return frozenset(fold(phrase.strip().rstrip("~")) for phrase in phrases)
