"""How long an FO has been where it is, and whether that is still within the allowed time (FUL-07).

Allowed times run by the clock, from the moment at which the stage began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.states import BEFORE_FLOOR, ENDED, fo_state

RELEASE = timedelta(minutes=30)
CLAIM = timedelta(hours=4)
SHIP = timedelta(hours=24)
PROMISE = RELEASE + CLAIM + SHIP
"""A new FO is promised to ship after all its allowed times, unless its plan says otherwise."""


@dataclass(frozen=True, slots=True)
class Sla:
    """`color` is GREEN, AMBER in the last quarter of the allowed time, RED past it."""

    age: timedelta
    in_state: timedelta
    due_at: datetime
    color: str


def sla(fo: FulfillmentOrder, now: datetime) -> Sla | None:
    """Age, time in state and color of an open FO; None once it has ended."""
    state = fo_state(fo)
    if state in ENDED:
        return None
    start, allowed = _stage(fo, state)
    due = start + allowed
    color = _color(due - now, allowed)
    return Sla(now - fo.created_at, now - _entered(fo, state), due, color)


def _color(left: timedelta, allowed: timedelta) -> str:
    if left < timedelta(0):
        return "RED"
    return "AMBER" if left <= allowed / 4 else "GREEN"


def _stage(fo: FulfillmentOrder, state: str) -> tuple[datetime, timedelta]:
    if state in BEFORE_FLOOR:
        return fo.created_at, RELEASE
    if state == "AWAITING_ASSIGNMENT":
        return fo.released_at or fo.created_at, CLAIM
    return fo.assigned_at or fo.created_at, SHIP


def _entered(fo: FulfillmentOrder, state: str) -> datetime:
    entered = {
        "AWAITING_AUTHORIZATION": fo.approved_at,
        "AWAITING_ASSIGNMENT": fo.released_at,
        "AWAITING_PICK": fo.assigned_at,
        "PICKING": fo.picking_at,
        "AWAITING_SHIPMENT": fo.packed_at,
    }
    return entered.get(state) or fo.created_at
