"""An order whose fulfillment order is on the floor, and what a floor does with it, for tests."""

from __future__ import annotations

from typing import Any

from oms.fulfillment.commands import NewPackage, Pack, Pick
from oms.fulfillment.model import FulfillmentOrder, PackedUnits
from oms.lifecycle.record import OrderRecord

from tests.simulation.merchant import COMPANY, Merchant


def placed(merchant: Merchant, units: int = 3, **changes: Any) -> str:
    """An order of `units` of one item whose FO is on the floor; returns its id."""
    if not merchant.stock.items:
        merchant.shelve("A", DC=9)
    order_id = str(merchant.place(("A", units, 1000), **changes).body["id"])
    merchant.run(order_id)
    return order_id


def only(merchant: Merchant, order_id: str) -> FulfillmentOrder:
    """The last FO of the order."""
    return merchant.read(order_id).fulfillment.orders[-1]


def pick(merchant: Merchant, order_id: str, units: int = 3) -> str:
    fo = only(merchant, order_id)
    merchant.act(order_id, Pick(fo.id, (PackedUnits(1, units),)))
    return fo.id


def pack(merchant: Merchant, order_id: str, units: int = 3) -> None:
    fo = only(merchant, order_id)
    merchant.act(
        order_id, Pack(fo.id, (NewPackage((PackedUnits(1, units),), tracking_number="1Z"),))
    )


def tick(merchant: Merchant, order_id: str) -> OrderRecord:
    """What the scheduler does, and the workflow after it."""
    merchant.steps.tick(COMPANY, order_id, f"tick:{merchant.now}")
    return merchant.run(order_id)


def items(record: OrderRecord) -> list[str]:
    return [item.type for item in record.attention.items]


def level(merchant: Merchant, site: str = "DC") -> tuple[int, int, int, int]:
    """On hand, reserved, allocated, picked."""
    (found,) = [row for row in merchant.stock.levels.values() if row.site == site]
    return found.on_hand, found.reserved, found.allocated, found.picked
