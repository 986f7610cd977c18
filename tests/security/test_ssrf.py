"""No URL of a request reaches the inside: judged at the socket, not by what the client says.

Every route leads to a canary here: whatever address the client dials, the connection arrives at a listener
on loopback, except for one test server that the policy allows by address and port. So a vector that
slips through is seen as a connection, for addresses too that this machine could not reach. The last tests
take the guard out and demand that the same canary is hit: these tests are able to fail.
``test_ssrf_namespace.py`` runs the same vectors against a kernel that owns all addresses.
"""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpcore2
import httpx2
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from retouch.errors import SourceRefused, SourceUnreachable, TaskError
from retouch.fetch import policy as policy_module
from retouch.fetch.client import AllowedNetwork, Fetcher, FetchPolicy
from retouch.fetch.urls import check_source_url
from retouch.testing.network import (
    Canary,
    FixedResolver,
    HttpServer,
    http_answer,
    write_ca,
)
from retouch.testing.vectors import FORBIDDEN, PUBLIC, TRICKS

NAME = "pictures.example"
SERVER = "allowed.example"


@dataclass
class House:
    """What a test works with: the canary, the one allowed server, a name server, and a fetcher."""

    canary: Canary
    server: HttpServer
    resolver: FixedResolver
    fetcher: Fetcher
    dialled: list[str]

    async def attempt(self, url: str) -> TaskError:
        """Fetch ``url``; the error that must come of it."""
        with pytest.raises(TaskError) as caught:
            await self.fetcher.get(url)
        return caught.value

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Let the allowed server redirect ``path``; the URL that starts it."""
        self.server.routes[path] = http_answer(status, location=location)
        return f"https://{SERVER}:{self.server.port}{path}"


@pytest_asyncio.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    resolver = FixedResolver()
    resolver.add(SERVER, ["127.0.0.1"])
    dialled: list[str] = []
    async with Canary("127.0.0.1", "::1") as canary, HttpServer(SERVER, "127.0.0.1") as server:
        _lead_every_route_to(canary, server, monkeypatch, dialled)
        # The system's authorities take 20 ms to load, and nobody here has a certificate of theirs.
        monkeypatch.setattr(httpx2, "create_ssl_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        policy = FetchPolicy(
            connect_timeout_s=5,
            timeout_s=10,
            allow=(AllowedNetwork.parse(f"127.0.0.1:{server.port}"),),
            ca_file=write_ca(tmp_path),
        )
        fetcher = Fetcher(policy, resolver=resolver)
        yield House(canary, server, resolver, fetcher, dialled)
        await fetcher.aclose()


def _lead_every_route_to(
    canary: Canary, server: HttpServer, monkeypatch: pytest.MonkeyPatch, dialled: list[str]
) -> None:
    connect = httpcore2.AnyIOBackend.connect_tcp

    async def dial(
        self: httpcore2.AnyIOBackend,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - theirs
    ) -> httpcore2.AsyncNetworkStream:
        dialled.append(host)
        if (host, port) == ("127.0.0.1", server.port):
            return await connect(self, host, port, timeout)
        return await connect(self, "127.0.0.1", canary.port, timeout)

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", dial)


def _take_the_guard_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_module, "denied_by", lambda _: None)


def _literal(address: str) -> str:
    return f"https://[{address}]/a.png" if ":" in address else f"https://{address}/a.png"


def _mixed(bad: Iterable[str]) -> list[list[str]]:
    return [line for address in bad for line in ([PUBLIC, address], [address, PUBLIC])]


MIXED = _mixed(("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "64:ff9b::7f00:1"))


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_a_plain_name_that_leads_inside_is_stopped_at_connect(house: House, address: str) -> None:
    url = f"https://{NAME}/a.png"
    check_source_url(url)  # nothing about the text gives it away
    house.resolver.add(NAME, [address])
    error = await house.attempt(url)
    assert isinstance(error, SourceUnreachable)
    assert await house.canary.hits() == 0
    assert house.dialled == []


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_an_address_written_into_the_url_is_stopped_at_connect(house: House, address: str) -> None:
    url = _literal(address)
    check_source_url(url)
    assert isinstance(await house.attempt(url), SourceUnreachable)
    assert await house.canary.hits() == 0


@pytest.mark.parametrize("url", TRICKS)
async def test_a_url_that_could_be_read_in_two_ways_reaches_nothing(house: House, url: str) -> None:
    house.resolver.add(NAME, ["127.0.0.1"])
    await house.attempt(url)
    assert await house.canary.hits() == 0


@pytest.mark.parametrize("answer", MIXED, ids="-".join)
async def test_one_bad_address_condemns_the_name(house: House, answer: list[str]) -> None:
    house.resolver.add(NAME, answer)
    assert isinstance(await house.attempt(f"https://{NAME}/a.png"), SourceUnreachable)
    assert await house.canary.hits() == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://10.0.0.1/a.png",
        "https://169.254.169.254/latest/meta-data/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[::ffff:127.0.0.1]/",
        f"https://{NAME}/inside",
        f"//{NAME}/inside",
        "//127.0.0.1/a.png",
        "http://127.0.0.1/a.png",
        f"http://{SERVER}/a.png",
        "https://2130706433/",
        f"https://{SERVER}@127.0.0.1/",
        f"https://127.0.0.1\\@{SERVER}/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_is_judged_like_the_first_url(house: House, status: int, location: str) -> None:
    house.resolver.add(NAME, ["192.168.0.1"])
    await house.attempt(house.redirect("/a.png", location, status))
    assert len(house.server.requests) == 1  # the redirect was really given
    assert await house.canary.hits() == 0


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_a_redirect_to_a_name_that_leads_inside_is_stopped(house: House, address: str) -> None:
    house.resolver.add(NAME, [address])
    url = house.redirect("/a.png", f"https://{NAME}/a.png")
    assert isinstance(await house.attempt(url), SourceUnreachable)
    assert await house.canary.hits() == 0


async def test_the_allowed_server_is_no_way_to_its_neighbours(house: House) -> None:
    """The door is open for one port: the canary beside it stays out of reach."""
    await house.attempt(f"https://127.0.0.1:{house.canary.port}/a.png")
    await house.attempt(f"https://{SERVER}:{house.canary.port}/a.png")
    await house.attempt(house.redirect("/a.png", f"https://127.0.0.1:{house.canary.port}/"))
    assert await house.canary.hits() == 0


async def test_a_name_is_asked_for_once_and_its_checked_address_is_dialled(house: House) -> None:
    """Rebinding: public when judged, loopback when asked again. There is no second question."""
    house.resolver.add(NAME, [PUBLIC], ["127.0.0.1"])
    await house.attempt(f"https://{NAME}/a.png")  # the canary stands in for the public host: no TLS there
    assert house.resolver.asked == [NAME]
    assert house.dialled == [PUBLIC]


async def test_a_name_that_flips_between_outside_and_inside_is_judged_each_time(house: House) -> None:
    """Rebinding by patience: what is dialled is what was public, however often and in what order it flips."""
    draw = random.Random(20)
    answers = draw.choices([[PUBLIC], ["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1", PUBLIC]], k=300)
    house.resolver.add(NAME, *answers)
    for _ in answers:
        await house.attempt(f"https://{NAME}/a.png")
    assert house.dialled == [PUBLIC] * answers.count([PUBLIC])
    assert await house.canary.hits() == answers.count([PUBLIC])


async def test_every_connection_is_judged_anew(house: House) -> None:
    """Rebinding between two fetches: the second one does not live on what the first one learnt."""
    house.server.routes["/a.png"] = http_answer(200, b"picture", content_type="image/png")
    url = f"https://{SERVER}:{house.server.port}/a.png"
    house.resolver.add(SERVER, ["127.0.0.1"], ["127.0.0.2"])
    assert (await house.fetcher.get(url)).data == b"picture"
    assert isinstance(await house.attempt(url), SourceUnreachable)
    assert len(house.server.requests) == 1
    assert await house.canary.hits() == 0


async def test_a_hop_back_to_the_same_name_is_judged_anew(house: House) -> None:
    url = house.redirect("/a.png", "/b.png")
    house.resolver.add(SERVER, ["127.0.0.1"], ["169.254.169.254"])
    assert isinstance(await house.attempt(url), SourceUnreachable)
    assert len(house.server.requests) == 1
    assert await house.canary.hits() == 0


async def test_a_fourth_redirect_is_not_followed(house: House) -> None:
    url = house.redirect("/0", "/1")
    for hop in range(1, 6):
        house.redirect(f"/{hop}", f"/{hop + 1}")
    error = await house.attempt(url)
    assert isinstance(error, SourceRefused)
    assert len(house.server.requests) == 4


async def test_the_environment_names_no_proxy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{house.canary.port}")
    house.server.routes["/a.png"] = http_answer(200, b"picture", content_type="image/png")
    fetched = await house.fetcher.get(f"https://{SERVER}:{house.server.port}/a.png")
    assert fetched.data == b"picture"
    assert await house.canary.hits() == 0


async def test_blocked_and_unreachable_look_the_same(house: House) -> None:
    """Whoever sends requests cannot map the inside by reading the errors; the owner's log has the truth."""
    house.resolver.add(NAME, ["10.0.0.1"])
    with capture_logs() as log:
        blocked = await house.attempt(f"https://{NAME}/a.png")
    nameless = await house.attempt("https://nobody.example/a.png")
    silent = await house.attempt(f"https://{PUBLIC}/a.png")  # the canary hangs up in the handshake
    seen = {(type(e), e.code, e.message, e.retryable) for e in (blocked, nameless, silent)}
    assert len(seen) == 1
    assert [(line["event"], line["rule"]) for line in log] == [("address_blocked", "private use")]


