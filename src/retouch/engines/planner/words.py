"""The lexicon in memory: one tree of folded words over all languages, loaded once from package data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from retouch.engines.planner import vocabulary
from retouch.engines.planner.text import Token, clean, fold, script_of, tokenise

_FILES = (
    *("words", "things", "connect", "talk", "scenes", "places", "styles", "tones", "colours"),
    *("geometry", "frames", "weather", "restore", "recolor", "refused", "later", "cautions", "privacy"),
    *("everyday", "remove", "upscale", "retouch", "texts"),
    *("context", "pictures", "spoken"),
)
_BESIDE_QUOTATIONS = "lettering"  # words that mean these things only where text is quoted
_KNOWN_REFUSAL = {"unknown": "unknown:refused"}  # a bare "unknown" is a word that no table has
_SHADES = ("hex", "light", "dark")
_SHORTEST_STEM = 2
_LONGEST_ENDING = 7
_ARABIC_FROM, _HINDI_FROM = "\u0600", "\u0900"
LATIN = ("en", "es", "fr", "de", "pt")
_LANGUAGES_OF = {"latin": LATIN, "cyrillic": ("ru",), "arabic": ("ar",), "devanagari": ("hi",)}


@dataclass(slots=True)
class Node:
    """One step in the tree of words; ``meanings`` maps a language to the labels of what ends here."""

    children: dict[str, Node] = field(default_factory=dict)
    meanings: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words. ``colours`` gives ``#rrggbb`` of a colour's own, light and dark form."""

    root: Node
    endings: Mapping[str, frozenset[str]]
    prefixes: tuple[str, ...]  # Arabic articles and particles that are written in one with a word
    colours: Mapping[str, Mapping[str, str]]
    head_last: frozenset[str]
    concepts: Mapping[str, Mapping[str, str]]  # label -> language -> its words, as written
    taken: tuple[str, ...] = ()  # a line for each word of an extension's that has a meaning already

    def keys_of(self, token: Token) -> list[tuple[str, str]]:
        """Forms under which ``token`` may stand in the tree, each with the Arabic prefix taken off for it."""
        if token.kind == "quote":
            return []
        keys = [(token.key, "")]
        if token.kind != "word":
            return keys
        script = script_of(token)
        keys += [(stem, "") for stem in self._stems(token.key, script)]
        for prefix in self.prefixes if script == "arabic" else ():
            rest = token.key.removeprefix(prefix)
            if rest != token.key and len(rest) >= _SHORTEST_STEM:
                keys.append((rest, prefix))
                keys += [(stem, prefix) for stem in self._stems(rest, script)]
        return keys

    def _stems(self, word: str, script: str) -> Iterator[str]:
        for language in _LANGUAGES_OF.get(script, ()):
            endings = self.endings[language]
            yield f"{word}~{language}"
            for cut in range(len(word) - 1, max(_SHORTEST_STEM, len(word) - _LONGEST_ENDING) - 1, -1):
                if word[cut:] in endings:
                    yield f"{word[:cut]}~{language}"


@vocabulary.forgotten
@lru_cache(maxsize=2)
def load(*, quoting: bool = False) -> Lexicon:
    """The lexicon, or the one for texts with a quotation; read from package data on the first call, 0.2 s."""
    languages = _read("languages")
    root = Node()
    colours: dict[str, Mapping[str, str]] = {}
    concepts: dict[str, Mapping[str, str]] = {}
    for name in (*_FILES, *([_BESIDE_QUOTATIONS] if quoting else ())):
        for concept, row in _read(name).items():
            labels = tuple(_KNOWN_REFUSAL.get(label, label) for label in re.split(r"\+(?=[a-z])", concept))
            if "hex" in row:
                colours[concept] = {shade: row[shade] for shade in _SHADES}
                labels = (f"colour:{concept}",)
            if len(labels) == 1:
                concepts[labels[0]] = _together(concepts.get(labels[0], {}), row)
            _plant(root, labels, row)
    added = dict(vocabulary.added_words())
    taken = tuple(line for label, words in added.items() for line in _plant_beside(root, label, words))
    return Lexicon(
        root=root,
        endings={code: _words(row.get("endings", "")) for code, row in languages.items()},
        prefixes=tuple(sorted(_words(languages["ar"]["prefixes"]), key=len, reverse=True)),
        colours=colours,
        head_last=frozenset(code for code, row in languages.items() if row.get("head_last")),
        concepts={**added, **concepts},
        taken=taken,
    )


def _read(name: str) -> dict[str, Any]:
    data = files("retouch.engines.planner").joinpath("lexicon", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(data)


def _words(text: str) -> frozenset[str]:
    """Endings are folded as they are within a word: alone, a vowel sign of Hindi is no letter."""
    return frozenset(
        fold(_letter_before(word) + word).removeprefix(_letter_before(word)) for word in text.split()
    )


def _letter_before(ending: str) -> str:
    if ending[0] < _ARABIC_FROM:
        return ""
    return "ا" if ending[0] < _HINDI_FROM else "क"


def _together(one: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
    return {
        **one,
        **{code: f"{one[code]}, {words}" if code in one else words for code, words in other.items()},
    }


def _plant(root: Node, labels: tuple[str, ...], row: Mapping[str, str]) -> None:
    for language, phrases in row.items():
        if language not in _SHADES:
            for phrase in phrases.split(","):
                _plant_phrase(root, labels, language, _keys(phrase, language))
                if phrase.endswith("~"):  # so that it wins over the bare word of a table loaded before
                    _plant_phrase(root, labels, language, _keys(phrase.removesuffix("~"), language))


def _plant_beside(root: Node, label: str, words: Mapping[str, str]) -> Iterator[str]:
    """Plant what is not built in. A word that has a meaning in its language keeps it, and is given back."""
    for language, phrases in words.items():
        for phrase in (each.strip() for each in phrases.split(",")):
            if line := _taken(root, label, language, phrase):
                yield line
            else:
                _plant(root, (label,), {language: phrase})


def _taken(root: Node, label: str, language: str, phrase: str) -> str:
    """What ``phrase`` means already, where that is something else than ``label``; else ""."""
    for form in (phrase, phrase.removesuffix("~")):
        node = _found(root, _keys(form, language))
        met = node.meanings.get(language) if node else None
        if met not in {None, (label,)}:
            return f"{label}: {phrase!r} ({language}) means {'+'.join(met or ())}"
    return ""


def meanings(words: Mapping[str, str], label: str) -> tuple[str, ...]:
    """A line for each of ``words`` (language -> its words) that means something other than ``label``."""
    lexicon = load()
    return tuple(
        line
        for language, phrases in words.items()
        for phrase in phrases.split(",")
        if (line := _taken(lexicon.root, label, language, phrase.strip()))
    )


def _found(root: Node, keys: Iterable[str]) -> Node | None:
    node: Node | None = root
    for key in keys:
        node = node.children.get(key) if node else None
    return node


def _keys(phrase: str, language: str) -> Iterable[str]:
    words = phrase.split()
    for word in words:
        tokens = tokenise(clean(word.removesuffix("~")))
        for index, token in enumerate(tokens):
            stem = word.endswith("~") and index == len(tokens) - 1
            yield f"{token.key}~{language}" if stem else token.key


def _plant_phrase(root: Node, labels: tuple[str, ...], language: str, keys: Iterable[str]) -> None:
    node = root
    for key in keys:
        node = node.children.setdefault(key, Node())
    if node is not root:
        node.meanings[language] = labels
