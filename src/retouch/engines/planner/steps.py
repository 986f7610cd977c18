"""Clauses that were read, and how they go together with the ones before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retouch.engines.planner import vocabulary
from retouch.engines.planner.bag import Bag
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.readers import read
from retouch.engines.planner.reading import Reading

_SHAPING = frozenset({"crop", "cutout", "flip", "turn", "rotate", "extend"})
_SHAPING |= {"change", "upside"}
_GIVING = frozenset({"add", "put", "change"})
_TAKING = frozenset({"remove", "cutout", "down", "less"})
_SAYING = frozenset({"change", "put", "add", "keep"})
_GREY = frozenset({"black and white", "sepia"})
_AGED = frozenset({"sepia", "black and white", "fade"})
_WHOLE = frozenset({"style", "tone", "weather", "restore"})
_LONGEST_JOINED = 40  # marks: what was cut apart is put together again up to here
_MOST_CUTS = 24  # marks of a clause within which hidden boundaries are looked for


@dataclass
class Step:
    """A clause that was read, with what it was read from."""

    bag: Bag
    reading: Reading

    @property
    def kind(self) -> str:
        """Kind of the operation, "" for a constraint."""
        return self.reading.operation.kind if self.reading.operation else ""

    @property
    def shades(self) -> str:
        """What a further clause may say more about: "tone" by its axes, "resize" by its sides, else ""."""
        arguments = self.reading.operation.arguments if self.reading.operation else {}
        if arguments.get("action") == "resize":
            return "resize"
        return "tone" if self.kind == "tone" and "look" not in arguments else ""


def read_in_parts(bag: Bag) -> list[Step]:
    """The clause as one request, or, where it hides a boundary, as the shortest requests it divides into."""
    whole = read(bag)
    if whole:
        return [Step(bag, whole)]
    content = set(bag.content)
    begins = (mark in content or mark.label == "filler:manner" for mark in bag.marks)
    cuts = [index for index, begin in enumerate(begins) if begin]
    if len(cuts) > _MOST_CUTS:
        return []
    ends = [*cuts[1:], len(bag.marks)]
    best: dict[int, list[Step]] = {len(bag.marks): []}
    for start in reversed(cuts):
        found: list[list[Step]] = []
        for cut in (end for end in ends if end > start and end in best):
            part = replace(bag, marks=bag.marks[start:cut])
            reading = read(part)
            if reading and _stands_alone(part, reading):
                found.append([Step(part, reading), *best[cut]])
        if found:
            best[start] = min(found, key=_oddness)
    divided = best.get(cuts[0], []) if cuts else []
    return [] if _in_doubt(bag, divided) else divided


def _stands_alone(part: Bag, reading: Reading) -> bool:
    """A scene within a longer clause is a background only where the clause says so: not "brighter stars".

    A shape needs a verb of its own, and a size an object or a number: "extend it to 16:9" is not two
    requests, and "smaller rain" is no smaller picture.
    """
    step = Step(part, reading)
    if step.kind == "tone" and part.only({"adj", "amount"}):
        return False  # an adjective belongs to its noun: "vivid grain"
    if step.shades == "resize":
        measured = part.has("number", "times") or "half" in part.names("amount")
        return part.has("image", "rest", "resize") or (part.has("size") and measured)
    if step.kind == "geometry":
        return part.has(*_SHAPING) or (part.has("straighten") and len(part.content) > 1)
    return step.kind != "background.replace" or part.has("background", "behind", "front")


def _in_doubt(bag: Bag, steps: list[Step]) -> bool:
    """Whether something among the parts may be meant otherwise.

    "A black and white border" may be of two colours, and in "cut off the border" nothing is to be added.
    "Don't use the second picture as background" and "keep the style of the second picture" do not divide.
    """
    if any("image" in step.reading.operation.arguments for step in steps if step.reading.operation):
        families = [mark.family for mark in bag.content]
        before = set(families[: families.index("picture")])
        return "neg" in before or before == {"keep"}
    framed = any(step.kind in {"frame", "weather"} and not step.bag.has(*_GIVING) for step in steps)
    return framed and (bag.has(*_TAKING) or "black and white" in bag.names("look"))


def _oddness(steps: list[Step]) -> tuple[bool, int]:
    """Divisions into few requests come first, those that forbid what they ask for last."""
    return any("background" in step.reading.kept for step in steps), len(steps)


def contradicts(step: Step, kept: frozenset[str]) -> bool:
    """Whether a step changes what is to be kept."""
    target = step.reading.operation.arguments.get("target", "") if step.reading.operation else ""
    action = step.reading.operation.arguments.get("action", "") if step.reading.operation else ""
    if f"no {action}" in kept or (action == "rotate" and "no turn" in kept):
        return True  # "turn it right but don't turn anything"
    if "colour" in kept and step.reading.operation and step.reading.operation.arguments.get("look") in _GREY:
        return True  # "black and white, but keep every colour"
    if step.kind == "remove":  # "remove the man and keep everything else" contradicts nothing
        return target != "mask" and "subject" in kept
    return target in kept or ("background" in kept and step.kind.startswith(("background.", "sky.")))


def joinable(one: Bag, other: Bag) -> bool:
    """Whether two clauses are short enough to be read as one; without a limit, long texts take long."""
    return len(one.marks) + len(other.marks) <= _LONGEST_JOINED


def all_constraints(steps: list[Step]) -> bool:
    """Whether there are steps, and none of them is an operation."""
    return bool(steps) and all(step.reading.operation is None for step in steps)


def repeats(step: Step, last: Step) -> bool:
    """Whether a step says nothing that the last has not said: "a white outline, sticker effect"."""
    one, other = step.reading.operation, last.reading.operation
    if last.kind == "retouch" and last.bag.has("too") and step.shades == "tone":
        return one is not None and _is_its_light(one.arguments, step.bag)
    return bool(one and other and one.kind == other.kind and one.arguments.items() <= other.arguments.items())


def _is_its_light(axes: Mapping[str, Any], bag: Bag) -> bool:
    """Whether a brighter tone is what was complained of: "the face is too dark, brighten it"."""
    return set(axes) == {"brightness"} and axes["brightness"] > 0 and not bag.has("image", "rest")


def opposes(step: Step, last: Step) -> bool:
    """Whether two changes of tone take each other back."""
    one, other = step.reading.operation, last.reading.operation
    if not (one and other and step.shades == last.shades == "tone"):
        return False
    return any(value * other.arguments.get(axis, 0) < 0 for axis, value in one.arguments.items())


def says_it_again(step: Step, last: Step) -> bool:
    """Whether a step adds nothing to the last: it repeats it, or tells what the last one mends."""
    return repeats(step, last) or _by_another_word(step, last) or takes_its_place(last, step)


def takes_its_place(remedy: Step, state: Step) -> bool:
    """Whether ``state`` only says how the picture is, and ``remedy`` undoes it: "foggy, remove the haze"."""
    if state.bag.has(*_SAYING) or state.reading.operation is None or remedy.reading.operation is None:
        return False
    if remedy.reading.operation.arguments.get("mode") == "dehaze":
        return state.reading.operation.arguments.get("weather") == "fog"
    dark = state.shades == "tone" and state.bag.only({"adj", "amount", "image", "person"})
    if remedy.reading.operation.arguments.get("mode") == "brighten face":
        return dark and state.bag.names("adj") == ["dark"]
    return dark and remedy.bag.has(*_SAYING, "cmp", "up", "down") and opposes(remedy, state)


def _by_another_word(step: Step, last: Step) -> bool:
    """Whether a step is another word for the last: sepia "like old photos", noise "and grain"."""
    one, other = step.reading.operation, last.reading.operation
    if step.bag.has(*_SAYING) or one is None or other is None:
        return False
    aged = one.arguments.get("look") == "vintage" and other.arguments.get("look") in _AGED
    return aged or (one.arguments.get("frame") == "grain" and other.arguments.get("mode") == "denoise")


def agree(complaint: Step, remedy: Step) -> bool:
    """Whether, as in "too dark, brighten it a bit", the second says how much of what the first asks for."""
    if complaint.shades == remedy.shades == "resize":
        return True
    if complaint.shades != "tone" or remedy.shades != "tone":
        return False
    one, other = complaint.reading.operation, remedy.reading.operation
    signs = [{a: v > 0 for a, v in op.arguments.items()} for op in (one, other) if op]
    return signs[0].items() <= signs[1].items()


def keeping(operation: Operation, kept: frozenset[str]) -> Operation:
    """``operation`` with the subject kept where that is said and it can."""
    if operation.kind == "background.replace" and "subject" in kept:
        return Operation(operation.kind, {**operation.arguments, "keep": "subject"})
    return operation


def unkept(kept: frozenset[str], operations: Sequence[Operation]) -> tuple[str, ...]:
    """Warnings for a subject that should stay and is touched, as the operation works on the whole picture."""
    if "subject" not in kept:
        return ()
    everywhere = _WHOLE.union(vocabulary.added_operations())
    whole = [op.kind for op in operations if op.kind in everywhere or op.arguments.get("target") == "whole"]
    return tuple(f"{kind}: applied to the whole picture, subject included" for kind in whole[:1])
