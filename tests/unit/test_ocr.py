"""Text in pictures: how the nets' numbers are read, that words set here are read, and which are meant."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support_pictures import context, photo

from retouch.engines.builtin.ocr import TextLine, TextReader, in_rows
from retouch.engines.builtin.operation import Canvas, no_reader
from retouch.engines.builtin.operations.text_add import apply as add
from retouch.engines.builtin.text_detection import in_reading_order, lines_of
from retouch.engines.builtin.text_matching import matches
from retouch.engines.builtin.text_recognition import decoded, metadata, prepared, straightened
from retouch.errors import EngineFailed, WeightsMissing
from retouch.settings import default_weights_dir
from retouch.weights.manifest import weight
from retouch.weights.store import WeightsStore


@pytest.fixture(scope="module")
def reader() -> TextReader:
    """Its nets are a download of their own, which nobody needs for the rest."""
    store = WeightsStore(Path(os.environ.get("RETOUCH_WEIGHTS_DIR", default_weights_dir())))
    if not store.has("ocr-det") or not store.has("ocr-rec"):
        pytest.skip("the models ocr-det and ocr-rec are not here; run: retouch models pull ocr-det")
    return TextReader(store.path("ocr-det"), store.path("ocr-rec"), None, 1)


def with_text(name: str, text: str, **arguments: str) -> NDArray[np.uint8]:
    run, _ = context(np.zeros((4, 4), np.float32))
    return add(Canvas(photo(name)), {"text": text, **arguments}, run).rgb


def line(text: str, x: float = 0, y: float = 0, w: float = 100, h: float = 20) -> TextLine:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    places = tuple((at + 0.5) / len(text) for at in range(len(text)))
    return TextLine(corners, text, places)


def test_a_line_grows_back_to_what_it_was_before_training_shrank_it() -> None:
    likely = np.zeros((120, 320), np.float32)
    likely[50:60, 40:240] = 0.95
    ((corners, sure),) = lines_of(likely, (2.0, 2.0))
    by = 200 * 10 * 1.6 / (2 * 210)
    assert corners[0] == pytest.approx([2 * (40 - by), 2 * (50 - by)], abs=4)
    assert corners[2] == pytest.approx([2 * (240 + by), 2 * (60 + by)], abs=4)
    assert sure > 0.8


def test_faint_and_thin_things_are_no_lines() -> None:
    likely = np.zeros((100, 100), np.float32)
    likely[20:30, 10:90] = 0.4
    likely[60:61, 10:90] = 0.9
    assert lines_of(likely, (1.0, 1.0)) == []


@pytest.mark.parametrize("angle", [-40, -12, 0, 25, 44])
def test_corners_go_around_from_the_upper_left(angle: float) -> None:
    box = cv2.boxPoints(((100, 100), (80, 20), angle)).astype(np.float32)
    corners = in_reading_order(box)
    along = corners[1] - corners[0]
    assert np.hypot(*along) == pytest.approx(80, abs=0.5)
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(angle, abs=0.5)


def test_repetitions_are_one_letter_unless_a_blank_parts_them() -> None:
    steps = np.full((10, 3), 0.01, np.float32)
    for at, index in enumerate([0, 1, 1, 0, 1, 2, 2, 2, 0, 0]):
        steps[at, index] = 0.9
    words = decoded(steps, ("", "a", "b"), 1.0)
    assert words.text == "aab"
    assert words.score == pytest.approx(0.9)
    assert words.places == pytest.approx((0.15, 0.45, 0.55))


def test_nothing_but_blanks_is_no_text() -> None:
    steps = np.zeros((10, 3), np.float32)
    steps[:, 0] = 1
    assert decoded(steps, ("", "a", "b"), 1.0).text == ""


def test_a_line_before_the_net_is_48_pixels_high_and_has_one_of_few_widths() -> None:
    assert prepared(np.zeros((20, 100, 3), np.uint8)).shape == (1, 3, 48, 320)
    assert prepared(np.zeros((48, 700, 3), np.uint8)).shape == (1, 3, 48, 704)
    assert prepared(np.zeros((10, 9000, 3), np.uint8)).shape[3] == 3200


def test_a_leaning_line_is_straightened_and_one_written_downwards_laid_down() -> None:
    rgb = np.zeros((200, 200, 3), np.uint8)
    box = cv2.boxPoints(((100, 100), (90, 20), 30))
    cv2.fillConvexPoly(rgb, np.rint(box).astype(np.int32), (255, 255, 255))
    strip = straightened(rgb, in_reading_order(box.astype(np.float32)))
    assert strip.shape[:2] == pytest.approx((21, 91), abs=1)
    assert strip[3:-3, 3:-3].min() > 200
    assert straightened(rgb, line("x", 10, 10, 20, 100).corners).shape[:2] == (20, 100)


def test_the_characters_stand_in_the_model_file() -> None:
    entry = b"\x0a\x09character\x12\x03a\nb"
    assert metadata(b"\x08\x07\x72" + bytes([len(entry)]) + entry) == {"character": "a\nb"}


@pytest.mark.parametrize("broken", [b"\x72\xff", b"\xff" * 20, b"\x75abcd", b"\x72\x04\x0a\x02\xff\xff"])
def test_a_file_that_is_no_model_is_said_to_be_none(broken: bytes) -> None:
    with pytest.raises(EngineFailed, match="no ONNX file"):
        metadata(broken)


def test_lines_are_read_by_rows() -> None:
    lines = [line("d", 200, 52), line("c", 0, 50), line("b", 200, 0), line("a", 0, 4)]
    assert "".join(each.text for each in in_rows(lines)) == "abcd"


def found(lines: list[TextLine], wanted: str) -> list[str]:
    return ["|".join(part.text for part in match.parts) for match in matches(lines, wanted)]


@pytest.mark.parametrize(
    ("lines", "wanted", "there"),
    [
        (["SALE"], "sale", ["SALE"]),
        (["SUMMER SALE 50%"], "Sale", ["SALE"]),
        (["WHOLESALE"], "sale", []),
        (["Summer", "Sale"], "summer sale", ["Summer|Sale"]),
        (["theevening comes."], "the evening", ["theevening"]),
        (["Sumner Sale"], "Summer Sale", ["Sumner Sale"]),
        (["SAIE"], "SALE", []),
        (["SALE", "SALE"], "SALE", ["SALE", "SALE"]),
        (["你好世界"], "世界", ["世界"]),
        (["Ｆｕｌｌ"], "full", ["Ｆｕｌｌ"]),
        (["“Hello!”"], "hello", ["“Hello!”"]),
        (["18:00"], "18:00", ["18:00"]),
        (["a"], "!!!", []),
        ([""], "x", []),
        ([], "x", []),
    ],
)
def test_the_words_that_are_meant_are_found(lines: list[str], wanted: str, there: list[str]) -> None:
    assert found([line(text, 0, 40 * at) for at, text in enumerate(lines)], wanted) == there


def test_part_of_a_line_has_that_part_of_its_place() -> None:
    ((part,),) = [match.parts for match in matches([line("SUMMER SALE", w=110)], "sale")]
    assert part.corners[0, 0] == pytest.approx(60, abs=6)
    assert part.corners[1, 0] == pytest.approx(110)
    assert part.height == pytest.approx(20)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("astronaut", "Summer Sale"),
        ("coffee", "Größe café señor"),
        ("china", "你好世界"),
        ("chelsea", "東京の桜"),
        ("rocket", "LAUNCH 2024"),
    ],
)
def test_what_is_set_on_a_photo_is_read_from_it(reader: TextReader, name: str, text: str) -> None:
    read = "".join(each.text for each in reader.read(with_text(name, text, position="bottom")))
    assert read.replace(" ", "").casefold() == text.replace(" ", "").casefold()


@pytest.mark.parametrize("name", ["rocket", "camera", "coffee", "chelsea", "flower"])
def test_a_cup_an_eye_and_a_flower_are_no_text(reader: TextReader, name: str) -> None:
    """The detector is 0.7 to 0.8 sure of round things, and "remove the text" took a whole cup away."""
    assert reader.read(photo(name)) == ()


@pytest.mark.parametrize("text", ["مرحبا بالعالم", "नमस्ते दुनिया", "대한민국 만세"])
def test_scripts_that_are_not_read_are_found_all_the_same(reader: TextReader, text: str) -> None:
    lines = reader.read(with_text("flower", text, position="top"))
    assert lines
    assert not any(each.text for each in lines)


def test_without_the_nets_the_command_that_gets_them_is_named() -> None:
    with pytest.raises(WeightsMissing, match="retouch models pull ocr-det"):
        no_reader(np.zeros((8, 8, 3), np.uint8))
    assert weight("ocr-det").companion == "ocr-rec"
    assert not weight("ocr-det").needed
