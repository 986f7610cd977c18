"""Text in, tokens out: scripts, folding, boundaries. Nothing here knows what a word means.

A token of a script that writes spaces is a word; a token of Han, Kana or Hangul is one character, because
there words are found by matching and not by spaces. Each token remembers where it stood, so that whatever
is refused can be quoted as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

_CJK_RANGES = (
    (0x3005, 0x3007),
    (0x3041, 0x30FF),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_BREAKS = frozenset(".,;:!?…。、，；：！？．｡､·•|()[]{}（）【】［］〈〉《》—–،؛؟।॥\n\r→")
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "＂": "＂"}
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": None}
)
_DEVANAGARI = str.maketrans({"\u093c": None, "\u0901": "\u0902", "\u200c": None, "\u200d": None})
# Traditional and Japanese forms of the characters that the lexicon uses, and what they are looked up as.
_HAN = str.maketrans(
    "換變轉將為圖片張畫風聲個這幫請們裡裏讓給後處還樣點圓銀綠藍紅黃紫雲霧電雷閃極線條鉛筆繪濃淡漸層調暖亮"
    "對飽強弱體顯寫實龐賽園態麗熱門無擾動東單純雙顏膚髮頭臉長寬邊來從與並時會過開關產換數據舊懷復膠捲"
    "陽陰髒質溫減增級種適當輕濾鏡夢幻現專業攝影覺視該進標準圍環區隻發擇選達緊刪檔沒隱淺蒼綫錄樓燈號變應經內"
    "際樹葉楓櫻煙禮磚牆墻絨簾劇臺樂戶脈巒疊連綿叢灘濱濤裝廈帶檯紋滿遠凍飄絲塊綻爛場戲"
    "気変換観対図転続実戻様総縁鮮渋単撮銭黒",
    "换变转将为图片张画风声个这帮请们里里让给后处还样点圆银绿蓝红黄紫云雾电雷闪极线条铅笔绘浓淡渐层调暖亮"
    "对饱强弱体显写实庞赛园态丽热门无扰动东单纯双颜肤发头脸长宽边来从与并时会过开关产换数据旧怀复胶卷"
    "阳阴脏质温减增级种适当轻滤镜梦幻现专业摄影觉视该进标准围环区只发择选达紧删档没隐浅苍线录楼灯号变应经内"
    "际树叶枫樱烟礼砖墙墙绒帘剧台乐户脉峦叠连绵丛滩滨涛装厦带台纹满远冻飘丝块绽烂场戏"
    "气变换观对图转续实戻样总缘鲜涩单撮钱黑",
)


_AFTER_ARABIC = 0x0700  # Latin, Greek, Cyrillic and Arabic stand before it: their marks are accents
_DEVANAGARI_LETTERS = range(0x0900, 0x0980)
_LONGEST_HEX = 10  # read on past six digits, so that seven are no colour
_RGB = re.compile(
    r"rgb\s{0,3}\(\s{0,3}\d{1,3}\s{0,3},\s{0,3}\d{1,3}\s{0,3},\s{0,3}\d{1,3}\s{0,3}\)", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")
_SIDE = r"(\d{1,4}(?:[.,]\d{1,3})?)"
_RATIO = re.compile(rf"{_SIDE}(?:[:：∶/／]|\s[:：∶/／]\s){_SIDE}(?![\d:：])")
_DEGREES = "°º˚"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, character, number, symbol or boundary; ``key`` is its folded form.

    ``kind`` is one of word, cjk, number, ratio ("16:9"), colour, symbol, break, quote (its key is verbatim).
    """

    key: str
    kind: str
    start: int
    end: int
    quoted: bool = False  # stands between quotation marks


@lru_cache(maxsize=4096)
def _class_of(char: str) -> str:
    code = ord(char)
    if char in _DEGREES:
        return "symbol"
    if any(low <= code <= high for low, high in _CJK_RANGES):
        return "cjk" if char != "・" else "space"
    category = unicodedata.category(char)
    if category in {"Nd", "No"}:
        return "number"
    if category[0] == "L" or category in {"Mn", "Mc"} or char in "\u200c\u200d\u00ad":
        return "word"
    if char in _BREAKS:
        return "break"
    return "symbol" if char in "#%&+＋％＆＃٪" else "space"


