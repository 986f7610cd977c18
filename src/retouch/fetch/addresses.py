"""Which IP addresses are the public internet: pure rules, no I/O, nothing to configure.

Deny by whole classes: an address is public only if no rule below names it, and an IPv6 address only if
it lies in the one block that is handed out as global unicast. An IPv6 form that carries an IPv4 address
inside (mapped, compatible, translated, tunnelled) would walk around the IPv4 rules, so all of these
are denied whole; the one exception is the well-known NAT64 prefix, through which an IPv6-only network
reaches every IPv4 host: there the IPv4 address inside is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network


@dataclass(frozen=True, slots=True)
class Rule:
    """One class of addresses that is never reached, and the document that sets it apart."""

    network: IPv4Network | IPv6Network
    name: str
    reference: str


def _v4(network: str, name: str, reference: str) -> Rule:
    return Rule(IPv4Network(network), name, reference)


def _v6(network: str, name: str, reference: str) -> Rule:
    return Rule(IPv6Network(network), name, reference)


RULES_V4: tuple[Rule, ...] = (
    _v4("0.0.0.0/8", "this network", "RFC 1122 section 3.2.1.3"),
    _v4("10.0.0.0/8", "private use", "RFC 1918"),
    _v4("100.64.0.0/10", "carrier shared space", "RFC 6598"),  # 100.100.100.200: metadata of a cloud
    _v4("127.0.0.0/8", "loopback", "RFC 1122 section 3.2.1.3"),
    _v4("168.63.129.16/32", "host agent of a cloud", "Azure: What is IP address 168.63.129.16"),
    _v4("169.254.0.0/16", "link-local", "RFC 3927"),  # 169.254.169.254: metadata of most clouds
    _v4("172.16.0.0/12", "private use", "RFC 1918"),
    _v4("192.0.0.0/24", "protocol assignments", "RFC 6890"),  # 192.0.0.192: metadata of a cloud
    _v4("192.0.2.0/24", "documentation", "RFC 5737"),
    _v4("192.88.99.0/24", "6to4 relays", "RFC 7526"),
    _v4("192.168.0.0/16", "private use", "RFC 1918"),
    _v4("198.18.0.0/15", "benchmarking", "RFC 2544"),
    _v4("198.51.100.0/24", "documentation", "RFC 5737"),
    _v4("203.0.113.0/24", "documentation", "RFC 5737"),
    _v4("224.0.0.0/4", "multicast", "RFC 5771"),
    _v4("240.0.0.0/4", "reserved and broadcast", "RFC 1112 section 4"),
)

RULES_V6: tuple[Rule, ...] = (
    _v6("::/128", "unspecified", "RFC 4291 section 2.5.2"),
    _v6("::1/128", "loopback", "RFC 4291 section 2.5.3"),
    _v6("::/96", "IPv4-compatible", "RFC 4291 section 2.5.5.1"),
    _v6("::ffff:0:0/96", "IPv4-mapped", "RFC 4291 section 2.5.5.2"),
    _v6("::ffff:0:0:0/96", "IPv4-translated", "RFC 2765 section 2.1"),
    _v6("64:ff9b:1::/48", "NAT64 of a local network", "RFC 8215"),
    _v6("100::/64", "discard", "RFC 6666"),
    _v6("2001::/32", "Teredo", "RFC 4380"),
    _v6("2001::/23", "protocol assignments", "RFC 2928"),
    _v6("2001:db8::/32", "documentation", "RFC 3849"),
    _v6("2002::/16", "6to4", "RFC 3056"),
    _v6("3ffe::/16", "6bone", "RFC 3701"),
    _v6("3fff::/20", "documentation", "RFC 9637"),
    _v6("5f00::/16", "segment routing", "RFC 9602"),
    _v6("fc00::/7", "unique local", "RFC 4193"),  # fd00:ec2::254: metadata of a cloud
    _v6("fe80::/10", "link-local", "RFC 4291 section 2.5.6"),
    _v6("fec0::/10", "site-local", "RFC 3879"),
    _v6("ff00::/8", "multicast", "RFC 4291 section 2.7"),
)

GLOBAL_UNICAST = IPv6Network("2000::/3")
OUTSIDE_GLOBAL_UNICAST = _v6("::/0", "not global unicast", "RFC 4291 section 2.4")
NAT64 = IPv6Network("64:ff9b::/96")
ZONED = _v6("::/0", "address with a zone", "RFC 4007 section 6")
ISATAP = _v6("::/0", "ISATAP", "RFC 5214 section 6.1")
# The upper half of an ISATAP interface identifier; 02 is the "universal" bit, set over public IPv4.
_ISATAP_MARKS = frozenset({0x0000_5EFE, 0x0200_5EFE})


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether ``address`` is globally routable unicast that a request's URL may lead to."""
    return denied_by(address) is None


def denied_by(address: IPv4Address | IPv6Address) -> Rule | None:
    """The first rule that keeps ``address`` from being reached, or None for a public one."""
    if isinstance(address, IPv4Address):
        return _first(RULES_V4, address)
    if address.scope_id is not None:
        return ZONED
    if address in NAT64:
        return _first(RULES_V4, _last_32_bits(address))
    return _first(RULES_V6, address) or _denied_by_shape(address)


def _first(rules: tuple[Rule, ...], address: IPv4Address | IPv6Address) -> Rule | None:
    return next((rule for rule in rules if address in rule.network), None)


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(address.packed[12:])


def _denied_by_shape(address: IPv6Address) -> Rule | None:
    if address not in GLOBAL_UNICAST:
        return OUTSIDE_GLOBAL_UNICAST
    if int.from_bytes(address.packed[8:12]) in _ISATAP_MARKS:
        return ISATAP
    return None
