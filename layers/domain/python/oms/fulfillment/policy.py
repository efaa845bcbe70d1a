"""The one table that refuses floor actions and lists what is allowed (FUL-05, FUL-10, ACT-02)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.rows import held, unpacked, unpicked
from oms.fulfillment.states import fo_state
from oms.kernel.errors import Reason


@dataclass(frozen=True, slots=True)
class _Rule:
    """`needs`: what the FO must have besides its state, and how its absence is put.

    `forward` actions are those that a suspension or an alert of the order stops; giving work back
    always works (FLG-02). `hold` is the transaction whose holds stop the action.
    """

    states: tuple[str, ...]
    forward: bool = False
    hold: str | None = None
    needs: tuple[Callable[[FulfillmentOrder], bool], str] | None = None


def _to_pick(fo: FulfillmentOrder) -> bool:
    return bool(held(fo, unpicked))


def _to_pack(fo: FulfillmentOrder) -> bool:
    return bool(held(fo, unpacked))


def _package(fo: FulfillmentOrder) -> bool:
    return any(package.shipment_id is None for package in fo.packages)


_FLOOR = ("AWAITING_ASSIGNMENT", "AWAITING_PICK", "PICKING")
_TO_PICK = (_to_pick, "every unit is picked")
_TO_PACK = (_to_pack, "nothing is picked that is not packed")
_PACKAGE = (_package, "no package is waiting")

RULES: Mapping[str, _Rule] = MappingProxyType({
    "approve": _Rule(("AWAITING_APPROVAL",), forward=True, hold="RELEASE"),
    "release": _Rule(("AWAITING_AUTHORIZATION",), forward=True, hold="RELEASE"),
    "assign": _Rule(("AWAITING_ASSIGNMENT", "AWAITING_PICK"), forward=True),
    "unassign": _Rule(("AWAITING_PICK",)),
    "reject": _Rule(_FLOOR, needs=_TO_PICK),
    "pick": _Rule(("AWAITING_PICK", "PICKING"), forward=True, hold="PICK", needs=_TO_PICK),
    "short": _Rule(("AWAITING_PICK", "PICKING"), needs=_TO_PICK),
    "unpick": _Rule(("PICKING",), needs=_TO_PACK),
    "pack": _Rule(("PICKING",), forward=True, hold="PICK", needs=_TO_PACK),
    "unpack": _Rule(("PICKING", "AWAITING_SHIPMENT"), needs=_PACKAGE),
    "ship": _Rule(("PICKING", "AWAITING_SHIPMENT"), forward=True, hold="SHIP", needs=_PACKAGE),
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
) -> tuple[Reason, ...]:
    """Every reason that forbids `action` on the FO now; empty when it is allowed.

    `blocked` are the transactions that open holds block, `holds` the name of the hold behind each.
    """
    rule, state = RULES[action], fo_state(fo)
    found: list[Reason] = []
    if state not in rule.states:
        found.append(_state(fo, state, rule))
    elif rule.needs is not None and not rule.needs[0](fo):
        found.append(Reason("STATE", rule.needs[1], fo.id))
    if rule.forward:
        found += _stops(fo, order_suspended, alerted)
    if rule.hold in blocked:
        name = holds.get(rule.hold or "")
        named = f"hold {name}" if name else "a hold"
        found.append(Reason("HELD", f"{named} blocks {rule.hold}", name or fo.id))
    return tuple(found)


def _state(fo: FulfillmentOrder, state: str, rule: _Rule) -> Reason:
    if state == "AWAITING_APPROVAL":
        return Reason("APPROVAL_PENDING", "the fulfillment order waits for approval", fo.id)
    if state == "AWAITING_AUTHORIZATION" and "AWAITING_APPROVAL" not in rule.states:
        return Reason("NOT_COVERED", "payment does not cover the fulfillment order yet", fo.id)
    if state in ("PICKING", "AWAITING_SHIPMENT") and "AWAITING_PICK" in rule.states:
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
