"""A webhook leads nowhere that a source may not lead: judged at the socket, whatever its name resolves to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_address

import pytest
import pytest_asyncio
from tests.support_tasks import submit
from tests.support_webhooks import PUBLIC as BASE
from tests.support_webhooks import finish, told

from retouch.database.pool import Pool
from retouch.errors import SourceRefused, SourceUnreachable
from retouch.fetch.client import AllowedNetwork, Fetcher, FetchPolicy, Posted
from retouch.fetch.urls import UrlRefused
from retouch.fetch.webhook import webhook_url
from retouch.keyring import Keyring
from retouch.links import Links
from retouch.settings import Settings
from retouch.tasks.deliveries import DeliveryStore
from retouch.tasks.store import TaskStore
from retouch.tasks.webhook_secrets import WebhookSecrets
from retouch.testing.network import Canary, FixedResolver, HttpServer, http_answer
from retouch.testing.vectors import FORBIDDEN, PUBLIC, TRICKS
from retouch.webhooks.deliver import Deliverer

NAME = "hooks.example"
# The only scheme that a webhook may have and a source may not; it is judged by the next tests.
REFUSED = [url for url in TRICKS if not url.startswith("http://")]


def bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("url", REFUSED)
def test_no_trick_passes_the_door(url: str) -> None:
    with pytest.raises(UrlRefused):
        webhook_url(url, FetchPolicy())


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_forbidden_address_passes_the_door(scheme: str, address: str) -> None:
    opened = FetchPolicy(allow=(AllowedNetwork.parse("192.168.77.7/32:443"),))
    with pytest.raises(UrlRefused):
        webhook_url(f"{scheme}://{bracketed(address)}:443/hook", opened)


def test_plain_http_goes_into_opened_networks_alone() -> None:
    """A port that is opened for one network opens no other address on it, and no public one."""
    policy = FetchPolicy(allow=(AllowedNetwork.parse("10.0.0.0/8:8080"),))
    assert webhook_url("http://10.0.0.7:8080/hook", policy) == "http://10.0.0.7:8080/hook"
    assert webhook_url("http://inside.example:8080/hook", policy)  # judged when it is connected to
    for url in ("http://10.0.0.7/", "http://10.0.0.7:8081/", f"http://{PUBLIC}:8080/", "http://a.example/"):
        with pytest.raises(UrlRefused):
            webhook_url(url, policy)
    plain = policy.for_plain_http(8080)
    assert plain is not None
    assert plain.denies(ip_address("10.0.0.7"), 8080) is None
    for address in (PUBLIC, "11.0.0.1", "127.0.0.1", "2606:4700::1111"):
        assert plain.denies(ip_address(address), 8080) is not None
    assert policy.for_plain_http(80) is None


async def test_http_that_is_not_opened_is_refused_by_the_client_too() -> None:
    fetcher = Fetcher(FetchPolicy(), resolver=FixedResolver())
    with pytest.raises(SourceRefused):
        await fetcher.post(f"http://{PUBLIC}/hook", b"{}", {})


@pytest.mark.parametrize(("target", "taken"), [("127.0.0.1", True), ("127.0.0.2", False), (PUBLIC, False)])
async def test_where_a_name_leads_over_http_is_judged_at_connect(target: str, taken: bool) -> None:  # noqa: FBT001 - a parameter of the test
    resolver = FixedResolver()
    resolver.add(NAME, [target])
    async with HttpServer() as server, Canary("127.0.0.2", port=server.port) as canary:
        server.routes["/hook"] = http_answer(204)
        policy = FetchPolicy(5, 10, allow=(AllowedNetwork.parse(f"127.0.0.1/32:{server.port}"),))
        fetcher = Fetcher(policy, resolver=resolver)
        url = f"http://{NAME}:{server.port}/hook"
        if taken:
            assert await fetcher.post(url, b"{}", {}) == Posted(204, None)
        else:
            with pytest.raises(SourceUnreachable):
                await fetcher.post(url, b"{}", {})
        assert len(server.requests) == int(taken)
        assert await canary.hits() == 0


@dataclass
class House:
    """A delivering side whose name server is the test's."""

    deliverer: Deliverer
    deliveries: DeliveryStore
    resolver: FixedResolver


@pytest_asyncio.fixture
async def house(store: TaskStore, pool: Pool, settings: Settings) -> AsyncIterator[House]:
    keyring, resolver = Keyring.open(settings), FixedResolver()
    fetcher = Fetcher(FetchPolicy(5, 10), resolver=resolver)
    deliveries = DeliveryStore(pool, settings)
    deliverer = Deliverer(
        deliveries=deliveries,
        tasks=store,
        secrets=WebhookSecrets(pool, keyring, settings),
        outbound=fetcher,
        links=Links.open(settings, keyring),
        base=BASE,
        settings=settings,
        stop=asyncio.Event(),
    )
    yield House(deliverer, deliveries, resolver)
    await fetcher.aclose()


async def test_a_message_whose_name_leads_inside_is_not_sent_and_looks_unreachable(
    house: House, store: TaskStore
) -> None:
    """At the door it was a public name; when the task has ended, it is the database's address."""
    async with Canary("127.0.0.1") as canary:
        for name, addresses in {
            "inside.example": ["127.0.0.1"],
            "mixed.example": [PUBLIC, "127.0.0.1"],
            "mapped.example": ["::ffff:127.0.0.1"],
        }.items():
            house.resolver.add(name, addresses)
            await finish(store, await submit(store, request=told(f"https://{name}:{canary.port}/hook")))
        await finish(store, await submit(store, request=told("https://nobody.example/hook")))
        await house.deliverer.look("")
        assert await canary.hits() == 0
    logs = [delivery.attempts for delivery in await house.deliveries.list("default")]
    # The name that does not exist and those that lead inside leave the same lines.
    seen = {(len(log), log[0]["outcome"], log[0]["status"], log[0]["duration_ms"]) for log in logs}
    assert seen == {(1, "unreachable", None, None)}
    assert len(logs) == 4
