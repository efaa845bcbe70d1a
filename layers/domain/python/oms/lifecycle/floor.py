"""What the floor needs to see of an order: wishes of the customer, and lists to pick by (FUL-08,
PCK-01).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oms.fulfillment.model import FulfillmentLine, FulfillmentOrder
from oms.fulfillment.states import fo_state
from oms.inventory.model import Item
from oms.kernel.codec import encode
from oms.lifecycle.record import OrderRecord

BIN = "bin"
"""Attribute of an item that names its place; `bin:<site>` names that of one site."""


def wishes(record: OrderRecord, fo: FulfillmentOrder) -> dict[str, Any]:
    """Instructions, gift message, attributes and notes for the fulfiller; what is absent is left
    out.
    """
    order, group = record.order, record.order.group(fo.group_id)
    notes = [note.text for note in order.notes if note.visibility == "FULFILLER"]
    said = {
        "orderNumber": order.number,
        "instructions": [text for text in (order.instructions, group.instructions) if text],
        "giftMessage": group.gift_message,
        "pickupPersons": list(group.pickup_persons),
        "attributes": dict(order.attributes),
        "notes": notes,
    }
    return {name: value for name, value in said.items() if value}


def pick_list(
    record: OrderRecord, fo: FulfillmentOrder, items: Mapping[str, Item]
) -> dict[str, Any]:
    """What is still to be picked for an FO, in the order of the bins."""
    rows = [_row(record, fo, line, items.get(line.item_id)) for line in fo.lines]
    wanted = [row for row in rows if row["quantity"]]
    return {
        "fulfillmentOrderId": fo.id, "number": fo.number, "orderId": record.order.id,
        "site": fo.site, "method": fo.method, "state": fo_state(fo),
        "shipBy": encode(fo.ship_by), **wishes(record, fo),
        "rows": sorted(wanted, key=lambda row: (row["bin"] or "~", row["sku"])),
    }  # fmt: skip


def _row(
    record: OrderRecord, fo: FulfillmentOrder, line: FulfillmentLine, item: Item | None
) -> dict[str, Any]:
    known = item.attributes if item else {}
    sold = record.order.line(line.line_no)
    return {
        "lineNo": line.line_no, "itemId": line.item_id, "sku": line.sku, "name": sold.name,
        "quantity": line.quantity - line.picked, "uom": sold.uom,
        "bin": known.get(f"{BIN}:{fo.site}") or known.get(BIN),
        "image": item.images[0] if item and item.images else None,
        "barcodes": list(item.barcodes) if item else [],
        "attributes": dict(sold.attributes),
    }  # fmt: skip
