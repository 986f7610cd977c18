"""Clauses that ask for nothing are set aside in every language, and none of their words becomes an edit."""

from __future__ import annotations

from typing import Any

import pytest

from retouch.engines.planner import plan_instruction
from retouch.engines.planner.romanised import devanagari, spoken

_CUT = [{"kind": "background.remove"}]


def _operations(text: str) -> list[dict[str, Any]]:
    return [operation.to_json() for operation in plan_instruction(text).operations]


@pytest.mark.parametrize(
    "text",
    [
        "knock out the background, gonna print these as decals",
        "remove the background because I'm entering a pottery contest",
        "去掉背景，因为要贴在保温杯上",
        "quita el fondo, la tomé de noche con el celu",
        "enlève le fond, c'est pour les maillots du club",
        "Hintergrund weg, ist ne Aufnahme vom Trainingslager",
        "水筒に印刷するので背景を消して",
        "tira o fundo, tô fazendo uns chaveiros",
        "убери фон, это для кружек",
        "احذف الخلفية، لأني أجهز بطاقات دعوة",
        "background hata do, lunchbox pe print karna hai",
        "엽서집에 쓸 거라 배경 지워줘",
    ],
)
def test_a_reason_in_unlisted_words_is_no_part_of_the_request(text: str) -> None:
    plan = plan_instruction(text)
    assert _operations(text) == _CUT
    assert plan.confidence < 0.9
    assert any("read as no request" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "make it look like it was taken on the moon by a robot",
        "because he is bald, add some hair",
        "swap the background for my garden",
        "put a helmet on him, he rides a scooter",
        "la tomé de noche, ponle sombrero",
        "印刷するので帽子をかぶせて",
        "머그컵에 쓸 거라 안경 씌워줘",
    ],
)
def test_a_reason_does_not_hide_a_request_that_nobody_can_serve(text: str) -> None:
    assert _operations(text) == []


def test_words_of_a_report_are_no_edits() -> None:
    # "de noche" once added a night look, "figurinha" an outline, and "menores" was taken for "mejores"
    assert _operations("quítale el ruido, la tomé de noche con el celu") == [
        {"kind": "restore", "mode": "denoise"}
    ]
    assert _operations("recorte sem fundo, é pra figurinha") == _CUT
    assert _operations("pixela las caras porfis, son menores") == [
        {"kind": "privacy", "mode": "pixelate", "target": "faces"}
    ]


def test_how_noisy_a_picture_is_said_to_be_is_no_amount() -> None:
    assert _operations("super noisy pic from the concert, clean up the noise") == [
        {"kind": "restore", "mode": "denoise"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "keep the vignette and add contrast",
        "mantém a vinheta e aumenta o contraste",
        "виньетку оставь, контраст добавь",
        "Vignette behalten, Kontrast rauf",
    ],
)
def test_what_is_to_be_kept_is_not_added(text: str) -> None:
    assert _operations(text) == [{"kind": "tone", "contrast": 30}]


@pytest.mark.parametrize(
    "text",
    [
        "rotate it right but don't rotate it",
        "gírala a la derecha pero que no gire nada",
        "tourne à gauche mais sans la tourner",
        "nach links drehen aber nicht drehen",
        "左に回転して、でも回転はしないで",
    ],
)
def test_what_is_forbidden_in_the_same_breath_is_refused(text: str) -> None:
    assert _operations(text) == []


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("swap the background for a beach, don't touch the bride", "subject"),
        ("fondo de playa y no toques a la novia", "subject"),
        ("背景を砂浜に、花嫁は触らないで", "subject"),
    ],
)
def test_what_is_spared_under_an_unlisted_name_is_the_subject(text: str, subject: str) -> None:
    assert _operations(text) == [{"kind": "background.replace", "scene": "beach", "keep": subject}]


