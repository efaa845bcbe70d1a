"""Computed states and statuses (ORD-01 to ORD-05, STA-01 to STA-05, STA-10)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from oms.kernel.policy import Policy
from oms.orders.decisions import state_facts
from oms.orders.model import Approval, Bucket, Buckets, Finding, Line, Order
from oms.orders.status import (
    fulfillment_status,
    line_return_status,
    line_stages,
    line_status,
    order_state,
    payment_status,
    return_status,
    step_bar,
)

from tests.domain.orders.scene import NOW, ctx, kinds, order

ERROR = Finding("MISSING_ADDRESS", "ERROR", "groups[0].address", "no address")


def line(**counters: int) -> Line:
    return replace(order(1).lines[0], buckets=Buckets(**counters))


def of(*lines: Line, **fields: object) -> Order:
    made = replace(order(1), lines=lines)
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "settled", "filing", "state"),
    [
        (of(line(reserved=1), voided_at=NOW, submitted_at=None), False, False, "VOID"),
        (of(line(reserved=1), submitted_at=None, findings=(ERROR,)), False, False, "DRAFT"),
        (of(line(reserved=1), findings=(ERROR,), intake_done_at=None), False, False, "INCOMPLETE"),
        (of(line(reserved=1), intake_done_at=None), False, False, "RECEIVED"),
        (of(line(allocated=1), approval=Approval.PENDING), False, False, "AWAITING_APPROVAL"),
        (of(line(allocated=1, reserved=1)), False, False, "AWAITING_FULFILLMENT"),
        (of(line(picked=1)), False, False, "AWAITING_FULFILLMENT"),
        (of(line(packed=1)), False, False, "AWAITING_FULFILLMENT"),
        (of(line(unsourced=1, shipped=1)), False, False, "AWAITING_ALLOCATION"),
        (of(line(backordered=1)), False, False, "AWAITING_ALLOCATION"),
        (of(line(reserved=1)), True, False, "AWAITING_ALLOCATION"),
        (of(line(shipped=1)), False, True, "AWAITING_SETTLEMENT"),
        (of(line(shipped=1)), True, True, "AWAITING_FILING"),
        (of(line(shipped=1), filed_at=NOW), True, True, "CLOSED"),
        (of(line(shipped=1)), True, False, "CLOSED"),
        (of(line(canceled=1)), True, False, "CLOSED"),
    ],
)
def test_order_state_is_the_first_match(
    made: Order, settled: bool, filing: bool, state: str
) -> None:
    """ORD-01, ORD-07: explicit facts and units, in this order; nobody sets a state."""
    assert order_state(made, settled, filing) == state


@pytest.mark.parametrize(
    ("counters", "status", "stages"),
    [
        ({"canceled": 2}, "CANCELED", None),
        ({"reserved": 2}, "RESERVED", ("RESERVED", "RESERVED")),
        ({"reserved": 1, "canceled": 1}, "RESERVED", ("RESERVED", "RESERVED")),
        ({"unsourced": 1, "packed": 1}, "PARTIALLY_PACKED", ("UNSOURCED", "PACKED")),
        ({"shipped": 2, "delivered": 1}, "PARTIALLY_DELIVERED", ("SHIPPED", "DELIVERED")),
        ({"shipped": 2, "delivered": 2}, "DELIVERED", ("DELIVERED", "DELIVERED")),
    ],
)
def test_line_status(counters: dict[str, int], status: str, stages: tuple[str, str] | None) -> None:
    """STA-01: least and most advanced stage of the active units."""
    assert line_status(line(**counters)) == status
    assert line_stages(line(**counters)) == stages


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([{"canceled": 1}], "CANCELED"),
        ([{"shipped": 1, "delivered": 1}], "DELIVERED"),
        ([{"shipped": 2, "delivered": 1}], "PARTIALLY_DELIVERED"),
        ([{"shipped": 1}, {"canceled": 1}], "SHIPPED"),
        ([{"shipped": 1}, {"reserved": 1}], "PARTIALLY_SHIPPED"),
        ([{"picked": 1}, {"reserved": 1}], "IN_PROGRESS"),
        ([{"packed": 1}], "IN_PROGRESS"),
        ([{"allocated": 1}], "ALLOCATED"),
        ([{"allocated": 1}, {"reserved": 1}], "PARTIALLY_ALLOCATED"),
        ([{"backordered": 1}, {"canceled": 1}], "BACKORDERED"),
        ([{"backordered": 1, "reserved": 1}], "PARTIALLY_BACKORDERED"),
        ([{"backordered": 1}, {"unsourced": 1}], "PARTIALLY_BACKORDERED"),
        ([{"reserved": 1}], "RESERVED"),
        ([{"reserved": 1}, {"unsourced": 1}], "NOT_STARTED"),
    ],
)
def test_fulfillment_status(lines: list[dict[str, int]], status: str) -> None:
    """STA-03: the first match over all active units."""
    assert fulfillment_status(of(*(line(**counters) for counters in lines))) == status


@pytest.mark.parametrize(
    ("amounts", "status"),
    [
        ((0, 0, 0, 0, 0, 0), "NOT_REQUIRED"),
        ((100, 0, 120, 0, 0, 0), "OVERPAID"),
        ((100, 0, 100, 100, 0, 0), "REFUNDED"),
        ((60, 0, 100, 40, 0, 0), "PARTIALLY_REFUNDED"),
        ((100, 0, 100, 0, 0, 0), "PAID"),
        ((60, 0, 100, 0, 40, 0), "PAID"),
        ((100, 50, 40, 0, 0, 0), "PARTIALLY_PAID"),
        ((100, 0, 0, 0, 0, 100), "ON_TERMS"),
        ((100, 0, 0, 0, 0, 99), "UNPAID"),
        ((100, 100, 0, 0, 0, 0), "AUTHORIZED"),
        ((100, 1, 0, 0, 0, 0), "PARTIALLY_AUTHORIZED"),
        ((100, 0, 0, 0, 0, 0), "UNPAID"),
    ],
)
def test_payment_status(amounts: tuple[int, int, int, int, int, int], status: str) -> None:
    """STA-04: total, authorized, captured, refunded, open credit, terms; first match."""
    assert payment_status(*amounts) == status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([{"shipped": 1, "returned": 1}, {"canceled": 1}], "RETURNED"),
        ([{"shipped": 2, "returned": 1, "forgiven": 1}], "RETURNED"),
        ([{"shipped": 2, "returned": 1}], "PARTIALLY_RETURNED"),
        ([{"shipped": 2, "inbound": 1}], "RETURN_EXPECTED"),
        ([{"shipped": 2}], "NONE"),
        ([{"reserved": 2}], "NONE"),
    ],
)
def test_return_status(lines: list[dict[str, int]], status: str) -> None:
    """STA-05: over the shipped units of all lines."""
    assert return_status(of(*(line(**counters) for counters in lines))) == status


def test_every_reachable_combination_has_a_status() -> None:
    """STA-10, ORD-01: state and statuses are total over buckets, approval, findings and money."""
    known = {
        "VOID", "INCOMPLETE", "RECEIVED", "AWAITING_APPROVAL", "AWAITING_FULFILLMENT",
        "AWAITING_ALLOCATION", "AWAITING_SETTLEMENT", "AWAITING_FILING", "CLOSED",
    }  # fmt: skip
    seen, base = set(), order(1)
    at = {b.value: line(**{b.value: 1}) for b in Bucket}
    facts = product(
        [b.value for b in Bucket], [b.value for b in Bucket], [Approval.NONE, Approval.PENDING],
        [(), (ERROR,)], [None, NOW], [None, NOW], [True, False], [True, False],
    )  # fmt: skip
    for one, two, approval, findings, intake, voided, settled, filing in facts:
        made = replace(
            base, lines=(at[one], at[two]), approval=approval, findings=findings,
            intake_done_at=intake, voided_at=voided,
        )  # fmt: skip
        seen.add(order_state(made, settled, filing))
        assert fulfillment_status(made)
        assert all(line_status(x) for x in made.lines)
    assert seen == known


@pytest.mark.parametrize(
    ("counters", "status"),
    [
        ({"shipped": 2, "returned": 1, "forgiven": 1}, "RETURNED"),
        ({"shipped": 2, "returned": 1, "inbound": 1}, "PARTIALLY_RETURNED"),
        ({"shipped": 2, "inbound": 1}, "RETURN_EXPECTED"),
        ({"shipped": 2}, "NONE"), ({"reserved": 2}, "NONE"),
    ],
)  # fmt: skip
def test_return_status_of_a_line(counters: dict[str, int], status: str) -> None:
    """STA-02, LIN-02: counters within shipped."""
    assert line_return_status(line(**counters)) == status


@pytest.mark.parametrize(
    ("state", "current"),
    [
        ("RECEIVED", "Complete"),
        ("AWAITING_APPROVAL", "Approve"),
        ("AWAITING_ALLOCATION", "Allocate"),
        ("AWAITING_FULFILLMENT", "Fulfill"),
        ("AWAITING_SETTLEMENT", "Settle"),
        ("AWAITING_FILING", "File"),
        ("CLOSED", ""),
    ],
)
def test_step_bar_highlights_the_current_step(state: str, current: str) -> None:
    """ORD-03: all steps when approval and filing are on."""
    asked = replace(order(1), approval=Approval.APPROVED)
    assert step_bar(asked, state, filing=True) == (
        ("Complete", "Approve", "Allocate", "Fulfill", "Settle", "File"), current,
    )  # fmt: skip


def test_step_bar_hides_steps_that_are_off() -> None:
    """ORD-03, WFL-02: neither Approve nor File."""
    approved = replace(order(1), approval=Approval.SYSTEM_APPROVED)
    assert step_bar(approved, "AWAITING_ALLOCATION", filing=False) == (
        ("Complete", "Allocate", "Fulfill", "Settle"), "Allocate",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "filing", "told"),
    [
        ("AWAITING_ALLOCATION", "AWAITING_FULFILLMENT", False, ["OrderAllocated"]),
        ("AWAITING_FULFILLMENT", "AWAITING_ALLOCATION", False, ["OrderDeallocated"]),
        ("AWAITING_FULFILLMENT", "AWAITING_SETTLEMENT", False, ["OrderFulfilled"]),
        ("AWAITING_SETTLEMENT", "AWAITING_FILING", True, ["OrderSettled"]),
        ("AWAITING_FILING", "CLOSED", True, ["OrderClosed"]),
        ("AWAITING_SETTLEMENT", "CLOSED", False, ["OrderClosed"]),
        ("AWAITING_FULFILLMENT", "CLOSED", False, ["OrderFulfilled", "OrderClosed"]),
        ("AWAITING_FULFILLMENT", "AWAITING_FILING", True, ["OrderFulfilled", "OrderSettled"]),
        ("CLOSED", "AWAITING_SETTLEMENT", False, ["OrderReopened"]),
        ("CLOSED", "AWAITING_ALLOCATION", False, ["OrderReopened"]),
        ("CLOSED", "AWAITING_FILING", True, ["OrderReopened", "OrderSettled"]),
        ("RECEIVED", "AWAITING_ALLOCATION", False, []),
        ("AWAITING_ALLOCATION", "VOID", False, []),
        ("CLOSED", "CLOSED", False, []),
        ("", "RECEIVED", False, []),
    ],
)
def test_facts_of_a_changed_state(before: str, after: str, filing: bool, told: list[str]) -> None:
    """ORD-111 to ORD-117, ORD-05: what the computed state passed through, in order."""
    context = ctx(policy=Policy(order_filing=filing))
    assert kinds(state_facts(before, after, order(1), context)) == told
