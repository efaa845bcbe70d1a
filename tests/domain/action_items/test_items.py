"""Action items as part of an order: opened, repeated, resolved, cleared (AIT-01 to AIT-05)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from oms.action_items.commands import ClearItem, ReinstateItem
from oms.action_items.decisions import alerted, clear, open_item, react, reinstate, resolve
from oms.action_items.facts import (
    ActionItemOpened,
    ActionItemReopened,
    ActionItemRepeated,
    ActionItemResolved,
)
from oms.action_items.model import Attention
from oms.action_items.types import TYPES
from oms.billing.facts import InvoicePaid
from oms.fulfillment import facts as fulfillment
from oms.holds.facts import HoldDue, HoldReleased
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Malformed, NotFound, Refused
from oms.kernel.facts import Fact, Units
from oms.kernel.policy import Policy
from oms.orders import facts as orders
from oms.payments import facts as payments

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
ORDER = "ord_1"
ANA = Actor(ActorKind.USER, "ana", "acme")


def ctx(cause: str = "c1") -> Context:
    return Context(NOW, ANA, cause, Policy())


def after(*facts: Fact, start: Attention | None = None) -> Attention:
    attention = start or Attention()
    for place, fact in enumerate(facts):
        attention = react(attention, fact, ORDER, ctx(f"c{place}")).part
    return attention


def types(attention: Attention) -> list[str]:
    return [item.type for item in attention.items]


def declined(kind: str = "AUTHORIZE", intent: str = "int_1") -> Fact:
    return payments.PaymentDeclined("pay_1", intent, 500, kind, "HARD", "05")


def exhausted(line_no: int = 1) -> Fact:
    return orders.LineChanged(ORDER, line_no, "routing_exhausted", None, "7", "TOO_BUSY")


def created(*line_numbers: int) -> Fact:
    units = tuple(Units(n, "itm_1", 1, "rsv_1", "main") for n in line_numbers)
    return fulfillment.FulfillmentOrderCreated(
        "fo_1", "T-F1", "austin", "STANDARD", "STANDARD", 1, units, None
    )


def canceled(partial: bool) -> Fact:
    return fulfillment.FulfillmentOrderCanceled("fo_1", "austin", "x", (), True, partial)


SHORT = orders.UnitsBackordered(ORDER, 1, "itm_1", "main", 2, short=True)
LATE = fulfillment.FulfillmentOrderLate("fo_1", "austin")
DUE = HoldDue("hld_1", "ADDRESS_CHECK", "ESCALATE", "ORDER", None)
SURPLUS = payments.SurplusFound("pay_1", "int_1", 300, "EXCESS_FUNDS")
MISSING = payments.FundsMissing("inv_1", 700)
UNKNOWN = payments.PaymentUnknown("pay_1", "int_1", 500, "CAPTURE", lookups_exhausted=True)
UNREACHABLE = payments.GatewayUnreachable("pay_1", "int_1", 500, "CAPTURE")


@pytest.mark.parametrize(
    ("fact", "type_", "blocking", "subject"),
    [
        (orders.OrderIncomplete(ORDER, ("MISSING_ADDRESS",)), "ORDER_INCOMPLETE", True, ORDER),
        (orders.OrderIncomplete(ORDER, ("TOTAL_MISMATCH",)), "TOTAL_MISMATCH", True, ORDER),
        (orders.OrderIncomplete(ORDER, ("UNMAPPED_CODE",)), "UNMAPPED_CODE", True, ORDER),
        (orders.OrderAttention(ORDER, ("ADDRESS_MISMATCH",)), "ADDRESS_MISMATCH", True, ORDER),
        (orders.OrderAttention(ORDER, ("CUSTOMER_BLOCKED",)), "CUSTOMER_BLOCKED", True, ORDER),
        (SHORT, "STOCK_SHORT", False, ORDER),
        (exhausted(), "ROUTING_EXHAUSTED", True, ORDER),
        (orders.LineChanged(ORDER, 1, "unfillable", None, "NO_STOCK"), "UNFILLABLE", False, ORDER),
        (declined("AUTHORIZE"), "PAYMENT_DECLINED", True, "pay_1"),
        (declined("CAPTURE"), "CAPTURE_FAILED", True, "pay_1"),
        (declined("REFUND"), "REFUND_FAILED", False, "pay_1"),
        (UNKNOWN, "PAYMENT_UNKNOWN", True, "pay_1"),
        (UNREACHABLE, "GATEWAY_UNREACHABLE", True, "pay_1"),
        (payments.OrphanReceived("pay_1", "e", 5, "ref"), "ORPHAN_PAYMENT", False, "pay_1"),
        (SURPLUS, "EXCESS_FUNDS", False, "pay_1"),
        (MISSING, "CAPTURE_FAILED", True, "inv_1"),
        (LATE, "FULFILLMENT_LATE", False, "fo_1"),
        (DUE, "HOLD_OVERDUE", False, ORDER),
    ],
)
def test_what_calls_for_a_person(fact: Fact, type_: str, blocking: bool, subject: str) -> None:
    """AIT-01, AIT-10, INT-04, SRC-43: type, record, cause, due time and words for people."""
    step = react(Attention(), fact, ORDER, ctx())
    (item,), (opened,) = step.part.items, step.facts
    assert isinstance(opened, ActionItemOpened)
    assert (item.type, item.blocking, item.record_id) == (type_, blocking, subject)
    assert item.due_at == NOW + TYPES[type_].due_in
    assert (opened.record_id, opened.blocking, opened.cause_key) == (
        item.id, blocking, item.cause_key,
    )  # fmt: skip
    assert len(opened.message) > len(type_) / 2


@pytest.mark.parametrize(
    "fact",
    [
        payments.PaymentUnknown("pay_1", "int_1", 500, "CAPTURE"),
        declined("VOID"),
        orders.UnitsBackordered(ORDER, 1, "itm_1", "main", 2),
        HoldDue("hld_1", "PAYMENT_REQUIRED", "CANCEL", "ORDER", None),
        orders.LineChanged(ORDER, 1, "suspended", "false", "true", "x"),
        orders.OrderApproved(ORDER, "APPROVED"),
    ],
)
def test_what_needs_nobody(fact: Fact) -> None:
    """AIT-01: lookups go on, backorder policies and due actions do their work by themselves."""
    assert react(Attention(), fact, ORDER, ctx()).facts == ()


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        (orders.OrderIncomplete(ORDER, ("MISSING_ADDRESS",)), orders.OrderCompleted(ORDER)),
        (orders.OrderAttention(ORDER, ("ADDRESS_MISMATCH",)),
         orders.FindingsResolved(ORDER, ("ADDRESS_MISMATCH",))),
        (SHORT, orders.BackorderReleased(ORDER, 1, "itm_1", "main", 2, "RESERVED", left=0)),
        (exhausted(), created(2, 1)),
        (exhausted(), orders.UnitsBackordered(ORDER, 1, "itm_1", "main", 2)),
        (exhausted(), orders.LineChanged(ORDER, 1, "suspended", "true", "false", "x")),
        (declined(), payments.PaymentRecovered("pay_1", "int_1", 500, "AUTHORIZE")),
        (declined(), payments.PaymentVoided("pay_1", "int_9", 500)),
        (declined(), HoldReleased("hld_1", "PAYMENT_REQUIRED", "covered")),
        (UNKNOWN, payments.PaymentRecovered("pay_1", "int_1", 500, "CAPTURE")),
        (UNREACHABLE, payments.PaymentRecovered("pay_1", "int_1", 500, "CAPTURE")),
        (SURPLUS, payments.PaymentRefunded("pay_1", "int_2", 300, "FUNDS", None)),
        (MISSING, InvoicePaid("inv_1")),
        (LATE, fulfillment.FulfillmentOrderFulfilled("fo_1")),
        (LATE, canceled(partial=False)),
        (DUE, HoldReleased("hld_1", "ADDRESS_CHECK", "fine")),
        (exhausted(), orders.OrderVoided(ORDER, "x")),
    ],
)  # fmt: skip
def test_items_resolve_themselves(opening: Fact, closing: Fact) -> None:
    """AIT-02: when the condition no longer holds, and the fact says it was not a person."""
    opened = after(opening)
    step = react(opened, closing, ORDER, ctx("c9"))
    assert step.part.items == ()
    (told,) = step.facts
    assert isinstance(told, ActionItemResolved)
    assert (told.record_id, told.cleared) == (opened.items[0].id, False)
    assert told.resolution


@pytest.mark.parametrize(
    ("opening", "other"),
    [
        (SHORT, orders.BackorderReleased(ORDER, 1, "itm_1", "main", 1, "RESERVED", left=1)),
        (SHORT, orders.BackorderReleased(ORDER, 2, "itm_1", "main", 1, "RESERVED", left=0)),
        (exhausted(1), created(2)),
        (declined(), payments.PaymentRecovered("pay_1", "int_2", 500, "AUTHORIZE")),
        (declined(), HoldReleased("hld_1", "ADDRESS_CHECK", "fine")),
        (LATE, canceled(partial=True)),
        (DUE, HoldReleased("hld_2", "ADDRESS_CHECK", "fine")),
        (SURPLUS, orders.OrderVoided(ORDER, "x")),
    ],
)
def test_items_of_other_causes_stay(opening: Fact, other: Fact) -> None:
    """AIT-02: part of the cause, another line, another intent, or money of a void order."""
    opened = after(opening)
    assert react(opened, other, ORDER, ctx("c9")).part == opened


def test_one_item_per_cause_with_a_counter() -> None:
    """AIT-02: a repeat counts, another cause opens another item."""
    once = after(declined())
    step = react(once, declined(), ORDER, ctx("c7"))
    assert step.facts == (ActionItemRepeated(once.items[0].id, "PAYMENT_DECLINED", 2),)
    assert [item.count for item in step.part.items] == [2]
    other = react(step.part, declined(intent="int_2"), ORDER, ctx("c8")).part
    assert [item.count for item in other.items] == [2, 1]


def test_another_check_keeps_what_still_lacks() -> None:
    """AIT-02, ORD-104: of two missing things one came; the other's item stays the same."""
    both = after(orders.OrderIncomplete(ORDER, ("MISSING_ADDRESS", "TOTAL_MISMATCH")))
    step = react(both, orders.OrderIncomplete(ORDER, ("MISSING_ADDRESS",)), ORDER, ctx("c5"))
    assert types(step.part) == ["ORDER_INCOMPLETE"]
    assert step.part.items[0].id == both.items[0].id


