"""Which capability decides on which command, under which action name of the policy table.

A command is refused by the same table that lists what is allowed (ACT-02): `permit` asks it before
the decision,
the decision itself guards quantities and balances.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oms.action_items import commands as item_commands
from oms.action_items import decisions as action_items
from oms.action_items.decisions import alerted
from oms.approvals import decisions as approvals
from oms.billing import commands as billing_commands
from oms.billing import decisions as billing
from oms.fulfillment import commands as fulfillment_commands
from oms.fulfillment import decisions as fulfillment
from oms.fulfillment.confirmations import IMPLIES, news
from oms.fulfillment.policy import fo_refusals
from oms.holds import commands as hold_commands
from oms.holds import decisions as holds
from oms.holds.decisions import blocks
from oms.holds.model import Transaction
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, NotFound, Reason, Refused
from oms.lifecycle import drafting
from oms.lifecycle.documents import only_shipped
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import money
from oms.orders import commands as order_commands
from oms.orders import decisions as orders
from oms.orders import drafts
from oms.orders.policy import approved, refusals
from oms.payments import commands as payment_commands
from oms.payments import decisions as payments

Decision = Callable[..., Any]

ORDER: dict[type, tuple[str, Decision]] = {
    order_commands.Complete: ("complete", orders.complete),
    order_commands.Resubmit: ("resubmit", orders.resubmit),
    order_commands.ChangeAddress: ("changeAddress", orders.change_address),
    order_commands.Approve: ("approve", orders.approve),
    order_commands.Reject: ("reject", orders.reject),
    order_commands.Cancel: ("cancel", orders.cancel),
    order_commands.Void: ("void", orders.void),
    order_commands.Suspend: ("suspend", orders.suspend),
    order_commands.Resume: ("resume", orders.resume),
    order_commands.Lock: ("lock", orders.lock),
    order_commands.Unlock: ("unlock", orders.unlock),
    order_commands.SetFlag: ("setFlag", orders.set_flag),
    order_commands.SetTags: ("setTags", orders.set_tags),
    order_commands.SetAttributes: ("setAttributes", orders.set_attributes),
    order_commands.SetPriority: ("setPriority", orders.set_priority),
    order_commands.AddNote: ("addNote", orders.add_note),
    order_commands.File: ("file", orders.file),
    order_commands.Backorder: ("backorder", orders.backorder),
}
FULFILLMENT: dict[type, tuple[str, Decision]] = {
    fulfillment_commands.ApproveFulfillment: ("approve", fulfillment.approve),
    fulfillment_commands.Assign: ("assign", fulfillment.assign),
    fulfillment_commands.Claim: ("claim", fulfillment.assign),
    fulfillment_commands.AcceptRequest: ("accept", fulfillment.accept),
    fulfillment_commands.Unassign: ("unassign", fulfillment.unassign),
    fulfillment_commands.RejectFulfillment: ("reject", fulfillment.reject),
    fulfillment_commands.Pick: ("pick", fulfillment.pick),
    fulfillment_commands.ShortPick: ("short", fulfillment.short),
    fulfillment_commands.Unpick: ("unpick", fulfillment.unpick),
    fulfillment_commands.Pack: ("pack", fulfillment.pack),
    fulfillment_commands.Unpack: ("unpack", fulfillment.unpack),
    fulfillment_commands.Ship: ("ship", fulfillment.ship),
    fulfillment_commands.ShipNotice: ("shipNotice", fulfillment.notice),
    fulfillment_commands.Confirm: ("confirm", fulfillment.confirm),
    fulfillment_commands.Track: ("track", fulfillment.track),
    fulfillment_commands.MakeReady: ("ready", fulfillment.ready),
    fulfillment_commands.Arrive: ("arrive", fulfillment.arrive),
    fulfillment_commands.HandOver: ("handOver", fulfillment.hand_over),
    fulfillment_commands.ExtendPickup: ("extend", fulfillment.extend),
    fulfillment_commands.AnswerCancellation: ("cancelAnswer", fulfillment.answer),
    fulfillment_commands.SuspendFulfillment: ("suspend", fulfillment.suspend),
    fulfillment_commands.ResumeFulfillment: ("resume", fulfillment.resume),
    fulfillment_commands.FileFulfillment: ("file", fulfillment.file),
}
PAYMENTS: dict[type, tuple[str, Decision]] = {
    payment_commands.AddTender: ("addTender", payments.add_tender),
    payment_commands.Authorize: ("authorize", payments.authorize),
    payment_commands.CaptureFunds: ("capture", payments.capture),
    payment_commands.Refund: ("refund", payments.refund),
    payment_commands.VoidPayment: ("voidPayment", payments.void_payment),
    payment_commands.RetryIntent: ("retryPayment", payments.retry),
    payment_commands.ReplaceMethod: ("replaceMethod", payments.replace_method),
    payment_commands.AttachCustomer: ("attachCustomer", payments.attach_customer),
    payment_commands.DetachCustomer: ("detachCustomer", payments.detach_customer),
    payment_commands.CreateLink: ("createPaymentLink", payments.create_link),
    payment_commands.PayByLink: ("payByLink", payments.pay_by_link),
}
BILLING: dict[type, tuple[str, Decision]] = {
    payment_commands.ApplyFunds: ("applyFunds", billing.apply_funds),
    billing_commands.UnapplyFunds: ("unapplyFunds", billing.unapply_funds),
    billing_commands.DistributeFunds: ("distributeFunds", billing.distribute),
    billing_commands.PostCredit: ("postCredit", billing.credit),
    billing_commands.FileDocument: ("fileDocument", billing.file_document),
}


def action_of(command: object) -> str:
    """The action's name in the API: `cancel`, `ship`, `setHold` ..."""
    kind = type(command)
    if kind is drafting.Informed or kind in drafting.ACTIONS:
        return drafting.action_of(command)
    for table in (ORDER, FULFILLMENT, PAYMENTS, BILLING):
        if kind in table:
            return table[kind][0]
    return kind.__name__[0].lower() + kind.__name__[1:]


