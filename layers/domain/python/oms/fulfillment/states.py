"""The state of an FO, computed from its units and explicit facts (STA-07, lifecycle 6.1)."""

from __future__ import annotations

from oms.fulfillment.model import FulfillmentOrder

ENDED = ("CLOSED", "REJECTED", "CANCELED", "AWAITING_FILING")


def fo_state(fo: FulfillmentOrder) -> str:
    """First match, from the end of the life to its beginning."""
    if fo.canceled_at:
        return "CANCELED"
    if fo.rejected_at:
        return "REJECTED"
    if fulfilled(fo):
        return "AWAITING_FILING" if fo.filing and fo.filed_at is None else "CLOSED"
    if fo.needs_approval and fo.approved_at is None:
        return "AWAITING_APPROVAL"
    if fo.released_at is None:
        return "AWAITING_AUTHORIZATION"
    if fo.assignee is None:
        return "AWAITING_ASSIGNMENT"
    if fo.picking_at is None:
        return "AWAITING_PICK"
    return "AWAITING_SHIPMENT" if packed(fo) else "PICKING"


def fulfilled(fo: FulfillmentOrder) -> bool:
    """Whether units shipped and none is left."""
    return bool(fo.lines) and all(line.shipped == line.quantity for line in fo.lines)


def packed(fo: FulfillmentOrder) -> bool:
    """Whether every unit the FO still holds is in a package."""
    return bool(fo.lines) and all(line.packed == line.quantity for line in fo.lines)