def test_later_cause_is_a_new_item() -> None:
    """FLG-04: ended items stay for good, so the next one has its own id."""
    first = after(exhausted())
    ended = after(created(1), start=first)
    again = react(ended, exhausted(), ORDER, ctx("later")).part
    assert again.items[0].id != first.items[0].id


def test_alert_of_the_order_and_of_its_lines() -> None:
    """FLG-02, FLG-03: a blocking item of a line stops that line only; others stop nothing."""
    line = after(exhausted(2))
    assert (alerted(line), alerted(line, 2), alerted(line, 1)) == (False, True, False)
    assert alerted(after(declined()))
    assert not alerted(after(SHORT))
    assert not alerted(after(SHORT), 1)


def test_clearing_needs_a_text() -> None:
    """FLG-04: with a resolution, once; unknown items are not found."""
    opened = after(declined())
    item_id = opened.items[0].id
    with pytest.raises(Malformed):
        clear(opened, ClearItem(item_id, "  "), ctx())
    step = clear(opened, ClearItem(item_id, "paid by phone"), ctx())
    assert step.facts == (ActionItemResolved(item_id, "PAYMENT_DECLINED", True, "paid by phone"),)
    assert not alerted(step.part)
    with pytest.raises(NotFound):
        clear(step.part, ClearItem(item_id, "again"), ctx())


