"""Every way in which a task can fail can be told in every language of the hosted API."""

from __future__ import annotations

import inspect

import pytest

from retouch import errors
from retouch.api.messages import LANGUAGES, say, table
from retouch.engines.planner.plan import Plan
from retouch.engines.routing import not_supported
from retouch.errors import TaskError
from retouch.task import Failure

CODES = sorted(
    kind.code
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, TaskError) and kind is not errors.TaskCancelled
)


# In a text from right to left they keep a quotation from the left together.
ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_ten_sentences_of_its_own(code: str) -> None:
    sentences = table()[code]

    assert set(sentences) == set(LANGUAGES) - {"en"}
    assert len(set(sentences.values())) == len(sentences)


def test_the_table_has_no_code_that_nobody_uses() -> None:
    assert sorted({name.partition(".")[0] for name in table()}) == CODES


def test_english_is_what_the_engine_said() -> None:
    failure = Failure("source_not_found", "invalid_request_error", "the URL answered 404")

    assert say(failure, "en") == "the URL answered 404"
    assert say(failure, "xx") == "the URL answered 404"
    assert say(failure, "de") == "Unter dieser Adresse gibt es kein Bild."


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("pt_BR", "pt"), ("DE", "de"), ("EN", "en"), ("en-GB", "en")],
)
def test_a_region_or_capitals_change_no_language(tag: str, language: str) -> None:
    failure = Failure("source_not_found", "invalid_request_error", "the URL answered 404")

    assert say(failure, tag) == say(failure, language)


def test_what_was_not_understood_is_quoted_in_every_language() -> None:
    plan = Plan("en", (), 0.0, unsupported=("grow a tail", "juggle"))
    failure = Failure("instruction_not_supported", "invalid_request_error", not_supported(plan).message)

    for language in LANGUAGES:
        said = say(failure, language).translate(ISOLATES)
        assert "“grow a tail”" in said
        assert "“juggle”" in said
    assert say(failure, "de") == "Diese Anweisung kann nicht ausgeführt werden. “grow a tail” “juggle”"


def test_a_refusal_without_a_quotation_has_none() -> None:
    failure = Failure("instruction_not_supported", "invalid_request_error", "No engine can do that.")

    assert say(failure, "de") == "Diese Anweisung kann nicht ausgeführt werden."
