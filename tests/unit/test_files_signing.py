"""A signed URL opens exactly what was signed, until exactly then; anything else looks like nothing at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.errors import Gone, NotFound
from retouch.links import FILES, Links

BASE = "http://localhost:8000"
NAME = "results/task_A/1/0.png"


def links(now: float = 1000, key: bytes = b"k" * 32, public_url: str | None = None) -> Links:
    return Links(public_url=public_url, loopback=True, _key=key, clock=lambda: now)


def parts(url: str) -> tuple[str, str, str]:
    path, _, query = url.removeprefix(BASE + FILES).partition("?")
    expires, _, signature = query.partition("&")
    return path, expires.removeprefix("expires="), signature.removeprefix("signature=")


def test_it_opens_until_its_time() -> None:
    name, expires, signature = parts(links().sign(BASE, NAME, 2000))

    links(now=1999.9).check(name, expires, signature)
    with pytest.raises(Gone):
        links(now=2000).check(name, expires, signature)


@given(
    name=st.text(max_size=40),
    expires=st.one_of(st.text(max_size=12), st.integers().map(str)),
    signature=st.text(max_size=60),
)
def test_nothing_opens_without_a_signature(name: str, expires: str, signature: str) -> None:
    with pytest.raises(NotFound):
        links().check(name, expires, signature)


@given(st.sampled_from([0, 1, 2]), st.data())
def test_no_part_can_be_changed(which: int, data: st.DataObject) -> None:
    good = list(parts(links().sign(BASE, NAME, 2000)))
    good[which] = data.draw(st.text(max_size=60).filter(lambda text: text != good[which]))

    with pytest.raises(NotFound):
        links().check(*good)


def test_another_servers_key_opens_nothing() -> None:
    stolen = parts(links(key=b"x" * 32).sign(BASE, NAME, 2000))

    with pytest.raises(NotFound):
        links().check(*stolen)


@pytest.mark.parametrize(
    "name", ["inputs/task_A/0", "results/../x.png", "results/a/1/0", "uploads/a/b.png", ""]
)
def test_what_is_neither_result_nor_upload_opens_to_nobody(name: str) -> None:
    with pytest.raises(NotFound):
        links().check(*parts(links().sign(BASE, name, 2000)))


@pytest.mark.parametrize(
    "base", [BASE, "http://127.0.0.1", "https://127.9.9.9:1", "http://[::1]:8000", "https://a.example/p"]
)
def test_our_own_urls_are_known_again(base: str) -> None:
    ours = links(public_url="https://a.example/p")

    assert ours.own(ours.sign(base, NAME, 2000)) == NAME


@pytest.mark.parametrize(
    "base",
    [
        "https://b.example",
        "https://a.example",
        "https://a.example/p.evil",
        "https://localhost.evil",
        "https://user@localhost",
        "http://localhost:99999",
        "http://127.0.0.256",
        "ftp://localhost",
        "",
    ],
)
def test_other_servers_urls_are_left_alone(base: str) -> None:
    ours = links(public_url="https://a.example/p")

    assert ours.own(ours.sign(base, NAME, 2000)) is None


@given(st.text())
def test_any_text_can_be_asked_about(url: str) -> None:
    assert links().own(url) is None
