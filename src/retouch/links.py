"""Addresses given to clients: where this server is, and signed, expiring URLs of stored pictures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from retouch.errors import Gone, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from retouch.keyring import Keyring
    from retouch.settings import Settings

FILES = "/v1/files/"

# What may stand behind FILES: our own object names, with an extension that only pleases readers.
_NAME = re.compile(
    r"(?:results/[A-Za-z0-9_-]+/\d+/(?:preview-)?\d+|uploads/[A-Za-z0-9_-]+)\.[a-z0-9]{1,5}", re.ASCII
)
_LOOPBACK = re.compile(
    r"(?:localhost|(127(?:\.\d{1,3}){3})|\[::1\])(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE
)
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks URLs. ``clock`` gives Unix seconds."""

    public_url: str | None
    loopback: bool
    _key: bytes = field(repr=False)
    clock: Callable[[], float] = time.time

    @classmethod
    def open(cls, settings: Settings, keyring: Keyring) -> Links:
        """The links of this server."""
        return cls(settings.public_url, settings.is_loopback, keyring.derive("file-urls"))

    def base(self, request: Request) -> str:
        """Where clients reach this server: the setting, else, on a loopback bind, the Host they used."""
        if self.public_url is not None:
            return self.public_url
        host = request.headers.get("host", "")
        if not _is_loopback(host):
            # Any page can make a browser send its own name here (DNS rebinding): that one is not given back.
            address, port = request.scope.get("server") or ("127.0.0.1", 80)
            host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        return f"{request.url.scheme}://{host}"

    def sign(self, base: str, name: str, expires: int) -> str:
        """The URL under which ``name`` can be read without a key until ``expires`` (Unix seconds)."""
        return f"{base}{FILES}{name}?expires={expires}&signature={self._signature(name, str(expires))}"

    def check(self, name: str, expires: str, signature: str) -> None:
        """Let a signed name pass.

        Raises:
            NotFound: never signed, whatever is wrong with it.
            Gone: signed, and past its time.
        """
        good = hmac.compare_digest(self._signature(name, expires).encode(), signature.encode())
        if not good or not _NAME.fullmatch(name):
            raise NotFound("There is no such file, or the signature of its URL is not right.")
        if int(expires) <= self.clock():
            raise Gone("The file has expired.")

    def own(self, url: str) -> str | None:
        """The file's name if ``url`` is one of ours, checked as in :meth:`check`; None for foreign ones."""
        target = self._target(url)
        if target is None or not target.startswith(FILES):
            return None
        name, _, query = target.removeprefix(FILES).partition("?")
        given = parse_qs(query)
        self.check(name, given.get("expires", [""])[-1], given.get("signature", [""])[-1])
        return name

    def _target(self, url: str) -> str | None:
        """Path and query of a URL on this server; None for other servers' URLs."""
        if self.public_url is not None and url.startswith(self.public_url + "/"):
            return url.removeprefix(self.public_url)
        scheme, _, rest = url.partition("://")
        host, slash, target = rest.partition("/")
        here = self.loopback and scheme in {"http", "https"} and _is_loopback(host)
        return slash + target if here else None

    def _signature(self, name: str, expires: str) -> str:
        digest = hmac.digest(self._key, f"{name}\n{expires}".encode("utf-8", "replace"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _is_loopback(host: str) -> bool:
    """Whether a Host field, with its port if it names one, can only mean this machine."""
    match = _LOOPBACK.fullmatch(host)
    if match is None:
        return False
    address, port = match.groups()
    if port is not None and not 1 <= int(port) <= _MAX_PORT:
        return False
    try:
        return address is None or ipaddress.IPv4Address(address).is_loopback
    except ValueError:  # 127.999.0.1
        return False
