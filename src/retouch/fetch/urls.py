"""The one parser for URLs that come in a request, and for the hops that they redirect to.

Strict on purpose: two parsers that disagree about a URL are how guards are walked around, so whatever
could be read in two ways is refused, and what is left is taken apart once. The client connects to
the parts, and never parses the text again. No name is looked up here: what a host name leads to is judged
when it is connected to (``fetch.client``).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, TypeAlias, cast
from urllib.parse import quote, urljoin

import idna

from retouch.errors import SourceRefused

MAX_URL_LENGTH = 8192
MAX_PORT = 65535
_MAX_NAME_LENGTH = 253  # RFC 1035 section 2.3.4, in text form
Scheme: TypeAlias = Literal["https", "http"]
HTTPS_PORT = 443
_PORTS = {"https": HTTPS_PORT, "http": 80}

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# A host whose last label is a number is an IPv4 address to every resolver: in decimal, octal or hex, with
# one to four parts (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRINTABLE_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class UrlRefused(SourceRefused, ValueError):
    """A URL that is not even tried. The message is public: the door puts it into its 400."""


@dataclass(frozen=True, slots=True)
class SafeUrl:
    """An https URL, or an http one of a webhook, taken apart.

    ``host`` is a lower-case ASCII name without a final dot, or an IP address without brackets; ``target`` is
    path and query as they go into the request line, printable ASCII, always starting with a slash.
    """

    host: str
    port: int
    target: str
    scheme: Scheme = "https"

    @property
    def authority(self) -> str:
        """Host and port as the ``Host`` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def follow(self, location: str) -> SafeUrl:
        """Where a redirect from here to ``location`` leads (RFC 3986 section 5), judged like any URL."""
        _refuse_ambiguous(location)
        try:
            joined = urljoin(str(self), location)
        except ValueError as error:
            raise UrlRefused("The URL is malformed.") from error
        return parse_source_url(joined)


def check_source_url(text: str) -> None:
    """Raise :class:`UrlRefused`, a ``ValueError``, unless a worker would try ``text``. No DNS."""
    parse_source_url(text)


def parse_source_url(text: str) -> SafeUrl:
    """Take an https URL apart; raises :class:`UrlRefused` for anything that could be read in two ways."""
    return _parse(text, ("https",), "Only https:// URLs are fetched.")


def parse_webhook_url(text: str) -> SafeUrl:
    """The same for a URL that is posted to. It may be http: the policy says whether that is let out."""
    return _parse(text, ("https", "http"), "A webhook is an https:// URL.")


def _parse(text: str, schemes: tuple[Scheme, ...], otherwise: str) -> SafeUrl:
    _refuse_ambiguous(text)
    match = _URL.fullmatch(text)
    scheme = match["scheme"].lower() if match else ""
    if match is None or scheme not in schemes:
        raise UrlRefused(otherwise)
    host, port = _authority(match["authority"], _PORTS[scheme])
    target = (match["path"] or "/") + (match["query"] or "")
    return SafeUrl(host, port, quote(target, safe=_PRINTABLE_ASCII), cast("Scheme", scheme))


def _refuse_ambiguous(text: str) -> None:
    if len(text) > MAX_URL_LENGTH:
        raise UrlRefused(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    if "\\" in text:
        raise UrlRefused("The URL has a backslash in it.")
    if " " in text or not text.isprintable():
        raise UrlRefused("The URL has white space or invisible characters in it.")


def _authority(text: str, default_port: int) -> tuple[str, int]:
    if "@" in text:
        raise UrlRefused("The URL has a user name or password in it.")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise UrlRefused("The URL's host or port is malformed.")
    return _host(match["host"]), _port(match["port"], default_port)


def _port(digits: str | None, default: int) -> int:
    port = default if digits is None else int(digits)
    if not 0 < port <= MAX_PORT:
        raise UrlRefused("The URL's port is not between 1 and 65535.")
    return port


def _host(text: str) -> str:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    name = _ascii(text).removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _ipv4(text)
    if len(name) > _MAX_NAME_LENGTH or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise UrlRefused("The URL's host is not a valid name.")
    return name


def _ascii(text: str) -> str:
    """The name as DNS knows it (IDNA 2008, where full-width digits and their like are no letters)."""
    name = unicodedata.normalize("NFC", text.lower())
    if name.isascii():
        return name
    try:
        return idna.encode(name, strict=True).decode("ascii")
    except idna.IDNAError as error:
        raise UrlRefused("The URL's host is not a valid international name.") from error


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError as error:
        raise UrlRefused("The URL's host is a number, but no dotted IPv4 address.") from error


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise UrlRefused("The URL's host is no IPv6 address.") from error
    if address.scope_id is not None:
        raise UrlRefused("The URL's host is an IPv6 address with a zone.")
    return str(address)
