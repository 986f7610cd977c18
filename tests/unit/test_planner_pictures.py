"""Which picture is meant, and what it is to the first one: told by the words around its name."""

from __future__ import annotations

from typing import Any

import pytest

from retouch.engines.planner import plan_instruction

BEHIND = {"kind": "background.replace", "image": 1}


def planned(text: str) -> list[dict[str, Any]]:
    operations: list[dict[str, Any]] = plan_instruction(text).to_json()["operations"]
    return operations


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("the second picture", 1),
        ("the 2nd photo", 1),
        ("image 2", 1),
        ("picture number 3", 2),
        ("image #4", 3),
        ("picture five", 4),
        ("the other photo", 1),
        ("the tenth image", 9),
        ("image 10", 9),
    ],
)
def test_a_picture_is_named_in_many_ways(name: str, place: int) -> None:
    assert planned(f"Use {name} as the background") == [{"kind": "background.replace", "image": place}]


@pytest.mark.parametrize("name", ["image 11", "image 0", "image 2.5", "the last picture", "both pictures"])
def test_what_is_no_picture_of_the_request_is_refused(name: str) -> None:
    assert planned(f"Use {name} as the background") == []


def test_the_first_picture_is_the_one_that_is_edited() -> None:
    assert planned("Replace the background of image 1 with image 2") == [BEHIND]
    assert planned("Use image 1 as the background of image 2") == []
    assert planned("Use the first picture as the background") == []


def test_a_number_that_counts_something_names_no_picture() -> None:
    (made,) = planned("Make the picture 2 times bigger")
    assert made == {"kind": "geometry", "action": "resize", "percent": 200}
    (turned,) = planned("Rotate the image 5 degrees")
    assert turned == {"kind": "geometry", "action": "rotate", "degrees": 5}


@pytest.mark.parametrize(
    "text",
    [
        "Change the background of the second picture",
        "Change the second picture's background",
        "Don't use the second picture as background",
        "Put her behind the second picture",
        "Change the style of the second picture",
        "Combine the two pictures",
        "Swap the faces in the two pictures",
        "Use the second picture",
        "Compare the two pictures",
        "Vergleiche die beiden Bilder",
        "Keep the style of the second picture",
        "Give the second picture a gloomier feel",
    ],
)
def test_what_speaks_of_the_second_picture_and_cannot_be_done_is_refused(text: str) -> None:
    assert planned(text) == []
    assert plan_instruction(text).unsupported


def test_with_before_a_picture_divides_no_request() -> None:
    """As "with" and "mit" also join requests, the second half was one by itself, and no known one."""
    assert planned("Ersetze den Hintergrund mit dem zweiten Bild") == [BEHIND]
    assert planned("Replace the background with the second picture and make it warm") == [
        BEHIND,
        {"kind": "tone", "look": "warm"},
    ]


def test_a_style_may_stand_beside_other_requests_without_a_comma() -> None:
    """The word "style" is silent elsewhere, and was cut off with what stood before it."""
    assert planned("In the style of the second picture with a white border") == [
        {"kind": "style", "image": 1},
        {"kind": "frame", "frame": "border", "color": "#ffffff"},
    ]


def test_keeping_the_subject_goes_along() -> None:
    assert planned("Use the second image as background, keep the subject") == [BEHIND | {"keep": "subject"}]
