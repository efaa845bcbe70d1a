"""What people do with payments (PAY-07): authorize, capture, refund, void, retry."""

from __future__ import annotations

from dataclasses import replace

from oms.kernel.context import Context
from oms.kernel.errors import Malformed, NotFound, Problem, Refused
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.payments.balances import (
    MoneyView,
    capturable,
    claimed_captures,
    claimed_refunds,
    excess,
    live,
    shortfall,
    tender_refundable,
)
from oms.payments.commands import Authorize, CaptureFunds, Refund, RetryIntent, VoidPayment
from oms.payments.drawing import draw, refund_on, void
from oms.payments.facts import GoodwillGranted, PaymentVoided
from oms.payments.model import IntentKind, IntentState, Method, Payments, Tender
from oms.payments.results import book
from oms.payments.sending import again
from oms.payments.working import Working, exceeded


def authorize(
    payments: Payments, command: Authorize, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Ask an authorization for the shortfall, or part of it (PAY-13); it is not captured before the
    next release or shipment.

    Raises `Refused` BALANCE_EXCEEDED above the shortfall, STATE for a tender without gateway.
    """
    work = Working(payments, ctx)
    tender = _usable(payments, command.payment_id)
    missing = shortfall(payments, money, ctx)
    amount = missing if command.amount is None else command.amount
    if not 0 < amount <= missing:
        raise exceeded(amount, missing, tender.id)
    if tender.gateway is None:
        raise Refused.because("STATE", "the payment has no gateway", tender.id)
    work.supersede(IntentKind.AUTHORIZE)
    work.claim(work.wish(IntentKind.AUTHORIZE, tender, amount))
    return work.step()


def capture(
    payments: Payments, command: CaptureFunds, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Take funds by hand: from authorizations (PAY-30), or note what came in without a gateway.

    Raises `Refused` BALANCE_EXCEEDED above what is authorized or what the order still needs.
    """
    work = Working(payments, ctx)
    tender = _usable(payments, command.payment_id)
    need = max(0, money.needed - money.unapplied - claimed_captures(payments))
    left = min(need, _authorized(payments, tender, ctx)) if tender.gateway else need
    amount = left if command.amount is None else command.amount
    if not 0 < amount <= left:
        raise exceeded(amount, left, tender.id)
    work.supersede(IntentKind.CAPTURE)
    if tender.gateway:
        draw(work, amount, None, final=False, only=tender.id)
    else:
        book(work, work.claim(work.wish(IntentKind.CAPTURE, tender, amount)))
    return work.step()


def refund(payments: Payments, command: Refund, ctx: Context, money: MoneyView) -> Step[Payments]:
    """Give captured funds back (REF-05): excess funds first, then open credit, then goodwill.

    Raises `Refused` BALANCE_EXCEEDED above captured - refunded - claimed of the tender (REF-01),
    LIMIT_EXCEEDED above the actor's limit; `Malformed` without a reason.
    """
    work = Working(payments, ctx)
    tender = _tender(payments, command.payment_id)
    if not command.reason.strip():
        problem = Problem("reason", "REASON_REQUIRED", "money needs a reason")
        raise Malformed("REASON_REQUIRED", "a refund needs a reason", [problem])
    limit, left = ctx.actor.money_limit, tender_refundable(payments, tender)
    if not 0 < command.amount <= left:
        raise exceeded(command.amount, left, tender.id)
    if limit is not None and command.amount > limit:
        raise Refused.because("LIMIT_EXCEEDED", "the refund needs an approval", tender.id)
    work.supersede(IntentKind.REFUND)
    funds = min(command.amount, excess(payments, money))
    open_credit = max(0, money.open_credit - claimed_refunds(payments, "CREDIT"))
    credit = min(command.amount - funds, open_credit)
    goodwill = command.amount - funds - credit
    memo_id = derive("cm", tender.id, len(payments.intents)) if goodwill else None
    if memo_id:
        work.facts.append(GoodwillGranted(tender.id, "", goodwill, memo_id, command.reason))
    for source, amount, credit_id in (
        ("FUNDS", funds, None), ("CREDIT", credit, None), ("CREDIT", goodwill, memo_id),
    ):  # fmt: skip
        current = work.payments.tender(tender.id)
        refund_on(work, current, amount, source, credit_id, command.reason)
    return work.step()


def void_payment(
    payments: Payments, command: VoidPayment, ctx: Context, _money: MoneyView
) -> Step[Payments]:
    """Drop a payment (PAY-36, PAY-108): authorizations are voided at the gateway; a recorded
    payment is taken out of the books, and billing un-applies it.

    Raises `Refused` STATE for money really captured, which must be refunded, and INTENT_UNKNOWN
    while a capture is under way.
    """
    work = Working(payments, ctx)
    tender = _usable(payments, command.payment_id)
    funds = tender.captured - tender.refunded
    if funds and (tender.gateway or tender.method == Method.EXTERNAL):
        raise Refused.because("STATE", "captured money must be refunded instead", tender.id)
    for intent in live(payments, *IntentKind):
        if intent.payment_id == tender.id:
            if not intent.unsent:
                raise Refused.because("INTENT_UNKNOWN", "a request is under way", intent.id)
            work.cancel(intent)
    for held in tender.authorizations:
        if not held.void:
            void(work, tender, held)
    if funds:
        _annul(work, tender, funds)
    tender = work.payments.tender(tender.id)
    work.put_tender(replace(tender, voided_at=ctx.now))
    return work.step()


def retry(
    payments: Payments, command: RetryIntent, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Send what could not be sent, look up what is unknown, or try a declined wish anew.

    A declined intent is final, so the new try is a new intent under the same guards. Raises
    `Refused` STATE where nothing is to be retried, BALANCE_EXCEEDED where the need is gone.
    """
    work = Working(payments, ctx)
    try:
        intent = payments.intent(command.intent_id)
    except KeyError:
        raise NotFound("INTENT_NOT_FOUND", f"no intent {command.intent_id}") from None
    if intent.state in (IntentState.DECLINED, IntentState.FAILED):
        need = intent.amount
        if intent.kind is IntentKind.AUTHORIZE:
            need = shortfall(payments, money, ctx)
        elif intent.kind is IntentKind.CAPTURE:
            need = max(0, money.needed - money.unapplied - claimed_captures(payments))
        if need <= 0:
            raise exceeded(intent.amount, need, intent.payment_id)
        work.supersede(intent.kind)
        again(work, payments.intent(intent.id), min(intent.amount, need))
    elif intent.state in (IntentState.CREATED, IntentState.UNKNOWN, IntentState.PENDING):
        work.put(replace(intent, next_at=ctx.now))
    else:
        raise Refused.because("STATE", f"the intent is {intent.state}", intent.id)
    return work.step()


def _annul(work: Working, tender: Tender, funds: int) -> None:
    wish = replace(work.wish(IntentKind.VOID, tender, funds), reason="RECORDED")
    intent = work.claim(wish)
    work.put(replace(intent, state=IntentState.SUCCEEDED, next_at=None))
    work.put_tender(replace(work.payments.tender(tender.id), captures=()))
    work.facts.append(PaymentVoided(tender.id, intent.id, funds, funds))


def _authorized(payments: Payments, tender: Tender, ctx: Context) -> int:
    percent = ctx.policy.overcapture_percent
    return sum(capturable(payments, tender, held, percent) for held in tender.authorizations)


def _tender(payments: Payments, payment_id: str) -> Tender:
    try:
        return payments.tender(payment_id)
    except KeyError:
        raise NotFound("PAYMENT_NOT_FOUND", f"no payment {payment_id}") from None


def _usable(payments: Payments, payment_id: str) -> Tender:
    tender = _tender(payments, payment_id)
    if tender.voided_at:
        raise Refused.because("STATE", "the payment is void", payment_id)
    return tender
