"""What the door says of a webhook's URL, before anything is looked up. The guard at connect judges again."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from retouch.fetch.urls import SafeUrl, UrlRefused, parse_webhook_url

if TYPE_CHECKING:
    from retouch.fetch.policy import FetchPolicy

MAX_WEBHOOK_LENGTH = 2048


def webhook_url(text: str, policy: FetchPolicy) -> str:
    """The URL as it is kept, in its one spelling. No DNS.

    Raises:
        UrlRefused: it could never be delivered to. https goes to a name or a public address; http only on
            a port that ``policy.allow`` opens, and then only to what lies in an opened network.
    """
    if len(text) > MAX_WEBHOOK_LENGTH:
        raise UrlRefused(f"A webhook has at most {MAX_WEBHOOK_LENGTH} characters.")
    url = parse_webhook_url(text)
    judged = policy.for_plain_http(url.port) if url.scheme == "http" else policy
    if judged is None:
        raise UrlRefused("A webhook is an https:// URL; http only into networks that the owner has opened.")
    if _forbidden(url, judged):
        raise UrlRefused("The webhook's host is an address that is not reached from here.")
    return str(url)


def _forbidden(url: SafeUrl, policy: FetchPolicy) -> bool:
    try:
        address = ip_address(url.host)
    except ValueError:
        return False
    return policy.denies(address, url.port) is not None
