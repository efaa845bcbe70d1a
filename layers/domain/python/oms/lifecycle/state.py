"""What is computed from a whole record: state, money, coverage, the next automatic step, the next
deadline.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from oms.action_items.decisions import alerted
from oms.billing.decisions import balances, released_invoice, settled
from oms.billing.decisions import next_due as billing_due
from oms.fulfillment.decisions import next_due as fulfillment_due
from oms.fulfillment.decisions import unapproved
from oms.fulfillment.model import FulfillmentOrder
from oms.holds.decisions import blocks
from oms.holds.decisions import next_due as holds_due
from oms.holds.model import Transaction
from oms.kernel.context import Context
from oms.kernel.policy import ApprovalMode
from oms.lifecycle.record import OrderRecord
from oms.orders.decisions import approval_due
from oms.orders.drafts import expires_at
from oms.orders.model import Approval, Line
from oms.orders.promising import ONE_TRANSACTION
from oms.orders.status import order_state
from oms.orders.totals import line_value, totals
from oms.orders.waits import RETRY
from oms.payments.decisions import MoneyView, coverage, due, sends, summary
from oms.payments.decisions import next_due as payments_due
from oms.payments.model import Intent, IntentKind

SETTLING = (IntentKind.CAPTURE, IntentKind.REFUND, IntentKind.VOID)
HEAD_START = timedelta(seconds=30)
"""What running automation gets before the tick looks after the order as well."""

LOOKS = (timedelta(minutes=5), timedelta(hours=1))
"""Shortest and longest time between two looks at an order that waits for approval."""

EARLY = timedelta(minutes=1)
"""A tick that comes this much too early costs less than moving an index entry."""


def money(record: OrderRecord) -> MoneyView:
    """What is owed, open and unapplied, read from lines and ledger, in minor units."""
    sums = totals(record.order)
    ledger = balances(record.billing)
    annulled = record.order.voided_at is not None
    worth = 0 if annulled else sums.open_value
    return MoneyView(
        open_value=worth, amount_due=ledger.ar, unapplied=ledger.funds,
        open_credit=ledger.credit,
        total=worth + ledger.charged,
        released_value=_released_value(record),
        annulled=annulled,
    )  # fmt: skip


def covered(record: OrderRecord, ctx: Context) -> bool:
    """Whether funds and authorizations cover all that is open (PAY-12)."""
    view = money(record)
    return record_coverage(record, ctx) >= max(0, view.open_value + view.amount_due)


def record_coverage(record: OrderRecord, ctx: Context) -> int:
    """Valid authorizations, unapplied funds, open credit and terms of the order, in minor units."""
    view = money(record)
    return coverage(record.payments, view.unapplied, view.open_credit, ctx)


def state(record: OrderRecord, ctx: Context) -> str:
    """The order's state (ORD-01)."""
    return order_state(record.order, is_settled(record, ctx), ctx.policy.order_filing)


def is_settled(record: OrderRecord, ctx: Context) -> bool:
    """Whether all money is in its place and nothing blocks (ORD-04)."""
    moving = any(not intent.state.final for intent in record.payments.intents)
    terms = summary(record.payments, ctx).terms
    blocked = any(item.blocking for item in record.attention.items)
    return not moving and not blocked and settled(record.billing, terms)


def stopped(record: OrderRecord) -> bool:
    """Whether automation must leave the order alone (FLG-02, FLG-03)."""
    return record.order.suspended is not None or alerted(record.attention)


def released(record: OrderRecord) -> tuple[FulfillmentOrder, ...]:
    """FOs on the floor: released, not ended without shipping."""
    return tuple(
        fo
        for fo in record.fulfillment.orders
        if fo.released_at and not fo.canceled_at and not fo.rejected_at
    )


def fulfillment_value(record: OrderRecord, wanted: FulfillmentOrder) -> int:
    """Value of the uninvoiced units of one FO, in minor units."""
    return _values(record).get(wanted.id, 0)


def _released_value(record: OrderRecord) -> int:
    on_floor = released(record)
    values = _values(record) if on_floor else {}
    return sum(values.get(fo.id, 0) for fo in on_floor)


def _values(record: OrderRecord) -> dict[str, int]:
    """Value of the uninvoiced units of every FO, by its id.

    Units of a line are consumed from the front by invoices (ADJ-04), then by FOs in order of age;
    an FO that was invoiced at its release has none.
    """
    order = record.order
    lines = {line.line_no: line for line in order.lines}
    cursor = {line_no: line.buckets.invoiced for line_no, line in lines.items()}
    values: dict[str, int] = {}
    for fo in record.fulfillment.orders:
        if released_invoice(record.billing, fo.id):
            continue
        for row in fo.lines:
            start, count = cursor[row.line_no], row.quantity - row.shipped
            cursor[row.line_no] = start + count
            worth = line_value(lines[row.line_no], start, start + count, order.gross)
            values[fo.id] = values.get(fo.id, 0) + worth
    return values


