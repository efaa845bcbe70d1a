"""Payment links: whoever has the token may pay what is missing, once, for three days (PAY-41).

A token is 256 random bits that only its receiver has; the record keeps its hash. A link is used up
by the authorization that came by it, so a declined card may be followed by another one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import NotFound, Refused
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.payments.balances import MoneyView, live, shortfall
from oms.payments.commands import AddTender, CreateLink, PayByLink
from oms.payments.facts import PaymentLinkCreated, PaymentLinkUsed
from oms.payments.model import IntentKind, PaymentLink, Payments
from oms.payments.tenders import add_tender
from oms.payments.working import Working, exceeded

VALID = timedelta(hours=72)


def create_link(
    payments: Payments, command: CreateLink, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Make a link for the shortfall; raises `Refused` BALANCE_EXCEEDED where nothing is missing."""
    missing = shortfall(payments, money, ctx)
    if missing <= 0:
        raise exceeded(0, missing, payments.order_id)
    link_id = derive("pay", payments.order_id, "link", len(payments.links))
    link = PaymentLink(link_id, command.token_hash, ctx.now, ctx.now + VALID)
    created = PaymentLinkCreated(payments.order_id, link.id, missing, stamp(link.expires_at))
    return Step(replace(payments, links=(*payments.links, link)), (created,))


def pay_by_link(
    payments: Payments, command: PayByLink, ctx: Context, money: MoneyView
) -> Step[Payments]:
    """Attach a means of payment for the whole shortfall and ask for its authorization.

    Raises `NotFound` for an unknown token, `Refused` LINK_EXPIRED, LINK_USED, INTENT_UNKNOWN while
    an earlier payment by this link is undecided, BALANCE_EXCEEDED where nothing is missing.
    """
    link = find_link(payments, command.token_hash)
    if link.used_at:
        raise Refused.because("LINK_USED", "this link has been paid", link.id)
    if link.expires_at <= ctx.now:
        raise Refused.because("LINK_EXPIRED", "this link is too old", link.id)
    if under_way(payments, link):
        raise Refused.because("INTENT_UNKNOWN", "a payment is under way", link.id)
    wanted = AddTender(
        command.method, command.token, None, command.brand, command.last_four, command.expiry
    )
    step = add_tender(payments, wanted, ctx, money)
    tender = replace(step.part.tenders[-1], link_id=link.id)
    if tender.gateway is None:
        raise Refused.because("STATE", "this method cannot be paid by link", link.id)
    part = replace(step.part, tenders=(*step.part.tenders[:-1], tender))
    return Step(part, step.facts)


def find_link(payments: Payments, token_hash: str) -> PaymentLink:
    """The link of a token; raises `NotFound`."""
    for link in payments.links:
        if link.token_hash == token_hash:
            return link
    raise NotFound("LINK_NOT_FOUND", "there is no such payment link")


def under_way(payments: Payments, link: PaymentLink) -> bool:
    """Whether the gateway has yet to decide on a payment that came by the link."""
    came = {tender.id for tender in payments.tenders if tender.link_id == link.id}
    return any(intent.payment_id in came for intent in live(payments, IntentKind.AUTHORIZE))


def use_up(work: Working, payment_id: str) -> None:
    """End the link by which an authorized payment came."""
    link_id = work.payments.tender(payment_id).link_id
    links = work.payments.links
    for link in links:
        if link.id == link_id and link.used_at is None:
            used = tuple(
                replace(row, used_at=work.ctx.now) if row is link else row for row in links
            )
            work.payments = replace(work.payments, links=used)
            work.facts.append(PaymentLinkUsed(work.payments.order_id, link.id, payment_id))
