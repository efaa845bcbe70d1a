"""The state of an FO, computed from its units and explicit facts (STA-07, lifecycle 6.1).

FULFILLED is passed through within one commit (FUL-110): the fact `fulfillment_order.fulfilled`
says so, and the state that can be read is AWAITING_FILING or CLOSED.
"""

from __future__ import annotations

from dataclasses import replace

from oms.fulfillment import facts
from oms.fulfillment.model import FulfillmentOrder
from oms.kernel.context import Context
from oms.kernel.facts import Fact

BEFORE_FLOOR = ("AWAITING_APPROVAL", "AWAITING_AUTHORIZATION")
ON_FLOOR = (
    "AWAITING_ASSIGNMENT", "AWAITING_PICK", "PICKING", "AWAITING_SHIPMENT", "READY_FOR_PICKUP",
)  # fmt: skip
ENDED = ("CLOSED", "REJECTED", "CANCELED", "AWAITING_FILING")
STATES = (*BEFORE_FLOOR, *ON_FLOOR, *ENDED)


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
    if not packed(fo):
        return "PICKING"
    return "READY_FOR_PICKUP" if fo.pickup and fo.pickup.ready_at else "AWAITING_SHIPMENT"


def fulfilled(fo: FulfillmentOrder) -> bool:
    """Whether units shipped and none is left."""
    return bool(fo.lines) and all(line.shipped == line.quantity for line in fo.lines)


def packed(fo: FulfillmentOrder) -> bool:
    """Whether every unit the FO still holds is in a package."""
    return bool(fo.lines) and all(line.packed == line.quantity for line in fo.lines)


def moved(
    before: FulfillmentOrder, after: FulfillmentOrder, ctx: Context
) -> tuple[FulfillmentOrder, tuple[Fact, ...]]:
    """What the change of units did to the state: packed, fulfilled, closed (FUL-106, 109, 110).

    Units that leave can complete an FO as well as units that are packed or shipped.
    """
    state = fo_state(after)
    if state == fo_state(before):
        return after, ()
    if state == "AWAITING_SHIPMENT":
        return replace(after, packed_at=ctx.now), (facts.FulfillmentOrderPacked(after.id),)
    if state in ("CLOSED", "AWAITING_FILING"):
        closing = () if after.filing else (facts.FulfillmentOrderClosed(after.id),)
        return after, (facts.FulfillmentOrderFulfilled(after.id), *closing)
    return after, ()
