"""An order of 5,000 lines on DynamoDB: accepted, read, promised chunk by chunk (ORD-09, API-10).

The simulated store refuses a transaction of more than 100 entries and an item above 400 KB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws
from oms.inventory.model import InventoryLevel, Item, PromiseCounter
from oms.kernel.context import Actor, ActorKind
from oms.kernel.ids import derive
from oms.lifecycle.document import MOST_AT_FIRST, to_document
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.sourcing import Sourcing
from oms.lifecycle.steps import Steps
from oms.lifecycle.use_cases import Lifecycle
from oms.orders.commands import Cancel, CancelLine
from oms.orders.promising import ONE_TRANSACTION
from oms_aws.orders import DynamoOrders
from oms_aws.stock import DynamoStock
from oms_aws.stock_rows import counter_key, fields_of, item_row, level_key, sku_key

from tests.contracts.test_order_store_contract import TABLES, _tables
from tests.simulation.merchant import COMPANY, Merchant, NoPostalCodes

LINES = 5_000


class Wholesaler(Merchant):
    """The merchant with orders and stock in DynamoDB."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self.client = client
        orders, stock = DynamoOrders(client, TABLES), DynamoStock(client, TABLES["stock"])
        ports = replace(self.steps.ports, orders=orders, stock=stock)
        self.lifecycle = Lifecycle(ports)
        sourcing = Sourcing(stock, self.settings, NoPostalCodes())
        self.steps = Steps(self.lifecycle, ports, {"test": self.gateway}, sourcing)

    def stock_up(self, items: int, units: int) -> None:
        """Items with units at the distribution center, written as they are stored."""
        rows: list[dict[str, Any]] = []
        for place in range(items):
            item = Item(derive("itm", COMPANY, f"S{place}"), f"S{place}", f"Item {place}")
            level = InventoryLevel(item.id, "DC", "main", on_hand=units, version=1)
            counter = PromiseCounter(item.id, "main", supply=units, version=1)
            name = {"sku": {"S": item.sku}, "itemId": {"S": item.id}}
            version = {"version": {"N": "1"}}
            rows += [
                item_row(COMPANY, item), sku_key(COMPANY, item.sku) | name,
                level_key(COMPANY, item.id, "DC") | fields_of(level) | version,
                counter_key(COMPANY, item.id, "main") | fields_of(counter) | version,
            ]  # fmt: skip
        for row in rows:
            self.client.put_item(TableName=TABLES["stock"], Item=row)

    def offer(self, lines: int, items: int, **changes: Any) -> str:
        """Place an order whose lines go through the items again and again; returns its id."""
        rows = [(f"S{place % items}", 1, 1_000 + place) for place in range(lines)]
        return str(self.place(*rows, **changes).body["id"])

    def step(self, order_id: str) -> OrderRecord:
        """Let automation take one step."""
        record = self.read(order_id)
        ctx = self.lifecycle.context(record, Actor(ActorKind.WORKFLOW, "w", COMPANY), "peek")
        following = self.steps.next(record, ctx)
        assert following is not None
        self.steps.run(COMPANY, order_id, following, f"step:{record.version}")
        return self.read(order_id)

    def promised(self, items: int) -> int:
        """Units that the stock table says are promised of the first so many items."""
        ids = [derive("itm", COMPANY, f"S{place}") for place in range(items)]
        counters = self.steps.ports.stock.read(COMPANY, ids, ["main"], ()).counters
        return sum(counter.promised for counter in counters.values())


@pytest.fixture
def wholesaler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wholesaler]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield Wholesaler(_tables())


def reserved(record: OrderRecord) -> int:
    return sum(line.buckets.reserved for line in record.order.lines)


def test_five_thousand_lines_are_accepted_read_and_promised_in_chunks(
    wholesaler: Wholesaler,
) -> None:
    """ORD-09, API-10: RECEIVED with its progress; chunk after chunk follows; cancellation
    gives back what was promised so far.
    """
    wholesaler.stock_up(8, LINES)
    order_id = wholesaler.offer(LINES, 8)
    record = wholesaler.read(order_id)
    assert (len(record.order.lines), record.order.intake_progress) == (LINES, ONE_TRANSACTION)
    assert (record.order.reached, record.due_at is not None) == ("RECEIVED", True)
    assert len(to_document(record)) < MOST_AT_FIRST
    while reserved(record) < 2 * ONE_TRANSACTION:
        record = wholesaler.step(order_id)
    assert record.order.intake_progress == reserved(record) == wholesaler.promised(8)
    assert record.order.reached == "RECEIVED"
    wholesaler.act(order_id, Cancel("CUSTOMER", tuple(CancelLine(no) for no in range(1, 81))))
    assert wholesaler.promised(8) == ONE_TRANSACTION
    wholesaler.act(order_id, Cancel("CUSTOMER"))
    record = wholesaler.read(order_id)
    assert sum(line.buckets.canceled for line in record.order.lines) == LINES
    assert wholesaler.promised(8) == 0
