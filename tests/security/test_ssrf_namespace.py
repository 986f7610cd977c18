"""The same vectors against a kernel that owns every address: no part of the client is replaced.

The test starts this file as a program in a network namespace of its own, where all of IPv4 and IPv6 is
routed to loopback, and a canary listens on port 443 of everything. So a connection to 10.0.0.1, to a
metadata service or through a tunnel really arrives, unless the guard stops it; and with the guard taken out
it must arrive, for every class that a TCP connection can be made to at all.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from unittest.mock import patch

import pytest

from retouch.errors import TaskError
from retouch.fetch import policy
from retouch.fetch.client import Fetcher, FetchPolicy
from retouch.testing.network import Canary, FixedResolver
from retouch.testing.vectors import FORBIDDEN, PUBLIC, TRICKS

HTTPS = 443
OWN_EVERY_ADDRESS = (
    "ip link set lo up"
    " && ip route add local 0.0.0.0/0 dev lo"
    " && ip -6 route add local ::/0 dev lo"
    ' && exec "$0" "$1"'
)
ENTER = ("unshare", "--user", "--map-root-user", "--net", "sh", "-c", OWN_EVERY_ADDRESS)


def no_tcp_to(address: str) -> bool:
    """Multicast and broadcast take no TCP connection, and link-local wants an interface named."""
    ip = ip_address(address)
    return ip.is_multicast or (ip.version == 6 and ip.is_link_local) or address == "255.255.255.255"


@pytest.fixture(scope="module")
def seen() -> dict[str, list[str]]:
    """Which vectors reached the canary, by how they were tried."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and ip, from util-linux and iproute2")
    if subprocess.run([*ENTER, "true", ""], capture_output=True, check=False, timeout=10).returncode:
        pytest.skip("this kernel lets an ordinary user make no network namespace")
    done = subprocess.run(
        [*ENTER, sys.executable, __file__], capture_output=True, check=False, timeout=60, text=True
    )
    assert done.returncode == 0, done.stderr
    reached: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return reached


def test_no_forbidden_address_is_reached_by_name_or_by_number(seen: dict[str, list[str]]) -> None:
    assert seen["named"] == []
    assert seen["literal"] == []


def test_no_trick_is_reached(seen: dict[str, list[str]]) -> None:
    assert seen["tricks"] == []


def test_the_systems_own_resolver_is_no_way_around(seen: dict[str, list[str]]) -> None:
    assert seen["localhost"] == []


def test_the_canary_is_hit_by_what_is_public(seen: dict[str, list[str]]) -> None:
    assert seen["public"] == ["https://pictures.example/"]


def test_without_the_guard_every_class_is_reached(seen: dict[str, list[str]]) -> None:
    """These tests are able to fail: the canary stood where each connection would have gone."""
    expected = [address for address in FORBIDDEN if not no_tcp_to(address)]
    assert seen["unguarded"] == expected
    assert len(expected) >= 60


# --- Inside the namespace --------------------------------------------------------------------------


async def _reached(canary: Canary, fetcher: Fetcher, urls: Iterable[str]) -> list[str]:
    reached = []
    for url in urls:
        before = await canary.hits()
        with suppress(TaskError):  # an error is no proof: the canary's count is
            await fetcher.get(url)
        if await canary.hits() > before:
            reached.append(url)
    return reached


async def _named(canary: Canary, addresses: Iterable[str]) -> list[str]:
    reached = []
    for address in addresses:
        resolver = FixedResolver()
        resolver.add("pictures.example", [address])
        fetcher = Fetcher(FetchPolicy(2, 4), resolver=resolver)
        if await _reached(canary, fetcher, ["https://pictures.example/"]):
            reached.append(address)
    return reached


async def _all() -> dict[str, list[str]]:
    literals = [f"https://[{a}]/" if ":" in a else f"https://{a}/" for a in FORBIDDEN]
    public = FixedResolver()
    public.add("pictures.example", [PUBLIC])
    async with Canary("0.0.0.0", "::", port=HTTPS) as canary:
        real = Fetcher(FetchPolicy(2, 4))
        reached = {
            "named": await _named(canary, FORBIDDEN),
            "literal": await _reached(canary, real, literals),
            "tricks": await _reached(canary, real, TRICKS),
            "localhost": await _reached(canary, real, ["https://localhost/", "https://localhost./"]),
            "public": await _reached(
                canary, Fetcher(FetchPolicy(2, 4), resolver=public), ["https://pictures.example/"]
            ),
        }
        with patch.object(policy, "denied_by", return_value=None):
            return reached | {"unguarded": await _named(canary, FORBIDDEN)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_all())))  # noqa: T201 - the answer to the test that started this