def clean(text: str) -> str:
    """Composed form; half-width Kana becomes full-width, because its voicing marks are letters apart."""
    if any("\uff66" <= char <= "\uff9f" for char in text):
        return unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """The form under which a word is looked up: no case, no accents, one spelling per letter."""
    word = unicodedata.normalize("NFKC", word).casefold().replace("\u00ad", "")
    first = ord(word[0]) if word else 0
    if first < _AFTER_ARABIC:
        bare = (c for c in unicodedata.normalize("NFKD", word) if unicodedata.category(c) != "Mn")
        return "".join(bare).translate(_ARABIC)
    if first in _DEVANAGARI_LETTERS:
        return word.translate(_DEVANAGARI)
    return word.translate(_HAN)


def script_of(token: Token) -> str:
    """Latin, cyrillic, arabic, devanagari, han, kana, hangul or other."""
    code = ord(token.key[0]) if token.key else 0
    ranges = (
        ("latin", 0x41, 0x24F),
        ("cyrillic", 0x400, 0x52F),
        ("arabic", 0x600, 0x6FF),
        ("devanagari", 0x900, 0x97F),
        ("kana", 0x3041, 0x30FF),
        ("han", 0x3005, 0x9FFF),
        ("hangul", 0xAC00, 0xD7A3),
    )
    return next((name for name, low, high in ranges if low <= code <= high), "other")


def tokenise(text: str) -> list[Token]:
    """Tokens of ``text`` in order. Boundaries inside a pair of quotation marks do not count as such."""
    quoted = _quoted_positions(text)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        kind = _class_of(text[at])
        end = _end_of(text, at, kind)
        if kind == "symbol" and text[at] in "#＃" and (colour := _hex_at(text, at)):
            end = at + len(colour)
            tokens.append(Token(fold(colour), "colour", at, end))
        elif colour := _rgb_at(text, at):
            end = at + len(colour)
            tokens.append(Token(_hex_of(colour), "colour", at, end))
        elif ratio := _ratio_at(text, at):
            end = at + len(ratio)
            tokens.append(Token(_western(ratio), "ratio", at, end))
        elif sign := _sign_at(text, at):
            end = _end_of(text, at + 1, "number")
            tokens.append(Token(sign + fold(text[at + 1 : end]), "number", at, end))
        elif kind == "break":
            if not quoted[at]:
                tokens.append(Token(text[at], "break", at, end))
        elif kind != "space":
            tokens.append(Token(fold(text[at:end]), kind, at, end))
        at = end
    return [replace(token, quoted=bool(quoted[token.start])) for token in tokens if token.key]


def _end_of(text: str, at: int, kind: str) -> int:
    end = at + 1
    while end < len(text) and kind in {"word", "number"}:
        char = text[end]
        decimal = kind == "number" and char in ".," and text[end + 1 : end + 2].isdecimal()
        if not decimal and _class_of(char) != kind:
            break
        end += 1
    return end


def _hex_at(text: str, at: int) -> str:
    end = at + 1
    while end < len(text) and end - at < _LONGEST_HEX and fold(text[end]) in set("0123456789abcdef"):
        end += 1
    return text[at:end] if end - at in {4, 7} else ""


def _rgb_at(text: str, at: int) -> str:
    found = _RGB.match(text, at) if text[at] in "rR" and not text[at - 1 : at].isalpha() else None
    return found.group() if found else ""


def _ratio_at(text: str, at: int) -> str:
    found = _RATIO.match(text, at) if text[at].isdecimal() and not text[at - 1 : at].isdecimal() else None
    return found.group() if found else ""


def _western(ratio: str) -> str:
    """``١٦:٩`` as ``16:9``."""
    sides = _RATIO.fullmatch(ratio)
    return ":".join(f"{float(side.replace(',', '.')):g}" for side in sides.groups()) if sides else ""


def _hex_of(rgb: str) -> str:
    channels = (min(255, int(digits)) for digits in _NUMBER.findall(rgb))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _sign_at(text: str, at: int) -> str:
    """The sign of a signed number: one that stands apart, so that "neo-2" has none."""
    if text[at] not in "+-−＋－" or not text[at + 1 : at + 2].isdecimal():
        return ""
    if at and not (text[at - 1].isspace() or text[at - 1] in _BREAKS or text[at - 1] in "=:"):
        return ""
    return "+" if text[at] in "+＋" else "-"


def _quoted_positions(text: str) -> bytearray:
    inside = bytearray(len(text))
    at = 0
    hopeless: set[str] = set()
    while at < len(text):
        closer = _QUOTES.get(text[at], "")
        end = text.find(closer, at + 1) if closer and closer not in hopeless else -1
        if end > 0:
            inside[at:end] = b"\x01" * (end - at)
            at = end
        elif closer:
            hopeless.add(closer)
        at += 1
    return inside
