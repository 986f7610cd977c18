"""From a host name to addresses that may be connected to. Called once per connection, and by nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

import structlog

from retouch.fetch.addresses import Rule
from retouch.fetch.policy import FetchPolicy

Address: TypeAlias = IPv4Address | IPv6Address
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]

MAX_ADDRESSES = 4  # tried one after the other, sharing the connect timeout

# Threads of their own: a name server that hangs holds them, and must not hold up what else runs in threads.
_LOOKUPS = ThreadPoolExecutor(8, thread_name_prefix="resolve")
_log = structlog.get_logger(__name__)


class AddressBlocked(OSError):
    """A name led to an address that may not be reached. To the outside it is a failed connection."""

    def __init__(self, host: str, address: Address, rule: Rule) -> None:
        super().__init__(f"{host} leads to {address}: {rule.name} ({rule.reference})")
        self.address = address
        self.rule = rule


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system's resolver, in its order of preference; OSError when the name is unknown."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, ask)
    return [ip_address(sockaddr[0]) for *_, sockaddr in found]


async def checked_addresses(
    host: str, port: int, policy: FetchPolicy, resolver: Resolver
) -> Sequence[Address]:
    """The addresses of ``host``, every one judged; at least one, at most four.

    One bad address condemns the name: a public name has no business inside. Raises AddressBlocked, or
    another OSError when there is no address at all.
    """
    literal = _literal(host)
    addresses = [literal] if literal else await _looked_up(host, port, resolver)
    for address in addresses:
        if rule := policy.denies(address, port):
            _log.warning("address_blocked", host=host, address=str(address), rule=rule.name)
            raise AddressBlocked(host, address, rule)
    return addresses[:MAX_ADDRESSES]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _looked_up(host: str, port: int, resolver: Resolver) -> Sequence[Address]:
    try:
        addresses = await resolver(host, port)
    except UnicodeError as error:
        raise OSError(f"{host} cannot be asked for") from error
    if not addresses:
        raise OSError(f"{host} has no address")
    return addresses
