"""Settings that together would be unsafe or could not work. Pure; each check raises ValueError."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from retouch.settings.model import Settings

_SECRET_MIN = 32  # characters: 256 bits, written as hex, have twice as many


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def usable_base(value: str | None) -> str | None:
    """``public_url`` without a slash at its end: clients get it with a path behind it."""
    if value is None:
        return None
    trimmed = value.rstrip("/")
    if not _is_base_url(trimmed):
        raise ValueError("must be http(s)://host[:port][/path], without user name, query or fragment")
    return trimmed


def refuse_unsafe(settings: Settings) -> None:
    """What would lose tasks, open a door by mistake, or sign with half a key."""
    if not is_loopback(settings.host) and settings.public_url is None:
        raise ValueError(
            f"listening on {settings.host} makes Retouch reachable from outside: set public_url "
            "(RETOUCH_PUBLIC_URL=https://...) to the address that clients use"
        )
    for proxy in settings.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise ValueError(f"trusted_proxies: {proxy!r} is no address and no CIDR") from None
    if settings.heartbeat_s * 2 > settings.lease_s:
        raise ValueError("heartbeat_s must be under half of lease_s, or live tasks are taken over")
    if settings.secret is not None and len(settings.secret.get_secret_value()) < _SECRET_MIN:
        raise ValueError(f"secret must have {_SECRET_MIN} characters or more")
    if settings.weights_dir.absolute().is_relative_to(settings.data_dir.absolute()):
        raise ValueError("weights_dir must not lie under data_dir: a backup would carry the models along")
    if (settings.credentials_certificate is None) != (settings.credentials_key is None):
        raise ValueError("credentials_certificate and credentials_key need each other: set both")


def refuse_unusable_planner(settings: Settings) -> None:
    """A chat planner that could not be asked."""
    if settings.planner_url is None:
        return
    if not _is_base_url(settings.planner_url):
        raise ValueError(
            "planner_url must be http(s)://host[:port][/path], without user name, query or fragment"
        )
    if settings.planner_model is None:
        raise ValueError("planner_url needs planner_model: the name of the model to ask there")
    key = settings.planner_api_key.get_secret_value() if settings.planner_api_key else ""
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError("planner_api_key must be printable ASCII without spaces: it goes into a header")


def _is_base_url(text: str) -> bool:
    if (
        re.fullmatch(
            r"https?://(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9._-]*)(:[0-9]{1,5})?(/[a-z0-9._~/-]*)?",
            text,
            re.IGNORECASE,
        )
        is None
    ):
        return False
    try:
        parts = urlsplit(text)
        if (parts.hostname or "").replace(".", "").isdigit():
            ipaddress.IPv4Address(parts.hostname)
        port = parts.port
    except ValueError:  # a port over 65535, an address that is none
        return False
    return port != 0
