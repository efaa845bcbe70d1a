"""How long an FO has been where it is, and whether that is still within the allowed time (FUL-07).

Allowed times run by the clock, from the moment at which the stage began; a scheduled FO begins when
it may be released.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.states import BEFORE_FLOOR, ENDED, fo_state
from oms.kernel.policy import Policy


def promise(now: datetime, policy: Policy) -> datetime:
    """A new FO is promised to ship after all its allowed times, unless its plan says otherwise."""
    minutes = policy.sla_release_minutes + policy.sla_claim_minutes + policy.sla_ship_minutes
    return now + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Sla:
    """`color` is GREEN, AMBER in the last quarter of the allowed time, RED past it."""

    age: timedelta
    in_state: timedelta
    due_at: datetime
    color: str


def sla(fo: FulfillmentOrder, now: datetime, policy: Policy) -> Sla | None:
    """Age, time in state and color of an open FO; None once it has ended."""
    state = fo_state(fo)
    if state in ENDED:
        return None
    start, due = _stage(fo, state, policy.at(fo.site))
    color = _color(due - now, due - start)
    return Sla(now - fo.created_at, now - _entered(fo, state), due, color)


def _color(left: timedelta, allowed: timedelta) -> str:
    if left < timedelta(0):
        return "RED"
    return "AMBER" if left <= allowed / 4 else "GREEN"


def _stage(fo: FulfillmentOrder, state: str, policy: Policy) -> tuple[datetime, datetime]:
    """When the stage began and until when it may last."""
    if state in BEFORE_FLOOR:
        start = max(fo.created_at, fo.release_from or fo.created_at)
        return start, start + timedelta(minutes=policy.sla_release_minutes)
    if state == "AWAITING_ASSIGNMENT":
        start = fo.released_at or fo.created_at
        return start, start + timedelta(minutes=policy.sla_claim_minutes)
    start = fo.assigned_at or fo.created_at
    pickup = fo.pickup
    if state == "READY_FOR_PICKUP" and pickup and pickup.ready_at and pickup.hold_until:
        return pickup.ready_at, pickup.hold_until
    return start, start + timedelta(minutes=policy.sla_ship_minutes)


def _entered(fo: FulfillmentOrder, state: str) -> datetime:
    entered = {
        "AWAITING_AUTHORIZATION": fo.approved_at,
        "AWAITING_ASSIGNMENT": fo.released_at,
        "AWAITING_PICK": fo.assigned_at,
        "PICKING": fo.picking_at,
        "AWAITING_SHIPMENT": fo.packed_at,
        "READY_FOR_PICKUP": fo.pickup.ready_at if fo.pickup else None,
    }
    return entered.get(state) or fo.created_at
