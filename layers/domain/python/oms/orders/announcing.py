"""The facts that follow from the change of an order's computed state (ORD-111 to ORD-117)."""

from __future__ import annotations

from oms.kernel.context import Context
from oms.kernel.facts import Fact
from oms.orders import facts
from oms.orders.model import Order

RANK = {
    "AWAITING_ALLOCATION": 1, "AWAITING_FULFILLMENT": 2, "AWAITING_SETTLEMENT": 3,
    "AWAITING_FILING": 4, "CLOSED": 5,
}  # fmt: skip
"""How far along the states are that an approved order goes through; all others are before them."""


def state_facts(before: str, after: str, order: Order, ctx: Context) -> tuple[Fact, ...]:
    """Facts that follow from the change of the computed state (ORD-111 to ORD-117).

    `before` is empty for a new order. An annulled one has its own fact.
    """
    if before == after or not before or after == "VOID":
        return ()
    reopened = RANK.get(before, 0) >= RANK["AWAITING_FILING"] and _rank(after) < RANK[before]
    if reopened:
        settled = (facts.OrderSettled(order.id),) if after == "AWAITING_FILING" else ()
        return (facts.OrderReopened(order.id), *settled)
    found: list[Fact] = []
    if after == "AWAITING_FULFILLMENT" and _rank(before) < RANK[after]:
        found.append(facts.OrderAllocated(order.id))
    if (before, after) == ("AWAITING_FULFILLMENT", "AWAITING_ALLOCATION"):
        found.append(facts.OrderDeallocated(order.id))
    if _rank(before) < RANK["AWAITING_SETTLEMENT"] <= _rank(after):
        found.append(facts.OrderFulfilled(order.id))
    if _rank(before) < RANK["AWAITING_FILING"] <= _rank(after) and ctx.policy.order_filing:
        found.append(facts.OrderSettled(order.id))
    if after == "CLOSED":
        found.append(facts.OrderClosed(order.id))
    return tuple(found)


def _rank(state: str) -> int:
    return RANK.get(state, 0)
