"""Orders beyond one write: taken in chunks, planned and shipped in portions (ORD-09, SRC-07).

Every commit is refused that writes more rows than a transaction of the store takes.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from oms.fulfillment.commands import NewPackage, Pack, Pick, Ship
from oms.fulfillment.model import PackedUnits
from oms.kernel.errors import Refused
from oms.lifecycle.document import from_document, to_document
from oms.lifecycle.record import OrderRecord
from oms.orders.commands import Cancel, CancelLine
from oms.orders.promising import ONE_TRANSACTION

from tests.simulation.merchant import Merchant

LINES = 180


@pytest.fixture
def merchant() -> Merchant:
    """Stock of as many items as the order has lines."""
    merchant = Merchant()
    for place in range(LINES):
        merchant.shelve(f"S{place}", DC=1)
    return merchant


def offer(merchant: Merchant, lines: int = LINES, **changes: object) -> str:
    rows = [(f"S{place}", 1, 1_000 + place) for place in range(lines)]
    return str(merchant.place(*rows, **changes).body["id"])  # type: ignore[arg-type]


def ship(merchant: Merchant, order_id: str, fo_id: str) -> OrderRecord:
    fo = next(fo for fo in merchant.read(order_id).fulfillment.orders if fo.id == fo_id)
    units = tuple(PackedUnits(row.line_no, row.quantity) for row in fo.lines)
    merchant.act(order_id, Pick(fo_id, units))
    merchant.act(order_id, Pack(fo_id, (NewPackage(units, tracking_number="1Z"),)))
    merchant.act(order_id, Ship(fo_id, "UPS"))
    return merchant.run(order_id)


def test_every_line_is_promised_planned_and_shipped(merchant: Merchant) -> None:
    """ORD-09, SRC-07: chunk by chunk to the end, with one FO a portion; the order closes."""
    order_id = offer(merchant)
    first = merchant.read(order_id)
    assert (first.order.intake_progress, first.order.reached) == (ONE_TRANSACTION, "RECEIVED")
    assert first.due_at is not None
    record = merchant.run(order_id)
    assert record.order.intake_progress is None
    assert all(line.buckets.allocated for line in record.order.lines)
    assert [len(fo.lines) for fo in record.fulfillment.orders] == [80, 80, 20]
    assert from_document(to_document(record)) == record
    for fo in record.fulfillment.orders:
        record = ship(merchant, order_id, fo.id)
    assert record.order.reached == "CLOSED"
    facts = merchant.orders.facts("acme", order_id, 0)
    assert all(one.order_seq + 1 == two.order_seq for one, two in pairwise(facts)), "EVT-02"


def test_what_one_write_cannot_hold_is_refused_and_changes_nothing(merchant: Merchant) -> None:
    """ORD-09: a whole large order is not canceled in one write; named lines are."""
    order_id = offer(merchant)
    before = merchant.run(order_id)
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, Cancel("CUSTOMER"))
    assert refusal.value.code == "TOO_MUCH_AT_ONCE"
    assert merchant.read(order_id) == before
    for start in range(1, LINES + 1, 30):
        rows = tuple(CancelLine(line_no) for line_no in range(start, start + 30))
        merchant.act(order_id, Cancel("CUSTOMER", rows))
    record = merchant.run(order_id)
    assert (record.order.reached, sum(x.buckets.canceled for x in record.order.lines)) == (
        "CLOSED", LINES,
    )  # fmt: skip
    assert all(level.allocated == level.reserved == 0 for level in merchant.stock.levels.values())


def test_order_that_may_not_be_split_has_a_limit(merchant: Merchant) -> None:
    """ORD-09, SRC-12: what one write cannot plan whole is not accepted."""
    with pytest.raises(Refused) as refusal:
        offer(merchant, ONE_TRANSACTION + 1, allow_split=False)
    assert refusal.value.code == "TOO_LARGE_TO_SHIP_WHOLE"
    assert offer(merchant, ONE_TRANSACTION, allow_split=False)