@pytest.mark.parametrize(
    "text",
    [
        "use the second picture I uploaded as the background",
        "ponme de fondo la segunda foto que te mandé",
        "nimm das zweite Bild, das ich geschickt habe, als Hintergrund",
        "поставь на фон вторую фотку, которую я прислал",
        "用我刚才传的第二张照片做背景",
        "添付した2枚目の写真を背景にして",
        "제가 보낸 두 번째 사진을 배경으로 써줘",
        "dusri photo ko background bana do",
    ],
)
def test_whoever_sent_a_picture_does_not_change_which_it_is(text: str) -> None:
    assert _operations(text) == [{"kind": "background.replace", "image": 1}]


@pytest.mark.parametrize(
    ("typed", "word"),
    [("peeche", "पीछे"), ("piche", "पीछे"), ("pahaad", "पहाड"), ("roshni", "रोशनी"), ("nahin", "नहीं")],
)
def test_hindi_in_latin_letters_is_found_in_every_spelling(typed: str, word: str) -> None:
    assert word in devanagari(typed)


def test_english_words_are_no_hindi() -> None:
    assert not any(devanagari(word) for word in ("make", "black", "background", "sharpen", "the"))
    assert spoken("दुकान") == "dukan"


def test_hindi_in_latin_letters_is_planned() -> None:
    assert _operations("peeche pahaad laga do") == [{"kind": "background.replace", "scene": "mountains"}]
    assert _operations("size aadha kar do") == [{"kind": "geometry", "action": "resize", "percent": 50}]


def test_a_word_of_two_other_letters_is_no_typing_error() -> None:
    # "Bäckerei" was taken for "Bücherei", and put the picture into a library
    assert _operations("Hintergrund für meine Bäckerei weiß machen") == [
        {"kind": "background.replace", "color": "#ffffff"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "the sky came out dull, swap it for a sunset",
        "el cielo salió feísimo, cámbialo por un atardecer",
        "Der Himmel ist ausgebrannt, ersetz ihn durch einen Sonnenuntergang",
        "Le ciel est tout plat, mets plutôt un coucher de soleil",
    ],
)
def test_fault_found_with_the_sky_is_what_the_next_clause_is_about(text: str) -> None:
    assert _operations(text) == [{"kind": "sky.replace", "scene": "sunset"}]


def test_how_the_picture_is_said_to_be_is_not_added_to_it() -> None:
    # fog, an old look and grain were once added beside their own remedies
    assert _operations("照片雾蒙蒙的，麻烦去一下雾霾") == [{"kind": "restore", "mode": "dehaze"}]
    assert _operations("أريدها بدرجات السيبيا كالصور القديمة") == [{"kind": "tone", "look": "sepia"}]
    assert _operations("أزل التشويش الرقمي والحبيبات من هذه الصورة") == [
        {"kind": "restore", "mode": "denoise"}
    ]
    assert _operations("desfoca o fundo aí, tá muito poluído") == [{"kind": "background.blur"}]


def test_an_ordinal_may_leave_out_its_picture_once_one_was_named() -> None:
    assert _operations("Aplica na primeira foto o estilo da segunda") == [{"kind": "style", "image": 1}]


def test_a_reason_after_a_quotation_is_set_aside_too() -> None:
    assert _operations("Замени «10:00» на «11:30», перенесли встречу") == [
        {"kind": "text.replace", "old": "10:00", "new": "11:30"}
    ]


@pytest.mark.parametrize("text", ["we cancelled the picnic, add a hat", "Setz einen Hund neben das Kind"])
def test_a_statement_does_not_serve_what_nobody_can(text: str) -> None:
    assert _operations(text) == []


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("reduce the photo by 40%", 60),
        ("reduce the photo to 40%", 40),
        ("reduz a foto em 40%", 60),
        ("reduz a foto pra 40%", 40),
        ("reduz pra 25% do tamanho", 25),
        ("réduis la photo de 40 %", 60),
        ("increase the photo by 20%", 120),
    ],
)
def test_to_a_percentage_is_not_by_it(text: str, percent: int) -> None:
    assert _operations(text) == [{"kind": "geometry", "action": "resize", "percent": percent}]


@pytest.mark.parametrize(
    "text",
    [
        "turn it into black and white but keep every colour the way it is",
        "白黒にして、色は一切変えないで",
    ],
)
def test_colours_that_stay_contradict_a_picture_without_any(text: str) -> None:
    assert _operations(text) == []
