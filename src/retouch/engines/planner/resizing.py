"""Requests for another size: in pixels, to or by a percentage, by a factor, or just larger or smaller."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.quantities import in_pixels, numbers_of, pixels, says, tidy, up_to
from retouch.engines.planner.reading import Reading

_ALLOWED = frozenset({"image", "rest", "change", "put", "property", "person", "resize", "size", "up", "down"})
_ALLOWED |= {"more", "less", "amount", "number", "times", "px", "width", "height", "style", "add"}
_ALLOWED |= {"too", "around", "fix", "keep"}
_LARGER = {"": 150, "little": 125, "half": 150, "much": 200}
_SMALLER = {"": 67, "little": 80, "half": 50, "much": 50}
_PERCENT = frozenset(range(1, 1001)) - {100}
_SIDES = ("width", "height")
_ENLARGES = ("увелич", "уменьш")  # without an axis it is the picture that grows
_HIGH = frozenset(["high", "hoch", "haut"])  # beside pixels; else they mean more
_SIZES = frozenset({"size", "resolution"})


def read_resize(bag: Bag) -> Reading | None:
    """A ``geometry`` operation of the action "resize"."""
    if not bag.only(_ALLOWED) or not _asked(bag) or (bag.has("style") and not in_pixels(bag)):
        return None
    numbers = numbers_of(bag)
    if len(numbers) == len(_SIDES) and not says(bag, "percent"):
        return _both_sides(bag, numbers)
    if len(numbers) > 1:
        return None
    if numbers and not says(bag, "percent") and not bag.has("times"):
        return _one_side(bag, numbers[0])
    return _scaled(bag, numbers)


def _asked(bag: Bag) -> bool:
    if bag.only({"up", "down", "number", "image", "rest", "amount"}) and any(
        mark.text.startswith(_ENLARGES) for mark in bag.content
    ):
        return True
    if _of_the_picture(bag):
        return True
    sized = bag.has("resize", "size", *_SIDES) or not _SIZES.isdisjoint(bag.names("property"))
    if any(bag.names("times")) and bag.has("image", "rest", "change", "put", "up", "down"):
        return True
    return sized or in_pixels(bag) or _crossed(bag)


def _of_the_picture(bag: Bag) -> bool:
    """Whether it is the picture that a verb like "reduce" is about: "reduce the photo to 40 %"."""
    order = [mark.family for mark in bag.content]
    if sorted(order) not in (["down", "image", "number"], ["image", "number", "up"]) or not says(
        bag, "percent"
    ):
        return False
    return bag.head_last or order.index("image") > 0


def _crossed(bag: Bag) -> bool:
    """Whether two numbers stand about a sign of multiplication, as in 640x480."""
    families = [mark.family for mark in bag.content]
    return bag.has("change", "put") and "number times number" in " ".join(families)


def _resize(warning: str = "", **arguments: float) -> Reading:
    said = (warning,) if warning else ()
    return Reading(Operation("geometry", {"action": "resize", **arguments}), warnings=said)


def _both_sides(bag: Bag, numbers: list[Mark]) -> Reading | None:
    """Width and height, in the order in which they are named, else width first."""
    named = [mark.family for mark in bag.content if mark.family in _SIDES]
    first, second = (pixels(number) for number in numbers)
    if not first or not second or len(named) != len(set(named)):
        return None
    order = [mark.family for mark in bag.content if mark.family in {"number", "height"}]
    if named == ["height"] and order == ["number", "height", "number"]:
        return None  # "800, height 600" or "800 high, 600"?
    if named[:1] == ["height"]:
        first, second = second, first
    return _resize(width=first, height=second)


def _one_side(bag: Bag, number: Mark) -> Reading | None:
    side = pixels(number)
    if not side or bag.all(*_SIDES) or bag.has("amount", "more", "less"):
        return None
    if bag.has("height") or (in_pixels(bag) and any(mark.text in _HIGH for mark in bag.content)):
        return _resize(height=side)
    if bag.has("width"):
        return _resize(width=side)
    return _resize(f"{side} pixels: read as the width", width=side) if in_pixels(bag) else None


def _scaled(bag: Bag, numbers: list[Mark]) -> Reading | None:
    """A percentage of the size that the picture has."""
    direction = _growth(bag)
    if direction is None or bag.has(*_SIDES):
        return None
    factors = [float(name) for name in bag.names("times") if name]
    if numbers or factors:
        percent = _stated(bag, numbers, factors, direction)
    elif "half" in bag.names("amount"):
        percent = 150.0 if direction > 0 else 50.0
    elif direction:
        return _unstated(bag, direction)
    else:
        return None
    return _resize(percent=tidy(percent)) if round(percent) in _PERCENT else None


def _stated(bag: Bag, numbers: list[Mark], factors: list[float], direction: int) -> float:
    if numbers and not bag.has("times"):
        value = abs(numbers[0].value)
        return value if not direction or up_to(bag, numbers[0]) else 100 + direction * value
    factor = numbers[0].value if numbers else factors[0]
    return 100 / factor if direction < 0 and factor else 100 * factor


def _unstated(bag: Bag, direction: int) -> Reading | None:
    amount = (bag.names("amount") or [""])[-1]
    percent = (_LARGER if direction > 0 else _SMALLER)[amount]
    return _resize(f"no size given: read as {percent} percent", percent=percent)


def _growth(bag: Bag) -> int | None:
    """+1 larger, -1 smaller, 0 not said, None both; "too small" wants it larger."""
    signs = {1 if (name == "+") != bag.has("too") else -1 for name in bag.names("size")}
    stated = any(mark.text.startswith(_ENLARGES) for mark in bag.content)
    if not signs and (
        stated
        or _of_the_picture(bag)
        or bag.has("resize", "times")
        or not _SIZES.isdisjoint(bag.names("property"))
    ):
        signs |= {1} if bag.has("up", "more", "add") else set()
        signs |= {-1} if bag.has("down", "less") else set()
    return None if len(signs) > 1 else next(iter(signs), 0)
