"""Changing a payment: whose it is, or the method that is to pay in its place (PAY-07)."""

from __future__ import annotations

from dataclasses import replace

from oms.kernel.context import Context
from oms.kernel.errors import NotFound, Refused
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.payments.balances import MoneyView, claims_on, live, remaining, shortfall
from oms.payments.commands import AttachCustomer, DetachCustomer, ReplaceMethod
from oms.payments.drawing import void
from oms.payments.facts import PaymentChanged
from oms.payments.model import IntentKind, Payments, Tender
from oms.payments.tenders import full_expiry, safe_token
from oms.payments.working import Working, exceeded


def attach_customer(
    payments: Payments, command: AttachCustomer, ctx: Context, _money: MoneyView
) -> Step[Payments]:
    """Note whose payment it is; the same customer again changes nothing."""
    return _belongs_to(payments, command.payment_id, command.customer, ctx)


def detach_customer(
    payments: Payments, command: DetachCustomer, ctx: Context, _money: MoneyView
) -> Step[Payments]:
    """Note that the payment is nobody's in particular."""
    return _belongs_to(payments, command.payment_id, None, ctx)


def replace_method(
    payments: Payments, command: ReplaceMethod, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Authorize on another token what the payment holds and what is missing besides.

    The old authorization stays until the new one is there, so that a decline uncovers nothing.
    Raises `Refused` STATE for a payment without gateway, BALANCE_EXCEEDED where nothing is left to
    pay, INTENT_UNKNOWN while a request of the old one is under way.
    """
    work = Working(payments, ctx)
    old = _tender(payments, command.payment_id)
    gateway = payments.gateways.get(command.method) if command.method else old.gateway
    if gateway is None or old.voided_at:
        raise Refused.because("STATE", "the payment has no gateway or is void", old.id)
    _drop_unsent(work, old)
    held = remaining(work.payments, old, ctx.now)
    amount = min(money.needed, held + shortfall(work.payments, money, ctx))
    payment_id = derive("pay", payments.order_id, len(payments.tenders))
    if amount <= 0:
        raise exceeded(0, 0, old.id)
    tender = Tender(
        payment_id, command.method or old.method, gateway, amount, old.draw_order,
        old.refund_order, safe_token(command.token, "token"), command.brand, command.last_four,
        full_expiry(command.expiry), customer=old.customer, replaces=old.id,
    )  # fmt: skip
    work.put_tender(tender)
    work.supersede(IntentKind.AUTHORIZE, IntentKind.CAPTURE)
    work.claim(work.wish(IntentKind.AUTHORIZE, tender, amount))
    work.facts.append(PaymentChanged(old.id, "replaced"))
    return work.step()


def let_go(work: Working, payment_id: str) -> None:
    """Drop the payment that an authorized one replaces; what it captured stays its own."""
    replaced = work.payments.tender(payment_id).replaces
    if replaced is None:
        return
    old = work.payments.tender(replaced)
    work.put_tender(replace(old, limit=old.captured))
    for held in old.authorizations:
        if (
            not held.void
            and held.captured < held.amount
            and not claims_on(work.payments, old, held)
        ):
            void(work, old, held)


def _drop_unsent(work: Working, tender: Tender) -> None:
    for intent in live(work.payments, IntentKind.AUTHORIZE):
        if intent.payment_id != tender.id:
            continue
        if not intent.unsent:
            raise Refused.because("INTENT_UNKNOWN", "a request is under way", intent.id)
        work.cancel(intent)


def _belongs_to(
    payments: Payments, payment_id: str, customer: str | None, ctx: Context
) -> Step[Payments]:
    work = Working(payments, ctx)
    tender = _tender(payments, payment_id)
    if tender.customer != customer:
        work.put_tender(replace(tender, customer=customer))
        work.facts.append(PaymentChanged(tender.id, "customer"))
    return work.step()


def _tender(payments: Payments, payment_id: str) -> Tender:
    try:
        return payments.tender(payment_id)
    except KeyError:
        raise NotFound("PAYMENT_NOT_FOUND", f"no payment {payment_id}") from None
