"""The hosted API's dialect takes what its table allows, refuses the rest by name, and never breaks."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.api.dialects import apimart
from retouch.api.dialects.fields import EXTENSIONS
from retouch.api.strict_json import parse_object
from retouch.errors import InvalidRequest
from retouch.settings import Settings
from retouch.task import EditRequest, Ignored

GOOD: dict[str, Any] = {"prompt": "make it night", "image_urls": ["https://example.com/a.png"]}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["model", "prompt", "image_urls", "n", *EXTENSIONS, "other"])


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Defaults; no folder is made."""
    return Settings(data_dir=Path("unused"))


@given(st.dictionaries(FIELDS, VALUES))
def test_any_json_is_taken_or_refused_by_name(settings: Settings, body: dict[str, Any]) -> None:
    refused, request = None, None
    try:
        request = apimart.parse(GOOD | body, settings).request
    except InvalidRequest as error:
        refused = error

    if request is None:
        assert refused is not None
        assert refused.param in GOOD | body
        return
    assert 1 <= request.n <= 10
    assert 1 <= len(request.prompt) <= 8000
    assert request.prompt == request.prompt.strip()
    assert 0 <= request.seed <= request.seed + request.n - 1 < 2**31
    assert request.model in settings.models
    assert EditRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize("n", [1, 2, 10])
def test_n_is_taken(settings: Settings, n: int) -> None:
    assert apimart.parse(GOOD | {"n": n}, settings).request.n == n


@pytest.mark.parametrize("size", ["1024x768", "16x16", "16:9", "99:1"])
def test_a_size_is_taken(settings: Settings, size: str) -> None:
    assert apimart.parse(GOOD | {"size": size}, settings).request.size == size


@pytest.mark.parametrize("size", ["auto", None])
def test_auto_is_no_size(settings: Settings, size: str | None) -> None:
    assert apimart.parse(GOOD | {"size": size}, settings).request.size is None


@pytest.mark.parametrize(
    "size", ["15x16", "16385x16", "16384x16384", "0:1", "100:1", "9 x 9", " 1:1", "1:1\n"]
)
def test_a_size_beyond_reason_is_refused(settings: Settings, size: str) -> None:
    with pytest.raises(InvalidRequest):
        apimart.parse(GOOD | {"size": size}, settings)


def test_two_submits_without_a_seed_get_two_seeds(settings: Settings) -> None:
    drawn = {apimart.parse(GOOD, settings).request.seed for _ in range(8)}

    assert len(drawn) > 1


def test_an_unknown_field_is_kept_as_ignored(settings: Settings) -> None:
    assert apimart.parse(GOOD | {"shade": "u1"}, settings).request.ignored == (
        Ignored("shade", "unknown parameter"),
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(raw: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(parse_object(raw), dict)


@given(st.text(max_size=20))
def test_what_is_taken_can_be_stored(text: str) -> None:

    try:
        value = parse_object(json.dumps({"x": text}).encode())
    except InvalidRequest:
        assert "\0" in text
    else:
        assert value == {"x": text}
