"""Setting text: which way it runs, which font has it, where lines end, what can be read on what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.engines.builtin.lettering.bidi import base_level, levels, visual
from retouch.engines.builtin.lettering.fonts import Fonts, load
from retouch.engines.builtin.lettering.ground import INK, WHITE, blend, look_for
from retouch.engines.builtin.lettering.setting import Setter, draw
from retouch.engines.builtin.lettering.wording import worded
from retouch.engines.builtin.lettering.wrapping import filled, joined, narrowest, pieces
from retouch.engines.builtin.operation import Canvas
from retouch.errors import InstructionNotSupported


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    return load()


def shown(text: str) -> str:
    """``text`` as it stands from left to right."""
    return "".join(visual(list(zip(levels(text, base_level(text)), text, strict=True))))


@pytest.mark.parametrize(
    ("logical", "seen"),
    [
        ("abc", "abc"),
        ("אבג", "גבא"),
        ("مرحبا 2024", "2024 ابحرم"),
        ("say שלום now", "say םולש now"),
        ("שלום world 12", "world 12 םולש"),
        ("سعر 10-20 فقط", "طقف 20-10 رعس"),
        ("price 5%", "price 5%"),
        ("שלום!", "!םולש"),
    ],
)
def test_each_script_runs_its_own_way(logical: str, seen: str) -> None:
    """Numbers stay readable within Arabic, a sentence's mark stands at its end: cases of UAX #9."""
    assert shown(logical) == seen


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aZ אב حم 09,.-+%()!", max_size=20))
def test_turning_around_loses_nothing(text: str) -> None:
    assert sorted(shown(text)) == sorted(text)


def test_the_promised_characters_are_there(fonts: Fonts) -> None:
    hanzi = "".join(
        bytes((a, b)).decode("gb2312", "ignore") for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF)
    )
    kanji = "".join(
        bytes((a, b)).decode("euc_jp", "ignore") for a in range(0xB0, 0xD0) for b in range(0xA1, 0xFF)
    )
    hangul = "".join(map(chr, range(0xAC00, 0xD7A4)))
    kana = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB))))
    others = "ÀÉñßŁőΑΩαώЁжЪїأبيةपानीक्ष؟।“”„«»…–—€₽₹№"
    for text in (kanji, hangul, kana, others):
        assert len(fonts.choose(text, 700, text)) == len(text)
        assert fonts.weight_for(text, 400) == 400
    there = [char for char in hanzi if any(face.has(char) for face in fonts.faces[400])]
    assert len(there) >= 0.995 * len(hanzi)  # the web font of Google Fonts leaves out 33 of them


@pytest.mark.parametrize(
    ("text", "named"), [("สวัสดี", "U+0E2A"), ("party 🎉", "U+1F389"), ("\ue000", "U+E000")]
)
def test_what_no_font_has_is_named_and_never_a_box(fonts: Fonts, text: str, named: str) -> None:
    with pytest.raises(InstructionNotSupported, match=named.replace("+", r"\+")):
        Setter.of(text, fonts, 700)


def test_characters_that_two_languages_write_differently_are_japanese_beside_kana(fonts: Fonts) -> None:
    def face(text: str) -> str:
        return fonts.choose(text, 700, text)[0].name

    assert (face("直"), face("直す")) == ("noto-sans-sc", "noto-sans-jp")


def test_a_rare_name_is_set_in_bold_throughout(fonts: Fonts) -> None:
    """A character that is there in bold only made the one odd letter of its line."""
    assert Setter.of("陈堃", fonts, 400).weight == 700
    assert Setter.of("陈明", fonts, 400).weight == 400


def test_without_its_shaping_library_arabic_is_refused_and_not_torn_apart(fonts: Fonts) -> None:
    bare = Fonts(fonts.faces, shapes=False)
    assert Setter.of("Hello 你好", bare, 700).measure("Hello") > 1
    with pytest.raises(InstructionNotSupported, match="libfribidi"):
        Setter.of("مرحبا", bare, 700)


def test_letters_join(fonts: Fonts) -> None:
    """Arabic letters stand apart only where they are not shaped; Hindi vowel signs are no letters."""
    if not fonts.shapes:
        pytest.skip("libfribidi is not installed")
    joined_up = Setter.of("سسس", fonts, 700).measure("سسس")
    assert joined_up < 0.9 * 3 * Setter.of("س", fonts, 700).measure("س")
    assert Setter.of("कि", fonts, 700).measure("कि") < 2 * Setter.of("क", fonts, 700).measure("क")


def lines_of(text: str, count: int) -> list[str]:
    parts = pieces(text, lambda part: float(len(part)))
    measure = narrowest(parts, count)
    assert measure is not None
    return [joined(parts, line) for line in filled(parts, measure)]


def test_lines_are_of_equal_length() -> None:
    assert lines_of("one two three four five six", 2) == ["one two three", "four five six"]
    assert lines_of("Grand opening", 3) == ["Grand", "opening"]


def test_the_writers_own_lines_stay() -> None:
    assert lines_of("SALE\nonly today", 2) == ["SALE", "only today"]
    assert narrowest(pieces("a\nb\nc", len), 2) is None


def test_no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket() -> None:
    for count in range(1, 8):
        for line in lines_of("今日は、「東京」（とうきょう）でした。", count):
            assert line[0] not in "、。」）ょう"[:5]
            assert line[-1] not in "「（"