async def test_a_webhook_goes_through_the_same_guard(house: House) -> None:
    house.resolver.add(NAME, ["127.0.0.1"])
    with pytest.raises(SourceUnreachable):
        await house.fetcher.post(f"https://{NAME}/hook", b"{}", {})
    assert await house.canary.hits() == 0


# --- These tests are able to fail ------------------------------------------------------------------


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_without_the_guard_the_canary_is_hit(
    house: House, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _take_the_guard_out(monkeypatch)
    house.resolver.add(NAME, [address])
    await house.attempt(f"https://{NAME}/a.png")
    assert await house.canary.hits() == 1


async def test_without_the_guard_a_redirect_hits_the_canary(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_the_guard_out(monkeypatch)
    await house.attempt(house.redirect("/a.png", "https://10.0.0.1/a.png"))
    assert await house.canary.hits() == 1


async def test_a_public_address_reaches_the_canary_through_the_guard(house: House) -> None:
    """The guard is no wall around everything: what is public does arrive."""
    house.resolver.add(NAME, [PUBLIC])
    await house.attempt(f"https://{NAME}/a.png")
    assert await house.canary.hits() == 1


def test_there_are_vectors_enough_and_no_two_alike() -> None:
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 40
    assert len(set(TRICKS)) == len(TRICKS)
    assert 3 * len(FORBIDDEN) + len(TRICKS) + len(MIXED) + 5 * 15 >= 250