def test_resolve_by_type_record_and_cause() -> None:
    """AIT-02: narrowed by what is given."""
    both = after(declined(), declined(intent="int_2"))
    one = resolve(both, ("PAYMENT_DECLINED",), "pay_1", "int_2", "done")
    assert [item.cause_key for item in one.part.items] == ["int_1"]
    assert resolve(both, ("PAYMENT_DECLINED",), None, None, "done").part.items == ()
    assert resolve(both, ("STOCK_SHORT",), None, None, "done").facts == ()
    assert resolve(both, ("PAYMENT_DECLINED",), "pay_2", None, "done").facts == ()


def test_reopened_item_blocks_again() -> None:
    """AIT-03, FLG-02: the order is alerted as before, by one item."""
    opened = after(declined())
    ended = resolve(opened, ("PAYMENT_DECLINED",), None, None, "done").part
    command = ReinstateItem(opened.items[0], "not fixed")
    step = reinstate(ended, command, ctx())
    assert alerted(step.part)
    assert step.facts == (
        ActionItemReopened(opened.items[0].id, "PAYMENT_DECLINED", True, "not fixed"),
    )
    with pytest.raises(Refused):
        reinstate(step.part, command, ctx())


def test_a_hand_made_item() -> None:
    """AIT-01: opened by a decision of its own, for a line, with data."""
    step = open_item(
        Attention(), "UNFILLABLE", "order", ORDER, "line:3", "no site", ctx(), 3, {"sku": "A"}
    )
    (fact,) = step.facts
    assert isinstance(fact, ActionItemOpened)
    assert (fact.line_no, fact.data) == (3, {"sku": "A"})


def test_types_are_complete() -> None:
    """AIT-01, AIT-10: an owner team, a due time and one to four fixes; what blocks is urgent."""
    for kind in TYPES.values():
        assert kind.team
        assert timedelta(hours=1) <= kind.due_in <= timedelta(hours=48)
        assert 1 <= len(kind.fixes) <= 4
        assert not kind.blocking or kind.severity == "HIGH"
    blocking = {code for code, kind in TYPES.items() if kind.blocking}
    assert blocking == {
        "ORDER_INCOMPLETE", "UNMAPPED_CODE", "TOTAL_MISMATCH", "TAX_UNAVAILABLE",
        "ADDRESS_MISMATCH", "ADDRESS_UNVERIFIED", "FRAUD_REVIEW", "CUSTOMER_BLOCKED",
        "CUSTOMER_NOT_APPROVED", "DUPLICATE_SUSPECTED",
        "PAYMENT_DECLINED", "CAPTURE_FAILED", "GATEWAY_UNREACHABLE", "PAYMENT_UNKNOWN",
        "ROUTING_EXHAUSTED", "LEDGER_IMBALANCE",
    }  # fmt: skip