def next_step(record: OrderRecord, ctx: Context) -> str | None:
    """The step automation can take now, or None when it must wait or is done."""
    order = record.order
    if not order.managed:
        return None
    if due_intents(record, ctx, (IntentKind.VOID, IntentKind.REFUND)):
        return "SETTLE"
    if order.voided_at or order.submitted_at is None:
        return None
    if not order.validated:
        return "VALIDATE"
    if order.intake_progress is not None:
        return "ALLOCATE"
    if due_intents(record, ctx, (IntentKind.AUTHORIZE,)):
        return "AUTHORIZE"
    if due_intents(record, ctx, SETTLING):
        return "SETTLE"
    return "ALLOCATE" if allocatable(record, ctx) else None


def due_intents(
    record: OrderRecord, ctx: Context, kinds: tuple[IntentKind, ...]
) -> tuple[Intent, ...]:
    """Intents to send or look up now; a stopped order sends nothing new, but what was sent is
    resolved.
    """
    found = due(record.payments, ctx, kinds)
    if record.order.voided_at is None and (
        record.order.suspended or blocks(record.holds, Transaction.CAPTURE)
    ):
        return tuple(
            intent for intent in found
            if intent.kind is not IntentKind.CAPTURE or not sends(intent, ctx)
        )  # fmt: skip
    return found


def allocatable(record: OrderRecord, ctx: Context, turn: bool = False) -> tuple[Line, ...]:
    """Lines that sourcing may work on now (SRC-01); in the order's `turn` at new supply, also
    those that are to be tried later.
    """
    if not sourceable(record):
        return ()
    lines = (line for line in record.order.lines if _stands(record, line))
    return tuple(line for line in lines if _wants_site(line, ctx, turn))


def backorders_due(record: OrderRecord, ctx: Context) -> tuple[str, ...]:
    """Items whose queue is to be looked at again for this order (SRC-02)."""
    lines = [line for line in allocatable(record, ctx) if line.buckets.backordered]
    return tuple(dict.fromkeys(str(line.item_id) for line in lines))


def sourceable(record: OrderRecord) -> bool:
    """Whether sourcing may work on the order at all (SRC-01)."""
    approved = record.order.approval in (Approval.APPROVED, Approval.SYSTEM_APPROVED)
    held = blocks(record.holds, Transaction.ALLOCATE)
    return approved and record.order.voided_at is None and not stopped(record) and not held


def next_due(record: OrderRecord, ctx: Context) -> datetime | None:
    """The earliest moment at which time alone changes something (SAG-05)."""
    lines = record.order.lines if sourceable(record) else ()
    waits = [line.wait.next_try for line in lines if line.wait and _stands(record, line)]
    moments = [
        payments_due(record.payments), holds_due(record.holds), billing_due(record.billing),
        fulfillment_due(record.fulfillment, ctx), _approval_due(record, ctx), *waits,
        None if record.draft is None else expires_at(record.draft, ctx),
        _goes_on(record, ctx),
    ]  # fmt: skip
    return min((moment for moment in moments if moment is not None), default=None)


def _approval_due(record: OrderRecord, ctx: Context) -> datetime | None:
    """When to look at an order again that waits for approval, itself or one of its FOs.

    Its own settings may have changed meanwhile, and nobody is told which orders that concerns
    (WFL-14): it is looked at after as long as it has waited, within `LOOKS`. Nothing looks at one
    that is stopped or held: whatever lets it go on looks as well.
    """
    order = record.order
    if order.voided_at or stopped(record):
        return None
    own = order.intake_done_at is not None and order.approval in (Approval.NONE, Approval.PENDING)
    if own and blocks(record.holds, Transaction.APPROVE):
        return None
    by_job = approval_due(order, ctx)
    by_jobs = ctx.policy.fulfillment_order_approval is ApprovalMode.JOB
    waiting = () if by_jobs else unapproved(record.fulfillment)
    if by_job is not None or not (own or waiting):
        return by_job
    began = order.intake_done_at or order.received_at
    since = max((fo.created_at for fo in waiting), default=began)
    shortest, longest = LOOKS
    return ctx.now + min(max(ctx.now - since, shortest), longest)


def _goes_on(record: OrderRecord, ctx: Context) -> datetime | None:
    """When the tick looks after chunks that are left: many of them may outlast what runs them."""
    chunks = len(record.order.lines) > ONE_TRANSACTION and record.order.voided_at is None
    left = record.order.intake_progress is not None or (chunks and allocatable(record, ctx))
    return ctx.now + RETRY if chunks and left else None


def index_due(
    known: datetime | None, step: str | None, needed: datetime | None, ctx: Context
) -> datetime | None:
    """Under which moment the order stands in the due-index; it is `known` there (SAG-05).

    Moving an entry costs two writes, so one that comes first anyway stays while automation moves
    the order on, or where it is hardly too early: the tick that finds nothing to do moves it.
    """
    if needed is None:
        return None
    if known is not None and ctx.now < known <= needed and (step or needed - known <= EARLY):
        return known
    return needed if step is None else max(needed, ctx.now + HEAD_START)


def _stands(record: OrderRecord, line: Line) -> bool:
    """Whether nothing stops this line."""
    stopped_line = line.suspended or alerted(record.attention, line.line_no)
    return line.item_id is not None and not stopped_line


def _wants_site(line: Line, ctx: Context, turn: bool) -> bool:
    loose = bool(line.buckets.unsourced + line.buckets.reserved)
    wait = line.wait
    if turn or wait is None:
        return loose
    due = wait.next_try is not None and wait.next_try <= ctx.now
    return due and bool(line.buckets.waiting)
