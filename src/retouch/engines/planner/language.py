"""Which language an instruction is written in: by script, and among Latin letters by known words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retouch.engines.planner.romanised import devanagari
from retouch.engines.planner.text import Token, script_of
from retouch.engines.planner.words import LATIN, Lexicon

_BY_SCRIPT = {"cyrillic": "ru", "arabic": "ar", "devanagari": "hi", "hangul": "ko", "kana": "ja", "han": "zh"}
_CHARACTER = 0.5  # a character of Han or Kana weighs half a word
_CLOSE = 0.6  # of the best score: a language that the text may be in as well
_WRITTEN_IN_LATIN = (*LATIN, "hi")  # Hindi often is: "background hata do"
_ENOUGH = 400  # tokens looked at: a language shows early


def latin_languages(tokens: Sequence[Token], lexicon: Lexicon) -> list[str]:
    """The Latin-script languages that the text may be in, likeliest first; English where nothing speaks."""
    scores: Counter[str] = Counter({"en": 0})
    for token in tokens[:_ENOUGH]:
        if token.kind == "word" and script_of(token) == "latin":
            known = _languages_of(token, lexicon) or ({"hi"} if devanagari(token.key) else set())
            for language in known:
                scores[language] += 12 // len(known) + 1
    ranked = sorted(_WRITTEN_IN_LATIN, key=lambda code: (-scores[code], _WRITTEN_IN_LATIN.index(code)))
    return [code for code in ranked if scores[code] >= _CLOSE * scores[ranked[0]]]


def _languages_of(token: Token, lexicon: Lexicon) -> set[str]:
    known: set[str] = set()
    for key, _ in lexicon.keys_of(token):
        node = lexicon.root.children.get(key)
        if node:
            known.update(code for code in node.meanings if code in _WRITTEN_IN_LATIN)
            if "~" in key:
                known.add(key.partition("~")[2])
    return known


def detect(tokens: Sequence[Token], latin: str) -> str:
    """ISO 639-1 code of the language that most of the text is in; ``latin`` stands for Latin letters."""
    weight: Counter[str] = Counter()
    for token in tokens[:_ENOUGH]:
        script = script_of(token)
        if token.kind in {"word", "cjk"} and script != "other":
            weight[script] += 1 if token.kind == "word" else _CHARACTER  # type: ignore[assignment]
    if weight["kana"]:
        weight["kana"] += weight.pop("han", 0)
    best = max(weight, key=lambda script: (weight[script], script != "latin"), default="latin")
    return _BY_SCRIPT.get(best, latin)
