"""What the owner lets a fetch do (limits, doors into private networks), and what a fetch brings home."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path

from retouch.errors import SetupError
from retouch.fetch.addresses import Rule, denied_by
from retouch.settings import Settings

MEBIBYTE = 1024 * 1024
NOT_OPENED = Rule(ip_network("::/0"), "not opened for http", "the setting fetch_allow")


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """Addresses that may be reached on one port although they are not public."""

    network: IPv4Network | IPv6Network
    port: int

    @classmethod
    def parse(cls, text: str) -> AllowedNetwork:
        """Read ``CIDR:port``, as in ``10.1.0.0/16:443`` or ``[fd00::/8]:443``; ValueError for the rest."""
        cidr, colon, port = text.strip().rpartition(":")
        bracketed = cidr.startswith("[") and cidr.endswith("]")
        if not colon or (":" in cidr and not bracketed):
            raise ValueError(f"{text!r} is not CIDR:port (IPv6 wants brackets: [fd00::/8]:443)")
        if not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):  # noqa: PLR2004 - the last port
            raise ValueError(f"{text!r} does not end in a port between 1 and 65535")
        return cls(ip_network(cidr[1:-1] if bracketed else cidr), int(port))

    def covers(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        """Whether this entry opens the way to ``address`` on ``port``."""
        return port == self.port and address in self.network


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Limits of a fetch. ``timeout_s`` is over everything: names, every hop, the last byte.

    ``only_allowed``: nothing but what ``allow`` opens may be reached, public addresses neither.
    """

    connect_timeout_s: float = 10.0
    timeout_s: float = 30.0
    max_redirects: int = 3
    max_bytes: int = 20 * MEBIBYTE
    allow: tuple[AllowedNetwork, ...] = ()
    ca_file: Path | None = None
    only_allowed: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> FetchPolicy:
        """The policy for sources that the owner's settings describe; SetupError for a malformed door."""
        try:
            allow = tuple(AllowedNetwork.parse(entry) for entry in settings.fetch_allow)
        except ValueError as error:
            raise SetupError(f"fetch_allow: {error}", "Write CIDR:port, comma-separated.") from error
        return cls(
            connect_timeout_s=settings.fetch_connect_timeout_s,
            timeout_s=settings.fetch_timeout_s,
            max_redirects=settings.fetch_max_redirects,
            max_bytes=settings.image_max_bytes,
            allow=allow,
            ca_file=settings.fetch_ca,
        )

    def denies(self, address: IPv4Address | IPv6Address, port: int) -> Rule | None:
        """The rule that stands against connecting to ``address``, unless the owner opened this door."""
        if any(entry.covers(address, port) for entry in self.allow):
            return None
        return denied_by(address) or (NOT_OPENED if self.only_allowed else None)

    def for_plain_http(self, port: int) -> FetchPolicy | None:
        """The policy for http on ``port``: it goes only where ``allow`` says; None where that is nowhere.

        Without TLS nobody proves who answers, so a public address is never reached so.
        """
        if not any(entry.port == port for entry in self.allow):
            return None
        return replace(self, only_allowed=True)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source answered: the bytes as they came, the media type it claimed, the URL of the last hop."""

    data: bytes
    content_type: str | None
    url: str
