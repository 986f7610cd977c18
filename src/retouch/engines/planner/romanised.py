"""Hindi in Latin letters: "peeche pahaad laga do" is looked up as पीछे पहाड़ लगा दो.

There is no one spelling: "pahad", "pahaad", "phaad". So each Devanagari word of the lexicon is spelt in Latin
letters by the sounds of its signs (without the vowels that are not spoken), what was typed and what was spelt
are both reduced to what spellings have in common, and those are compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from retouch.engines.planner.vocabulary import forgotten
from retouch.engines.planner.words import Node, load

_CONSONANTS = {
    "क": "k",
    "ख": "kh",
    "ग": "g",
    "घ": "gh",
    "ङ": "n",
    "च": "ch",
    "छ": "ch",
    "ज": "j",
    "झ": "jh",
    "ञ": "n",
    "ट": "t",
    "ठ": "th",
    "ड": "d",
    "ढ": "dh",
    "ण": "n",
    "त": "t",
    "थ": "th",
    "द": "d",
    "ध": "dh",
    "न": "n",
    "प": "p",
    "फ": "f",
    "ब": "b",
    "भ": "bh",
    "म": "m",
    "य": "y",
    "र": "r",
    "ल": "l",
    "व": "v",
    "श": "sh",
    "ष": "sh",
    "स": "s",
    "ह": "h",
}
_VOWELS = {"अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ऋ": "ri", "ए": "e", "ऐ": "ai"}
_VOWELS |= {"ऑ": "o", "ओ": "o", "औ": "au"}
_SIGNS = {"ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u", "ृ": "ri", "े": "e", "ै": "ai", "ॉ": "o", "ो": "o"}
_SIGNS |= {"ौ": "au"}
_NASAL, _SILENT_SIGN, _SCHWA = "ं", "्", "~"
# A vowel that nobody speaks: at the end, and between a syllable and a consonant with a vowel of its own.
_UNSPOKEN = re.compile(r"(?<=[aeiou~])([^aeiou~]h?)~(?=[^aeiou~n]h?[aeiou])")
_FROM_TYPED = (
    ("aa", "a"), ("ee", "i"), ("ii", "i"), ("oo", "u"), ("uu", "u"), ("ph", "f"), ("w", "v"), ("z", "j"),
    ("q", "k"), ("x", "ks"), ("chh", "ch"), ("ck", "k"), ("ei", "e"),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1")
_SHORTEST, _LONGEST, _SHORTEST_BARE = 2, 16, 4


def devanagari(word: str) -> tuple[str, ...]:
    """The Devanagari words of the lexicon that ``word``, in Latin letters, may be; none where it is none."""
    if not _SHORTEST <= len(word) <= _LONGEST or not word.isascii():
        return ()
    index, common = _index(), _common(word)
    for forms in ((common, common.removesuffix("n")), (_bare(common), _bare(common.removesuffix("n")))):
        found = dict.fromkeys(known for form in forms for known in index.get(form, ()))
        if found:
            return tuple(found)
    return ()


def _common(typed: str) -> str:
    for letters, sound in _FROM_TYPED:
        typed = typed.replace(letters, sound)
    return _DOUBLED.sub(r"\1", typed)


def _bare(common: str) -> str:
    """Without the vowel within the word of which no two people agree whether it is heard: "bad(a)lna"."""
    bare = common[:1] + common[1:-1].replace("a", "") + common[-1:]
    return f"{bare}~" if len(bare) >= _SHORTEST_BARE else ""


@forgotten
@lru_cache(maxsize=1)
def _index() -> Mapping[str, tuple[str, ...]]:
    """What spellings have in common -> words, as the lexicon's tree has them or with an ending of Hindi."""
    endings = load().endings["hi"]
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for key in _words(load().root):
        stem, _, stemmed = key.partition("~")
        for ending in ("", *sorted(endings)) if stemmed else ("",):
            common = _common(spoken(stem + ending))
            found[common][stem + ending] = found[_bare(common)][stem + ending] = None
    return {form: tuple(words) for form, words in found.items() if len(form) >= _SHORTEST}


def _words(node: Node) -> Iterator[str]:
    for key, child in node.children.items():
        if key and key[0] in _CONSONANTS.keys() | _VOWELS.keys():
            yield key
        if "hi" in child.meanings or child.children:
            yield from _words(child)


def spoken(word: str) -> str:
    """``word``, in Devanagari, by its sounds: दुकान is "dukan". Nasals at the end are left out."""
    sounds = ""
    for at, sign in enumerate(word):
        after = word[at + 1 : at + 2]
        if sign in _CONSONANTS:
            spelt = after in _SIGNS or after == _SILENT_SIGN
            sounds += _CONSONANTS[sign] + ("" if spelt else _SCHWA)
        elif sign == _NASAL:
            sounds += "n" if after else ""
        else:
            sounds += _VOWELS.get(sign, _SIGNS.get(sign, ""))
    sounds = sounds.removesuffix(_SCHWA) if len(sounds) > _SHORTEST else sounds
    return _UNSPOKEN.sub(r"\1", sounds).replace(_SCHWA, "a")
