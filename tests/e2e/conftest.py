"""One deployed cloud for all end-to-end tests, seeded as a run is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.cloud import LocalCloud
from tests.e2e.shop import Shop

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one process: they share a cloud of their own, which they break on purpose."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop in its cloud."""
    running = LocalCloud.start(tmp_path_factory.mktemp("e2e"))
    yield Shop(running)
    running.stop()
