"""The pages for owners and for programs: health, metrics, the description of the API and its reading."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import httpx2
from PIL import Image
from tests.scenarios.world import STARRY, Server, Work, connect, make_task

from retouch.api import wire
from retouch.tasks.store import TaskStore

NEEDS_A_KEY = re.compile(r"/v1/(?!files/)")


async def test_it_lives_and_is_ready(server: Server) -> None:
    async with connect(server) as anybody:
        assert (await anybody.get("/healthz")).json() == {"status": "ok"}
        assert (await anybody.get("/readyz")).json() == {"status": "ready"}
        for path in ("/healthz", "/readyz"):
            head = await anybody.head(path)
            assert (head.status_code, head.content) == (200, b"")


async def test_metrics_count_routes_and_tasks_and_name_no_id(
    client: httpx2.AsyncClient, store: TaskStore, work: Work
) -> None:
    task = await make_task(store)
    done = await make_task(store)
    await work.complete(done.id)
    await client.get(f"/v1/tasks/{task.id}")
    await client.get("/nowhere/at/all")

    text = (await client.get("/metrics")).text

    assert 'retouch_tasks{status="pending"} 1.0' in text
    assert 'retouch_tasks{status="completed"} 1.0' in text
    assert re.search(
        r'retouch_http_requests_total\{method="GET",route="/v1/tasks/\{task_id\}",status="200"\}', text
    )
    assert 'route="unmatched"' in text
    assert task.id not in text
    assert "nowhere" not in text


async def test_the_description_is_complete(server: Server) -> None:
    async with connect(server) as anybody:
        described = (await anybody.get("/openapi.json")).json()

    paths = described["paths"]
    assert set(paths) == {
        "/v1/images/edits", "/v1/tasks", "/v1/tasks/{task_id}", "/v1/tasks/batch",
        "/v1/tasks/{task_id}/cancel", "/v1/tasks/{task_id}/events", "/v1/uploads/images",
        "/v1/files/{name}", "/v1/plan", "/v1/models", "/v1/usage",
        "/v1/keys", "/v1/keys/audit", "/v1/keys/{key_id}", "/v1/accounts/{account_id}",
        "/v1/webhooks/secret", "/v1/webhooks/rotate", "/v1/webhooks/test", "/v1/webhooks/deliveries",
        "/v1/webhooks/deliveries/{delivery_id}/redeliver",
        "/v1/balance", "/v1/user/balance", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs",
    }  # fmt: skip
    assert described["openapi"].startswith("3.1")
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert bool(operation.get("security")) == bool(
                NEEDS_A_KEY.match(path) or path in {"/metrics", "/docs"}
            ), path
            assert operation["description"], path
            assert "422" not in operation["responses"]
            for status, response in operation["responses"].items():
                if status >= "400":
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method, status)
    ids = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', (str(described).replace("'", '"'))))
    assert refs <= set(described["components"]["schemas"])
    example = described["components"]["schemas"]["EditSubmission"]["examples"][0]
    assert example == STARRY | {"image_urls": example["image_urls"]}
    assert example["image_urls"] == STARRY["image_urls"]


async def test_the_reference_page_names_every_route(server: Server) -> None:
    page = Path(__file__).parents[2].joinpath("docs/reference/api.md").read_text("utf-8")

    async with connect(server) as anybody:
        paths = (await anybody.get("/openapi.json")).json()["paths"]

    assert [path for path in paths if path.replace("{name}", "") not in page] == []


async def test_the_examples_of_the_description_are_taken(client: httpx2.AsyncClient) -> None:
    for example in wire.EditSubmission.model_config["json_schema_extra"]["examples"]:  # type: ignore[index,union-attr]  # our own dict
        assert (await client.post("/v1/images/edits", json=example)).status_code == 200


async def test_the_example_picture_can_be_decoded(server: Server) -> None:
    async with connect(server) as anybody:
        schemas = (await anybody.get("/openapi.json")).json()["components"]["schemas"]

    (uri,) = schemas["EditSubmission"]["examples"][1]["image_urls"]
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2], validate=True))) as picture:
        picture.load()
        assert picture.format == "PNG"


async def test_null_is_declared_where_it_is_taken(client: httpx2.AsyncClient) -> None:
    """A validator made from the description refuses nothing that the door takes."""
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    fields = schemas["EditSubmission"]["properties"]
    optional = fields.keys() - {"prompt", "image_urls"}

    answer = await client.post("/v1/images/edits", json=STARRY | dict.fromkeys(optional))

    assert answer.status_code == 200
    for name in optional:
        assert {"type": "null"} in fields[name]["anyOf"], name


async def test_ids_and_missing_files_are_declared(server: Server) -> None:
    async with connect(server) as anybody:
        described = (await anybody.get("/openapi.json")).json()

    paths = described["paths"]
    assert {"404", "410"} <= paths["/v1/images/edits"]["post"]["responses"].keys()
    for path, method, name in (
        ("/v1/tasks/{task_id}", "get", "task_id"),
        ("/v1/tasks/{task_id}/cancel", "post", "task_id"),
        ("/v1/tasks", "get", "cursor"),
    ):
        (parameter,) = (p for p in paths[path][method]["parameters"] if p["name"] == name)
        assert re.fullmatch(parameter["schema"]["pattern"], "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"), path
        assert not re.fullmatch(parameter["schema"]["pattern"], "task_1")


async def test_the_page_needs_nothing_from_elsewhere(server: Server) -> None:
    async with connect(server) as anybody:
        answer = await anybody.get("/docs")

    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"<script|<link|<img|@import|(src|href)=.?(https?:)?//", answer.text)
    assert "POST /v1/images/edits" in answer.text
