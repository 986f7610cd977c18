"""The door for origins that the owner wrote into the settings: it may lead inside, and leads nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import retouch
from retouch.fetch.client import FetchPolicy, OutboundError, trusted
from retouch.testing.network import HttpServer, http_answer, write_ca


async def test_a_trusted_origin_may_be_plain_http_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with HttpServer() as server:
        server.routes["/v1/x"] = http_answer(200, b"{}", content_type="application/json")
        async with trusted(f"http://127.0.0.1:{server.port}") as client:
            assert (await client.post("/v1/x", json={"a": 1})).json() == {}
    assert server.requests[0][1] == b'{"a":1}'


async def test_a_trusted_client_never_leaves_its_origin() -> None:
    async with HttpServer() as server, HttpServer() as other:
        elsewhere = f"http://127.0.0.1:{other.port}/"
        server.routes["/"] = http_answer(307, location=elsewhere)
        async with trusted(f"http://127.0.0.1:{server.port}") as client:
            assert (await client.get("/")).status_code == 307
            for url in (elsewhere, f"https://127.0.0.1:{server.port}/", f"http://localhost:{server.port}/"):
                with pytest.raises(OutboundError):
                    await client.get(url)
            with pytest.raises(OutboundError):
                await client.get("/", follow_redirects=True)
    assert other.requests == []


async def test_a_trusted_origin_may_have_the_owners_authority(tmp_path: Path) -> None:
    async with HttpServer("127.0.0.1") as server:
        server.routes["/"] = http_answer(200, b"x")
        origin = f"https://127.0.0.1:{server.port}"
        async with trusted(origin, FetchPolicy(ca_file=write_ca(tmp_path))) as client:
            assert (await client.get("/")).content == b"x"
        async with trusted(origin) as client:
            with pytest.raises(OutboundError):
                await client.get("/")


@pytest.mark.parametrize(
    "origin",
    ["", "127.0.0.1:80", "ftp://127.0.0.1", "http://", "http://a/", "http://a/v1", "http://a?b", "http://a#b",
     "http://user@a", "http://a:b", "http://a:123456", "http://a\\b", "http://a b", "http://a\n", "http://ä"],
)  # fmt: skip
def test_an_origin_is_scheme_host_and_port(origin: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        trusted(origin)


def test_no_room_that_handles_requests_knows_the_trusted_door() -> None:
    """Only who works with the owner's own origins imports it; what a request brought never gets there."""
    house = Path(retouch.__file__).parent
    importers = {
        path.relative_to(house).parts[0]
        for path in house.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(name.name == "trusted" for name in node.names)
    }
    assert importers <= {"engines", "webhooks", "cli"}
