"""The only place that opens an outbound HTTP connection.

Two doors. :class:`Fetcher` is for URLs that came in a request: every address that a name resolves to is
judged, then connected to by number, so that there is no second look-up that could answer otherwise
(DNS rebinding); the certificate is still checked against the name. :func:`trusted` is for the
origins that the owner wrote into the settings; nothing that came in a request may reach it.

Public texts do not tell a blocked address from one that does not answer: both are
``source_unreachable``, both retryable, or the number of attempts would tell them apart. The owner's log has
the truth, in a line ``address_blocked``.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

import httpcore2
import httpx2

from retouch.errors import SetupError, SourceNotFound, SourceRefused, SourceTooLarge, SourceUnreachable
from retouch.fetch.guard import Address, Resolver, checked_addresses, resolve
from retouch.fetch.policy import AllowedNetwork, Fetched, FetchPolicy
from retouch.fetch.urls import SafeUrl, UrlRefused, parse_source_url, parse_webhook_url

__all__ = [
    "AllowedNetwork",
    "FetchPolicy",
    "Fetched",
    "Fetcher",
    "OutboundError",
    "OutboundTimeout",
    "Posted",
    "Resolver",
    "TrustedClient",
    "trusted",
]

# What callers of a trusted client may name without importing the HTTP library.
TrustedClient: TypeAlias = httpx2.AsyncClient
OutboundError = httpx2.HTTPError
OutboundTimeout = httpx2.TimeoutException

_UNREACHABLE = "The source could not be reached."
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_FIRST_SERVER_ERROR = 500
_TRY_LATER = frozenset({408, 425, 429})  # client errors that pass by themselves
_BINARY_TYPES = frozenset({"application/octet-stream", "binary/octet-stream"})  # a picture, unlabelled
_WANTED = ((b"Accept", b"image/*"), (b"Accept-Encoding", b"identity"))


def _tls(policy: FetchPolicy) -> ssl.SSLContext:
    context = httpx2.create_ssl_context(trust_env=False)
    try:
        if policy.ca_file is not None:
            context.load_verify_locations(policy.ca_file)
    except OSError as error:
        raise SetupError(f"{policy.ca_file} is no PEM file of certificates", "Check fetch_ca.") from error
    return context


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to checked addresses only; ``host`` is resolved here and nowhere else."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._dial = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is the library's
        local_address: str | None = None,  # noqa: ARG002 - never set by us
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the same
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, judge every address, connect to the first that answers; raises ConnectError."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await checked_addresses(host, port, self._policy, self._resolver)
                share = None if timeout is None else timeout / len(addresses)
                return await self._first_that_answers(addresses, port, share)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"no connection to {host} in time") from error
        except OSError as error:
            raise httpcore2.ConnectError(f"no connection to {host}") from error

    async def _first_that_answers(
        self, addresses: Sequence[Address], port: int, share_s: float | None
    ) -> httpcore2.AsyncNetworkStream:
        failed: Exception | None = None
        for address in addresses:
            try:
                return await self._dial.connect_tcp(str(address), port, timeout=share_s)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise httpcore2.ConnectError("no address answered") from failed

    async def sleep(self, seconds: float) -> None:
        """Part of the library's interface."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Posted:
    """How a receiver answered a message; its body is not read."""

    status: int
    retry_after: str | None


