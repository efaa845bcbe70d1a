"""The one table that refuses floor actions and lists what is allowed (FUL-05, FUL-10, ACT-02)."""

from __future__ import annotations

from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.states import fo_state
from oms.kernel.errors import Reason

STATES: dict[str, tuple[str, ...]] = {
    "approve": ("AWAITING_APPROVAL",),
    "assign": ("AWAITING_ASSIGNMENT", "AWAITING_PICK"),
    "unassign": ("AWAITING_PICK",),
    "reject": ("AWAITING_ASSIGNMENT", "AWAITING_PICK", "PICKING"),
    "pick": ("AWAITING_PICK", "PICKING"),
    "short": ("AWAITING_PICK", "PICKING"),
    "pack": ("PICKING",),
    "unpack": ("PICKING", "AWAITING_SHIPMENT"),
    "ship": ("PICKING", "AWAITING_SHIPMENT"),
    "file": ("AWAITING_FILING",),
}
BLOCKED_BY = {"pick": "PICK", "ship": "SHIP", "approve": "RELEASE"}
FORWARD = frozenset({"approve", "pick", "pack", "ship"})
"""Actions that a suspension or an alert of the order stops; giving work back always works."""


def fo_refusals(
    fo: FulfillmentOrder, action: str, order_suspended: bool, alerted: bool, blocked: frozenset[str]
) -> tuple[Reason, ...]:
    """Every reason that forbids `action` on the FO now; empty when it is allowed."""
    found: list[Reason] = []
    state = fo_state(fo)
    if state not in STATES[action]:
        found.append(Reason("STATE", f"the fulfillment order is {state}", fo.id))
    if action in FORWARD and (order_suspended or fo.suspended):
        found.append(Reason("SUSPENDED", "the order is suspended", fo.id))
    if action == "approve" and alerted:
        found.append(Reason("ALERTED", "an open action item blocks the order", fo.id))
    if BLOCKED_BY.get(action) in blocked:
        found.append(Reason("HELD", f"a hold blocks {BLOCKED_BY[action]}", fo.id))
    return tuple(found)