def handle(draft: Draft, command: object) -> None:
    """Let the right capability decide on `command`; raises what it refuses with."""
    kind = type(command)
    _refuse(action_of(command), foreign(draft.record))
    if kind is drafting.Informed or kind in drafting.ACTIONS:
        permit(draft, drafting.action_of(command))
        drafting.decide(draft, command)
    elif kind in ORDER:
        action, decision = ORDER[kind]
        if kind is order_commands.Approve and approved(draft.order):
            return
        permit(draft, action)
        if kind is order_commands.Approve:
            _permit_request(draft, "order", draft.order.id)
        draft.take("order", decision(draft.order, command, draft.ctx))
        if isinstance(command, order_commands.Void):
            drafting.close(draft, command.reason)
    elif kind in FULFILLMENT:
        action, decision = FULFILLMENT[kind]
        _permit_fulfillment(draft, action, command)
        extra = _order_says(draft, action, command)
        part = draft.record.fulfillment
        draft.take("fulfillment", decision(part, command, draft.ctx, **extra))
    elif kind in PAYMENTS:
        action, decision = PAYMENTS[kind]
        permit(draft, action)
        view = money(draft.record)
        draft.take("payments", decision(draft.record.payments, command, draft.ctx, view))
    elif kind in BILLING:
        action, decision = BILLING[kind]
        permit(draft, action)
        named = {}
        if isinstance(command, billing_commands.PostCredit):
            only_shipped(draft.record, command)
            named["order_id"] = draft.order.id
        draft.take("billing", decision(draft.record.billing, command, draft.ctx, **named))
    else:
        _handle_rest(draft, command)


def _permit_request(draft: Draft, subject_type: str, subject_id: str) -> None:
    """APV-02: nobody approves an own request, or one above the own money limit."""
    asked = approvals.pending(draft.record.approvals, subject_type, subject_id)
    if asked is not None:
        _refuse("approve", approvals.refusals(asked, draft.ctx.actor))


def _handle_rest(draft: Draft, command: object) -> None:
    record, ctx = draft.record, draft.ctx
    match command:
        case hold_commands.SetHold():
            draft.take("holds", holds.set_hold(record.holds, command, ctx))
        case hold_commands.ReleaseHold():
            draft.take("holds", holds.release(record.holds, command, ctx))
        case item_commands.ClearItem():
            draft.take("attention", action_items.clear(record.attention, command, ctx))
        case item_commands.ReinstateItem():
            draft.take("attention", action_items.reinstate(record.attention, command, ctx))
        case item_commands.RaiseFailure():
            draft.take("attention", _failure(record, command, draft))
        case payment_commands.MarkSent():
            draft.take("payments", payments.mark_sent(record.payments, command, ctx))
        case payment_commands.SettleIntent():
            draft.take("payments", payments.settle(record.payments, command, ctx))
        case payment_commands.TakeWebhook():
            draft.take("payments", payments.take_webhook(record.payments, command, ctx))
        case _:
            raise Malformed("UNKNOWN_ACTION", f"{type(command).__name__} is not an action")


