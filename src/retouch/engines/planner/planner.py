"""Instruction to Plan: match words, cut into clauses, read each, and put the readings together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.cautions import asks, formats, wants_it_real
from retouch.engines.planner.clauses import clauses
from retouch.engines.planner.compounds import split_compounds
from retouch.engines.planner.constraints import read_spared
from retouch.engines.planner.language import detect, latin_languages
from retouch.engines.planner.matching import Mark, Matched, Matcher
from retouch.engines.planner.naming import named
from retouch.engines.planner.plan import Plan
from retouch.engines.planner.quotations import quotations, unquoted, with_quotations
from retouch.engines.planner.quoting import holds_a_request, speaks_of_text, unmarked
from retouch.engines.planner.readers import read
from retouch.engines.planner.reading import Reading
from retouch.engines.planner.rescue import Rescuer, worth
from retouch.engines.planner.steps import (
    Step,
    agree,
    all_constraints,
    contradicts,
    joinable,
    keeping,
    opposes,
    read_in_parts,
    says_it_again,
    takes_its_place,
    unkept,
)
from retouch.engines.planner.text import Token, clean, tokenise
from retouch.engines.planner.words import Lexicon, load

_QUOTE = 120  # characters quoted of a part that was not understood
_QUOTES = 10
_SAID = 60  # characters of a part that is told in a warning
_SURE, _REFUSED = 0.97, 0.1
_LONGEST_RETRY = 80  # tokens: a second reading in another Latin language is for short texts
_NOUNS = frozenset({"subject", "property", "rest", "person", "image"})
_ONCE = frozenset({"background.replace", "sky.replace"})
_MENDED = frozenset({"geometry", "restore"})
_BORROWING = _MENDED | {"text.add"}
_MENDING = frozenset({"remove", "fix", "enhance", "image", "rest"})  # "it is noisy: take that away"
_BORROWED = frozenset({"flip", "remove", "down", "less", "add", "extend", "crop", "write", "put"})


def plan_instruction(text: str) -> Plan:
    """The plan for ``text``, in any of eleven languages. Pure; never raises for any string.

    What is not understood stands verbatim in ``unsupported``, and then there are no operations at all.
    """
    text = clean(text)
    quoted = quotations(text) or tuple(filter(None, [unmarked(text)]))
    if quoted:
        plan = _plan(text, with_quotations(text, quoted), load(quoting=True), twice=True)
        if plan.operations or speaks_of_text(text, quoted) or holds_a_request(text, quoted):
            return plan
    return _plan(text, tokenise(text), load(), twice=not quoted)


def _plan(text: str, tokens: list[Token], lexicon: Lexicon, *, twice: bool = False) -> Plan:
    """The plan of the likeliest language in which there is one; ``twice``: else after a second look."""
    tokens = split_compounds(tokens, lexicon)
    latin = latin_languages(tokens, lexicon)
    plans: list[Plan] = []
    drafts: list[_Draft] = []
    for language in latin if len(tokens) <= _LONGEST_RETRY else latin[:1]:
        spoken = detect(tokens, language)
        matched = Matcher(lexicon, language, spoken).match(tokens)
        matched = replace(matched, marks=named(matched.marks))
        if plans and matched.typos:
            continue  # an unknown word is not first taken for another language and then for a typing error
        drafts.append(_Draft(text, tokens, matched, spoken, head_last=spoken in lexicon.head_last))
        plans.append(drafts[-1].plan())
        if plans[-1].operations or spoken != language or _forbids(matched):
            break
    understood = next((plan for plan in plans if plan.operations), None)
    return understood or (twice and _second_look(drafts)) or plans[0]


def _second_look(drafts: Sequence[_Draft]) -> Plan | None:
    """The first plan that comes out where unknown words are judged by what their sentence means."""
    for draft in drafts:
        if draft.lacks_words:
            again = replace(draft, rescuer=Rescuer(draft.text, draft.tokens), **_fresh())
            plan = again.plan()
            if plan.operations:
                return plan
    return None


def _fresh() -> dict[str, Any]:
    return {"steps": [], "waiting": None, "refused": [], "shares": [], "said": [], "aside": []}


def _forbids(matched: Matched) -> bool:
    """A negation may be an article in the next language ("no"): never read it a second way."""
    return any(mark.family == "neg" for mark in matched.marks)


@dataclass
class _Draft:
    """One attempt at a text in one language."""

    text: str
    tokens: Sequence[Token]
    matched: Matched
    language: str
    head_last: bool
    steps: list[Step] = field(default_factory=list)
    waiting: Bag | None = None
    refused: list[tuple[int, int]] = field(default_factory=list)  # token ranges
    rescuer: Rescuer | None = None  # asked about clauses with unknown words
    shares: list[float] = field(default_factory=list)  # how likely what it said is
    said: list[str] = field(default_factory=list)
    aside: list[str] = field(
        default_factory=list
    )  # what is no request, though not all of its words are listed

    @property
    def lacks_words(self) -> bool:
        """Whether there are words that nobody has listed, and none that is known as impossible."""
        unknown = {mark.label for mark in self.matched.marks if mark.family == "unknown"}
        return unknown == {"unknown"}

    def plan(self) -> Plan:
        """Read clause after clause, then judge the whole."""
        asked, aside = clauses(self.tokens, self.matched.marks, head_last=self.head_last)
        self.aside = [self._quote(part) for part in aside]
        for bag in asked:
            self._take(bag)
            if len(self.refused) == _QUOTES:
                break  # no more can be quoted, and one is enough to refuse
        self._give_up_waiting()
        return self._judge()

    def _take(self, bag: Bag) -> None:
        if bag.has("unknown"):
            self._take_unknown(bag)
            return
        steps = read_in_parts(bag)
        if self.waiting is not None and all_constraints(steps) and self.waiting.only(_NOUNS):
            bag, self.waiting = self.waiting.joined(bag), None
            steps = read_in_parts(bag)
        if self.waiting is not None and not joinable(self.waiting, bag):
            self._give_up_waiting()
        if self.waiting is not None and not all_constraints(steps):
            merged = read(self.waiting.joined(bag))
            if merged:
                self._record(Step(self.waiting.joined(bag), merged))
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

    def _take_unknown(self, bag: Bag) -> None:
        """A clause with unknown words: understood as a whole, with one that waits, or refused."""
        spared = read_spared(bag)
        if spared is not None:
            self._record(Step(bag, spared))
            return
        whole = self.waiting.joined(bag) if self.waiting and joinable(self.waiting, bag) else bag
        points = whole.has("picture", "ordinal")  # what a picture is to another is lost in a guess
        rescued = self.rescuer.look(whole) if self.rescuer and not points else None
        if rescued is None:
            self._refuse(bag)
            return
        if whole is not bag:
            self.waiting = None
        self.shares.append(rescued.probability)
        self.said += rescued.warnings
        for step in rescued.steps:
            self._record(step)

    def _record(self, step: Step) -> None:
        """Add a step; a change of tone right after one belongs to it, a background replaces a cut-out."""
        last = self.steps[-1] if self.steps else None
        if last is None:
            self.steps.append(step)
        elif says_it_again(step, last):
            return
        elif takes_its_place(step, last):
            self.steps[-1] = step
        elif not (last.shades and last.shades == step.shades and self._merge(last, step)):
            self._append(step, last)

    def _append(self, step: Step, last: Step) -> None:
        if last.bag.has("too") and agree(last, step):
            self.steps[-1] = step
        elif step.bag.has("too") and agree(step, last):
            return  # "brighten it a bit, it is dark"
        elif opposes(step, last):
            self._refuse(step.bag)
        elif last.kind == step.kind and last.kind in _ONCE:
            if not self._merge(last, step):
                self._refuse(step.bag)
        else:
            if last.kind == "background.remove" and step.kind == "background.replace":
                self.steps.pop()
            self.steps.append(step)

    def _merge(self, last: Step, step: Step) -> bool:
        """Put two steps of one kind together, if that can be read."""
        if not joinable(last.bag, step.bag):
            return False
        joined = last.bag.joined(step.bag)
        together = read(joined)
        if together is None or Step(joined, together).kind != step.kind:
            return False
        self.steps[-1] = Step(joined, together)
        return True

    def _continues(self, bag: Bag) -> bool:
        """Whether ``bag`` says more about the step before it."""
        if not self.steps or not joinable(self.steps[-1].bag, bag):
            return False
        last = self.steps[-1]
        if last.kind in _MENDED and bag.only(_MENDING):
            return True
        keeps = bool(last.reading.kept) and bag.only(_NOUNS)
        own_verb = last.kind == "geometry" and bag.has("rotate", "turn", "flip")  # "mirror it and turn it"
        if own_verb or (bag.has("subject", "sky", "remove", "property") and not keeps):
            return False
        together = last.bag.joined(bag)
        reading = read(together)
        if reading and (reading.operation or keeps):
            self.steps[-1] = Step(together, reading)
            return True
        if last.kind.startswith("background."):
            return self._speaks_of_background(last, bag)
        return last.kind in _BORROWING and self._borrows(last, bag)

    def _speaks_of_background(self, last: Step, bag: Bag) -> bool:
        """Whether ``bag`` is a request if it leaves out the word background: "cut it out, white"."""
        end = bag.marks[-1].last
        together = replace(bag, marks=(*bag.marks, Mark("background", end, end)))
        reading = read(together)
        if not reading or last.kind == "background.replace":
            return False
        self._record(Step(together, reading))
        return True

    def _borrows(self, last: Step, bag: Bag) -> bool:
        """Whether ``bag`` is a request with the verb of the last: "flip it horizontally and vertically"."""
        verbs = tuple(mark for mark in last.bag.content if mark.family in _BORROWED)
        reading = read(replace(bag, marks=(*verbs, *bag.marks))) if verbs else None
        if reading and reading.operation and reading.operation.kind == last.kind:
            self.steps.append(Step(bag, reading))
            return True
        return False

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
        named = frozenset(
            name for step in self.steps for name in step.reading.kept if "rest" not in step.reading.kept
        )
        for step in self.steps:
            if contradicts(step, named if step.kind == "remove" else kept):
                self._refuse(step.bag)
        real = wants_it_real(self.matched.marks)
        if real and any(operation.kind == "style" for operation in operations):
            self.refused.append((real.first, real.last))
        if self.refused or not operations or asks(unquoted(self.text, self.tokens)):
            return self._refusal()
        warnings = tuple(said for step in self.steps for said in step.reading.warnings)
        warnings += (*unkept(kept, operations), *formats(self.tokens, self.matched.marks))
        warnings += tuple(f"{part[:_SAID]}: read as no request" for part in self.aside[:1])
        final = tuple(keeping(operation, kept) for operation in operations)
        confidence = _SURE - 0.1 * self.matched.typos - 0.1 * len(warnings)
        warnings += (*(f"{part[:_SAID]}: read as no request" for part in self.aside[1:]), *self.said)
        if self.shares:
            confidence = min(confidence, worth(min(self.shares)))
        return Plan(self.language, final, max(round(confidence, 3), 0.3), (), warnings)

    def _settle_isolation(self) -> None:
        others = any(step.kind.startswith("background.") and not step.reading.isolates for step in self.steps)
        for step in self.steps:
            if step.reading.isolates and others:
                step.reading = Reading(kept=frozenset({"subject"}))

    def _refusal(self) -> Plan:
        quotes = [self._between(first, last) for first, last in self.refused[:_QUOTES]]
        quotes = [quote for quote in quotes if quote] or [self.text.strip()[:_QUOTE] or '""']
        return Plan(self.language, (), _REFUSED, tuple(quotes))

    def _quote(self, bag: Bag) -> str:
        return self._between(bag.marks[0].first, bag.marks[-1].last)

    def _between(self, first: int, last: int) -> str:
        """What was written in tokens ``first`` up to ``last``, with the quotation marks around it."""
        last = min(last, len(self.tokens))
        if first >= last:
            return ""
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        if start and self.text[start - 1] in '"“„«「『':
            start -= 1
        if self.text[end : end + 1] in tuple('"”“»」』'):
            end += 1
        return self.text[start:end].strip()[:_QUOTE]
