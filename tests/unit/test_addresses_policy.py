"""Doors that the owner opens into private networks, and what a name's answer is turned into."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from retouch.errors import SetupError
from retouch.fetch.guard import MAX_ADDRESSES, AddressBlocked, checked_addresses, resolve
from retouch.fetch.policy import AllowedNetwork, FetchPolicy
from retouch.settings import Settings
from retouch.testing.network import Address, FixedResolver
from retouch.testing.vectors import LOOPBACK_FORMS, PUBLIC


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("10.1.0.0/16:443", "10.1.0.0/16", 443),
        ("127.0.0.1:8443", "127.0.0.1/32", 8443),
        (" 10.0.0.0/8:1 ", "10.0.0.0/8", 1),
        ("[fd00::/8]:65535", "fd00::/8", 65535),
        ("[::1]:443", "::1/128", 443),
    ],
)
def test_a_door_is_a_network_and_a_port(text: str, network: str, port: int) -> None:
    assert AllowedNetwork.parse(text) == AllowedNetwork(ip_network(network), port)


@pytest.mark.parametrize(
    "text",
    ["", ":", "10.0.0.0/8", "10.0.0.0/8:", "10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.0/8:x",
     "10.0.0.0/8:-1", "10.0.0.0/8:²", "10.0.0.1/8:443", "fd00::/8:443", "::1:443", "[::1]", "[10.0.0.0/8:443",
     "[fd00::/8x:443", "intranet:443", "10.0.0.0/33:443", "*:443"],
)  # fmt: skip
def test_a_malformed_door_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"CIDR:port|end in a port|not appear|host bits"):
        AllowedNetwork.parse(text)


def test_a_door_opens_its_network_on_its_port_and_nothing_else() -> None:
    policy = FetchPolicy(allow=(AllowedNetwork.parse("10.1.0.0/16:8443"), AllowedNetwork.parse("[::1]:443")))
    assert policy.denies(ip_address("10.1.2.3"), 8443) is None
    assert policy.denies(ip_address("::1"), 443) is None
    assert policy.denies(ip_address(PUBLIC), 443) is None
    for address, port in [("10.1.2.3", 443), ("10.2.0.1", 8443), ("127.0.0.1", 443), ("::1", 8443)]:
        assert policy.denies(ip_address(address), port) is not None
    # The same network in the clothes of another family stays shut.
    for disguised in ("::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::"):
        assert policy.denies(ip_address(disguised), 8443) is not None


def test_the_policy_follows_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        fetch_allow=("10.0.0.0/8:443", "[fd00::/8]:443"),
        fetch_ca=tmp_path / "ca.pem",
        fetch_connect_timeout_s=1,
        fetch_timeout_s=2,
        fetch_max_redirects=1,
        image_max_bytes=5000,
    )
    allow = (AllowedNetwork.parse("10.0.0.0/8:443"), AllowedNetwork.parse("[fd00::/8]:443"))
    assert FetchPolicy.from_settings(settings) == FetchPolicy(1, 2, 1, 5000, allow, tmp_path / "ca.pem")
    assert FetchPolicy.from_settings(Settings()) == FetchPolicy()
    assert FetchPolicy() == FetchPolicy(10, 30, 3, 20 * 1024 * 1024)


def test_a_malformed_door_in_the_settings_is_the_owners_mistake() -> None:
    with pytest.raises(SetupError, match="fetch_allow: 'intranet'"):
        FetchPolicy.from_settings(Settings(fetch_allow=("intranet:443",)))


async def _checked(host: str, *answer: str) -> Sequence[Address]:
    resolver = FixedResolver()
    resolver.add("name", answer)
    return await checked_addresses(host, 443, FetchPolicy(), resolver)


async def test_addresses_keep_their_order_and_are_four_at_most() -> None:
    answer = [f"8.8.8.{i}" for i in range(9)]
    assert [str(a) for a in await _checked("name", *answer)] == answer[:4]
    assert MAX_ADDRESSES == 4


async def test_a_bad_address_behind_the_fourth_condemns_the_name_too() -> None:
    with pytest.raises(AddressBlocked) as caught:
        await _checked("name", *[f"8.8.8.{i}" for i in range(9)], "10.0.0.1")
    assert caught.value.address == ip_address("10.0.0.1")
    assert caught.value.rule.name == "private use"
    assert str(caught.value) == "name leads to 10.0.0.1: private use (RFC 1918)"


async def test_an_address_is_judged_without_asking() -> None:
    assert await _checked("8.8.8.8") == [ip_address("8.8.8.8")]
    assert await _checked("2606:4700::1") == [ip_address("2606:4700::1")]
    with pytest.raises(AddressBlocked):
        await _checked("::1")


async def test_a_name_without_an_address_is_a_failed_connection() -> None:
    with pytest.raises(OSError, match="no address"):
        await _checked("name")
    with pytest.raises(OSError, match="no such name"):
        await _checked("other")


async def test_a_name_that_cannot_be_asked_for_is_a_failed_connection() -> None:
    with pytest.raises(OSError, match="cannot be asked for"):
        await checked_addresses("a" * 64, 443, FetchPolicy(), resolve)


async def test_the_systems_resolver_reads_numbers_and_is_judged_all_the_same() -> None:
    """Why the check stands behind the resolver: it knows forms for addresses that no parser of ours does."""
    for form in LOOPBACK_FORMS:
        with pytest.raises(AddressBlocked):
            await checked_addresses(form, 443, FetchPolicy(), resolve)