def _failure(record: OrderRecord, command: item_commands.RaiseFailure, draft: Draft) -> Any:
    order = record.order
    return action_items.open_item(
        record.attention, "JOB_FAILED", "order", order.id, command.step,
        f"step {command.step} failed: {command.error}", draft.ctx,
    )  # fmt: skip


def permit(draft: Draft, action: str) -> None:
    """Raise `Refused` where the order's policy table does not allow `action` now."""
    _refuse(action, action_reasons(draft.record, action, draft.ctx))


def foreign(record: OrderRecord) -> tuple[Reason, ...]:
    """Why nothing may be done with an order that another system owns (ENT-14)."""
    if record.order.managed:
        return ()
    return (Reason("ORDER_UNMANAGED", "another system owns this order", record.order.id),)


def action_reasons(record: OrderRecord, action: str, ctx: Context) -> tuple[Reason, ...]:
    """Why `action` is not possible on the order, or on the draft that it still is (ACT-01)."""
    if record.draft is not None or action in drafting.ACTIONS.values():
        return drafts.refusals(record.order, record.draft, action, ctx)
    return order_reasons(record, action, ctx.actor.automatic)


def order_reasons(record: OrderRecord, action: str, automatic: bool) -> tuple[Reason, ...]:
    """Why the order's policy table does not allow `action`; empty when it does."""
    if not record.order.managed:
        return foreign(record)
    blocked = frozenset(t.value for t in Transaction if blocks(record.holds, t))
    failed = action_items.open_of(record.attention, "JOB_FAILED")
    if action == "resume" and failed and not record.order.voided_at:
        return ()
    return refusals(record.order, action, alerted(record.attention), blocked, automatic)


def fulfillment_reasons(
    record: OrderRecord, fo_id: str, action: str, ctx: Context
) -> tuple[Reason, ...]:
    """Why an FO's policy table does not allow `action`; empty when it does."""
    fo = record.fulfillment.find(fo_id)
    found = {t.value: blocks(record.holds, t, (fo_id,)) for t in Transaction}
    held = {name: standing[0].type for name, standing in found.items() if standing}
    suspended, alert = record.order.suspended is not None, alerted(record.attention)
    return fo_refusals(fo, action, suspended, alert, frozenset(held), held, ctx.now)


def _order_says(draft: Draft, action: str, command: Any) -> dict[str, Any]:
    """What a decision on an FO needs to know of its order."""
    if action in ("short", "shipNotice", "confirm"):
        return {"allow_split": draft.order.allow_split}
    if action == "handOver":
        fo = draft.record.fulfillment.find(command.fo_id)
        persons = draft.order.group(fo.group_id).pickup_persons
        return {"order_number": draft.order.number, "persons": persons}
    return {}


def _permit_fulfillment(draft: Draft, action: str, command: Any) -> None:
    try:
        fo = draft.record.fulfillment.find(command.fo_id)
    except KeyError:
        raise Refused.because("STATE", f"no fulfillment order {command.fo_id}") from None
    sites = draft.ctx.actor.sites
    if sites and fo.site not in sites:
        text = f"no fulfillment order {fo.id}"
        raise NotFound("FULFILLMENT_ORDER_NOT_FOUND", text)
    if isinstance(command, fulfillment_commands.Confirm) and not news(fo, command):
        return
    _refuse(action, fulfillment_reasons(draft.record, fo.id, action, draft.ctx))
    if action == "approve":
        _permit_request(draft, "fulfillmentOrder", command.fo_id)
    elif action == "confirm":
        _refuse(action, _stops(draft, command))


def _stops(draft: Draft, command: fulfillment_commands.Confirm) -> tuple[Reason, ...]:
    """What stops the work that a report says was done (FUL-10, FUL-11)."""
    fo = draft.record.fulfillment.find(command.fo_id)
    implied = IMPLIES.get(command.status)
    if implied is None:
        return ()
    reasons = fulfillment_reasons(draft.record, fo.id, implied, draft.ctx)
    return tuple(r for r in reasons if r.code in ("HELD", "SUSPENDED", "ALERTED"))


def _refuse(action: str, reasons: tuple[Reason, ...]) -> None:
    if reasons:
        raise Refused(reasons[0].code, f"{action}: {reasons[0].message}", reasons=reasons)