class Fetcher:
    """Reaches URLs that came in a request. Keeps no cookie, no connection, no credential."""

    def __init__(self, policy: FetchPolicy, *, resolver: Resolver = resolve) -> None:
        self._policy = policy
        tls = _tls(policy)
        self._pools = {
            "https": _pool(GuardedBackend(policy, resolver), tls),
            # Only posts come here, and only the owner's own networks can be reached.
            "http": _pool(GuardedBackend(replace(policy, only_allowed=True), resolver), tls),
        }

    async def get(self, url: str) -> Fetched:
        """Fetch ``url`` under the policy.

        Raises:
            SourceRefused: the URL, a hop's URL, or the shape of the answer is not acceptable.
            SourceUnreachable: blocked, no answer, cut off, too slow, or a 5xx; may be tried again.
            SourceNotFound: a 4xx, or something that does not claim to be a picture.
            SourceTooLarge: more bytes than ``max_bytes``.
        """
        first = parse_source_url(url)
        async with self._deadline():
            return await self._follow(first)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post ``body`` to ``url`` under the same guard; a redirect is an answer like any other.

        Raises:
            SourceRefused: the URL is not acceptable.
            SourceUnreachable: blocked, no answer, cut off or too slow; may be tried again.
        """
        target = parse_webhook_url(url)
        if target.scheme == "http" and self._policy.for_plain_http(target.port) is None:
            raise UrlRefused("Only https:// URLs are posted to.")
        fields = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        async with self._deadline(), self._exchange("POST", target, fields, body) as response:
            return Posted(response.status, _header(response, b"retry-after"))

    async def _follow(self, url: SafeUrl) -> Fetched:
        for _ in range(self._policy.max_redirects + 1):
            answer = await self._one_hop(url)
            if isinstance(answer, Fetched):
                return answer
            url = answer
        raise SourceRefused(f"The source redirects more than {self._policy.max_redirects} times.")

    async def _one_hop(self, url: SafeUrl) -> Fetched | SafeUrl:
        async with self._exchange("GET", url, _WANTED) as response:
            if response.status in _REDIRECTS:
                return url.follow(_location(response))
            _check_answer(response, self._policy.max_bytes)
            data = await _read(response, self._policy.max_bytes)
            return Fetched(data, _media_type(response), str(url))

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._policy.timeout_s):
                yield
        except TimeoutError as error:
            raise SourceUnreachable(_UNREACHABLE) from error

    @asynccontextmanager
    async def _exchange(
        self, method: str, url: SafeUrl, headers: Sequence[tuple[bytes, bytes]], body: bytes | None = None
    ) -> AsyncIterator[httpcore2.Response]:
        target = httpcore2.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        own = [(b"Host", url.authority.encode("ascii")), (b"User-Agent", b"retouch"), *headers]
        extensions = {"timeout": {"connect": self._policy.connect_timeout_s}}
        try:
            async with self._pools[url.scheme].stream(
                method, target, headers=own, content=body, extensions=extensions
            ) as response:
                yield response
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
            OSError,
        ) as error:
            raise SourceUnreachable(_UNREACHABLE) from error

    async def aclose(self) -> None:
        """Close what is still open."""
        for pool in self._pools.values():
            await pool.aclose()


def _pool(backend: GuardedBackend, tls: ssl.SSLContext) -> httpcore2.AsyncConnectionPool:
    # No connection outlives its fetch: one that waits in a pool would be used again unchecked.
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls, max_connections=None, max_keepalive_connections=0, network_backend=backend
    )


def _header(response: httpcore2.Response, name: bytes) -> str | None:
    values = [value for key, value in response.headers if key.lower() == name]
    return values[0].decode("utf-8", "replace").strip() if values else None


def _location(response: httpcore2.Response) -> str:
    location = _header(response, b"location")
    if not location:
        raise SourceRefused("The source redirects to nowhere.")
    return location


def _media_type(response: httpcore2.Response) -> str | None:
    value = _header(response, b"content-type")
    return value.partition(";")[0].strip().lower() or None if value else None


def _check_answer(response: httpcore2.Response, max_bytes: int) -> None:
    """Judge status and headers before a byte of the body is read."""
    status = response.status
    if status >= _FIRST_SERVER_ERROR or status in _TRY_LATER:
        raise SourceUnreachable(f"The source answered with status {status}.")
    if status != _OK:
        raise SourceNotFound(f"The source answered with status {status}.")
    if (_header(response, b"content-encoding") or "identity").lower() != "identity":
        raise SourceRefused("The source sent a compressed body that was not asked for.")
    media_type = _media_type(response)
    if media_type and not media_type.startswith("image/") and media_type not in _BINARY_TYPES:
        raise SourceNotFound("The source is not a picture.")
    length = _header(response, b"content-length") or ""
    if length.isascii() and length.isdigit() and int(length) > max_bytes:
        raise _too_large(max_bytes)


async def _read(response: httpcore2.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> SourceTooLarge:
    return SourceTooLarge(f"The source is larger than {max_bytes} bytes.")


# --- Origins from the settings ---------------------------------------------------------------------

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)


class _OneOrigin(httpx2.AsyncHTTPTransport):
    """Lets a request out only if it goes to the origin that the owner wrote down."""

    def __init__(self, origin: httpx2.URL, policy: FetchPolicy) -> None:
        super().__init__(verify=_tls(policy), trust_env=False)
        self._origin = _parts(origin)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if _parts(request.url) != self._origin:
            raise httpx2.UnsupportedProtocol("a trusted client stays on its origin", request=request)
        return await super().handle_async_request(request)


def _parts(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def trusted(origin: str, policy: FetchPolicy | None = None) -> TrustedClient:
    """A client for one origin of the settings: ``scheme://host[:port]``, http and loopback included.

    It follows no redirect, reads no proxy or credential from the environment, and refuses any URL of
    another origin with :data:`OutboundError`. Of ``policy``, timeouts and the CA file count. ValueError for
    an origin with a path, a user name or anything else in it. Never call it with what a request brought.
    """
    if _ORIGIN.fullmatch(origin) is None:
        raise ValueError(f"{origin!r} is not an origin: write scheme://host or scheme://host:port")
    policy = policy or FetchPolicy()
    base = httpx2.URL(origin)
    return httpx2.AsyncClient(
        base_url=base,
        transport=_OneOrigin(base, policy),
        timeout=httpx2.Timeout(policy.timeout_s, connect=policy.connect_timeout_s),
        follow_redirects=False,
        trust_env=False,
    )
