"""Every failure that a task can end in is told in every language, with its particulars."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retouch.api.messages import LANGUAGES, say, table
from retouch.engines.builtin.operations.upscale import _within_limits
from retouch.engines.planner import plan_instruction
from retouch.engines.routing import not_supported
from retouch.errors import ImageTooLarge, TaskCancelled, TaskError
from retouch.fetch.client import _too_large
from retouch.images.decode import decode
from retouch.task import Failure
from retouch.testing import pictures

TRANSLATED = tuple(language for language in LANGUAGES if language != "en")


def codes() -> Iterator[str]:
    """Every code in the tree, however deep, and that of what nobody foresaw."""
    todo = [TaskError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__ == TaskError.__module__ and kind is not TaskCancelled:
            yield kind.code


def failure(error: TaskError) -> Failure:
    return Failure(error.code, error.type, error.message)


def test_there_are_eleven_languages_and_english_is_the_engines_own() -> None:
    assert len(set(LANGUAGES)) == 11
    assert say(Failure("engine_failed", "server_error", "the net broke"), "en") == "the net broke"
    assert say(Failure("engine_failed", "server_error", "the net broke"), "tlh") == "the net broke"


@pytest.mark.parametrize("code", sorted(set(codes())))
def test_a_code_without_a_translation_is_noticed_here(code: str) -> None:
    told = {language: say(Failure(code, "server_error", "in English"), language) for language in TRANSLATED}
    assert [language for language, text in told.items() if text == "in English" or not text.strip()] == []
    assert len(set(told.values())) == len(TRANSLATED)


def test_no_translation_is_left_of_a_code_that_is_gone() -> None:
    assert {name.removesuffix(".most") for name in table()} == set(codes())
    assert all(set(rows) == set(TRANSLATED) for rows in table().values())


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_was_not_understood_is_quoted(language: str) -> None:
    refused = failure(not_supported(plan_instruction("Add a dragon to the picture")))
    told = say(refused, language)
    assert "dragon" in told
    assert "could not be carried out" not in told


def test_a_latin_quotation_does_not_turn_the_arabic_around_it() -> None:
    told = say(Failure("instruction_not_supported", "t", "not: \u201cdragon (red)\u201d."), "ar-EG")
    assert told.endswith("\u201c\u2068dragon (red)\u2069\u201d")


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_limit_is_named(language: str) -> None:
    with pytest.raises(ImageTooLarge) as decoded:
        decode(pictures.png(10_000, 6_000), 24_000_000)
    with pytest.raises(ImageTooLarge) as enlarged:
        _within_limits((4_000, 5_000, 3), 2, 24_000_000)
    for error, most in ((decoded.value, "24"), (enlarged.value, "24"), (_too_large(20_971_520), "20971520")):
        told = say(failure(error), language)
        assert most in told
        assert told != error.message
        assert "{" not in told
