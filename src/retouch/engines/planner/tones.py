"""Changes of tone: which axes, which direction, how much."""

from __future__ import annotations

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.quantities import says
from retouch.engines.planner.slots import amount_of

_ADJECTIVES = {
    "warm": ("warmth", 1),
    "cool": ("warmth", -1),
    "bright": ("brightness", 1),
    "light": ("brightness", 1),
    "dark": ("brightness", -1),
    "vivid": ("vibrance", 1),
    "saturated": ("saturation", 1),
    "contrasty": ("contrast", 1),
}
_DIRECTIONS = {"up": 1, "more": 1, "add": 1, "down": -1, "less": -1, "too": -1}
_GIVES = frozenset(["give", "dale", "darle", "donne", "donner", "gib", "da", "dar", "придай", "اعط", "اعطي"])
_PLAIN, _HALF, _ALL = 30, 50, 100
_HALVES = (
    "half",
    "mitad",
    "moitie",
    "halfte",
    "haelfte",
    "metade",
    "половину",
    "نصف",
    "आधा",
    "आधे",
    "절반",
    "半",
)
_RANGES = frozenset({"shadows", "highlights"})

Item = tuple[str, int, bool]  # axis, sign (0: not said by the word itself), whether it is an adjective


def axes_of(bag: Bag) -> dict[str, int] | None:
    """Axis -> -100..100 for all that the clause changes; None where a direction is missing or in doubt."""
    groups = [part for group in _groups(bag) for part in _by_number(group)]
    if any(_at_odds(group) for group in groups):
        return None
    directions = [_signs(group) or _implied(group, head_last=bag.head_last) for group in groups]
    amounts = _amounts(groups, _ALL if says(bag, "wholly") else _PLAIN)
    halves = [_halved(bag, group) for group in groups]
    found: dict[str, int] = {}
    for index, group in enumerate(groups):
        items = _items(group)
        signs = directions[index] or _inherited(groups, directions, index)
        for number, (axis, sign, adjective) in enumerate(items):
            said = _said(signs, number, len(items))
            if halves[index] and (sign == 0 or adjective) and not directions[index]:
                found[axis] = -sign * _HALF if sign else -_HALF
                continue
            direction = _direction(sign, said, adjective=adjective, own=bool(directions[index]))
            if direction == 0 or axis in found:
                return None
            less_by_half = direction < 0 and _in_half(group)
            found[axis] = direction * (_HALF if less_by_half else amounts[index])
    return found or None


def _groups(bag: Bag) -> list[list[Mark]]:
    """Split at ``and``; a piece without an item joins the piece before it, or the one after."""
    pieces: list[list[Mark]] = [[]]
    for mark in bag.content:
        if mark.family == "and":
            pieces.append([])
        else:
            pieces[-1].append(mark)
    groups: list[list[Mark]] = []
    waiting: list[Mark] = []
    for piece in pieces:
        if _items(piece):
            groups.append([*waiting, *piece])
            waiting = []
        elif groups:
            groups[-1].extend(piece)
        else:
            waiting += piece
    return groups


def _items(group: list[Mark]) -> list[Item]:
    ranges: list[Item] = [(m.name, 0, False) for m in group if m.label in {"axis:shadows", "axis:highlights"}]
    if ranges:
        signs = [_own_sign(mark) for mark in group if _own_sign(mark)]
        return [(axis, signs[0] if signs else 0, bool(signs)) for axis, _, _ in ranges]
    items: list[Item] = []
    for mark in group:
        if mark.family == "axis":
            items.append((mark.name, 0, False))
        elif mark.family == "cmp":
            items.append((mark.name[:-1], _own_sign(mark), False))
        elif mark.family == "adj":
            axis, sign = _ADJECTIVES[mark.name]
            items.append((axis, sign, True))
    axes = {axis for axis, sign, _ in items if sign == 0}
    return [item for item in items if item[1] == 0 or item[0] not in axes]


def _own_sign(mark: Mark) -> int:
    if mark.family == "cmp":
        return 1 if mark.name.endswith("+") else -1
    return _ADJECTIVES[mark.name][1] if mark.family == "adj" else 0


def _signs(group: list[Mark]) -> list[int]:
    signs: list[int] = []
    for mark in group:
        if mark.family in _DIRECTIONS:
            signs.append(_DIRECTIONS[mark.family])
        elif mark.family == "change" and mark.text in _GIVES:
            signs.append(1)
        elif mark.family == "number" and mark.text[0] in "+-":
            signs.append(-1 if mark.text[0] == "-" else 1)
    return signs


