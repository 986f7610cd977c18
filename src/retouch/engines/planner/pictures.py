"""Requests that point to a further picture of the request: behind the subject, or as the example of a style.

The picture that is edited is the first one. Who is what to whom decides: "the second picture as background"
puts it behind the first one's subject, "the background of the second picture" speaks of what cannot be
edited. So a picture counts only where a word says that it becomes the background, or that the style is its.
"""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.planner.bag import Bag
from retouch.engines.planner.matching import Mark
from retouch.engines.planner.plan import Operation
from retouch.engines.planner.reading import AMOUNT, FRAME, Reading
from retouch.engines.planner.slots import fill, strength_of

_FRAME = FRAME - {"keep"} | {"picture", "reference", "person"}
_ABOUT = frozenset({"background", "behind", "front", "subject"})
_PIVOTS = frozenset(
    [
        *("with", "by", "to", "into", "for", "con", "por", "a", "al", "avec", "par", "mit", "durch", "gegen"),
        *("auf", "zu", "zum", "zur", "com", "pela", "pelo", "para", "на", "в", "الي", "as", "как"),
    ]
)
_TARGETS = frozenset(["to", "on", "onto", "for", "into", "auf", "fur", "fuer", "a", "sur", "para", "на", "к"])
_TARGETS |= {"ao", "aux", "au", "pour", "علي", "الي"}
_OWNS = frozenset(["の", "的", "의", "का", "की", "के", "ka", "ki", "ke", "s"])
_INTO_BACKGROUND = frozenset(
    ["を", "で", "を使って", "을", "를", "으로", "로", "को", "से", "उसे", "उसको", "为", "成", "做", "作", "是"]
)
_INTO_BACKGROUND |= {"ko", "se", "use", "usse", "usko", "ise", "isko"}
_ONTO = frozenset(["de", "en", "in", "im", "na", "no", "на", "в", "als", "as", "como", "comme", "como"])
_TO_PICTURE = frozenset(["に", "へ", "で", "と", "으로", "로", "से"])
_REPLACES = ("replac", "swap", "reempla", "sustit", "substitu", "remplac", "ersetz", "замен", "troc", "troqu")
_ALTERS = (
    *("chang", "modif", "alter", "adjust", "cambi", "ander", "aender", "verander", "mud", "измен", "غير"),
    *("改变", "更改", "修改", "调整", "更换", "替换"),
)
_IS_TO_BE = ("пусть", "should", "soll", "debe", "deve", "doit", "must")
_CHINESE_INTO = ("成", "为", "作", "做", "当", "用")
_CHINESE_USES = ("用", "以", "使用", "拿")
_ARABIC_WITH, _ARABIC_THE = "ب", "ال"
_HINDI_IN = frozenset(["में", "me", "mein", "pe", "par", "पर"])
_INSTRUMENTAL = ("ым", "им", "ой", "ей", "ью", "ом", "ем")
_UNDIVIDED = 0x2E80  # Han, Kana and Hangul stand from here on
_CYRILLIC, _ARABIC = range(0x0400, 0x0530), range(0x0600, 0x0700)


def read_picture(bag: Bag) -> Reading | None:
    """The second picture (or a later one) as the background, or as the example of a style."""
    named = [at for at, mark in enumerate(bag.marks) if mark.family == "picture" and mark.name != "1"]
    if len(named) != 1:
        return None
    place = int(bag.marks[named[0]].name) - 1
    clause = _Clause(bag, named[0])
    if bag.only(_FRAME | _ABOUT) and bag.has("background", "behind", "front"):
        shown = clause.is_background()
        return Reading(Operation("background.replace", {"image": place})) if shown else None
    if bag.only(_FRAME | AMOUNT | {"subject", "unchanged", "around"}) and clause.gives_style():
        strength = strength_of(bag, "style")
        return Reading(Operation("style", fill({"image": place}, "strength", strength)))
    return None


