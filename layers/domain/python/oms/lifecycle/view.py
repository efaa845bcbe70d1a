"""What readers get to see of an order record: stored parts, computed statuses, totals, allowed
actions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from oms.billing.decisions import balances
from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.sla import sla
from oms.fulfillment.states import fo_state
from oms.holds.decisions import open_holds
from oms.kernel.codec import camel, encode
from oms.kernel.context import Context
from oms.lifecycle import allowed
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.scopes import version_of
from oms.lifecycle.state import covered, money, state
from oms.lifecycle.sums import component_sums, sums
from oms.orders.drafts import DraftWork, holder, lock_ends
from oms.orders.model import Line
from oms.orders.status import (
    fulfillment_status,
    line_return_status,
    line_stages,
    line_status,
    payment_status,
    return_status,
    step_bar,
)
from oms.payments.decisions import summary as payment_summary

MANY_LINES = 500
"""Above this many lines the order's own actions tell enough: an answer has its limits, too."""


def summary(record: OrderRecord, ctx: Context) -> dict[str, Any]:
    """The short answer to a command: identity, version and where the order stands."""
    order = record.order
    return {
        "id": order.id,
        "number": order.number,
        "externalNumber": order.external_number,
        "version": record.version,
        "seq": record.seq,
        **statuses(record, ctx),
    }


def statuses(record: OrderRecord, ctx: Context) -> dict[str, Any]:
    """Every computed status of the order (ORD-01, STA-03 to 06)."""
    paid = payment_summary(record.payments, ctx)
    ledger = balances(record.billing)
    total = money(record).total
    return {
        "state": state(record, ctx),
        "fulfillmentStatus": fulfillment_status(record.order),
        "paymentStatus": payment_status(
            total, paid.authorized, paid.captured, paid.refunded, ledger.credit, paid.terms
        ),
        "returnStatus": return_status(record.order),
        "holdStatus": "HELD" if any(not h.released_at for h in record.holds.holds) else "NONE",
        "covered": covered(record, ctx),
        "paymentPending": paid.pending,
    }


def view(record: OrderRecord, ctx: Context) -> dict[str, Any]:
    """The whole order as `GET` answers it; facts and idempotency answers stay inside."""
    answer: dict[str, Any] = encode(record)
    for inner in ("facts", "handled", "dueAt"):
        answer.pop(inner, None)
    answer |= summary(record, ctx)
    answer["totals"] = sums(record, ctx)
    answer["componentTotals"] = component_sums(record)
    standing = {block.value for hold in open_holds(record.holds) for block in hold.blocks}
    answer["heldTransactions"] = sorted(standing)
    names, current = step_bar(record.order, answer["state"], ctx.policy.order_filing)
    answer["steps"] = {"names": names, "current": current or None}
    for row, line in zip(answer["order"].get("lines", ()), record.order.lines, strict=True):
        row |= _line(line)
        row["origin"] = line.origin.value
        for shown, reservation in zip(row.get("reservations", ()), line.reservations, strict=True):
            shown |= {"kind": "FIRM", "state": reservation.state}
    answer["order"]["management"] = record.order.management.value
    for row, fo in zip(
        answer.get("fulfillment", {}).get("orders", []), record.fulfillment.orders, strict=True
    ):
        row |= _fulfillment(record, fo, ctx)
    answer["allowedActions"] = allowed.order_actions(record, ctx)
    if record.draft is not None:
        answer["draft"] = _draft(record.draft, ctx)
    return answer


def _line(line: Line) -> dict[str, Any]:
    """What is computed of a line: statuses, stages (STA-01, STA-02), every bucket in full."""
    least, most = line_stages(line) or (None, None)
    return {
        "status": line_status(line), "minStage": least, "maxStage": most,
        "returnStatus": line_return_status(line),
        "buckets": {camel(f.name): getattr(line.buckets, f.name) for f in fields(line.buckets)},
    }  # fmt: skip


def with_actions(answer: dict[str, Any], record: OrderRecord, ctx: Context) -> dict[str, Any]:
    """The view with the allowed actions of every part: lines, payments, documents, holds.

    Lines of an order with more than `MANY_LINES` have none of their own; the order's tell enough.
    """
    billing, paid = answer.get("billing", {}), answer.get("payments", {})
    lines = record.order.lines if len(record.order.lines) <= MANY_LINES else ()
    parts: tuple[tuple[list[dict[str, Any]], Iterable[Any], Any], ...] = (
        (answer["order"]["lines"], lines, allowed.line_actions),
        (paid.get("tenders", []), record.payments.tenders, allowed.payment_actions),
        (paid.get("intents", []), record.payments.intents, allowed.intent_actions),
        (billing.get("invoices", []), record.billing.invoices, allowed.invoice_actions),
        (answer.get("holds", {}).get("holds", []), record.holds.holds, allowed.hold_actions),
    )
    for rows, members, actions in parts:
        for row, member in zip(rows, members, strict=False):
            row["allowedActions"] = actions(record, member, ctx)
    for row in billing.get("creditMemos", []):
        row["allowedActions"] = []
    return answer


def _draft(work: DraftWork, ctx: Context) -> dict[str, Any]:
    """What was entered, without the tokens of tenders (PAY-05), and who is at it (FLG-07)."""
    shown: dict[str, Any] = encode(work)
    for tender in shown["content"].get("tenders", ()):
        tender.pop("token", None)
    held = holder(work, ctx)
    lock = None if held is None else {"by": held, "until": encode(lock_ends(work, ctx))}
    return {**shown, "lock": lock}


def _fulfillment(record: OrderRecord, fo: FulfillmentOrder, ctx: Context) -> dict[str, Any]:
    """What is computed of an FO: state, time (FUL-07), holds and what may be done (FUL-05)."""
    standing = [hold for hold in open_holds(record.holds) if hold.scope_ref == fo.id]
    computed: dict[str, Any] = {
        "state": fo_state(fo),
        "type": fo.type.value,
        "execution": fo.execution.value,
        "version": version_of(record.scopes, f"fo:{fo.id}"),
        "holds": [{"id": hold.id, "type": hold.type} for hold in standing],
        "allowedActions": allowed.fulfillment_actions(record, fo, ctx),
    }
    time = sla(fo, ctx.now, ctx.policy)
    if time is not None:
        computed["sla"] = {
            "ageSeconds": int(time.age.total_seconds()), "color": time.color,
            "inStateSeconds": int(time.in_state.total_seconds()), "dueAt": encode(time.due_at),
        }  # fmt: skip
    return computed
