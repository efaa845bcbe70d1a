"""The one table that refuses floor actions and lists what is allowed (FUL-05, FUL-10, ACT-02)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from oms.fulfillment.model import FulfillmentOrder, FulfillmentType
from oms.fulfillment.rows import held, remaining, unpacked, unpicked
from oms.fulfillment.states import BEFORE_FLOOR, ON_FLOOR, fo_state
from oms.fulfillment.withdrawal import open_requests
from oms.kernel.errors import Reason
from oms.kernel.policy import Assignment

_Need = tuple[Callable[[FulfillmentOrder], bool], str]


@dataclass(frozen=True, slots=True)
class _Rule:
    """`needs`: what the FO must have besides its state, and how its absence is put.

    `forward` actions are those that a suspension or an alert of the order stops; giving work back
    always works (FLG-02). `hold` is the transaction whose holds stop the action.
    """

    states: tuple[str, ...]
    forward: bool = False
    hold: str | None = None
    needs: tuple[_Need, ...] = ()


def _to_pick(fo: FulfillmentOrder) -> bool:
    return bool(held(fo, unpicked))


def _to_pack(fo: FulfillmentOrder) -> bool:
    return bool(held(fo, unpacked))


def _package(fo: FulfillmentOrder) -> bool:
    return any(package.shipment_id is None for package in fo.packages)


def _all_picked(fo: FulfillmentOrder) -> bool:
    return not _to_pick(fo) and bool(held(fo, remaining))


def _collected(fo: FulfillmentOrder) -> bool:
    return fo.type is FulfillmentType.PICKUP


_FLOOR = ("AWAITING_ASSIGNMENT", "AWAITING_PICK", "PICKING")
_STARTED = ("PICKING", "AWAITING_SHIPMENT", "READY_FOR_PICKUP")
_TO_PICK = (_to_pick, "every unit is picked")
_TO_PACK = (_to_pack, "nothing is picked that is not packed")
_PACKAGE = (_package, "no package is waiting")
_PICKUP = (_collected, "the customer does not come for it")
_CARRIED = (lambda fo: not _collected(fo), "the customer comes for it: hand it over")
_STAGED = (_all_picked, "some units are not picked")
_ASKED = (lambda fo: fo.assignment is Assignment.REQUEST, "no fulfiller was asked")
_UNASKED = (lambda fo: fo.assignment is not Assignment.REQUEST, "its fulfiller was asked")
_REQUEST = (lambda fo: bool(open_requests(fo)), "no cancellation request waits")
_SENT = (lambda fo: bool(fo.shipments), "nothing has shipped")
_RUNNING = (lambda fo: not fo.suspended, "the fulfillment order is suspended")
_STOPPED = (lambda fo: fo.suspended, "the fulfillment order is not suspended")
_ONCE = (lambda fo: not (fo.pickup and fo.pickup.extended), "the time was extended before")
_OPEN = (*BEFORE_FLOOR, *ON_FLOOR)

RULES: Mapping[str, _Rule] = MappingProxyType({
    "approve": _Rule(("AWAITING_APPROVAL",), forward=True, hold="RELEASE"),
    "release": _Rule(("AWAITING_AUTHORIZATION",), forward=True, hold="RELEASE"),
    "assign": _Rule(("AWAITING_ASSIGNMENT", "AWAITING_PICK"), forward=True, needs=(_UNASKED,)),
    "claim": _Rule(("AWAITING_ASSIGNMENT",), forward=True, needs=(_UNASKED,)),
    "accept": _Rule(("AWAITING_ASSIGNMENT",), forward=True, needs=(_ASKED,)),
    "unassign": _Rule(("AWAITING_PICK",)),
    "reject": _Rule(_FLOOR, needs=(_TO_PICK,)),
    "pick": _Rule(("AWAITING_PICK", "PICKING"), forward=True, hold="PICK", needs=(_TO_PICK,)),
    "short": _Rule(("AWAITING_PICK", "PICKING"), needs=(_TO_PICK,)),
    "unpick": _Rule(("PICKING",), needs=(_TO_PACK,)),
    "pack": _Rule(("PICKING",), forward=True, hold="PICK", needs=(_TO_PACK,)),
    "unpack": _Rule(_STARTED, needs=(_PACKAGE,)),
    "ship": _Rule(("PICKING", "AWAITING_SHIPMENT"), forward=True, hold="SHIP",
                  needs=(_CARRIED, _PACKAGE)),
    "shipNotice": _Rule(("AWAITING_PICK", "PICKING", "AWAITING_SHIPMENT"), forward=True,
                        hold="SHIP", needs=(_CARRIED,)),
    "confirm": _Rule(ON_FLOOR),
    "track": _Rule((*ON_FLOOR, "CLOSED", "AWAITING_FILING"), needs=(_SENT,)),
    "ready": _Rule(("PICKING", "AWAITING_SHIPMENT"), forward=True, needs=(_PICKUP, _STAGED)),
    "arrive": _Rule(("READY_FOR_PICKUP",)),
    "handOver": _Rule(("READY_FOR_PICKUP",), forward=True, hold="SHIP"),
    "extend": _Rule(("READY_FOR_PICKUP",), needs=(_ONCE,)),
    "requestCancellation": _Rule(_STARTED, hold="CANCEL"),
    "cancelAnswer": _Rule(_STARTED, needs=(_REQUEST,)),
    "suspend": _Rule(_OPEN, needs=(_RUNNING,)),
    "resume": _Rule(_OPEN, needs=(_STOPPED,)),
    "hold": _Rule(_OPEN),
    "print": _Rule((*ON_FLOOR, "CLOSED", "AWAITING_FILING")),
    "file": _Rule(("AWAITING_FILING",), forward=True),
})  # fmt: skip
ACTIONS = tuple(RULES)
NO_HOLDS: Mapping[str, str] = MappingProxyType({})


def fo_refusals(
    fo: FulfillmentOrder,
    action: str,
    order_suspended: bool,
    alerted: bool,
    blocked: frozenset[str],
    holds: Mapping[str, str] = NO_HOLDS,
    now: datetime | None = None,
) -> tuple[Reason, ...]:
    """Every reason that forbids `action` on the FO now; empty when it is allowed.

    `blocked` are the transactions that open holds block, `holds` the name of the hold behind each;
    `now` tells a scheduled FO from one that waits for money.
    """
    rule, state = RULES[action], fo_state(fo)
    found: list[Reason] = []
    if state not in rule.states:
        found.append(_state(fo, state, rule, now))
    else:
        missing = (text for met, text in rule.needs if not met(fo))
        found += [Reason("STATE", text, fo.id) for text in missing][:1]
    if rule.forward:
        found += _stops(fo, order_suspended, alerted)
    if rule.hold in blocked:
        name = holds.get(rule.hold or "")
        named = f"hold {name}" if name else "a hold"
        found.append(Reason("HELD", f"{named} blocks {rule.hold}", name or fo.id))
    return tuple(found)


def _state(fo: FulfillmentOrder, state: str, rule: _Rule, now: datetime | None) -> Reason:
    if state == "AWAITING_APPROVAL":
        return Reason("APPROVAL_PENDING", "the fulfillment order waits for approval", fo.id)
    if state == "AWAITING_AUTHORIZATION" and "AWAITING_APPROVAL" not in rule.states:
        if now is not None and fo.release_from is not None and fo.release_from > now:
            text = f"it is released on {fo.release_from:%Y-%m-%d} at the earliest"
            return Reason("SCHEDULED", text, fo.id)
        return Reason("NOT_COVERED", "payment does not cover the fulfillment order yet", fo.id)
    if state in _STARTED and "AWAITING_PICK" in rule.states:
        return Reason("PICKING_STARTED", f"the fulfillment order is {state}", fo.id)
    if state in ("CLOSED", "AWAITING_FILING"):
        return Reason("ALREADY_SHIPPED", f"the fulfillment order is {state}", fo.id)
    return Reason("STATE", f"the fulfillment order is {state}", fo.id)


def _stops(fo: FulfillmentOrder, order_suspended: bool, alerted: bool) -> Iterator[Reason]:
    if order_suspended:
        yield Reason("SUSPENDED", "the order is suspended", fo.id)
    if fo.suspended:
        yield Reason("SUSPENDED", "the fulfillment order is suspended", fo.id)
    if alerted:
        yield Reason("ALERTED", "an open action item blocks the order", fo.id)
