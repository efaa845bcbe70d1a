"""Finding a fulfillment order for a caller: what is out of scope does not exist (ROL-02)."""

from __future__ import annotations

from typing import Any

from oms.fulfillment.model import FulfillmentOrder
from oms.kernel.context import Actor
from oms.kernel.errors import NotFound
from oms.kernel.ids import whole_of
from oms.lifecycle.record import OrderRecord
from oms_aws import wiring
from oms_aws.http import Call

SECRETS = ("code",)
"""What of a pickup the customer has to say and the floor must not read out."""


def order_id(call: Call) -> str:
    """The order in the path, or the one that the fulfillment order's own id names."""
    return call.path.get("orderId") or whole_of(call.path["foId"], "ord")


def found(actor: Actor, order: str, fo_id: str) -> tuple[OrderRecord, FulfillmentOrder]:
    """The record and the FO in it; raises `NotFound` where the caller may not see it."""
    try:
        record = wiring.lifecycle().read(actor, order)
    except NotFound:
        if order != whole_of(fo_id, "ord"):
            raise
        raise _unknown(fo_id) from None
    for fo in record.fulfillment.orders:
        if fo.id == fo_id and (not actor.sites or fo.site in actor.sites):
            return record, fo
    raise _unknown(fo_id)


def shown(actor: Actor, record: OrderRecord, fo_id: str) -> dict[str, Any]:
    """The FO as its floor gets to see it."""
    rows = wiring.view(actor, record)["fulfillment"]["orders"]
    row: dict[str, Any] = next(row for row in rows if row["id"] == fo_id)
    for name in SECRETS:
        row.get("pickup", {}).pop(name, None)
    return row


def _unknown(fo_id: str) -> NotFound:
    return NotFound("FULFILLMENT_ORDER_NOT_FOUND", f"no fulfillment order {fo_id}")
