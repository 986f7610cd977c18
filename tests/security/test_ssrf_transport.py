"""What the one outbound client does with answers: slow, endless, cut off, lying, or simply right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from retouch.errors import (
    SetupError,
    SourceNotFound,
    SourceRefused,
    SourceTooLarge,
    SourceUnreachable,
    TaskError,
)
from retouch.fetch.client import (
    AllowedNetwork,
    Fetched,
    Fetcher,
    FetchPolicy,
    Posted,
)
from retouch.testing.network import Address, FixedResolver, HttpServer, http_answer, write_ca

NAME = "pictures.example"
NEVER = asyncio.Event  # waited for by servers that hang: nobody sets it


@dataclass
class Web:
    """One TLS server under one name, and a policy that lets a fetcher reach it."""

    server: HttpServer
    resolver: FixedResolver
    policy: FetchPolicy

    def url(self, path: str = "/a.png", host: str = NAME) -> str:
        """Where the server serves ``path``."""
        return f"https://{host}:{self.server.port}{path}"

    async def get(self, path: str = "/a.png", **policy: object) -> Fetched:
        """Fetch ``path``, under a policy that may differ."""
        fetcher = Fetcher(replace(self.policy, **policy), resolver=self.resolver)  # type: ignore[arg-type]  # by name
        try:
            return await fetcher.get(self.url(path))
        finally:
            await fetcher.aclose()

    async def failure(self, path: str = "/a.png", **policy: object) -> TaskError:
        """The error that fetching ``path`` must end with."""
        with pytest.raises(TaskError) as caught:
            await self.get(path, **policy)
        return caught.value


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    resolver = FixedResolver()
    resolver.add(NAME, ["127.0.0.1"])
    async with HttpServer(NAME) as server:
        allow = (AllowedNetwork.parse(f"127.0.0.1:{server.port}"),)
        yield Web(server, resolver, FetchPolicy(5, 10, allow=allow, ca_file=write_ca(tmp_path)))


def _sending(*pieces: bytes, hang: bool = False) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def send(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hang:
            await NEVER().wait()

    return send


def _endless(head: bytes, piece: bytes, pause_s: float) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return send


# --- A picture arrives -----------------------------------------------------------------------------


async def test_a_picture_arrives_as_it_was_sent(web: Web) -> None:
    body = bytes(range(256)) * 1000
    web.server.routes["/a.png?x=1"] = http_answer(200, body, content_type='Image/PNG; name="x"')
    assert await web.get("/a.png?x=1") == Fetched(body, "image/png", web.url("/a.png?x=1"))


async def test_a_request_says_no_more_than_it_must(web: Web) -> None:
    """No cookie of an earlier answer, no credential: the next fetch may be another account's."""
    web.server.routes["/a.png"] = http_answer(200, b"x", set_cookie="a=b; Path=/", content_type="image/png")
    await web.get()
    await web.get()
    for head, _ in web.server.requests:
        assert sorted(head.strip().split("\r\n")) == sorted(
            [
                "GET /a.png HTTP/1.1",
                f"Host: {NAME}:{web.server.port}",
                "User-Agent: retouch",
                "Accept: image/*",
                "Accept-Encoding: identity",
            ]
        )


@pytest.mark.parametrize("media_type", ["image/webp", "application/octet-stream", "binary/octet-stream", ""])
async def test_media_types_that_may_be_a_picture(web: Web, media_type: str) -> None:
    web.server.routes["/a.png"] = http_answer(200, b"x", content_type=media_type)
    assert (await web.get()).content_type == (media_type or None)


async def test_three_redirects_are_followed(web: Web) -> None:
    for hop, location in enumerate(["/1", web.url("/2"), "3?x#part"]):
        web.server.routes[f"/{hop}"] = http_answer(302, location=location)
    web.server.routes["/3?x"] = http_answer(200, b"x", content_type="image/png")
    assert (await web.get("/0")).url == web.url("/3?x")


async def test_the_next_address_is_tried_when_the_first_is_dead(web: Web) -> None:
    port = web.server.port
    web.server.routes["/a.png"] = http_answer(200, b"x", content_type="image/png")
    web.resolver.add(NAME, ["127.0.0.2", "127.0.0.1"])  # nobody listens on the first
    allow = (AllowedNetwork.parse(f"127.0.0.0/8:{port}"),)
    assert (await web.get(allow=allow)).data == b"x"


