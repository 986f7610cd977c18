"""The same edit, said in each dialect, is the same edit; what is wrong is refused alike, and by name.

A field that one dialect reads and another drops would be dropped silently: whoever adds an extension adds a
row to GOOD and WRONG here, and all four ways to say it are held to them.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conformance.dialects import DIALECTS, PNG, PROMPT, URI, bytes_of, heard

import retouch.api.dialects
from retouch.api.dialects.fields import EXTENSIONS
from retouch.api.idempotency import fingerprint
from retouch.errors import InvalidRequest
from retouch.task import DEFAULT_MODEL, Ignored

GOOD: dict[str, Any] = {
    "seed": 7,
    "size": "16:9",
    "mask_url": "https://example.com/mask.png",
    "negative_prompt": "people",
    "strength": 0.5,
    "steps": 30,
    "guidance": 7.5,
    "output_format": "webp",
    "output_compression": 80,
    "background": "transparent",
    "metadata": {"order": "17", "雨": "☔"},
    "webhook": "https://example.com/hook",
    "strict": False,
}
WRONG: dict[str, list[Any]] = {
    "seed": [-1, 2**31, 1.5, True, "x", "1_0"],
    "size": ["huge", "0x0", "16:9:4", "99999x99999"],
    "mask_url": [],
    "negative_prompt": ["", "x" * 8001],
    "strength": [1.01, -0.1, True, "half", "nan"],
    "steps": [0, 151, 1.5],
    "guidance": [-0.1, 31, "1e999"],
    "output_format": ["gif", "svg", "PNG", ""],
    "output_compression": [-1, 101, 1.5],
    "background": ["white", "Transparent", ""],
    "metadata": [{"a": "x" * 513}, {str(i): "" for i in range(17)}, {"n" * 65: ""}, "[]", '{"a": 1}', "x"],
    "webhook": ["", "http://example.com/hook", "https://127.0.0.1/hook", "x" * 3000],
    "strict": ["yes", 2],
}
# Of the three APIs that are spoken here, and of nobody.
FOREIGN: dict[str, Any] = {
    "quality": "xhigh",
    "user": "u1",
    "safety_identifier": "s1",
    "complexity": "max",
    "frame_count": 4,
    "frame_duration_ms": 120,
    "markup": "<b>",
    "moderation": "low",
    "input_fidelity": "high",
    "resolution": "2k",
    "x_nonsense": [1],
}
every = pytest.mark.parametrize("dialect", DIALECTS)


async def refusal(dialect: str, fields: dict[str, Any], count: int = 1) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refused:
        await heard(DIALECTS[dialect]({"prompt": PROMPT, **fields}, count))
    return refused.value


def test_every_extension_stands_in_the_tables() -> None:
    assert set(GOOD) == set(WRONG) == set(EXTENSIONS)


@pytest.mark.parametrize("names", [(), *((name,) for name in GOOD), tuple(GOOD)])
async def test_the_same_words_are_the_same_edit(names: tuple[str, ...]) -> None:
    said = {name: GOOD[name] for name in names}
    asked = {"prompt": f"  {PROMPT}\n", "model": "retouch-builtin", "n": 2, "seed": 1, **said}

    drafts = [await heard(say(asked)) for say in DIALECTS.values()]

    requests = {dialect: draft.request for dialect, draft in zip(DIALECTS, drafts, strict=True)}
    first = requests["hosted"]
    assert requests == dict.fromkeys(DIALECTS, first)
    assert (first.prompt, first.model, first.n) == (PROMPT, "retouch-builtin", 2)
    assert first.ignored == ()
    assert {draft.mask for draft in drafts} == {asked.get("mask_url")}
    assert all([bytes_of(picture) for picture in draft.pictures] == [PNG] for draft in drafts)
    for field in said.keys() - {"mask_url", "strict"}:
        assert getattr(first, field) == asked[field], f"{field} has landed"


@every
async def test_what_is_left_away_has_a_default(dialect: str) -> None:
    drafts = [await heard(DIALECTS[dialect]({"prompt": PROMPT})) for _ in range(5)]

    first = drafts[0].request
    assert (first.model, first.n, first.output_format) == (DEFAULT_MODEL, 1, "png")
    assert (first.background, first.size, first.strength, first.previews) == (None, None, None, 0)
    assert len({draft.request.seed for draft in drafts}) > 1, "seeds are drawn"
    assert len({fingerprint(draft) for draft in drafts}) == 1, "and make no other request of it"


@every
async def test_auto_and_null_ask_for_nothing(dialect: str) -> None:
    nothing = {"size": "auto", "background": "auto", "quality": "auto", "user": None, "seed": None, "n": None}
    plain, said = [
        (await heard(DIALECTS[dialect]({"prompt": PROMPT, "strict": True, **fields}))).request
        for fields in ({}, nothing)
    ]

    assert replace(said, seed=plain.seed) == plain


@every
@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_extension_is_named(dialect: str, name: str) -> None:
    for value in WRONG[name]:
        assert (await refusal(dialect, {name: value})).param == name, value


@pytest.mark.parametrize("dialect", ["hosted", "openai json", "xai"])
@pytest.mark.parametrize("name", WRONG)
async def test_a_type_is_not_guessed(dialect: str, name: str) -> None:
    """What a form can only send as text is in JSON a number or none."""
    for value in ([], [1], str(GOOD[name]) if not isinstance(GOOD[name], str) else 7):
        assert (await refusal(dialect, {name: value})).param == name, value


@every
async def test_how_many_pictures(dialect: str) -> None:
    for n in (0, 11, -1, 1.5, 1.0, True, '"2"', "2 2", "1_0", [1]):
        assert (await refusal(dialect, {"n": n})).param == "n", n
    for n in (1, 10):
        assert (await heard(DIALECTS[dialect]({"prompt": PROMPT, "n": n}))).request.n == n


@every
async def test_the_prompt_and_the_model(dialect: str) -> None:
    for wrong in ("", " \n\u3000 ", "x" * 8001, None):
        assert (await refusal(dialect, {"prompt": wrong})).param == "prompt"
    unknown = await refusal(dialect, {"model": "dall-e-9"})
    assert unknown.param == "model"
    assert DEFAULT_MODEL in unknown.message


@pytest.mark.parametrize(
    ("dialect", "param"),
    [("hosted", "image_urls"), ("openai form", "image"), ("openai json", "images"), ("xai", "images")],
)
async def test_sixteen_pictures_and_no_more(dialect: str, param: str) -> None:
    draft = await heard(DIALECTS[dialect]({"prompt": PROMPT}, 16))
    assert len(draft.pictures) == len(set(draft.names)) == 16

    for count in (17, 0):
        assert (await refusal(dialect, {}, count)).param == param


@every
@pytest.mark.parametrize("name", FOREIGN)
async def test_a_foreign_field_is_ignored_and_said_so(dialect: str, name: str) -> None:
    asked = {"prompt": PROMPT, name: FOREIGN[name]}

    request = (await heard(DIALECTS[dialect](asked))).request

    reason = (await heard(DIALECTS["hosted"](asked))).request.ignored[0].reason
    assert request.ignored == (Ignored(name, reason),), "with one reason in all dialects"
    assert (await refusal(dialect, {name: FOREIGN[name], "strict": True})).param == name


@every
async def test_a_foreign_field_may_hold_anything(dialect: str) -> None:
    """A list for ``quality`` was an error 500: it was looked up in a set of words."""
    values: tuple[Any, ...] = ([], [1], {"a": {}}, "", 1e9, False)
    for value in values:
        request = (await heard(DIALECTS[dialect]({"prompt": PROMPT, "quality": value}))).request
        assert [each.param for each in request.ignored] == ["quality"], value


@pytest.mark.parametrize(
    ("dialect", "fields", "param"),
    [
        ("openai form", {"image_urls": "https://example.com/a.png"}, "image_urls"),
        ("openai form", {"images": "https://example.com/a.png"}, "images"),
        ("openai json", {"image": {"url": URI}}, "image"),
        ("openai json", {"partial_images": 2}, "partial_images"),
        ("openai form", {"partial_images": 1, "stream": False}, "partial_images"),
        ("openai json", {"stream": True, "response_format": "url"}, "response_format"),
        ("hosted", {"stream": True}, "stream"),
        ("hosted", {"images": [{"url": URI}]}, "images"),
        ("xai", {"mask": {"image_url": URI}}, "mask"),
    ],
)
async def test_nothing_is_dropped_silently(dialect: str, fields: dict[str, Any], param: str) -> None:
    """Fields that are known in another place or company were taken for honoured."""
    request = (await heard(DIALECTS[dialect]({"prompt": PROMPT, **fields}))).request

    assert [each.param for each in request.ignored] == [param]
    assert (await refusal(dialect, {**fields, "strict": True})).param == param


@pytest.mark.parametrize("dialect", ["openai form", "openai json"])
async def test_how_many_previews(dialect: str) -> None:
    for partials in range(4):
        draft = await heard(DIALECTS[dialect]({"prompt": PROMPT, "stream": True, "partial_images": partials}))
        assert draft.request.previews == partials
        assert draft.reply is not None
        assert draft.reply.stream
    for wrong in (-1, 4, 1.5, True):
        assert (await refusal(dialect, {"stream": True, "partial_images": wrong})).param == "partial_images"


async def test_how_the_answer_is_wanted() -> None:
    replies = {
        dialect: (await heard(say({"prompt": PROMPT, "response_format": "url"}))).reply
        for dialect, say in DIALECTS.items()
    }
    plain = {dialect: (await heard(say({"prompt": PROMPT}))).reply for dialect, say in DIALECTS.items()}

    assert replies.pop("hosted") is plain.pop("hosted") is None, "a task, at once"
    assert {dialect: reply and reply.form for dialect, reply in replies.items()} == dict.fromkeys(
        plain, "url"
    )
    assert [reply and reply.form for reply in plain.values()] == ["b64_json", "b64_json", "url"]
    for dialect in replies:
        assert (await refusal(dialect, {"response_format": "jpeg"})).param == "response_format"


async def test_one_mask_is_enough() -> None:
    """Of a mask and a mask_url the second was dropped without a word."""
    both = {"mask_url": URI, "mask": {"image_url": URI}}
    assert (await refusal("openai json", both)).param == "mask"

    form = httpx2.Request(
        "POST",
        "http://127.0.0.1/v1/images/edits",
        data={"prompt": PROMPT, "mask_url": URI},
        files=[("image", ("a.png", PNG, "image/png")), ("mask", ("m.png", PNG, "image/png"))],
    )
    with pytest.raises(InvalidRequest) as refused:
        await heard(form)
    assert refused.value.param == "mask"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"aspect_ratio": "16:9", "size": "1024x768"}, "aspect_ratio"),
        ({"aspect_ratio": "wide"}, "aspect_ratio"),
        ({"aspect_ratio": ["16:9"]}, "aspect_ratio"),
        ({"aspect_ratio": "1:1", "size": [1]}, "size"),
        ({"images": [{"url": URI}]}, "image"),
        ({"image": "https://example.com/a.png"}, "image"),
        ({"image": None}, "image"),
    ],
)
async def test_the_fields_of_xai(fields: dict[str, Any], param: str) -> None:
    assert (await refusal("xai", fields)).param == param


async def test_a_ratio_of_xai_is_a_size() -> None:
    draft = await heard(DIALECTS["xai"]({"prompt": PROMPT, "aspect_ratio": "16:9", "size": "auto"}))

    assert draft.request.size == "16:9"


async def test_a_file_id_is_told_what_is_taken_instead() -> None:
    asked = {"prompt": PROMPT, "images": [{"file_id": "file-1"}]}

    refused = await refusal("openai json", asked)

    assert refused.param == "images"
    assert "image_url" in refused.message


async def test_a_file_where_text_belongs() -> None:
    """Its bytes were called bad UTF-8, whatever the field; an unknown one is ignored like any other."""
    for name in ("other", "prompt", "n", "strict"):
        files = [("image", ("a.png", PNG, "image/png")), (name, ("b.png", PNG, "image/png"))]
        data = {} if name == "prompt" else {"prompt": PROMPT}
        form = httpx2.Request("POST", "http://127.0.0.1/v1/images/edits", data=data, files=files)
        if name == "other":
            assert [each.param for each in (await heard(form)).request.ignored] == ["other"]
            continue
        with pytest.raises(InvalidRequest) as refused:
            await heard(form)
        assert refused.value.param == name


async def test_metadata_of_a_form_is_as_strict_as_json() -> None:
    for wrong in ('{"a": "1", "a": "2"}', '{"a": "\\u0000"}', '{"a": "\\ud800"}'):
        assert (await refusal("openai form", {"metadata": wrong})).param == "metadata"
    twice = {"metadata": {"a": "1"}, "metadata[b]": "2"}
    draft = await heard(DIALECTS["openai form"]({"prompt": PROMPT, **twice}))
    assert draft.request.metadata == {"a": "1", "b": "2"}


def test_the_dialects_translate_and_nothing_else() -> None:
    """No file, socket, database or framework: a wire format can be tried without any of them."""
    pure = {"collections", "dataclasses", "datetime", "json", "re", "secrets", "typing", "unicodedata"}
    rules = ("retouch.fetch.policy", "retouch.fetch.webhook")  # of addresses; nothing is looked up
    own = ("retouch.api.dialects", "retouch.api.strict_json", "retouch.errors", "retouch.task", *rules)
    for file in Path(retouch.api.dialects.__path__[0]).glob("*.py"):
        for module in imported(ast.parse(file.read_text("utf-8"))):
            allowed = module in pure or module.startswith(own) or module == "__future__"
            assert allowed, f"{file.name} imports {module}"
            assert module.split(".")[0] in {*sys.stdlib_module_names, "retouch"}


def imported(tree: ast.Module) -> list[str]:
    """The modules that run-time code imports; what stands under ``if TYPE_CHECKING`` is for the types."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module or ""]
    return [module.split(".")[0] if not module.startswith("retouch") else module for module in found]
