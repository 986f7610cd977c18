"""Rules that hold for every instruction, and the planner's own contract."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.engines.planner import SUPPORTED, describe_supported, nearest, plan_instruction
from retouch.engines.planner.plan import Plan
from retouch.engines.planner.spelling import distance
from retouch.engines.planner.words import load

_WORDS = [
    "change",
    "background",
    "to",
    "a",
    "starry",
    "sky",
    "keep",
    "the",
    "subject",
    "don't",
    "remove",
    "blur",
    "and",
    "then",
    ",",
    ".",
    "make",
    "it",
    "brighter",
    "warmer",
    "white",
    "blue",
    "gradient",
    "cyberpunk",
    "style",
    "dragon",
    "more",
    "less",
    "20",
    "%",
    "把",
    "背景",
    "换成",
    "星空",
    "主体",
    "不变",
    "фон",
    "удали",
    "не",
    "и",
    "звёздное",
    "небо",
    "الخلفية",
    "احذف",
    "و",
    "पृष्ठभूमि",
    "हटाएं",
    "배경",
    "바꿔줘",
    "背景を",
    "ぼかして",
    '"',
    "«",
    "#ff8800",
    "rgb(1,2,3)",
    "+20",
    "-5",
    "16:9",
    "800x600",
    "90°",
    "only",
    "crop",
    "rotate",
    "left",
    "larger",
    "border",
    "thick",
    "rain",
    "noise",
    "too",
    "tint",
    "裁剪",
    "小一点",
    "雪",
    "回転",
    "테두리",
    "اقلب",
    "घुमाओ",
]
_DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"]


def _check(text: str) -> Plan:
    plan = plan_instruction(text)
    assert Plan.from_json(plan.to_json()) == plan
    assert bool(plan.operations) != bool(plan.unsupported)
    assert 0 <= plan.confidence <= 1
    assert plan.confidence < 0.5 or plan.operations
    assert all(operation.kind in SUPPORTED.kinds for operation in plan.operations)
    assert all(0 < len(quote) <= 120 for quote in plan.unsupported)
    return plan


@given(st.text(max_size=300))
@settings(deadline=None)  # the first example loads the lexicon
def test_any_text_gives_a_plan_that_is_either_carried_out_whole_or_refused(text: str) -> None:
    _check(text)


@given(st.lists(st.sampled_from(_WORDS), max_size=25))
@settings(max_examples=200, deadline=None)
def test_any_order_of_known_words_gives_a_plan_too(words: list[str]) -> None:
    _check(" ".join(words))
    _check("".join(words))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 8000,
        "change the background " * 400,
        "don't remove " * 600,
        "“" * 8000,
        "«" * 4000 + "»" * 4000,
        "背景" * 4000,
        "し" * 8000,
        "😀" * 8000,
        "\x00\x1b[31m" * 1000,
        "backgrund sttary " * 400,
        "، و " * 2000,
        "+" * 8000,
        "rgb(" * 2000,
        "#" * 8000,
        "1.1.1," * 1300,
        "e\u0301" * 4000,
        "\u202e\u200f" * 4000,
        "والخلفية " * 900,
        "背景と" * 2600,
        "brighter and " * 600,
        "9:" * 4000,
        "800x" * 2000,
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_a_hostile_text_is_refused_like_any_other(text: str) -> None:
    _check(text)


def test_nothing_at_all_is_refused_and_quoted() -> None:
    assert plan_instruction("").unsupported == ('""',)
    assert plan_instruction("  \n ").operations == ()
    assert plan_instruction("asdf qwer").unsupported == ("asdf qwer",)
    assert plan_instruction("only").unsupported == ("only",)


def test_one_part_not_understood_refuses_the_whole_and_is_quoted_alone() -> None:
    plan = plan_instruction("Remove the background and add a dragon")
    assert plan.operations == ()
    assert plan.unsupported == ("add a dragon",)


def test_a_quoted_text_is_not_cut_at_its_punctuation() -> None:
    (operation,) = plan_instruction('Write "Hello, world. And more" on it').operations
    assert operation.to_json() == {"kind": "text.add", "text": "Hello, world. And more"}


def test_a_typing_error_is_forgiven_at_the_price_of_confidence() -> None:
    right = plan_instruction("Change the background to a starry sky")
    typo = plan_instruction("Chnage the backgorund to a starry sky")
    assert typo.operations == right.operations
    assert typo.confidence < right.confidence


def test_a_contradiction_is_refused() -> None:
    plan = plan_instruction("Replace the background with a sunset but keep the background unchanged")
    assert plan.operations == ()


def test_a_generous_reading_says_so() -> None:
    plan = plan_instruction("Change the background to outer space")
    assert plan.operations[0].arguments["scene"] == "nebula"
    assert plan.warnings


@pytest.mark.parametrize(("one", "other", "edits"), [("sky", "sky", 0), ("abcd", "abdc", 1), ("ab", "xy", 2)])
def test_distance_counts_edits_and_swaps(one: str, other: str, edits: int) -> None:
    assert distance(one, other, 2) == edits


def test_every_scene_style_and_look_has_words_in_every_language() -> None:
    concepts = load().concepts
    wanted = [f"scene:{name}" for name in SUPPORTED.scenes] + [f"style:{name}" for name in SUPPORTED.styles]
    wanted += [f"look:{name}" for name in SUPPORTED.looks if name not in {"night", "warm", "cool"}]
    missing = {
        (label, language)
        for label in wanted
        for language in ("en", "zh", "es", "fr", "de", "ja", "pt", "ru", "ar", "hi", "ko")
        if not concepts.get(label, {}).get(language)
    }
    assert missing <= {("look:hdr", code) for code in ("zh", "ja", "ko", "hi", "ar")}


def test_at_least_thirty_colours_have_names_in_every_language() -> None:
    everywhere = [
        row
        for label, row in load().concepts.items()
        if label.startswith("colour:") and len(set(row) - {"hex", "light", "dark"}) == 11
    ]
    assert len(everywhere) >= 30


def test_the_help_names_everything_and_the_nearest_comes_first() -> None:
    text = describe_supported()
    assert all(name in text for name in (*SUPPORTED.scenes, *SUPPORTED.styles, *SUPPORTED.looks))
    assert nearest("Redact the face")[0] == SUPPORTED.kinds["privacy"]
    assert nearest("make the jacket anime")[0] == SUPPORTED.kinds["style"]
    assert SUPPORTED.display_name("starry sky", "zh") == "星空"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Change the sky", "sky.replace"),
        ("Upscale it to 8K", "upscale"),
        ("把车牌遮挡", "privacy"),
        ("Glätte die Falten", "retouch"),
        ("手ブレを直して", "restore"),
        ("Удали прохожих", "background.remove"),
    ],
)
def test_a_request_that_cannot_be_served_yet_is_refused_with_the_nearest_that_can(
    text: str, kind: str
) -> None:
    assert plan_instruction(text).operations == ()
    assert nearest(text)[0] == SUPPORTED.kinds[kind]


def test_every_example_of_the_help_is_planned_as_the_kind_it_stands_for() -> None:
    for kind, example in SUPPORTED.kinds.items():
        assert [operation.kind for operation in plan_instruction(example).operations] == [kind]


def test_the_planner_loads_no_pixel_library() -> None:
    code = (
        "import sys; from retouch.engines.planner import plan_instruction; plan_instruction('sepia');"
        "assert not {'numpy', 'cv2', 'PIL'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(degrees=st.integers(min_value=1, max_value=359), digits=st.sampled_from(_DIGITS))
@settings(deadline=None)
def test_a_number_counts_the_same_in_every_script(degrees: int, digits: str) -> None:
    written = str(degrees).translate(str.maketrans(_DIGITS[0], digits))
    plan = plan_instruction(f"Rotate the picture by {written} degrees")
    assert plan.operations[0].arguments == {"action": "rotate", "degrees": degrees}


@given(wide=st.integers(min_value=51, max_value=9999), high=st.integers(min_value=51, max_value=9999))
@settings(deadline=None)
def test_a_size_keeps_its_sides(wide: int, high: int) -> None:
    for text in (f"resize to {wide}x{high}", f"把尺寸改成{wide}×{high}", f"высота {high} и ширина {wide}"):
        arguments = plan_instruction(text).operations[0].arguments
        assert (arguments["width"], arguments["height"]) == (wide, high)


@given(percent=st.integers(min_value=1, max_value=99))
@settings(deadline=None)
def test_to_a_percentage_is_not_by_a_percentage(percent: int) -> None:
    asked = {"shrink it to": percent, "shrink it by": 100 - percent, "enlarge it by": 100 + percent}
    for words, expected in asked.items():
        assert plan_instruction(f"{words} {percent}%").operations[0].arguments["percent"] == expected


def test_what_is_to_be_kept_is_not_recoloured() -> None:
    assert plan_instruction("Make the subject blue, but don't touch the subject").operations == ()
    assert plan_instruction("Tint the background green and keep the background as it is").operations == ()


def test_weather_over_a_subject_that_should_stay_says_so() -> None:
    plan = plan_instruction("Make it snow but don't touch the person")
    assert [operation.kind for operation in plan.operations] == ["weather"]
    assert plan.warnings
    assert plan.confidence < plan_instruction("Make it snow").confidence


@pytest.mark.parametrize(
    "text", ["Rotate", "Crop it", "Resize", "Make the dog larger", "Extend it to 16:9", "Half the way"]
)
def test_half_a_request_is_no_request(text: str) -> None:
    assert plan_instruction(text).operations == ()


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        ("make it brighter and save as jpg", "jpg: the file format is chosen by output_format"),
        ("make it 500% brighter", "brightness: 100 is the most"),
        ("Change the background to red, then blue", "one background after another: the last one counts"),
        ("studio background, soft light", "studio: lit in its own way"),
    ],
)
def test_what_is_done_otherwise_than_it_was_said_is_a_warning(instruction: str, said: str) -> None:
    assert said in plan_instruction(instruction).warnings


def test_a_file_format_that_only_names_the_picture_is_no_warning() -> None:
    assert not plan_instruction("brighten this jpg").warnings
