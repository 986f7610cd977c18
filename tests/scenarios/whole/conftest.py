"""A whole service (database, API, worker, sandboxed child), started once for the stories of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.whole.client import Client

from retouch.testing.service import Service, forget_cluster, running_service


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All stories share one service, so they run in one process."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("whole"))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as ``make run`` starts it."""
    folder = tmp_path_factory.mktemp("whole")
    with running_service(folder) as running:
        yield running
    forget_cluster(folder / "data")


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[Client]:
    """A client with the first key."""
    with Client(service.url, service.key) as opened:
        yield opened
