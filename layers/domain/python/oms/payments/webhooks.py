"""Webhooks: any order, any number of times, known or unknown money (GTW-07).

A known intent is settled as by its answer. Money that nobody here asked for is noted on the tender
it refers to, or on a new orphan tender, and left to people (PAY-35).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.payments.commands import TakeWebhook
from oms.payments.facts import OrphanReceived, PaymentAuthorized, PaymentVoided
from oms.payments.gateway import Outcome, RequestKind, WebhookEvent
from oms.payments.model import Authorization, Capture, Method, Payments, Tender
from oms.payments.results import apply_result
from oms.payments.working import Working

REMEMBERED = 100
"""Event ids kept in the record; older repeats find their intent or capture already known."""


def take_webhook(payments: Payments, command: TakeWebhook, ctx: Context) -> Step[Payments]:
    """Take over a verified webhook; an event id seen before changes nothing.

    One that tells what is known already is not even remembered: told again, it is still known.
    Raises `Refused` CURRENCY_MISMATCH for unknown money in another currency (TOT-06).
    """
    event = command.event
    if event.event_id in payments.webhook_ids:
        return Step(payments)
    seen = (*payments.webhook_ids, event.event_id)[-REMEMBERED:]
    work = Working(replace(payments, webhook_ids=seen), ctx)
    known = [
        intent for intent in payments.intents
        if intent.id == event.intent_id
        and payments.tender(intent.payment_id).gateway == command.gateway
    ]  # fmt: skip
    if known:
        apply_result(work, known[0], event.result, lookup=True)
    elif event.result.outcome is Outcome.SUCCEEDED:
        _foreign(work, event, command.gateway)
    news = replace(work.payments, webhook_ids=payments.webhook_ids) != payments
    return work.step() if news or work.facts else Step(payments)


def _foreign(work: Working, event: WebhookEvent, gateway: str) -> None:
    if event.currency != work.payments.currency:
        raise Refused.because("CURRENCY_MISMATCH", f"the order is in {work.payments.currency}")
    reference = event.result.reference or event.event_id
    if _seen(work.payments, gateway, reference):
        return
    amount = event.result.approved_amount or event.amount
    tender = _tender_of(work, event, gateway, reference)
    intent_id = derive("int", tender.id, "orphan", reference)
    if event.kind is RequestKind.CAPTURE:
        _use(work, tender, event.parent_reference, amount)
        work.put_capture(tender.id, Capture(intent_id, amount, reference))
        work.facts.append(OrphanReceived(tender.id, intent_id, amount, reference))
    elif event.kind is RequestKind.REFUND:
        _give(work, tender, event.parent_reference, amount, intent_id, reference)
    elif event.kind is RequestKind.AUTHORIZE:
        validity = timedelta(days=work.ctx.policy.authorization_validity_days)
        expires = event.result.expires_at or work.ctx.now + validity
        used = min(amount, tender.captured) if tender.orphan else 0
        held = Authorization(intent_id, amount, reference, expires, used)
        work.put_authorization(tender.id, held)
        work.facts.append(PaymentAuthorized(tender.id, intent_id, amount, stamp(expires)))
    elif event.kind is RequestKind.VOID:
        _drop(work, tender, event.parent_reference, intent_id)


def _seen(payments: Payments, gateway: str, reference: str) -> bool:
    return any(
        reference in tender.foreign
        or any(row.reference == reference for row in tender.captures)
        or any(row.reference == reference for row in tender.authorizations)
        for tender in payments.tenders
        if tender.gateway == gateway
    )


def _tender_of(work: Working, event: WebhookEvent, gateway: str, reference: str) -> Tender:
    for tender in work.payments.tenders:
        if tender.gateway != gateway:
            continue
        known = [held.reference for held in tender.authorizations]
        known += [capture.reference for capture in tender.captures]
        if event.parent_reference in known:
            return tender
    # A capture may be told before its authorization: both are known by the latter's reference.
    origin = event.parent_reference or reference
    payment_id = derive("pay", work.payments.order_id, "orphan", gateway, origin)
    for tender in work.payments.tenders:
        if tender.id == payment_id:
            return tender
    orphan = Tender(
        payment_id, Method.CARD.value, gateway, 0, 40, 60, reference=reference, orphan=True
    )
    work.put_tender(orphan)
    return orphan


def _use(work: Working, tender: Tender, parent: str | None, amount: int) -> None:
    for held in tender.authorizations:
        if held.reference == parent:
            work.put_authorization(tender.id, replace(held, captured=held.captured + amount))


def _give(
    work: Working, tender: Tender, parent: str | None, amount: int, intent_id: str, reference: str
) -> None:
    for row in tender.captures:
        if row.reference == parent:
            work.put_capture(tender.id, replace(row, refunded=row.refunded + amount))
    _remember(work, tender.id, reference)
    work.facts.append(OrphanReceived(tender.id, intent_id, amount, reference, "REFUND"))


def _drop(work: Working, tender: Tender, parent: str | None, intent_id: str) -> None:
    for held in tender.authorizations:
        if held.reference == parent and not held.void:
            work.put_authorization(tender.id, replace(held, void=True))
            left = held.amount - held.captured
            work.facts.append(PaymentVoided(tender.id, intent_id, left))


def _remember(work: Working, payment_id: str, reference: str) -> None:
    tender = work.payments.tender(payment_id)
    work.put_tender(replace(tender, foreign=(*tender.foreign, reference)))