# --- Limits ----------------------------------------------------------------------------------------

DRIP_HEAD = b"HTTP/1.1 200 -\r\ncontent-type: image/png\r\n\r\n"


@pytest.mark.parametrize(
    "route",
    [
        _endless(DRIP_HEAD, b"x", 0.01),
        _endless(b"HTTP/1.1 200 -\r\n", b"x-drip: y\r\n", 0.01),
        _endless(b"", b"HTTP/1.1 103 -\r\n\r\n", 0.01),
        _sending(DRIP_HEAD, b"x", hang=True),
        _sending(hang=True),
    ],
    ids=["body drips", "headers drip", "early hints for ever", "body hangs", "no answer"],
)
async def test_the_deadline_is_over_everything(web: Web, route: Callable[..., Awaitable[None]]) -> None:
    """A drip resets every timeout on reading; only a deadline over the whole ends it."""
    web.server.routes["/a.png"] = route
    error = await web.failure(timeout_s=0.3)
    assert (type(error), error.message) == (SourceUnreachable, "The source could not be reached.")


async def test_redirects_share_one_deadline(web: Web) -> None:
    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(http_answer(302, location="/a.png"))

    web.server.routes["/a.png"] = slowly
    assert isinstance(await web.failure(timeout_s=0.4, max_redirects=1000), SourceUnreachable)


async def test_a_name_server_that_hangs_is_given_up(web: Web) -> None:
    async def hang(host: str, port: int) -> Sequence[Address]:
        await NEVER().wait()
        raise AssertionError((host, port))

    fetcher = Fetcher(replace(web.policy, connect_timeout_s=0.1), resolver=hang)
    with pytest.raises(SourceUnreachable):
        await fetcher.get(web.url())


async def test_a_host_that_never_shakes_hands_is_given_up(web: Web, tmp_path: Path) -> None:
    async def mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await closing.wait()
        writer.close()

    closing = asyncio.Event()
    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    allow = (AllowedNetwork.parse(f"127.0.0.1:{port}"),)
    fetcher = Fetcher(FetchPolicy(0.1, 10, allow=allow, ca_file=write_ca(tmp_path)), resolver=web.resolver)
    with pytest.raises(SourceUnreachable):
        await fetcher.get(f"https://{NAME}:{port}/")
    closing.set()
    server.close()


async def test_the_limit_on_bytes_is_exact(web: Web) -> None:
    web.server.routes["/a.png"] = http_answer(200, b"x" * 1000, content_type="image/png")
    assert len((await web.get(max_bytes=1000)).data) == 1000
    error = await web.failure(max_bytes=999)
    assert (type(error), error.message) == (SourceTooLarge, "The source is larger than 999 bytes.")


async def test_an_announced_length_is_believed_without_reading(web: Web) -> None:
    head = DRIP_HEAD.replace(b"\r\n\r\n", b"\r\ncontent-length: 1000000\r\n\r\n")
    web.server.routes["/a.png"] = _sending(head, hang=True)
    assert isinstance(await web.failure(max_bytes=999_999), SourceTooLarge)


async def test_an_endless_body_is_cut_off(web: Web) -> None:
    web.server.routes["/a.png"] = _endless(DRIP_HEAD, b"x" * 65536, 0)
    assert isinstance(await web.failure(max_bytes=1_000_000), SourceTooLarge)


async def test_a_redirect_loop_ends(web: Web) -> None:
    web.server.routes["/a.png"] = http_answer(301, location="/a.png")
    error = await web.failure()
    assert (type(error), error.message) == (SourceRefused, "The source redirects more than 3 times.")
    assert len(web.server.requests) == 4


