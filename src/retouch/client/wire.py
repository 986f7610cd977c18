"""From calls to HTTP requests, for both clients: where the key goes, and where it never does."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpx2

from retouch.client.errors import ConfigurationError, ConnectionLost
from retouch.client.steps import Call, Reply

URL_VARIABLE: Final = "RETOUCH_URL"
KEY_VARIABLE: Final = "RETOUCH_API_KEY"
# What a connection may do wrong, as opposed to what we do wrong.
Lost: Final = (httpx2.TransportError, httpx2.DecodingError, httpx2.TooManyRedirects)
Http: TypeAlias = httpx2.Client | httpx2.AsyncClient

_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,512}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_CONNECT_S: Final = 10.0
REDIRECTS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API is, and the key for it. The key is in no repr."""

    base: str
    key: str = field(repr=False)

    @classmethod
    def of(cls, url: str | None, key: str | None) -> Server:
        """From arguments, else from the environment; ConfigurationError where one is missing or wrong."""
        url = url or os.environ.get(URL_VARIABLE)
        key = key or os.environ.get(KEY_VARIABLE)
        if not url:
            raise ConfigurationError(f"no server: give its URL, or set {URL_VARIABLE}")
        if not key:
            raise ConfigurationError(f"no API key: give one, or set {KEY_VARIABLE}")
        if not _VISIBLE.fullmatch(key):
            raise ConfigurationError("the API key has characters that no key has")
        return cls(_base(url), key)

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine: then no proxy of the environment is asked."""
        return urlsplit(self.base).hostname in _LOOPBACK

    def request(self, http: Http, call: Call) -> httpx2.Request:
        """The request of ``call``. Raises ConfigurationError for an address that is none."""
        headers = {"User-Agent": "retouch-python", **call.headers}
        if call.keyed:
            headers["Authorization"] = f"Bearer {self.key}"
        file = call.file
        try:
            return http.build_request(
                call.method,
                f"{self.base}{call.target}" if call.keyed else call.target,
                params=dict(call.params) or None,
                headers=headers,
                json=call.json,
                files=None if file is None else {"file": (file.name, file.data, file.media_type)},
                timeout=httpx2.Timeout(call.patience_s, connect=min(_CONNECT_S, call.patience_s)),
            )
        except httpx2.InvalidURL as error:
            raise ConfigurationError(f"not a URL: {error}") from None


def is_stream(response: httpx2.Response) -> bool:
    """Whether lines will come; everything else is read whole."""
    return response.headers.get("content-type", "").startswith("text/event-stream")


def reply(response: httpx2.Response, content: bytes) -> Reply:
    """The answer as flows see it."""
    return Reply(response.status_code, dict(response.headers), content)


def lost(error: Exception) -> ConnectionLost:
    """A connection's fault in words."""
    detail = str(error) or type(error).__name__
    return ConnectionLost(f"the server cannot be reached, or hung up: {detail}")


def _base(url: str) -> str:
    """``url`` without what follows the place of ``/v1``."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"the server's URL is none: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError("the server's URL begins with https:// or http:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError("the server's URL has no user, password, ? or #")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/").removesuffix("/v1").rstrip("/")
