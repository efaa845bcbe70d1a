"""Rebuilding the order index from the table, on the local service and a real node.

Cites SEA-06: beside the live index, under writes, resumable, counted before it takes over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws
from oms.kernel.codec import encode
from oms.kernel.errors import Unavailable
from oms.lifecycle.ports import Commit
from oms.lifecycle.projection import search_document
from oms.lifecycle.record import OrderRecord
from oms.search.freshness import Mark
from oms.search.parse import parse
from oms_aws.order_rows import OrderRows
from oms_aws.orders import DynamoOrders
from oms_aws.search import rebuild
from oms_aws.search.index import OpenSearchIndex, connect
from oms_aws.search.setup import ensure_index, live_index
from opensearchpy import OpenSearch

from tests.contracts.orders_table import NAME, orders_table
from tests.contracts.search_engines import engine_url
from tests.contracts.search_samples import START, names, record

pytestmark = pytest.mark.xdist_group("search")
STATE = "AWAITING_ALLOCATION"


@pytest.fixture(scope="module", params=["service", "node"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with engine_url(request.param) as url:
        yield url


class Shop:
    """Orders in the table, and the projector that indexes them."""

    def __init__(self, client: OpenSearch) -> None:
        self.client = client
        self.table = orders_table()
        self.rows = OrderRows(self.table, NAME)
        self.index = OpenSearchIndex(client)
        self._orders = DynamoOrders(self.table, {"orders": NAME})
        self._versions: dict[str, int] = {}

    def write(self, name: str, *, index: bool = True, **changes: Any) -> None:
        """The next version of an order."""
        version = self._versions[name] = self._versions.get(name, 0) + 1
        at = START + timedelta(minutes=10 * version)
        stored = replace(record("acme", name, version=version, **changes), updated_at=at)
        self._orders.commit(Commit(stored, state=STATE))
        if index:
            self.project(stored)

    def project(self, stored: OrderRecord) -> None:
        mark = Mark(stored.updated_at or START, START + timedelta(hours=1))
        assert self.index.index([search_document(encode(stored), STATE)], mark) == ()

    def found(self) -> dict[str, int]:
        """Versions by order name in the live index."""
        self.index.refresh()
        query = parse({"limit": "200"}, "acme", START)
        hits = self.index.search(query).hits
        return dict(zip(names(hits), (hit.version for hit in hits), strict=True))

    def copy_all(self, plan: dict[str, Any]) -> int:
        """All segments, in slices of one go."""
        copied = 0
        for work in plan["segments"]:
            left = dict(work)
            while not left["done"]:
                left = rebuild.copy(self.client, self.rows, left, lambda: False)
            copied += left["copied"]
        return copied


@pytest.fixture
def shop(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(rebuild, "SLICE", 7)
    client = connect(url)
    ensure_index(client)
    with mock_aws():
        yield Shop(client)
    for number in range(1, 5):
        if client.indices.exists(index=f"orders-v{number}"):
            client.indices.delete(index=f"orders-v{number}")
    client.close()


def test_it_switches_over_under_writes_and_loses_none(shop: Shop) -> None:
    """SEA-06: what is written before, during and after the copy is in the new index, each at its
    newest version; searches answer throughout.
    """
    for at in range(30):
        shop.write(f"n{at}")
    plan = rebuild.begin(shop.client, START)
    assert (plan["old"], plan["new"]) == ("orders-v1", "orders-v2")
    shop.write("n0")
    copied = shop.copy_all(plan)
    shop.write("n1")
    shop.write("late")
    assert len(shop.found()) == 31
    rebuild.switch(shop.client, plan["old"], plan["new"], copied)
    assert live_index(shop.client) == "orders-v2"
    shop.write("after")
    counts = rebuild.catch_up(shop.client, plan["old"], plan["new"], plan["since"])
    assert counts["new"] == 32
    wanted = {f"n{at}": 1 for at in range(30)} | {"late": 1, "after": 1, "n0": 2, "n1": 2}
    assert shop.found() == wanted
    assert shop.index.mark() is not None


def test_orders_the_old_index_never_had_are_found_afterwards(shop: Shop) -> None:
    """SEA-06: the table is the source, not the index."""
    for at in range(5):
        shop.write(f"n{at}", index=False)
    plan = rebuild.begin(shop.client, START)
    rebuild.switch(shop.client, plan["old"], plan["new"], shop.copy_all(plan))
    rebuild.catch_up(shop.client, plan["old"], plan["new"], plan["since"])
    assert sorted(shop.found()) == [f"n{at}" for at in range(5)]


def test_every_step_may_be_repeated_and_a_new_attempt_begins_anew(shop: Shop) -> None:
    """SEA-06: what a crash leaves behind harms nothing."""
    for at in range(10):
        shop.write(f"n{at}")
    given_up = rebuild.begin(shop.client, START)
    rebuild.copy(shop.client, shop.rows, given_up["segments"][0], lambda: True)
    plan = rebuild.begin(shop.client, START)
    assert plan["new"] == given_up["new"]
    assert rebuild.orders_in(shop.client, plan["new"]) == 0
    shop.copy_all(plan)
    copied = shop.copy_all(plan)
    for _ in range(2):
        rebuild.switch(shop.client, plan["old"], plan["new"], copied)
        counts = rebuild.catch_up(shop.client, plan["old"], plan["new"], plan["since"])
    assert counts["new"] == counts["old"] == 10
    again = rebuild.begin(shop.client, START)
    assert (again["old"], again["new"]) == ("orders-v2", "orders-v3")
    assert not shop.client.indices.exists(index="orders-v1")


def test_an_incomplete_index_does_not_take_over(shop: Shop) -> None:
    """SEA-06: counts are compared first."""
    for at in range(4):
        shop.write(f"n{at}")
    plan = rebuild.begin(shop.client, START)
    copied = shop.copy_all(plan)
    with pytest.raises(Unavailable, match="4 of 5 orders"):
        rebuild.switch(shop.client, plan["old"], plan["new"], copied + 1)
    assert live_index(shop.client) == "orders-v1"


def test_an_order_that_does_not_fit_stops_it_before_it_takes_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEA-06: told by kind, never by value."""
    shop.write("n0")

    def misfit(stored: dict[str, Any], state: str) -> dict[str, Any]:
        return search_document(stored, state) | {"surprise": "ana@example.org"}

    monkeypatch.setattr(rebuild, "search_document", misfit)
    plan = rebuild.begin(shop.client, START)
    with pytest.raises(Unavailable, match="1 orders, first: 400 strict_dynamic") as caught:
        shop.copy_all(plan)
    assert "example" not in str(caught.value)
    assert live_index(shop.client) == "orders-v1"