# --- Answers that are none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"HTTP/1.1 200 -\r\ncontent-length: 10\r\n\r\n", b"xxx"],
        [b"HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n", b"3\r\nxxx\r\n"],
        [b"HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n", b"zz\r\nxxx\r\n"],
        [b"HTTP/1.1 200"],
        [b"SSH-2.0-OpenSSH\r\n"],
        [b"HTTP/1.1 200 -\r\ncontent-length: -1\r\n\r\n"],
        [b"HTTP/1.1 200 -\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx"],
        [b"HTTP/1.1 200 -\r\nx: ", b"y" * 200_000],
    ],
)
async def test_a_broken_answer_is_no_answer(web: Web, pieces: list[bytes]) -> None:
    web.server.routes["/a.png"] = _sending(*pieces)
    error = await web.failure()
    assert isinstance(error, SourceUnreachable)
    assert error.retryable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, SourceNotFound), (206, SourceNotFound), (300, SourceNotFound), (304, SourceNotFound),
        (400, SourceNotFound), (401, SourceNotFound), (403, SourceNotFound), (404, SourceNotFound),
        (410, SourceNotFound), (499, SourceNotFound), (408, SourceUnreachable), (425, SourceUnreachable),
        (429, SourceUnreachable), (500, SourceUnreachable), (503, SourceUnreachable),
        (599, SourceUnreachable),
    ],
)  # fmt: skip
async def test_what_a_status_means(web: Web, status: int, kind: type[TaskError]) -> None:
    web.server.routes["/a.png"] = http_answer(status, content_type="image/png")
    error = await web.failure()
    assert type(error) is kind
    assert error.message == f"The source answered with status {status}."


async def test_a_redirect_to_nowhere_is_refused(web: Web) -> None:
    web.server.routes["/a.png"] = http_answer(302)
    assert isinstance(await web.failure(), SourceRefused)


@pytest.mark.parametrize("media_type", ["text/html", "application/json", "video/mp4", "imagex/png", "image"])
async def test_what_claims_to_be_no_picture_is_not_read(web: Web, media_type: str) -> None:
    head = f"HTTP/1.1 200 -\r\ncontent-type: {media_type}\r\n\r\n".encode()
    web.server.routes["/a.png"] = _sending(head, hang=True)
    assert isinstance(await web.failure(), SourceNotFound)


async def test_a_compressed_body_is_refused(web: Web) -> None:
    web.server.routes["/a.png"] = http_answer(200, b"x", content_encoding="gzip", content_type="image/png")
    assert isinstance(await web.failure(), SourceRefused)
    web.server.routes["/a.png"] = http_answer(
        200, b"x", content_encoding="Identity", content_type="image/png"
    )
    assert (await web.get()).data == b"x"


async def test_a_certificate_for_another_name_is_not_taken(web: Web) -> None:
    """The connection goes to a number, but the certificate must be good for the name."""
    web.resolver.add("other.example", ["127.0.0.1"])
    fetcher = Fetcher(web.policy, resolver=web.resolver)
    for url in (web.url(host="other.example"), web.url(host="127.0.0.1")):
        with pytest.raises(SourceUnreachable):
            await fetcher.get(url)
    assert web.server.requests == []


async def test_an_unknown_authority_is_not_taken(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(web.policy.ca_file))  # the environment has no say
    assert isinstance(await web.failure(ca_file=None), SourceUnreachable)
    assert web.server.requests == []


def test_a_file_of_authorities_that_is_none_is_the_owners_mistake(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("hello")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(SetupError, match=name):
            Fetcher(FetchPolicy(ca_file=tmp_path / name))


# --- Posting, for webhooks -------------------------------------------------------------------------


async def test_a_message_is_posted_and_the_answer_not_read(web: Web) -> None:
    web.server.routes["/hook"] = _sending(b"HTTP/1.1 429 -\r\nretry-after: 7\r\n\r\n", hang=True)
    fetcher = Fetcher(web.policy, resolver=web.resolver)
    assert await fetcher.post(web.url("/hook"), b'{"a":1}', {"webhook-id": "m1"}) == Posted(429, "7")
    head, body = web.server.requests[0]
    assert head.startswith("POST /hook HTTP/1.1\r\n")
    assert "webhook-id: m1\r\n" in head
    assert body == b'{"a":1}'


async def test_a_post_is_not_redirected(web: Web) -> None:
    web.server.routes["/hook"] = http_answer(307, location="/other")
    fetcher = Fetcher(web.policy, resolver=web.resolver)
    assert await fetcher.post(web.url("/hook"), b"{}", {}) == Posted(307, None)
    assert len(web.server.requests) == 1
