"""Every rule of the address guard, at its edges: first and last address inside, neighbours outside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.fetch.addresses import (
    GLOBAL_UNICAST,
    ISATAP,
    NAT64,
    OUTSIDE_GLOBAL_UNICAST,
    RULES_V4,
    RULES_V6,
    ZONED,
    denied_by,
    is_public,
)
from retouch.testing.vectors import FORBIDDEN

# First and last address of each class, written out by hand: the table under test must not judge itself.
CLASSES_V4 = {
    "0.0.0.0/8": ("0.0.0.0", "0.255.255.255", "this network", "RFC 1122 section 3.2.1.3"),
    "10.0.0.0/8": ("10.0.0.0", "10.255.255.255", "private use", "RFC 1918"),
    "100.64.0.0/10": ("100.64.0.0", "100.127.255.255", "carrier shared space", "RFC 6598"),
    "127.0.0.0/8": ("127.0.0.0", "127.255.255.255", "loopback", "RFC 1122 section 3.2.1.3"),
    "168.63.129.16/32": (
        "168.63.129.16",
        "168.63.129.16",
        "host agent of a cloud",
        "Azure: What is IP address 168.63.129.16",
    ),
    "169.254.0.0/16": ("169.254.0.0", "169.254.255.255", "link-local", "RFC 3927"),
    "172.16.0.0/12": ("172.16.0.0", "172.31.255.255", "private use", "RFC 1918"),
    "192.0.0.0/24": ("192.0.0.0", "192.0.0.255", "protocol assignments", "RFC 6890"),
    "192.0.2.0/24": ("192.0.2.0", "192.0.2.255", "documentation", "RFC 5737"),
    "192.88.99.0/24": ("192.88.99.0", "192.88.99.255", "6to4 relays", "RFC 7526"),
    "192.168.0.0/16": ("192.168.0.0", "192.168.255.255", "private use", "RFC 1918"),
    "198.18.0.0/15": ("198.18.0.0", "198.19.255.255", "benchmarking", "RFC 2544"),
    "198.51.100.0/24": ("198.51.100.0", "198.51.100.255", "documentation", "RFC 5737"),
    "203.0.113.0/24": ("203.0.113.0", "203.0.113.255", "documentation", "RFC 5737"),
    "224.0.0.0/4": ("224.0.0.0", "239.255.255.255", "multicast", "RFC 5771"),
    "240.0.0.0/4": ("240.0.0.0", "255.255.255.255", "reserved and broadcast", "RFC 1112 section 4"),
}
_F = "ffff:ffff:ffff:ffff"
CLASSES_V6 = {
    "::/128": ("::", "::", "unspecified", "RFC 4291 section 2.5.2"),
    "::1/128": ("::1", "::1", "loopback", "RFC 4291 section 2.5.3"),
    "::/96": ("::2", "::ffff:ffff", "IPv4-compatible", "RFC 4291 section 2.5.5.1"),
    "::ffff:0:0/96": ("::ffff:0:0", "::ffff:ffff:ffff", "IPv4-mapped", "RFC 4291 section 2.5.5.2"),
    "::ffff:0:0:0/96": ("::ffff:0:0:0", "::ffff:0:ffff:ffff", "IPv4-translated", "RFC 2765 section 2.1"),
    "64:ff9b:1::/48": ("64:ff9b:1::", f"64:ff9b:1:ffff:{_F}", "NAT64 of a local network", "RFC 8215"),
    "100::/64": ("100::", f"100::{_F}", "discard", "RFC 6666"),
    "2001::/32": ("2001::", f"2001:0:ffff:ffff:{_F}", "Teredo", "RFC 4380"),
    "2001::/23": ("2001:1::", f"2001:1ff:ffff:ffff:{_F}", "protocol assignments", "RFC 2928"),
    "2001:db8::/32": ("2001:db8::", f"2001:db8:ffff:ffff:{_F}", "documentation", "RFC 3849"),
    "2002::/16": ("2002::", f"2002:ffff:ffff:ffff:{_F}", "6to4", "RFC 3056"),
    "3ffe::/16": ("3ffe::", f"3ffe:ffff:ffff:ffff:{_F}", "6bone", "RFC 3701"),
    "3fff::/20": ("3fff::", f"3fff:fff:ffff:ffff:{_F}", "documentation", "RFC 9637"),
    "5f00::/16": ("5f00::", f"5f00:ffff:ffff:ffff:{_F}", "segment routing", "RFC 9602"),
    "fc00::/7": ("fc00::", f"fdff:ffff:ffff:ffff:{_F}", "unique local", "RFC 4193"),
    "fe80::/10": ("fe80::", f"febf:ffff:ffff:ffff:{_F}", "link-local", "RFC 4291 section 2.5.6"),
    "fec0::/10": ("fec0::", f"feff:ffff:ffff:ffff:{_F}", "site-local", "RFC 3879"),
    "ff00::/8": ("ff00::", f"ffff:ffff:ffff:ffff:{_F}", "multicast", "RFC 4291 section 2.7"),
}
# Public addresses right beside a denied class, and well-known hosts.
PUBLIC_V4 = (
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
    "191.255.255.255", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.88.98.255", "192.88.100.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
    "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8", "93.184.215.14",
)  # fmt: skip
PUBLIC_V6 = (
    "2000::", f"2000:ffff:ffff:ffff:{_F}", "2001:200::", "2001:db7:ffff::", "2001:db9::",
    f"2001:ffff:ffff:ffff:{_F}", "2003::", f"3ffd:ffff:ffff:ffff:{_F}", "3fff:1000::",
    f"3fff:ffff:ffff:ffff:{_F}", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e",
)  # fmt: skip
# Not handed out, and named by no class: denied because they are not in 2000::/3.
NOBODYS_V6 = (
    "::1:0:0", "::fffe:ffff:ffff", "::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::1:0:0",
    "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::", "ff:ffff::", "100:0:0:1::", "100:0:0:2::",
    f"1fff:ffff:ffff:ffff:{_F}", "4000::", f"5eff:ffff:ffff:ffff:{_F}", "5f01::", "8000::",
    f"fbff:ffff:ffff:ffff:{_F}", "fe00::", f"fe7f:ffff:ffff:ffff:{_F}",
)  # fmt: skip


def test_the_tables_hold_these_classes_in_this_order() -> None:
    assert [str(rule.network) for rule in RULES_V4] == list(CLASSES_V4)
    assert [str(rule.network) for rule in RULES_V6] == list(CLASSES_V6)


@pytest.mark.parametrize(("first", "last", "name", "reference"), [*CLASSES_V4.values(), *CLASSES_V6.values()])
def test_a_class_is_denied_from_its_first_to_its_last_address(
    first: str, last: str, name: str, reference: str
) -> None:
    middle = (int(ip_address(first)) + int(ip_address(last))) // 2
    inside = (ip_address(first), ip_address(last), type(ip_address(first))(middle))
    for address in inside:
        rule = denied_by(address)
        assert rule is not None
        assert (rule.name, rule.reference) == (name, reference)
        assert address in rule.network
        assert not is_public(address)


@pytest.mark.parametrize("text", [*PUBLIC_V4, *PUBLIC_V6])
def test_a_neighbour_of_a_denied_class_is_public(text: str) -> None:
    assert denied_by(ip_address(text)) is None
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOBODYS_V6)
def test_what_nobody_handed_out_is_denied(text: str) -> None:
    assert denied_by(ip_address(text)) is OUTSIDE_GLOBAL_UNICAST


@pytest.mark.parametrize("text", FORBIDDEN)
def test_no_forbidden_address_is_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC_V4)
def test_nat64_of_a_public_address_is_public(text: str) -> None:
    """An IPv6-only network reaches IPv4 hosts this way, and its name server says so (RFC 6147)."""
    assert is_public(_nat64(text))


@pytest.mark.parametrize(("first", "last", "name", "reference"), CLASSES_V4.values())
def test_nat64_of_a_denied_address_is_denied_by_the_same_rule(
    first: str, last: str, name: str, reference: str
) -> None:
    for text in (first, last):
        rule = denied_by(_nat64(text))
        assert rule is not None
        assert (rule.name, rule.reference) == (name, reference)


@pytest.mark.parametrize("form", ["2606:4700::5efe:8.8.8.8", "2a00:1:2:3:200:5efe:127.0.0.1"])
def test_isatap_is_denied_in_both_its_forms(form: str) -> None:
    assert denied_by(ip_address(form)) is ISATAP


@pytest.mark.parametrize(
    "near_miss",
    ["2606:4700::5eff:808:808", "2606:4700::5efd:808:808", "2606:4700::100:5efe:808:808",
     "2606:4700::300:5efe:808:808", "2606:4700::5efe", "2606:4700:5efe::1", "2606:4700::5efe:0:808:808"],
)  # fmt: skip
def test_what_only_resembles_isatap_is_public(near_miss: str) -> None:
    assert is_public(ip_address(near_miss))


@pytest.mark.parametrize("text", ["2606:4700::1%1", "2606:4700::1%eth0", "fe80::1%lo", "64:ff9b::808:808%2"])
def test_an_address_with_a_zone_is_denied(text: str) -> None:
    assert denied_by(ip_address(text)) is ZONED


def test_the_rules_that_are_no_network_say_why() -> None:
    assert (ZONED.name, ZONED.reference) == ("address with a zone", "RFC 4007 section 6")
    assert (ISATAP.name, ISATAP.reference) == ("ISATAP", "RFC 5214 section 6.1")
    assert OUTSIDE_GLOBAL_UNICAST.name == "not global unicast"
    assert OUTSIDE_GLOBAL_UNICAST.reference == "RFC 4291 section 2.4"
    for rule in (ZONED, ISATAP, OUTSIDE_GLOBAL_UNICAST):
        assert str(rule.network) == "::/0"
    assert (str(NAT64), str(GLOBAL_UNICAST)) == ("64:ff9b::/96", "2000::/3")


@given(st.ip_addresses(v=4))
def test_nothing_that_python_calls_unreachable_is_public_v4(address: IPv4Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not any((address.is_multicast, address.is_reserved, address.is_unspecified))


@given(st.ip_addresses(v=6))
def test_nothing_that_python_calls_unreachable_is_public_v6(address: IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert address in GLOBAL_UNICAST or address in NAT64


@given(st.ip_addresses(v=4))
def test_no_tunnel_is_a_way_around(address: IPv4Address) -> None:
    """Whatever IPv4 address is inside, no form but the well-known NAT64 prefix leads anywhere."""
    bits = int(address)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b:1::", "2606:4700::5efe:0:0"):
        assert not is_public(IPv6Address(int(IPv6Address(prefix)) + bits))
    assert not is_public(IPv6Address((0x2002 << 112) + (bits << 80) + 1))
    assert not is_public(IPv6Address((0x2001_0000 << 96) + (0xFFFF_FFFF ^ bits)))
    assert is_public(_nat64(str(address))) == is_public(address)


def _nat64(text: str) -> IPv6Address:
    return IPv6Address(f"64:ff9b::{text}")
