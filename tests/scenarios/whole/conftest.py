"""A whole service (database, API, worker, sandboxed child), started once for the stories of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.scenarios.whole.client import Client

from retouch.testing.service import Service, forget_cluster, running_service

GREEN = (30, 160, 60)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All stories share one service, so they run in one process."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("whole"))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as ``make run`` starts it, and one background of the owner's."""
    folder = tmp_path_factory.mktemp("whole")
    backgrounds = folder / "backgrounds"
    backgrounds.mkdir()
    Image.new("RGB", (400, 300), GREEN).save(backgrounds / "lawn-tennis.webp")
    (backgrounds / "lawn-tennis.toml").write_text('words = { de = "tennisplatz~", zh = "网球场" }\n', "utf-8")
    with running_service(folder, {"RETOUCH_SCENES_DIR": str(backgrounds)}) as running:
        yield running
    forget_cluster(folder / "data")


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[Client]:
    """A client with the first key."""
    with Client(service.url, service.key) as opened:
        yield opened
