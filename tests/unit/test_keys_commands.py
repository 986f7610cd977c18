"""``retouch keys`` as its owner uses it: the options of HTTP, a log of the changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from retouch.cli.main import app
from retouch.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command on this test's database."""
    assert settings.database_url is not None
    monkeypatch.setenv("RETOUCH_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("RETOUCH_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "300")
    return lambda *arguments: CliRunner().invoke(app, ["keys", *arguments])


def listed(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("list", "--json").stdout)
    return found


def test_a_key_with_every_bound_and_then_without(run: Run) -> None:
    bounds = "--quota 2.5 --unit credits --per month --rpm 60 --tasks-at-once 2 --expires 30d"
    where = "--model retouch-builtin --address 10.0.0.0/8 --address ::1"
    made = run("create", "shop", "--account", "shop", "--disabled", *bounds.split(), *where.split())
    assert made.exit_code == 0, made.output
    (key,) = listed(run)
    assert key["quota"] == {"limit": 2.5, "unit": "credits", "per": "month", "used": 0, "reserved": 0}
    assert (key["requests_per_minute"], key["max_tasks_at_once"], key["disabled"]) == (60, 2, True)
    assert (key["models"], key["addresses"]) == (["retouch-builtin"], ["10.0.0.0/8", "::1/128"])
    assert key["expires_at"] is not None

    freed = "--quota none --model any --address any --expires never --rpm 0 --tasks-at-once 0 --enabled"
    assert run("update", "shop", *freed.split()).exit_code == 0
    (key,) = listed(run)
    assert not key["disabled"]
    bounded = ("quota", "models", "addresses", "expires_at", "requests_per_minute", "max_tasks_at_once")
    assert [key[name] for name in bounded] == [None] * 6

    lines = json.loads(run("audit", "--json").stdout)
    assert [(line["action"], line["actor"]) for line in lines] == [("changed", "cli"), ("created", "cli")]
    assert lines[0]["changes"]["disabled"] == {"from": True, "to": False}
    assert "disabled: True" in run("audit").stdout
    assert "shop" in run("list").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "k", "--quota", "many"),
        ("create", "k", "--expires", "soon"),
        ("create", "k", "--expires", "2001-01-01"),
        ("create", "k", "--model", "dall-e"),
        ("create", "k", "--address", "example.com"),
        ("create", "k", "--account", "a/b"),
        ("update", "k"),
        ("update", "nobody", "--disabled"),
    ],
)
def test_what_cannot_be_is_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert listed(run) == []


def test_of_two_with_one_name_the_id_is_wanted(run: Run) -> None:
    for _ in range(2):
        assert run("create", "twin").exit_code == 0
    assert "2 living keys" in run("update", "twin", "--disabled").output
    assert run("update", listed(run)[0]["id"], "--disabled").exit_code == 0
    assert [key["disabled"] for key in listed(run)] == [True, False]
    assert run("revoke", "twin").exit_code == 0
    assert all(key["revoked_at"] for key in listed(run))


@pytest.mark.parametrize("command", ["create", "list", "update", "revoke", "audit"])
def test_help_has_an_example(run: Run, command: str) -> None:
    assert "Example" in run(command, "--help").stdout