class _Clause:
    """A clause that names one further picture, at ``at`` of its marks."""

    def __init__(self, bag: Bag, at: int) -> None:
        self.bag, self.marks, self.at = bag, bag.marks, at
        self.before, self.earlier = _silent(self.marks[:at][::-1])
        self.after, self.later = _silent(self.marks[at + 1 :])
        self.previous = self.earlier[0] if self.earlier else None
        self.next = self.later[0] if self.later else None

    def is_background(self) -> bool:
        """Whether the picture is what comes behind the subject."""
        if self.bag.has("front"):
            return self._stands_behind() and not self.bag.has("behind")
        if self.bag.has("behind") and not self.bag.has("background"):
            return self._goes_behind()
        return self._becomes_last() if self.bag.head_last else self._becomes()

    def gives_style(self) -> bool:
        """Whether the style that is wished is the picture's."""
        manner = [at for at, mark in enumerate(self.marks) if mark.label == "filler:manner"]
        if not manner:
            return False
        return self._styles_last(manner[-1]) if self.bag.head_last else self._styles(manner[0])

    def _stands_behind(self) -> bool:
        """In front of the second picture; 放在第二张图前面."""
        someone = self.bag.has("subject", "person") or not self._shows_first()
        if self.bag.head_last:
            return someone and _family(self.next) == "front"
        return someone and _family(self.previous) == "front"

    def _goes_behind(self) -> bool:
        """The second picture behind her; 把第二张图放在她身后."""
        families = [mark.family for mark in self.later]
        if not {"subject", "person"} & set(families) or "behind" not in families:
            return False
        if self.bag.head_last:
            return families[-1] == "behind" or families[-2:] == ["behind", "put"]
        return families[0] == "behind" and not self._replaced()

    def _becomes(self) -> bool:
        """Use it as the background; replace the background with it. Nouns come before what they own."""
        if _family(self.previous) in {"background", "image", "picture", "subject", "person", "and"}:
            return self._introduced() or self._put_there()
        if _family(self.next) == "background":
            return self._made_background()
        if self.next is not None:
            return _is_to_be(self.next) and _family(self.later[1] if self.later[1:] else None) == "background"
        asked = _family(self.previous) in {"change", "put", "add"}
        after_it = asked and _family(self.earlier[1] if self.earlier[1:] else None) == "background"
        return after_it and (self._as() or _is_to_be(self.previous))

    def _introduced(self) -> bool:
        """Whether a word before the picture says that it comes instead of what was named before."""
        joined = self.previous is not None and self.previous.family == "and" and not self.previous.text
        asked = joined or self.bag.has("change", "put", "add")
        if not asked or self.later or not any(mark.family == "background" for mark in self.earlier):
            return False
        return joined or bool(_PIVOTS & set(self.before)) or self._inflected() or self._made_it()

    def _put_there(self) -> bool:
        """Ponme de fondo la segunda foto; на фон вторую картинку: verb and place come before the picture."""
        if (
            self.previous is None
            or self.previous.family != "background"
            or self.later
            or self.bag.has("subject")
        ):
            return False
        at = self.marks.index(self.previous)
        into = {self.previous.text, *(mark.text for mark in self.marks[max(0, at - 2) : at])}
        return bool(into & _ONTO) and _family(self.earlier[1] if self.earlier[1:] else None) in {
            "change",
            "put",
        }

    def _inflected(self) -> bool:
        """Whether the picture's own form says "with it": بالصورة الثانية, вторым изображением."""
        mark = self.marks[self.at]
        if _written_in(mark, _ARABIC):
            return mark.text.startswith(_ARABIC_WITH)
        return _written_in(mark, _CYRILLIC) and mark.phrase.endswith(_INSTRUMENTAL) and not self.before

    def _made_it(self) -> bool:
        """Make the background the second image: two nouns that do not belong to each other."""
        if self.previous is None or self.previous.family != "background":
            return False
        made = _family(self.earlier[1] if self.earlier[1:] else None) == "change"
        definite = self.previous.text.startswith(_ARABIC_THE) and not self.before
        return made and (definite or self.before == ["the"])

    def _made_background(self) -> bool:
        asked = _family(self.previous) in {"change", "put", "add"}
        named = self.previous is None and (
            self.marks[self.at + 1].label == "filler:as" or self.marks[self.at + 1].text in _ONTO
        )
        if self._replaced() or "s" in self.after or not (asked or named):
            return False
        word = self.next
        bare = word is not None and (
            _written_in(word, _ARABIC)
            or (_written_in(word, _CYRILLIC) and word.phrase.endswith(_INSTRUMENTAL))
        )
        return bool(self.after) or bare

    def _as(self) -> bool:
        """Whether "as", "como", "als" stands right before the background."""
        at = next(index for index, mark in enumerate(self.marks) if mark.family == "background")
        return any(mark.label == "filler:as" for mark in self.marks[max(0, at - 2) : at])

    def _replaced(self) -> bool:
        """Whether the picture is what goes away: "replace the second picture by the background"."""
        return self.previous is not None and self.previous.text.startswith(_REPLACES)

    def _becomes_last(self) -> bool:
        """把第二张图作为背景, 背景を2枚目の画像に. What is owned comes last."""
        families = [mark.family for mark in self.marks]
        ground = families.index("background")
        if ground > self.at:
            return self._leads_to(self.marks[self.at + 1 : ground])
        between = self.marks[ground + 1 : self.at]
        if any(mark.family == "picture" for mark in self.marks[ground : self.at]):
            return False
        put = bool(between) and between[0].phrase in _HINDI_IN and _family(self.next) in {"change", "put"}
        into = put or any(mark.family == "change" and mark.phrase.endswith(_CHINESE_INTO) for mark in between)
        joined = any(mark.family == "and" and not mark.text for mark in between)
        return into or joined or (bool(self.after) and self.after[0] in _TO_PICTURE)

    def _leads_to(self, between: Sequence[Mark]) -> bool:
        """Whether what stands between the picture and the word for background makes it one."""
        if not between or between[0].phrase in _OWNS or self.before[:1] == ["给"]:
            return False
        if between[0].phrase in _INTO_BACKGROUND or between[0].label == "filler:as":
            return True
        if between[0].family != "change":
            return False
        used = self.previous is not None and self.previous.phrase in _CHINESE_USES
        return between[0].phrase.endswith(_CHINESE_INTO) or used or self.before[:1] in (["以"], ["拿"])

    def _styles(self, manner: int) -> bool:
        """In the style of the second picture; the second picture as style reference."""
        pictures = [at for at, mark in enumerate(self.marks) if mark.family in {"image", "picture"}]
        after = [at for at in pictures if at > manner]
        if after and not self._aims(after[0], manner):
            return after[0] == self.at and not (len(pictures) == 1 and self._alters(manner))
        before = [at for at in pictures if at < manner]
        linked = bool(self.after) or _family(self.next) == "reference"
        return bool(before) and before[-1] == self.at and linked

    def _alters(self, manner: int) -> bool:
        """Whether the style itself is to change: "change the style of the second picture"."""
        _, earlier = _silent(self.marks[:manner][::-1])
        verb = bool(earlier) and earlier[0].phrase.startswith(_ALTERS)
        return verb and not any(mark.label == "filler:to" for mark in self.marks[: manner + 1])

    def _aims(self, at: int, manner: int) -> bool:
        """Whether the picture at ``at`` is what the style goes onto."""
        silent, _ = _silent(self.marks[manner + 1 : at][::-1])
        return not _TARGETS.isdisjoint(silent)

    def _styles_last(self, manner: int) -> bool:
        """第二张图的风格; 2枚目の画像のスタイルで."""
        pictures = [at for at, mark in enumerate(self.marks[:manner]) if mark.family in {"image", "picture"}]
        if not pictures or pictures[-1] != self.at:
            return False
        between = self.marks[self.at + 1 : manner]
        if len(pictures) == 1 and self.previous is not None and self.previous.phrase in _ALTERS:
            return False
        return all(mark.phrase in _OWNS | _INTO_BACKGROUND or mark.label == "filler:as" for mark in between)

    def _shows_first(self) -> bool:
        return self.bag.has("image") or any(mark.label == "picture:1" for mark in self.marks)


def _silent(marks: Sequence[Mark]) -> tuple[list[str], list[Mark]]:
    """The silent words before the first mark that means something; and all such marks from there on."""
    words: list[str] = []
    for index, mark in enumerate(marks):
        if mark.family not in {"filler", "symbol"}:
            return words, [each for each in marks[index:] if each.family not in {"filler", "symbol"}]
        words.append(_word(mark))
    return words, []


def _word(mark: Mark) -> str:
    """The whole mark where words are not divided, else its first word: "with" of "with the"."""
    if mark.label == "filler:owner":
        return "s"
    return mark.phrase if mark.text and ord(mark.text[0]) >= _UNDIVIDED else mark.text


def _is_to_be(mark: Mark | None) -> bool:
    return mark is not None and mark.family == "change" and mark.text.startswith(_IS_TO_BE)


def _family(mark: Mark | None) -> str:
    return mark.family if mark else ""


def _written_in(mark: Mark, letters: range) -> bool:
    return bool(mark.text) and ord(mark.text[0]) in letters
