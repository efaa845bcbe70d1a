"""One suite for the ways to orders beside their id: the fake and DynamoDB must behave alike.

Cites UIX-09 (lists without search), GEN-12 (companies). The table is the one of the template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws
from oms.lifecycle.key_lists import OrderKeys
from oms.lifecycle.ports import Commit, OrderStore
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Customer, Order
from oms.search.keyed import Span
from oms_aws.order_keys import DynamoOrderKeys
from oms_aws.orders import DynamoOrders

from tests.contracts.orders_table import NAME, orders_table
from tests.fakes.order_keys import FakeOrderKeys
from tests.fakes.orders import FakeOrders

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
Both = tuple[OrderStore, OrderKeys]


@pytest.fixture(params=["fake", "dynamodb"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    if request.param == "fake":
        orders = FakeOrders()
        yield orders, FakeOrderKeys(orders)
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = orders_table()
        yield DynamoOrders(client, {"orders": NAME}), DynamoOrderKeys(client, NAME)


def placed(store: OrderStore, at: int, company: str = "acme", code: str | None = None) -> str:
    """An order placed `at` minutes after NOW."""
    when = NOW + timedelta(minutes=at)
    order = Order(
        f"ord_{at:03}", company, f"T{at}", "web", "USD", when, placed_at=when,
        customer=Customer(code=code),
    )  # fmt: skip
    store.commit(Commit(OrderRecord(order, version=1, seq=1, updated_at=when), state="RECEIVED"))
    return order.id


def ids(found: tuple[tuple[str, str], ...]) -> list[str]:
    return [order_id for _, order_id in found]


def test_a_number_finds_its_order_whatever_the_case(both: Both) -> None:
    """UIX-09, GEN-12."""
    store, keys = both
    one = placed(store, 1)
    placed(store, 1, company="other")
    assert keys.numbered("acme", "t1") == keys.numbered("acme", "T1") == (one,)
    assert keys.numbered("acme", "T2") == ()


def test_walks_go_by_time_placed_in_both_directions_and_go_on(both: Both) -> None:
    """UIX-09: newest first or oldest first, in parts, none twice and none missing."""
    store, keys = both
    every = [placed(store, at) for at in range(23)]
    placed(store, 5, company="other")
    for newest_first in (True, False):
        seen: list[str] = []
        after = None
        while part := keys.walk("acme", None, Span(newest_first=newest_first, after=after), 5):
            seen += ids(part)
            after = part[-1][0]
        assert seen == sorted(every, reverse=newest_first)


def test_a_walk_keeps_within_its_bounds(both: Both) -> None:
    store, keys = both
    every = [placed(store, at) for at in range(6)]
    span = Span("2026-03-01T10:02:00.000Z", "2026-03-01T10:04:00.000Z#~")
    assert ids(keys.walk("acme", None, span, 10)) == [every[4], every[3], every[2]]
    at = keys.walk("acme", None, span, 10)[-1][0]
    assert keys.walk("acme", None, replace(span, after=at), 10) == ()


def test_a_customers_orders_are_found_by_code(both: Both) -> None:
    store, keys = both
    mine = [placed(store, at, code="C-7") for at in (1, 3)]
    placed(store, 2, code="C-8")
    placed(store, 4)
    assert ids(keys.walk("acme", "c-7", Span(), 10)) == [mine[1], mine[0]]
    assert keys.walk("other", "C-7", Span(), 10) == ()


def test_records_are_read_at_once_and_missing_ones_are_left_out(both: Both) -> None:
    store, keys = both
    every = [placed(store, at) for at in range(120)]
    found = keys.records("acme", [*every, "ord_none"])
    assert sorted(record.order.id for record in found) == every
    assert keys.records("other", every) == ()
