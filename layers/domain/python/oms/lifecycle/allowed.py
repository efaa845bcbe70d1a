"""Which actions a caller may take on an order and its parts, up to which amount (ACT-01, ACT-02).

What is listed as allowed is not refused in the same version, and what is not is refused with the
reason listed: both ask the same policy table, and where a balance or a role decides, the very
decision itself is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from oms.approvals import decisions as approvals
from oms.billing.ledger import free_funds
from oms.billing.model import Invoice
from oms.fulfillment import commands as floor
from oms.fulfillment.model import FulfillmentLine, FulfillmentOrder
from oms.fulfillment.policy import ACTIONS as FLOOR_ACTIONS
from oms.fulfillment.rows import unpacked, unpicked, unshipped
from oms.fulfillment.states import ENDED, fo_state
from oms.holds.commands import ReleaseHold, SetHold
from oms.holds.model import Hold
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.errors import OmsError, Reason
from oms.lifecycle import drafting
from oms.lifecycle.dispatch import (
    FULFILLMENT,
    ORDER,
    action_reasons,
    foreign,
    fulfillment_reasons,
    order_reasons,
)
from oms.lifecycle.engine import attempt
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import money
from oms.orders import commands as orders
from oms.orders.model import Line
from oms.payments import commands as payments
from oms.payments.balances import capturable, claimed_captures, shortfall, tender_refundable
from oms.payments.model import Intent, Tender

Json = dict[str, Any]
_LEFT: Mapping[str, Any] = {
    "reject": unpicked, "pick": unpicked, "short": unpicked, "unpick": unpacked, "pack": unpacked,
    "unpack": unshipped, "ship": unshipped,
}  # fmt: skip
ASKED_LINES = 100
"""Of an order with more lines only the units that nobody picks are listed as cancelable."""


def order_actions(record: OrderRecord, ctx: Context) -> list[Json]:
    """Actions on the order as a whole."""
    rows = [_order_action(record, kind, name, ctx) for kind, (name, _) in ORDER.items()]
    rows += [_order_action(record, kind, name, ctx) for kind, name in drafting.ACTIONS.items()]
    if record.draft is not None:
        return rows
    missing = shortfall(record.payments, money(record), ctx)
    reasons = order_reasons(record, "addTender", ctx.actor.automatic)
    if not reasons and missing <= 0:
        reasons = (Reason("BALANCE_EXCEEDED", "everything is covered", record.order.id),)
    rows.append(_row("addTender", payments.AddTender, reasons, amount=max(0, missing)))
    link = payments.CreateLink("0" * 64)
    rows.append(_row("createPaymentLink", type(link), refusal(record, link, ctx)))
    return [*rows, _row("setHold", SetHold, foreign(record))]


def fulfillment_actions(record: OrderRecord, fo: FulfillmentOrder, ctx: Context) -> list[Json]:
    """Actions on a fulfillment order; quantities are units of all its lines."""
    kinds = {name: kind for kind, (name, _) in FULFILLMENT.items()}
    return [
        _row(
            name, kinds[name], _floor_reasons(record, fo, name, ctx),
            quantity=_units(fo.lines, _LEFT[name]) if name in _LEFT else None,
        )
        for name in FLOOR_ACTIONS if name in kinds
    ]  # fmt: skip


def _floor_reasons(
    record: OrderRecord, fo: FulfillmentOrder, name: str, ctx: Context
) -> tuple[Reason, ...]:
    """What the table says, and of an approval also who may give it (APV-02)."""
    reasons = fulfillment_reasons(record, fo.id, name, ctx)
    if name == "approve" and not reasons:
        return refusal(record, floor.ApproveFulfillment(fo.id), ctx)
    return reasons


def line_actions(record: OrderRecord, line: Line, ctx: Context) -> list[Json]:
    """Actions on one order line."""
    free, waiting = cancelable(record, line, ctx), line.buckets.unsourced + line.buckets.reserved
    ref, automatic = str(line.line_no), ctx.actor.automatic
    cancel, backorder = (order_reasons(record, name, automatic) for name in ("cancel", "backorder"))
    if not cancel and not line.buckets.open:
        code = "ALREADY_SHIPPED" if line.buckets.shipped else "STATE"
        cancel = (Reason(code, "no unit is open", ref),)
    if not cancel and not free:
        cancel = (Reason("PICKING_STARTED", "the open units are being picked", ref),)
    if not backorder and not (waiting and line.item_id):
        backorder = (Reason("QUANTITY_EXCEEDED", "no units lack a site", ref),)
    return [
        _row("cancel", orders.Cancel, cancel, quantity=free),
        _row("backorder", orders.Backorder, backorder, quantity=waiting),
        _row("suspend", orders.Suspend, order_reasons(record, "suspend", automatic)),
        _row("resume", orders.Resume, order_reasons(record, "resume", automatic)),
    ]


def payment_actions(record: OrderRecord, tender: Tender, ctx: Context) -> list[Json]:
    """Actions on a payment; amounts are minor units."""
    owed, left = money(record), tender_refundable(record.payments, tender)
    limit = ctx.actor.money_limit
    refund = left if limit is None else min(left, limit)
    missing = max(0, shortfall(record.payments, owed, ctx))
    need = max(0, owed.needed - owed.unapplied - claimed_captures(record.payments))
    percent = ctx.policy.overcapture_percent
    held = [capturable(record.payments, tender, a, percent) for a in tender.authorizations]
    capture = min(need, sum(held)) if tender.gateway else need
    tries = (
        ("authorize", payments.Authorize(tender.id, missing), missing),
        ("capture", payments.CaptureFunds(tender.id, capture), capture),
        ("refund", payments.Refund(tender.id, refund, "R"), refund),
        ("voidPayment", payments.VoidPayment(tender.id, "R"), None),
        ("replaceMethod", payments.ReplaceMethod(tender.id, "tok"), None),
        ("attachCustomer", payments.AttachCustomer(tender.id, "customer"), None),
        ("detachCustomer", payments.DetachCustomer(tender.id), None),
    )
    return [
        _row(name, type(command), refusal(record, command, ctx), amount=amount)
        | {"requiresApproval": name == "refund" and refund < left}
        for name, command, amount in tries
    ]


def intent_actions(record: OrderRecord, intent: Intent, ctx: Context) -> list[Json]:
    """Actions on one request to a gateway."""
    command = payments.RetryIntent(intent.id)
    return [_row("retryPayment", type(command), refusal(record, command, ctx))]


def invoice_actions(record: OrderRecord, invoice: Invoice, ctx: Context) -> list[Json]:
    """Actions on an invoice."""
    amount = max(0, min(free_funds(record.billing), invoice.total - invoice.applied))
    command = payments.ApplyFunds(invoice.id, amount)
    return [_row("applyFunds", type(command), refusal(record, command, ctx), amount=amount)]


def hold_actions(record: OrderRecord, hold: Hold, ctx: Context) -> list[Json]:
    """Actions on a hold."""
    command = ReleaseHold(hold.id, "R")
    return [_row("releaseHold", type(command), refusal(record, command, ctx))]


def cancelable(record: OrderRecord, line: Line, ctx: Context) -> int:
    """Units of a line that may be canceled: those that no site has begun to pick, and where the
    floor is asked for the others (CAN-04), every open one (EDT-01).
    """
    on_floor = sum(
        unpicked(row)
        for fo in record.fulfillment.orders
        if fo.picking_at is not None and fo_state(fo) not in ENDED
        for row in fo.lines
        if row.line_no == line.line_no
    )
    begun = line.buckets.picked + line.buckets.packed + on_floor
    if begun and len(record.order.lines) <= ASKED_LINES:
        everything = orders.Cancel("R", (orders.CancelLine(line.line_no),))
        begun = begun if refusal(record, everything, ctx) else 0
    return line.buckets.open - begun


def refusal(record: OrderRecord, command: object, ctx: Context) -> tuple[Reason, ...]:
    """Why a command would be refused now; empty when it would not."""
    try:
        attempt(Draft(record, ctx), command)
    except OmsError as error:
        return error.reasons or (Reason(error.code, error.detail),)
    return ()


def _order_action(record: OrderRecord, kind: type, name: str, ctx: Context) -> Json:
    reasons = action_reasons(record, name, ctx)
    asked = approvals.pending(record.approvals, "order", record.order.id)
    if name == "approve" and not reasons and asked is not None:
        reasons = approvals.refusals(asked, ctx.actor)
    if name == "file" and not reasons and not ctx.policy.order_filing:
        reasons = (Reason("FEATURE_OFF", "orders are closed without filing"),)
    free = None
    if name == "cancel":
        free = sum(cancelable(record, line, ctx) for line in record.order.lines)
        if not reasons and not free:
            reasons = (Reason("PICKING_STARTED", "the open units are being picked"),)
    return _row(name, kind, reasons, quantity=free)


def _row(
    name: str, command: type, reasons: Sequence[Reason], *, quantity: int | None = None,
    amount: int | None = None,
) -> Json:  # fmt: skip
    return {
        "action": name,
        "allowed": not reasons,
        "maxQuantity": quantity,
        "maxAmount": amount,
        "requiresApproval": False,
        "requiresReason": _needs_reason(command),
        "reasons": [encode(reason) for reason in reasons],
    }


def _needs_reason(command: type) -> bool:
    return any(f.name == "reason" and f.default is MISSING for f in fields(command))


def _units(rows: Sequence[FulfillmentLine], room: Any) -> int:
    return sum(room(row) for row in rows)
