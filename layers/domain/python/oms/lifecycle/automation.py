"""Automatic moves that need nothing from outside the record: intake, approval, release (ENT-05)."""

from __future__ import annotations

from oms.fulfillment.commands import Release
from oms.fulfillment.decisions import approve_automatically as approve_fulfillment
from oms.fulfillment.decisions import deliver, deliverable, release, release_ready, unapproved
from oms.fulfillment.model import FulfillmentOrder
from oms.holds.decisions import blocks, recheck, require_payment
from oms.holds.model import Transaction
from oms.lifecycle.moves import Draft
from oms.lifecycle.state import covered, fulfillment_value, record_coverage, stopped
from oms.orders.decisions import approve_automatically, finish_intake
from oms.payments.model import IntentKind


def advance(draft: Draft) -> bool:
    """Make the first automatic move that is due; False when there is none."""
    order = draft.order
    if order.voided_at or order.submitted_at is None or not order.managed:
        return False
    if stopped(draft.record):
        return False
    moves = (
        _recheck, _finish_intake, _approve, _approve_fulfillment, _release, _require_payment,
        _deliver,
    )  # fmt: skip
    return any(move(draft) for move in moves)


def _recheck(draft: Draft) -> bool:
    """Holds that wait for coverage end in the very change that brings it (HLD-05)."""
    step = recheck(draft.record.holds, draft.ctx, covered(draft.record, draft.ctx))
    draft.take("holds", step)
    return bool(step.facts)


def _finish_intake(draft: Draft) -> bool:
    order = draft.order
    if order.intake_done_at or not order.validated or order.intake_progress is not None:
        return False
    if any(finding.level in ("ERROR", "BLOCKING") for finding in order.findings):
        return False
    if draft.ctx.policy.order_authorization and _authorizing(draft):
        return False
    draft.take("order", finish_intake(order, draft.ctx))
    return True


def _authorizing(draft: Draft) -> bool:
    intents = draft.record.payments.intents
    return any(i.kind is IntentKind.AUTHORIZE and not i.state.final for i in intents)


def _approve(draft: Draft) -> bool:
    order, ctx = draft.order, draft.ctx
    if order.intake_done_at is None:
        return False
    if blocks(draft.record.holds, Transaction.APPROVE):
        return False
    view = draft.money()
    draft.take("order", approve_automatically(order, view.total, covered(draft.record, ctx), ctx))
    return draft.order.approval is not order.approval


def _approve_fulfillment(draft: Draft) -> bool:
    """FUL-101: each FO that waits is asked for once, or let go as the switch says."""
    for fo in unapproved(draft.record.fulfillment):
        if blocks(draft.record.holds, Transaction.RELEASE, (fo.id,)) or fo.suspended:
            continue
        value, paid = fulfillment_value(draft.record, fo), _funds_cover(draft, fo)
        step = approve_fulfillment(draft.record.fulfillment, fo, value, paid, draft.ctx)
        if step.facts:
            draft.take("fulfillment", step)
            return True
    return False


def _release(draft: Draft) -> bool:
    for fo in release_ready(draft.record.fulfillment, draft.ctx):
        held = blocks(draft.record.holds, Transaction.RELEASE, (fo.id,))
        if not held and not fo.suspended and _funds_cover(draft, fo):
            command = Release(fo.id)
            draft.take("fulfillment", release(draft.record.fulfillment, command, draft.ctx))
            return True
    return False


def _require_payment(draft: Draft) -> bool:
    """PAY-20: an FO that money does not cover, and no answer will, waits under a hold."""
    record = draft.record
    if _authorizing(draft) or covered(record, draft.ctx):
        return False
    short = any(not _funds_cover(draft, fo) for fo in release_ready(record.fulfillment, draft.ctx))
    if not short or blocks(record.holds, Transaction.RELEASE):
        return False
    draft.take("holds", require_payment(record.holds, "released work is not covered", draft.ctx))
    return True


def _deliver(draft: Draft) -> bool:
    """What no site ships is delivered as soon as it is released (LIN-08)."""
    for fo in deliverable(draft.record.fulfillment):
        if not fo.suspended and not blocks(draft.record.holds, Transaction.SHIP, (fo.id,)):
            draft.take("fulfillment", deliver(draft.record.fulfillment, fo.id, draft.ctx))
            return True
    return False


def _funds_cover(draft: Draft, wanted: FulfillmentOrder) -> bool:
    """PAY-20: released and uninvoiced value, this FO and what is due fit into the coverage."""
    record, view = draft.record, draft.money()
    needed = view.released_value + fulfillment_value(record, wanted) + view.amount_due
    return needed <= record_coverage(record, draft.ctx)
