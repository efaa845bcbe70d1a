"""What the contract suites run against, each started once for all their modules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oms.search.ports import SearchIndex

from tests.contracts.gateway_harness import FakeHarness, Harness, ServiceHarness
from tests.contracts.search_company import Orders
from tests.contracts.search_engines import ENGINES, engine


@pytest.fixture(scope="session", params=ENGINES)
def search_index(request: pytest.FixtureRequest) -> Iterator[SearchIndex]:
    """Each engine in turn, set up as in production."""
    with engine(request.param) as index:
        yield index


@pytest.fixture
def orders(search_index: SearchIndex) -> Orders:
    """An empty company on the engine."""
    return Orders(search_index)


@pytest.fixture(scope="session", params=["fake", "service"])
def gateway_harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """Each gateway in turn: the fake, and the service in its own process behind the adapter."""
    if request.param == "fake":
        yield FakeHarness()
        return
    with ServiceHarness.running() as running:
        yield running
