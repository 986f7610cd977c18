"""Instruction to Plan: match words, cut into clauses, read each, and put the readings together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.compounds import split_compounds
from retouch.engines.planner.language import detect, latin_languages
from retouch.engines.planner.matching import Mark, Matched, Matcher
from retouch.engines.planner.plan import Operation, Plan
from retouch.engines.planner.readers import read
from retouch.engines.planner.reading import Reading
from retouch.engines.planner.text import Token, clean, tokenise
from retouch.engines.planner.words import load

_QUOTE = 120  # characters quoted of a part that was not understood
_QUOTES = 10
_SURE, _REFUSED = 0.97, 0.1
_LONGEST_RETRY = 80  # tokens: a second reading in another Latin language is for short texts
_NOUNS = frozenset({"subject", "property", "rest", "person", "image"})
_MOST_CUTS = 24  # marks of a clause within which hidden boundaries are looked for


def plan_instruction(text: str) -> Plan:
    """The plan for ``text``, in any of eleven languages. Pure; never raises for any string.

    What is not understood stands verbatim in ``unsupported``, and then there are no operations at all.
    """
    text = clean(text)
    tokens = tokenise(text)
    lexicon = load()
    tokens = split_compounds(tokens, lexicon)
    latin = latin_languages(tokens, lexicon)
    plans: list[Plan] = []
    for language in latin if len(tokens) <= _LONGEST_RETRY else latin[:1]:
        matched = Matcher(lexicon, language).match(tokens)
        spoken = detect(tokens, language)
        if plans and matched.typos:
            continue  # an unknown word is not first taken for another language and then for a typing error
        plans.append(_Draft(text, tokens, matched, spoken, head_last=spoken in lexicon.head_last).plan())
        if plans[-1].operations or spoken != language or _forbids(matched):
            break
    return next((plan for plan in plans if plan.operations), plans[0])


def _forbids(matched: Matched) -> bool:
    """A negation may be an article in the next language ("no"): never read it a second way."""
    return any(mark.family == "neg" for mark in matched.marks)


@dataclass
class _Step:
    """A clause that was read, with what it was read from."""

    bag: Bag
    reading: Reading


@dataclass
class _Draft:
    """One attempt at a text in one language."""

    text: str
    tokens: Sequence[Token]
    matched: Matched
    language: str
    head_last: bool
    steps: list[_Step] = field(default_factory=list)
    waiting: Bag | None = None
    refused: list[tuple[int, int]] = field(default_factory=list)  # token ranges

    def plan(self) -> Plan:
        """Read clause after clause, then judge the whole."""
        for bag in self._clauses():
            self._take(bag)
        self._give_up_waiting()
        return self._judge()

    def _clauses(self) -> list[Bag]:
        clauses: list[Bag] = []
        current: list[Mark] = []
        for mark in self.matched.marks:
            if mark.family in {"and", "break"} and not self.tokens[mark.first].quoted:
                clauses.append(Bag(tuple(current), self.head_last))
                current = []
            else:
                current.append(mark)
        clauses.append(Bag(tuple(current), self.head_last))
        return [bag for bag in clauses if bag.families - {"break"}]

    def _take(self, bag: Bag) -> None:
        if bag.has("unknown"):
            self._refuse(bag)
            return
        steps = _read_in_parts(bag)
        if self.waiting is not None and _all_constraints(steps) and self.waiting.only(_NOUNS):
            bag, self.waiting = self.waiting.joined(bag), None
            steps = _read_in_parts(bag)
        if self.waiting is not None and not _all_constraints(steps):
            merged = read(self.waiting.joined(bag))
            if merged:
                self._record(_Step(self.waiting.joined(bag), merged))
                self.waiting = None
                return
            if not steps:
                self.waiting = self.waiting.joined(bag)
                return
            self._give_up_waiting()
        if steps:
            for step in steps:
                self._record(step)
        elif not self._continues(bag):
            self.waiting = bag

    def _record(self, step: _Step) -> None:
        """Add a step; a change of tone right after one belongs to it, a background replaces a cut-out."""
        last = self.steps[-1] if self.steps else None
        if last and step.reading.operation and last.reading.operation == step.reading.operation:
            return
        if last and _is_tone(last) and _is_tone(step):
            joined = last.bag.joined(step.bag)
            together = read(joined)
            if together and together.operation and together.operation.kind == "tone":
                self.steps[-1] = _Step(joined, together)
                return
        if last and last.bag.has("too") and _agree(last, step):
            self.steps[-1] = step
            return
        if last and _kind(last) == _kind(step) == "background.replace":
            joined = last.bag.joined(step.bag)
            together = read(joined)
            if together:
                self.steps[-1] = _Step(joined, together)
            else:
                self._refuse(step.bag)
            return
        if last and _kind(last) == "background.remove" and _kind(step) == "background.replace":
            self.steps.pop()
        self.steps.append(step)

    def _continues(self, bag: Bag) -> bool:
        """Whether ``bag`` says more about the step before it."""
        if not self.steps:
            return False
        last = self.steps[-1]
        if last.reading.kept and bag.only(_NOUNS):
            more = read(last.bag.joined(bag))
            if more:
                self.steps[-1] = _Step(last.bag.joined(bag), more)
            return more is not None
        if bag.has("subject", "sky", "remove", "property"):
            return False
        together = last.bag.joined(bag)
        reading = read(together)
        if not reading and _kind(last) in {"background.remove", "background.blur", "background.replace"}:
            together = replace(
                bag, marks=(*bag.marks, Mark("background", bag.marks[-1].last, bag.marks[-1].last))
            )
            reading = read(together)
            if reading and _kind(last) != "background.replace":
                self._record(_Step(together, reading))
                return True
            return False
        if reading and reading.operation:
            self.steps[-1] = _Step(together, reading)
        return bool(reading and reading.operation)

    def _give_up_waiting(self) -> None:
        if self.waiting is not None:
            self._refuse(self.waiting)
            self.waiting = None

    def _refuse(self, bag: Bag) -> None:
        self.refused.append((bag.marks[0].first, bag.marks[-1].last))

    def _judge(self) -> Plan:
        self._settle_isolation()
        kept = frozenset(name for step in self.steps for name in step.reading.kept)
        operations = [step.reading.operation for step in self.steps if step.reading.operation]
        if "background" in kept:
            self.refused += [
                (step.bag.marks[0].first, step.bag.marks[-1].last)
                for step in self.steps
                if _kind(step).startswith("background.")
            ]
        if self.refused or not operations:
            return self._refusal()
        warnings = tuple(said for step in self.steps for said in step.reading.warnings)
        warnings += _unkept(kept, operations)
        final = tuple(_keeping(operation, kept) for operation in operations)
        confidence = _SURE - 0.1 * self.matched.typos - 0.1 * len(warnings)
        return Plan(self.language, final, max(round(confidence, 3), 0.3), (), warnings)

    def _settle_isolation(self) -> None:
        others = any(
            _kind(step).startswith("background.") and not step.reading.isolates for step in self.steps
        )
        for step in self.steps:
            if step.reading.isolates and others:
                step.reading = Reading(kept=frozenset({"subject"}))

    def _refusal(self) -> Plan:
        quotes: list[str] = []
        for first, last in self.refused[:_QUOTES]:
            end = min(last, len(self.tokens))
            if first < end:
                quotes.append(self._quote(self.tokens[first].start, self.tokens[end - 1].end))
        if not quotes:
            quotes = [self.text.strip()[:_QUOTE] or '""']
        return Plan(self.language, (), _REFUSED, tuple(quotes))

    def _quote(self, start: int, end: int) -> str:
        if start and self.text[start - 1] in '"“„«「『':
            start -= 1
        if self.text[end : end + 1] in tuple('"”“»」』'):
            end += 1
        return self.text[start:end].strip()[:_QUOTE]


def _read_in_parts(bag: Bag) -> list[_Step]:
    """The clause as one request, or, where it hides a boundary, as the shortest requests it divides into."""
    whole = read(bag)
    if whole:
        return [_Step(bag, whole)]
    marks = bag.content
    if len(marks) > _MOST_CUTS:
        return []
    best: dict[int, list[_Step]] = {len(marks): []}
    for start in range(len(marks) - 1, -1, -1):
        found: list[list[_Step]] = []
        for cut in range(start + 1, len(marks) + 1):
            part = replace(bag, marks=marks[start:cut])
            reading = read(part) if cut in best else None
            if reading and (_stands_alone(part, reading) or cut - start == len(marks)):
                found.append([_Step(part, reading), *best[cut]])
        if found:
            best[start] = min(found, key=_oddness)
    return best.get(0, [])


def _stands_alone(part: Bag, reading: Reading) -> bool:
    """A scene within a longer clause is a background only where the clause says so: not "brighter stars"."""
    replaces = reading.operation is not None and reading.operation.kind == "background.replace"
    return not replaces or part.has("background", "behind", "front")


def _oddness(steps: list[_Step]) -> tuple[bool, int]:
    """Divisions into few requests come first, those that forbid what they ask for last."""
    return any("background" in step.reading.kept for step in steps), len(steps)


def _all_constraints(steps: list[_Step]) -> bool:
    return bool(steps) and all(step.reading.operation is None for step in steps)


def _kind(step: _Step) -> str:
    return step.reading.operation.kind if step.reading.operation else ""


def _is_tone(step: _Step) -> bool:
    operation = step.reading.operation
    return operation is not None and operation.kind == "tone" and "look" not in operation.arguments


def _agree(complaint: _Step, remedy: _Step) -> bool:
    """Whether, as in "too dark, brighten it a bit", the second says how much of what the first asks for."""
    if not (_is_tone(complaint) and _is_tone(remedy)):
        return False
    one, other = complaint.reading.operation, remedy.reading.operation
    signs = [{a: v > 0 for a, v in op.arguments.items()} for op in (one, other) if op]
    return signs[0].items() <= signs[1].items()


def _keeping(operation: Operation, kept: frozenset[str]) -> Operation:
    if operation.kind == "background.replace" and "subject" in kept:
        return Operation(operation.kind, {**operation.arguments, "keep": "subject"})
    return operation


def _unkept(kept: frozenset[str], operations: Sequence[Operation]) -> tuple[str, ...]:
    """Warnings for a subject that should stay and is touched, as the operation works on the whole picture."""
    if "subject" not in kept:
        return ()
    whole = [operation.kind for operation in operations if operation.kind in {"style", "tone"}]
    return tuple(f"{kind}: applied to the whole picture, subject included" for kind in whole[:1])
