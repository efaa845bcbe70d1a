"""The engines of the search contract, each started once for all its modules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oms.search.ports import SearchIndex

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
