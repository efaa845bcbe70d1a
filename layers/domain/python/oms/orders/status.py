"""Statuses are computed, never set (GEN-01): pure functions of quantities, amounts and explicit
facts.

Where a function lists cases, the first that matches is the answer (ORD-01, STA-01 to STA-05).
"""

from __future__ import annotations

from oms.orders.model import Approval, Buckets, Line, Order

STAGES = (
    "UNSOURCED", "BACKORDERED", "RESERVED", "ALLOCATED", "PICKED", "PACKED", "SHIPPED", "DELIVERED",
)  # fmt: skip


def units_by_stage(buckets: Buckets) -> dict[str, int]:
    """Active units at each stage; delivered units are within shipped (LIN-02)."""
    counts = {stage: getattr(buckets, stage.lower()) for stage in STAGES}
    counts["SHIPPED"] -= buckets.delivered
    return counts


def line_stages(line: Line) -> tuple[str, str] | None:
    """Least and most advanced stage of the active units, or None when all are canceled (STA-01)."""
    return _span([line.buckets])


def line_status(line: Line) -> str:
    """STA-01."""
    span = line_stages(line)
    if span is None:
        return "CANCELED"
    least, most = span
    return most if least == most else f"PARTIALLY_{most}"


def order_state(order: Order, settled: bool, filing: bool) -> str:
    """The order's state (ORD-01); `settled` as of ORD-04, `filing` whether that step is on."""
    early = _state_before_approval(order)
    if early is not None:
        return early
    buckets = [line.buckets for line in order.lines]
    if any(b.allocated + b.picked + b.packed for b in buckets):
        return "AWAITING_FULFILLMENT"
    if any(b.waiting for b in buckets):
        return "AWAITING_ALLOCATION"
    if not settled:
        return "AWAITING_SETTLEMENT"
    return "AWAITING_FILING" if filing and order.filed_at is None else "CLOSED"


def _state_before_approval(order: Order) -> str | None:
    if order.voided_at is not None:
        return "VOID"
    if order.submitted_at is None:
        return "DRAFT"
    if any(finding.level == "ERROR" for finding in order.findings):
        return "INCOMPLETE"
    if order.intake_done_at is None:
        return "RECEIVED"
    return "AWAITING_APPROVAL" if order.approval is Approval.PENDING else None


def fulfillment_status(order: Order) -> str:
    """STA-03."""
    buckets = [line.buckets for line in order.lines]
    span = _span(buckets)
    if span is None:
        return "CANCELED" if buckets else "NOT_STARTED"
    least, most = (STAGES.index(stage) for stage in span)
    return _shipped_status(least, most) or _open_status(buckets, least, most)


def _shipped_status(least: int, most: int) -> str | None:
    shipped, delivered = STAGES.index("SHIPPED"), STAGES.index("DELIVERED")
    if least == delivered:
        return "DELIVERED"
    if least == shipped:
        return "PARTIALLY_DELIVERED" if most == delivered else "SHIPPED"
    if most >= shipped:
        return "PARTIALLY_SHIPPED"
    return "IN_PROGRESS" if most >= STAGES.index("PICKED") else None


def _open_status(buckets: list[Buckets], least: int, most: int) -> str:
    allocated, backordered = STAGES.index("ALLOCATED"), STAGES.index("BACKORDERED")
    if least == allocated:
        return "ALLOCATED"
    if most == allocated:
        return "PARTIALLY_ALLOCATED"
    if least == most == backordered:
        return "BACKORDERED"
    if any(b.backordered for b in buckets):
        return "PARTIALLY_BACKORDERED"
    return "RESERVED" if least == STAGES.index("RESERVED") else "NOT_STARTED"


def payment_status(
    total: int, authorized: int, captured: int, refunded: int, open_credit: int, terms: int
) -> str:
    """STA-04; amounts in minor units, `authorized` is what valid authorizations still hold."""
    net = captured - refunded - open_credit
    cases = (
        (total == 0 and captured == 0, "NOT_REQUIRED"),
        (net > total, "OVERPAID"),
        (captured > 0 and refunded == captured, "REFUNDED"),
        (refunded > 0 and net == total, "PARTIALLY_REFUNDED"),
        (net == total, "PAID"),
        (net > 0, "PARTIALLY_PAID"),
        (0 < total <= terms, "ON_TERMS"),
        (authorized >= total, "AUTHORIZED"),
        (authorized > 0, "PARTIALLY_AUTHORIZED"),
    )
    return next((status for holds, status in cases if holds), "UNPAID")


def line_return_status(line: Line) -> str:
    """STA-02."""
    buckets = line.buckets
    back = buckets.returned + buckets.forgiven
    if back and back == buckets.shipped:
        return "RETURNED"
    if back:
        return "PARTIALLY_RETURNED"
    return "RETURN_EXPECTED" if buckets.inbound else "NONE"


def return_status(order: Order) -> str:
    """STA-05."""
    buckets = [line.buckets for line in order.lines if line.buckets.shipped]
    back = [b.returned + b.forgiven for b in buckets]
    if buckets and all(r == b.shipped for r, b in zip(back, buckets, strict=True)):
        return "RETURNED"
    if any(back):
        return "PARTIALLY_RETURNED"
    return "RETURN_EXPECTED" if any(b.inbound for b in buckets) else "NONE"


def step_bar(order: Order, state: str, filing: bool) -> tuple[tuple[str, ...], str]:
    """The steps shown on an order page and the current one (ORD-03); off steps are hidden."""
    steps = ["Complete", "Allocate", "Fulfill", "Settle"]
    if order.approval in (Approval.PENDING, Approval.APPROVED, Approval.REJECTED):
        steps.insert(1, "Approve")
    if filing:
        steps.append("File")
    current = {
        "DRAFT": "Complete", "INCOMPLETE": "Complete", "RECEIVED": "Complete",
        "AWAITING_APPROVAL": "Approve", "AWAITING_ALLOCATION": "Allocate",
        "AWAITING_FULFILLMENT": "Fulfill", "AWAITING_SETTLEMENT": "Settle",
        "AWAITING_FILING": "File",
    }  # fmt: skip
    return tuple(steps), current.get(state, "")


def _span(buckets: list[Buckets]) -> tuple[str, str] | None:
    active = [s for s in STAGES if any(units_by_stage(b)[s] for b in buckets)]
    return (active[0], active[-1]) if active else None
