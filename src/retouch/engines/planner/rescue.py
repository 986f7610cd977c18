"""A second look at a clause with unknown words: what it means, where the words that are known agree.

The lexicon decides first. Only where it refuses for nothing but words that nobody has listed, the classifier
is asked what the clause means. Its answer counts if

* it is likely enough, and what it asks for is read out of the known words by the same readers as ever: so
  every amount, colour, ratio and scene comes from them and nothing that contradicts them passes;
* no unknown word names a thing: "the jacket" has no detector, and must not become an edit of something else.

A clause that asks for nothing ("it is for my grandmother") is left out. All this says so in the warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.intents import intents_of_operation, spelt_out
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.readers import read
from retouch.engines.planner.reading import Reading
from retouch.engines.planner.steps import Step, read_in_parts
from retouch.engines.planner.text import Token

# Probabilities from which on a clause counts; docs/explanation/planner.md says what came of them.
AGREED, SPELT_OUT, ASIDE, NAMED, THING = 0.5, 0.8, 0.5, 0.6, 0.5
_LONGEST = 512  # characters of a text that the classifier sees
_MOST_UNKNOWN = 6  # phrases of unknown words in one clause
_SCENIC = ("scene", "part", "night", "bokeh", "colour", "gradient")
_AROUND = frozenset({"keep", "aside", "background.remove", "background.replace"})
_ASKING = ("change", "put", "add", "remove", "cutout", "blur", "crop", "flip", "rotate", "tint", "write")
_KIN = {"recolor:background": "background.replace", "sky.replace": "background.replace"}
_NOUNS = frozenset(
    {"subject", "person", "image", "rest", "property", "amount", "only", "neg", "number", "too"}
)
_PURPOSES = frozenset(["for", "para", "pour", "fur", "pra", "pro", "для", "用来"])
_ASIDE_FOR_SURE, _TOLD, _SOME = 0.8, 0.6, 0.1
_WHERE = frozenset(
    ["on", "at", "in", "over", "sur", "dans", "auf", "im", "am", "en", "sobre", "no", "na", "em", "на", "в"]
)
_WHERE |= {"في", "علي", "पर", "में"}
_SURELY = 0.7
_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Rescued:
    """What a clause came to: ``steps`` (none where it asks for nothing), how likely, what has to be said."""

    steps: tuple[Step, ...]
    probability: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Rescuer:
    """Looks at clauses of one text."""

    text: str
    tokens: Sequence[Token]
    seen: list[int] = field(default_factory=list)  # characters of each clause that was looked at

    def look(self, bag: Bag) -> Rescued | None:
        """What the clause ``bag`` means, or None where it stays refused."""
        said = self._words(bag.marks)
        unknown = self._unknown(bag)
        self.seen.append(len(said))
        if not said or sum(self.seen) > _LONGEST or len(unknown) > _MOST_UNKNOWN or _is_unserved(bag):
            return None
        from retouch.engines.planner.classifier import intents_of, names_of  # noqa: PLC0415 - loads the vectors

        shares = intents_of(said)
        named = {phrase: names_of(self._words(phrase)) for phrase in unknown}
        known = replace(bag, marks=tuple(mark for mark in bag.marks if mark.label != "unknown"))
        if known.has("neg"):
            return _kept(known, shares, said) or _aside(known, shares, said)
        found = self._named_scene(known, shares, named)
        if not found and (not _harmless(named.values(), shares) or self._elsewhere(bag, named)):
            return _aside(known, shares, said)
        return (
            found
            or _agreed(known, shares, said)
            or _spelt_out(known, shares, unknown, said)
            or _aside(known, shares, said)
        )

    def _elsewhere(self, bag: Bag, named: Mapping[tuple[Mark, ...], Mapping[str, float]]) -> bool:
        """Whether an unknown word says where (on the roof) or what a known one describes (lake monster)."""
        for phrase, names in named.items():
            at = bag.marks.index(phrase[0])
            before = {mark.text for mark in bag.marks[max(0, at - 2) : at]}
            last = bag.marks[at - 1] if at else None
            described = last is not None and last.family in _SCENIC and last.last == phrase[0].first
            if (before & _WHERE or described) and names["harmless"] < _SURELY:
                return True
        return False

    def _words(self, marks: Sequence[Mark]) -> str:
        first, last = marks[0].first, max(marks[0].first + 1, *(mark.last for mark in marks))
        end = min(last, len(self.tokens))
        return self.text[self.tokens[first].start : self.tokens[end - 1].end] if first < end else ""

    def _unknown(self, bag: Bag) -> list[tuple[Mark, ...]]:
        """The unknown words, those that stand side by side together."""
        phrases: list[tuple[Mark, ...]] = []
        for mark in bag.marks:
            if mark.label == "unknown":
                if phrases and phrases[-1][-1].last == mark.first:
                    phrases[-1] = (*phrases[-1], mark)
                else:
                    phrases.append((mark,))
        return phrases

    def _named_scene(
        self,
        known: Bag,
        shares: Mapping[str, float],
        named: Mapping[tuple[Mark, ...], Mapping[str, float]],
    ) -> Rescued | None:
        """A scene in other words: "a pine wood" is a forest."""
        intent = _likeliest(shares)
        if intent not in {"background.replace:scene", "sky.replace"} or known.has(*_SCENIC):
            return None
        scenes: dict[str, tuple[float, tuple[Mark, ...]]] = {}
        for phrase, names in named.items():
            label = max(names, key=lambda name: names[name])
            if names["thing"] + names["place"] >= THING:
                return None
            if label.startswith("scene:") and names[label] >= NAMED:
                scenes[label] = (names[label], phrase)
        if len(scenes) != 1 or shares[intent] < SPELT_OUT:
            return None
        (label, (share, phrase)) = scenes.popitem()
        mark = Mark(label, phrase[0].first, phrase[-1].last, 0.0, phrase[0].text, phrase[0].phrase)
        step = _step(spelt_out(known, intent, phrase[0].first, [mark]), intent)
        said = f"{self._words(phrase)}: read as {mark.name}"
        return Rescued((step,), min(share, shares[intent]), (said,)) if step else None


def worth(probability: float) -> float:
    """The confidence of a plan that rests on a clause of this probability: less than what words give."""
    return 0.45 + 0.4 * probability


def _harmless(named: Iterable[Mapping[str, float]], shares: Mapping[str, float]) -> bool:
    """Whether no unknown word changes what is asked for.

    Where only what is around the subject changes, or nothing, a thing with an unknown name is the subject.
    """
    around = _kind(_likeliest(shares)) in _AROUND
    return not any(
        names["place"] >= THING or (names["thing"] + names["place"] >= THING and not around)
        for names in named
    )


def _is_unserved(bag: Bag) -> bool:
    """Whether a word is known as one that cannot be served, or is about text: nothing makes up for that."""
    return bag.has("quote", "text", "caption", "write") or any(
        mark.family == "unknown" and mark.name for mark in bag.marks
    )


def _likeliest(shares: Mapping[str, float]) -> str:
    return max(shares, key=lambda intent: shares[intent])


def _agreed(known: Bag, shares: Mapping[str, float], said: str) -> Rescued | None:
    """The known words alone are a request, and it is what the whole clause means."""
    steps = read_in_parts(known) if known.families else []
    if not steps:
        return None
    meant = frozenset(
        intent
        for step in steps
        for intent in (intents_of_operation(step.reading.operation) if step.reading.operation else {"keep"})
    )
    kinds = {_kind(intent) for intent in meant}
    share = sum(share for intent, share in shares.items() if intent in meant or _kind(intent) in kinds)
    if share < AGREED:
        return None
    if meant == {"keep"}:  # what is to stay has a name that nobody has listed: it is the subject
        steps = [
            Step(step.bag, replace(step.reading, kept=step.reading.kept | {"subject"})) for step in steps
        ]
    return Rescued(tuple(steps), min(share, 1.0), (_read_as(said, " and ".join(sorted(meant))),))


def _kind(intent: str) -> str:
    """What the classifier need not tell apart where the known words do: a brighter picture, a darker one."""
    return _KIN.get(intent, intent.partition(":")[0])


def _spelt_out(
    known: Bag, shares: Mapping[str, float], unknown: Sequence[tuple[Mark, ...]], said: str
) -> Rescued | None:
    """The known words are a request together with what the clause means."""
    intent = _likeliest(shares)
    at = unknown[0][0].first if unknown else known.marks[0].first
    step = _step(spelt_out(known, intent, at), intent) if shares[intent] >= SPELT_OUT else None
    return Rescued((step,), shares[intent], (_read_as(said, intent),)) if step else None


def _step(bag: Bag | None, intent: str) -> Step | None:
    reading = read(bag) if bag else None
    if bag is None or reading is None:
        return None
    meant = intents_of_operation(reading.operation) if reading.operation else {"keep"}
    return Step(bag, reading) if intent in meant else None


def _kept(known: Bag, shares: Mapping[str, float], said: str) -> Rescued | None:
    """With a negation nothing is done, at most something is left alone: "don't jostle the candles"."""
    if shares["keep"] < SPELT_OUT or known.has("background", "sky", "image"):
        return None
    return Rescued(
        (Step(known, Reading(kept=frozenset({"subject"}))),), shares["keep"], (_read_as(said, "keep"),)
    )


def _aside(known: Bag, shares: Mapping[str, float], said: str) -> Rescued | None:
    """A clause that asks for nothing: it has no verb of a request, and what it means is no request.

    "My sister sells these candles" and a request that nobody can serve are hard to tell apart by what they
    mean; but the latter has a verb that is known.
    """
    told = any(mark.family == "filler" and mark.text in _PURPOSES for mark in known.marks)
    share = shares["aside"]
    if known.marks and not known.has(*_ASKING) and known.only(_NOUNS) and (told or share >= _SOME):
        share = max(share, min(_TOLD, share + shares["refuse"]))
    least = ASIDE if known.marks and not known.has(*_ASKING) else _ASIDE_FOR_SURE
    return Rescued((), share, (f"{said[:_QUOTE]}: read as no request",)) if share >= least else None


def _read_as(said: str, intent: str) -> str:
    return f"{said[:_QUOTE]}: read as {intent.replace(':', ' ')}"
