"""German writes in one what others write apart: "Sternenhimmelhintergrund" is a starry-sky background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retouch.engines.planner.text import Token, script_of
from retouch.engines.planner.words import Lexicon

_SHORTEST_PART = 4
_SHORTEST, _LONGEST = 9, 40
_LINKS = ("", "s", "n", "en", "es")


def split_compounds(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """``tokens`` with each unknown German compound of two known words as two tokens."""
    apart: list[Token] = []
    for token in tokens:
        apart += _parts(token, lexicon)
    return apart


def _parts(token: Token, lexicon: Lexicon) -> list[Token]:
    fits = token.kind == "word" and _SHORTEST <= len(token.key) <= _LONGEST and script_of(token) == "latin"
    if not fits or any(key in lexicon.root.children for key, _ in lexicon.keys_of(token)):
        return [token]
    for cut in range(len(token.key) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        tail = replace(token, key=token.key[cut:])
        if not _is_german(tail, lexicon):
            continue
        for link in _LINKS:
            head = replace(token, key=token.key[:cut].removesuffix(link))
            if token.key[:cut].endswith(link) and _is_german(head, lexicon):
                return [head, tail]
    return [token]


def _is_german(token: Token, lexicon: Lexicon) -> bool:
    if len(token.key) < _SHORTEST_PART:
        return False
    nodes = (lexicon.root.children.get(key) for key, _ in lexicon.keys_of(token))
    return any(node is not None and "de" in node.meanings for node in nodes)
