"""What readers get to see of an order record: stored parts, computed statuses, totals, allowed
actions.
"""

from __future__ import annotations

from typing import Any

from oms.billing.decisions import balances
from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.policy import ACTIONS as FLOOR_ACTIONS
from oms.fulfillment.sla import sla
from oms.fulfillment.states import fo_state
from oms.holds.decisions import open_holds
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.errors import Reason
from oms.lifecycle.dispatch import (
    BILLING,
    ORDER,
    PAYMENTS,
    action_reasons,
    fulfillment_reasons,
)
from oms.lifecycle.drafting import ACTIONS
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.scopes import version_of
from oms.lifecycle.state import covered, money, state
from oms.lifecycle.sums import component_sums, sums
from oms.orders.drafts import DraftWork, holder, lock_ends
from oms.orders.status import fulfillment_status, line_status, payment_status, return_status
from oms.payments.decisions import summary as payment_summary

LISTED = (*ORDER.values(), *PAYMENTS.values(), *BILLING.values())


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
    for row, line in zip(answer["order"].get("lines", ()), record.order.lines, strict=True):
        row["status"] = line_status(line)
    for row, fo in zip(
        answer.get("fulfillment", {}).get("orders", []), record.fulfillment.orders, strict=True
    ):
        row |= _fulfillment(record, fo, ctx)
    answer["allowedActions"] = [
        _action(name, action_reasons(record, name, ctx))
        for name in (*(name for name, _ in LISTED), *ACTIONS.values())
    ]
    if record.draft is not None:
        answer["draft"] = _draft(record.draft, ctx)
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
        "allowedActions": [
            _action(name, fulfillment_reasons(record, fo.id, name, ctx)) for name in FLOOR_ACTIONS
        ],
    }
    time = sla(fo, ctx.now, ctx.policy)
    if time is not None:
        computed["sla"] = {
            "ageSeconds": int(time.age.total_seconds()), "color": time.color,
            "inStateSeconds": int(time.in_state.total_seconds()), "dueAt": encode(time.due_at),
        }  # fmt: skip
    return computed


def _action(name: str, reasons: tuple[Reason, ...]) -> dict[str, Any]:
    return {"action": name, "allowed": not reasons, "reasons": encode_reasons(reasons)}


def encode_reasons(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
    """Reason codes in their API form (ACT-03)."""
    return [encode(reason) for reason in reasons]