def _implied(group: list[Mark], *, head_last: bool) -> list[int]:
    """A bare axis with an amount: "strong contrast" wants more of it, コントラストを弱く less."""
    words = [mark.name for mark in group if mark.family == "amount"]
    if not words or words[-1] == "half" or not any(mark.family == "axis" for mark in group):
        return []  # "half the brightness" may be half more or half less
    return [-1] if words[-1] == "little" and head_last else [1]


def _by_number(group: list[Mark]) -> list[list[Mark]]:
    """``contrast -20 brightness +10``: each number has its own axis, on the side of the first one."""
    order = [mark.family for mark in group if mark.family in {"number", "axis", "cmp", "adj"}]
    if order.count("number") < 2:  # noqa: PLR2004 - one number belongs to the whole group
        return [group]
    opens = {"number"} if order[0] == "number" else {"axis", "cmp", "adj"}
    parts: list[list[Mark]] = [[]]
    for mark in group:
        if mark.family in opens and any(each.family in opens for each in parts[-1]):
            parts.append([])
        parts[-1].append(mark)
    return parts


def _at_odds(group: list[Mark]) -> bool:
    """Two numbers for one axis, or ``-20% brighter``."""
    numbers = [mark for mark in group if mark.family == "number"]
    below = any(mark.text[0] == "-" for mark in numbers)
    return len(numbers) > 1 or (below and any(_own_sign(mark) > 0 and mark.family == "cmp" for mark in group))


def _in_half(group: list[Mark]) -> bool:
    return any(mark.label == "amount:half" and mark.phrase.endswith(_HALVES) for mark in group)


def _halved(bag: Bag, group: list[Mark]) -> bool:
    """Half the saturation, half as bright: half of what is there, and not a middling amount."""
    half = [
        at for at, mark in enumerate(group) if mark.label == "amount:half" and mark.phrase.endswith(_HALVES)
    ]
    of = [at for at, mark in enumerate(group) if mark.family == "axis"]
    as_much = any(mark.family == "adj" for mark in group) and any(mark.text == "as" for mark in bag.marks)
    return bool(half and of and (half[0] < of[0] or bag.head_last)) or bool(half and as_much)


def _inherited(groups: list[list[Mark]], directions: list[list[int]], index: int) -> list[int]:
    """The direction of a neighbour; a number's sign is its own: "contrast -50, brightness 12" brightens."""
    if _numbered(groups[index]) and any(directions):
        pairs = zip(groups, directions, strict=True)
        directions = [[] if _only_signed(group) else signs for group, signs in pairs]
        if not any(directions):
            return [1]
    before = [signs for signs in directions[:index] if signs]
    after = [signs for signs in directions[index + 1 :] if signs]
    nearest = before[-1] if before else after[0] if after else []
    return nearest[-1:] if before else nearest[:1]


def _numbered(group: list[Mark]) -> bool:
    return any(mark.family == "number" for mark in group)


def _only_signed(group: list[Mark]) -> bool:
    return _numbered(group) and not any(mark.family in _DIRECTIONS for mark in group)


def _said(signs: list[int], number: int, items: int) -> int:
    if not signs:
        return 0
    if len(signs) == items:
        return signs[number]
    return min(signs)


def _direction(sign: int, said: int, *, adjective: bool, own: bool) -> int:
    """``less bright`` turns an adjective round; ``increase brightness`` gives a bare axis its direction."""
    if sign == 0:
        return said
    if adjective and own and said < 0:
        return -sign
    return sign


def _amounts(groups: list[list[Mark]], plain: int) -> list[int]:
    """An amount holds for later groups that have neither an amount nor a verb of their own."""
    own = [amount_of(group) for group in groups]
    last = own[-1] if own and _states_it_last(groups[-1]) else None
    running: int | None = None
    amounts: list[int] = []
    for index, amount in enumerate(own):
        if amount is not None:
            running = amount
        elif any(mark.family in {"up", "down", "add"} for mark in groups[index]):
            running = None
        amounts.append(running if running is not None else last if last is not None else plain)
    return amounts


def _states_it_last(group: list[Mark]) -> bool:
    order = [mark.family for mark in group if mark.family in {"axis", "cmp", "adj", "amount", "number"}]
    return bool(order) and order[-1] == "number"
