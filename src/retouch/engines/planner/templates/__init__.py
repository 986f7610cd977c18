"""What the classifier learns from: patterns of templates/*.toml written out, and names of the lexicon.

Nothing of this is read when an instruction is planned.
"""

from __future__ import annotations

import hashlib
import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from retouch.engines.planner import vocabulary
from retouch.engines.planner.supported import BUILT_IN
from retouch.engines.planner.vectors import normal
from retouch.engines.planner.words import load

LANGUAGES = ("en", "zh", "es", "fr", "de", "ja", "pt", "ru", "ar", "hi", "ko")
MEASURED = "measured.txt"  # fingerprints, written by scripts/train_planner.py
REFUSE, ASIDE, KEEP = "refuse", "aside", "keep"
THING, PLACE, HARMLESS = "thing", "place", "harmless"
_NAMED = ("scene", "style", "look")
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z]+)\}")
_EACH, _MANY = 5, 14  # sentences drawn from a pattern: of an operation, of what is to be refused
_TRIES = 6


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its label. ``pattern`` tells which sentences are alike, so that a test set shares none."""

    text: str
    label: str
    language: str
    pattern: str


def sentences(languages: tuple[str, ...] = LANGUAGES) -> list[Example]:
    """Clauses with their intents. The same list each time; a kind that is not served is to be refused.

    A sentence that happens to be one of those by which the planner is measured is left out.
    """
    measured = set(files(__package__).joinpath(MEASURED).read_text("utf-8").split())
    return [example for example in all_sentences(languages) if fingerprint(example.text) not in measured]


def fingerprint(text: str) -> str:
    """What a measured sentence is known by, so that training does not read it."""
    return hashlib.sha256(normal(text).encode()).hexdigest()[:16]


def all_sentences(languages: tuple[str, ...] = LANGUAGES) -> list[Example]:
    """Those of the templates, measured ones among them."""
    found: list[Example] = []
    for language in languages:
        data = _read(language)
        for intent, patterns in data["intents"].items():
            label = intent if intent in {ASIDE, KEEP} or is_served(intent) else REFUSE
            for pattern in patterns:
                draws = _MANY if label == REFUSE else _EACH
                texts = _draws(pattern, data, draws, framed=label != ASIDE)
                found += [Example(text, label, language, f"{language}:{pattern}") for text in texts]
    return found


def written_out() -> str:
    """The files themselves, one after the other."""
    return "\n".join(
        files(__package__).joinpath(f"{language}.toml").read_text("utf-8") for language in LANGUAGES
    )


def is_served(intent: str) -> bool:
    """Whether the kind of ``intent`` ("frame:border") is one that a plan may hold."""
    return intent.partition(":")[0] in BUILT_IN.kinds


def phrases(languages: tuple[str, ...] = LANGUAGES) -> list[Example]:
    """Names of scenes, styles and looks out of the lexicon; things that are none; and harmless words."""
    outside = {label for label, _ in vocabulary.added_words()}
    found: list[Example] = []
    for label, words in load().concepts.items():
        if label.partition(":")[0] in _NAMED and label not in outside:
            for language in languages:
                found += [
                    Example(phrase, label, language, f"{language}:{phrase}")
                    for phrase in _plain(words.get(language, ""))
                ]
    for language in languages:
        data = _read(language)
        for label in (THING, PLACE, HARMLESS):
            for pattern in data["words"][label]:
                texts = data["slots"]["thing"] if pattern == "{thing}" else [pattern]
                texts = [text for each in texts for text in _draws(each, data, 2, framed=False)]
                found += [Example(text, label, language, f"{language}:{text}") for text in texts]
    return found


def _plain(words: str) -> Iterator[str]:
    for phrase in words.split(","):
        if "~" not in phrase or " " not in phrase.strip():
            yield phrase.replace("~", "").strip()


def _read(language: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))


def _draws(pattern: str, data: Mapping[str, Any], draws: int, *, framed: bool) -> list[str]:
    """Up to ``draws`` different sentences of ``pattern``; drawn by a seed that is the pattern itself."""
    chance = random.Random(pattern)  # noqa: S311 - a choice of words, no secret
    found: dict[str, None] = {}
    for _ in range(draws * _TRIES if _CHOICE.search(pattern) or _SLOT.search(pattern) else draws):
        frame = chance.choice(data["frames"]) if framed else "{}"
        text = _SLOT.sub(lambda slot: chance.choice(data["slots"][slot[1]]), pattern)
        text = _chosen(frame.replace("{}", text), chance)
        found.setdefault(text)
        if len(found) == draws:
            break
    return list(found)


def _chosen(text: str, chance: random.Random) -> str:
    text = _CHOICE.sub(lambda choice: chance.choice(choice[1].split("|")), text)
    return re.sub(r"\s+", " ", text).strip()
