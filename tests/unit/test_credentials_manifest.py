"""What a manifest tells: where the pixels come from, and nothing of the client's words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.credentials.manifest import ALTERED, COMPOSITE, GENERATED, MEANINGS, manifest
from retouch.engines.builtin.operations import OPERATIONS
from retouch.engines.builtin.styles import STYLES

SECRET = "my grandmother in Lisbon, 1962"


def source_types(*operations: dict[str, object], engine: str = "builtin") -> list[str]:
    actions = manifest(operations, engine, "t")["assertions"][0]["data"]["actions"]
    return [action["digitalSourceType"] for action in actions[1:]]


def test_every_operation_of_the_builtin_engine_has_a_meaning() -> None:
    assert set(OPERATIONS) <= set(MEANINGS)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"kind": "tone", "look": "sepia"}, ALTERED),
        ({"kind": "background.blur"}, ALTERED),
        ({"kind": "background.remove"}, ALTERED),
        ({"kind": "background.replace", "scene": "starry sky"}, COMPOSITE),
        ({"kind": "background.replace", "color": "#ffffff"}, COMPOSITE),
        ({"kind": "style", "style": "oil painting"}, ALTERED),
        ({"kind": "style", "style": "cyberpunk"}, COMPOSITE),
        ({"kind": "something new"}, COMPOSITE),
    ],
)
def test_source_types_of_the_builtin_engine(operation: dict[str, object], expected: str) -> None:
    assert source_types(operation) == [expected]


def test_no_other_operation_of_the_builtin_engine_passes_for_generative() -> None:
    kinds: list[dict[str, object]] = [{"kind": kind} for kind in MEANINGS]
    styles: list[dict[str, object]] = [{"kind": "style", "style": style} for style in STYLES]
    assert GENERATED not in source_types(*kinds, *styles)


def test_a_style_by_example_comes_out_of_a_net_and_says_so() -> None:
    """It was told as an alteration of the photo, like a drawn style, although a net makes every pixel."""
    assert source_types({"kind": "style", "image": 1}) == [GENERATED]
    assert source_types({"kind": "background.replace", "image": 1}) == [COMPOSITE]


def test_an_engine_that_nobody_classified_is_told_as_generative() -> None:
    assert source_types({"kind": "tone"}, engine="somebodys") == [GENERATED]
    assert source_types(engine="somebodys") == [GENERATED]


@given(name=st.text(min_size=1).filter(lambda name: name != "kind"), text=st.text(min_size=1))
def test_text_that_is_no_name_of_ours_is_never_told(name: str, text: str) -> None:
    words = f"{SECRET}: {text}"
    for engine in ("builtin", "upstream"):
        told = json.dumps(
            manifest([{"kind": "edit", name: words}, {"kind": "e", "scene": words}], engine, "t")
        )
        assert "grandmother" not in told


def test_names_are_told_only_of_engines_that_take_them_from_our_lists() -> None:
    operation = {"kind": "background.replace", "scene": "a castle where Alice lives", "strength": 80}
    told = json.dumps(manifest([operation], "upstream", "t"))
    assert "Alice" not in told
    assert '"strength": 80' in told