def test_short_words_with_blanks_between_them_are_not_cut() -> None:
    """The Japanese greeting was cut after its second letter, with a blank right beside it."""
    assert lines_of("早上好 おはよう 좋은 아침", 2) == ["早上好 おはよう", "좋은 아침"]


def test_korean_is_broken_between_words() -> None:
    assert lines_of("안녕하세요 여러분", 4) == ["안녕하세요", "여러분"]


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="ab -你好。\n", min_size=1, max_size=60), st.integers(1, 9))
def test_breaking_loses_no_character(text: str, count: int) -> None:
    parts = pieces(text, len)
    measure = narrowest(parts, count)
    if measure is not None:
        lines = [joined(parts, line) for line in filled(parts, measure)]
        assert len(lines) <= count
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_text_is_drawn_at_the_size_that_is_asked_for(fonts: Fonts) -> None:
    setter = Setter.of("HHH", fonts, 700)
    for em in (12.0, 40.0, 300.0):
        mask = draw([setter.line("HHH")], em, 1.2, "center", fonts).mask
        assert mask.shape[0] == pytest.approx(0.714 * em, abs=1.5)  # Noto Sans: capitals are 714 of 1000 high
        assert mask.max() > 0.98


def test_capitals_stand_further_apart(fonts: Fonts) -> None:
    loose, tight = (Setter.of(text, fonts, 700).measure("AAAA") for text in ("AAAA", "AAAAa"))
    assert loose == pytest.approx(tight + 4 * 0.045)


def flat(value: int, alpha: int | None = None) -> Canvas:
    rgb = np.full((120, 300, 3), value, np.uint8)
    return Canvas(rgb, None if alpha is None else np.full((120, 300), alpha, np.uint8))


def word(fonts: Fonts) -> np.ndarray:
    mask = np.zeros((120, 300), np.float32)
    drawn = draw([Setter.of("Hello", fonts, 700).line("Hello")], 60, 1.2, "center", fonts).mask
    mask[30 : 30 + drawn.shape[0], 40 : 40 + drawn.shape[1]] = drawn
    return mask


@pytest.mark.parametrize(
    ("ground", "colour", "halo"),
    [(20, WHITE, False), (245, INK, False), (120, WHITE, True), (190, INK, False)],
)
def test_the_colour_is_that_which_can_be_read(
    fonts: Fonts, ground: int, colour: tuple[int, int, int], *, halo: bool
) -> None:
    look = look_for(flat(ground), word(fonts), 60, None)
    assert look.colour == colour
    assert (look.halo > 0) == halo


@pytest.mark.parametrize("ground", range(0, 256, 15))
@pytest.mark.parametrize("wanted", [None, (255, 255, 255), (22, 22, 24), (255, 0, 0), (250, 220, 60)])
def test_there_is_contrast_on_any_ground(
    fonts: Fonts, ground: int, wanted: tuple[int, int, int] | None
) -> None:
    """Contrast of the letters against what is right beside them: at least 3, as WCAG asks of large text."""
    mask = word(fonts)
    look = look_for(flat(ground), mask, 60, wanted)
    out = blend(flat(ground), mask, 60, look).rgb.astype(float) / 255
    light = np.where(out <= 0.04045, out / 12.92, ((out + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    beside = np.zeros_like(mask, bool)
    beside[2:, :] |= (mask > 0.9)[:-2]
    beside &= mask < 0.02
    ink, near = float(np.median(light[mask > 0.98])), float(np.median(light[beside]))
    assert (max(ink, near) + 0.05) / (min(ink, near) + 0.05) >= 3


def test_colours_are_mixed_in_linear_light() -> None:
    """Half of white over half of black is 188 of 255, not 128: thin strokes kept their weight."""
    mask = np.full((40, 40), 0.5, np.float32)
    look = look_for(Canvas(np.zeros((40, 40, 3), np.uint8)), mask, 10, (255, 255, 255))
    out = blend(Canvas(np.zeros((40, 40, 3), np.uint8)), mask, 10, look)
    assert abs(int(out.rgb[20, 20, 0]) - 188) <= 1


def test_on_nothing_the_text_stands_alone(fonts: Fonts) -> None:
    canvas, mask = flat(200, 0), word(fonts)
    out = blend(canvas, mask, 60, look_for(canvas, mask, 60, (200, 30, 30)))
    assert out.alpha is not None
    assert out.alpha[mask > 0.99].min() >= 252
    assert out.alpha[0].max() == 0
    assert np.abs(out.rgb[mask > 0.99].astype(int) - (200, 30, 30)).max() <= 1


@pytest.mark.parametrize(
    ("given_text", "set_text"),
    [
        ("  two   words ", "two words"),
        ("a\r\nb", "a\nb"),
        ("e\u0301", "é"),
        ("\u202eevil\u202c", "evil"),
        ("tab\there", "tab here"),
        ("\x00nul\x1b[0m", "nul[0m"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
    ],
)
def test_what_cannot_be_seen_is_left_out(given_text: str, set_text: str) -> None:
    assert worded({"text": given_text}, "text", []) == set_text


def test_it_says_that_something_was_left_out() -> None:
    warnings: list[str] = []
    worded({"text": "\u202eevil"}, "text", warnings)
    assert warnings == ["text: characters that cannot be seen were left out"]


@pytest.mark.parametrize("value", [None, 5, "", " \n ", "\u202e", "x" * 301, "x" * 100_000, ["a"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InstructionNotSupported, match="text"):
        worded({"text": value}, "text", [])
