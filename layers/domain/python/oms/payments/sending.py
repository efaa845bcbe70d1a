"""What is to be sent or looked up, when, and what time alone changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Step
from oms.payments.commands import MarkSent
from oms.payments.facts import AuthorizationExpired
from oms.payments.gateway import (
    DeclineClass,
    GatewayMetadata,
    GatewayRequest,
    RequestKind,
)
from oms.payments.model import Authorization, Intent, IntentKind, IntentState, Payments
from oms.payments.results import PENDING_LIMIT, decline
from oms.payments.working import Working

ANSWER_TIME = timedelta(seconds=30)
"""After this a call without an answer counts as lost: three times the budget of GTW-03."""


def due(payments: Payments, ctx: Context, kinds: Collection[IntentKind]) -> tuple[Intent, ...]:
    """Intents to send (`sends`) or to look up now, oldest first."""
    return tuple(
        intent
        for intent in payments.intents
        if intent.kind in kinds
        and not intent.state.final
        and intent.next_at is not None
        and (intent.next_at <= ctx.now or intent.handed)
    )


def sends(intent: Intent, ctx: Context) -> bool:
    """Whether the next call is the request itself; otherwise it is a lookup by key.

    What was handed over and never answered within `ANSWER_TIME` may have been sent: it is looked up
    (GTW-04).
    """
    waiting = intent.next_at is not None and ctx.now < intent.next_at
    return intent.to_send or (intent.handed and waiting)


def request(payments: Payments, intent: Intent, company: str, order_id: str) -> GatewayRequest:
    """The intent as the gateway gets it; the same intent always makes the same request (GTW-01)."""
    tender = payments.tender(intent.payment_id)
    token = None
    if intent.kind is IntentKind.AUTHORIZE:
        # A record-only gateway needs no token; the payment's own id stands in for it.
        token = tender.token or tender.reference or tender.id
    return GatewayRequest(
        RequestKind(intent.kind.value), intent.id,
        0 if intent.kind is IntentKind.VOID else intent.amount, payments.currency,
        GatewayMetadata(company, tender.id, order_id), token, intent.parent_reference,
        intent.final,
    )  # fmt: skip


def mark_sent(payments: Payments, command: MarkSent, ctx: Context) -> Step[Payments]:
    """Note before the call that it is made (PAY-101).

    Should the caller die before the answer, the intent is due for a lookup after `ANSWER_TIME`. An
    intent that a rival marked or settled meanwhile is left alone.
    """
    work = Working(payments, ctx)
    for intent_id in command.intent_ids:
        intent = payments.intent(intent_id)
        if intent.state.final or not intent.to_send:
            continue
        state = IntentState.SENT if intent.state is IntentState.CREATED else intent.state
        work.put(
            replace(
                intent, state=state, attempts=intent.attempts + 1, resend=False,
                sent_at=intent.sent_at or ctx.now, next_at=ctx.now + ANSWER_TIME,
                handed=command.handed,
            )
        )  # fmt: skip
    return work.step()


def next_due(payments: Payments) -> datetime | None:
    """The next call, retry or expiry of an authorization (PAY-21); None when time changes
    nothing.
    """
    moments = [intent.next_at for intent in payments.intents if intent.next_at]
    moments += [held.expires_at for _, held in _running(payments)]
    return min(moments, default=None)


def tick(payments: Payments, ctx: Context) -> Step[Payments]:
    """Let time pass: retry soft declines, give pending results up, note expired authorizations."""
    work = Working(payments, ctx)
    for intent in payments.intents:
        if intent.next_at is None or intent.next_at > ctx.now:
            continue
        if intent.state.final:
            _retry_declined(work, intent)
        elif intent.state is IntentState.PENDING and _overdue(intent, ctx.now):
            decline(work, intent, IntentState.FAILED, DeclineClass.HARD, "PENDING_TIMEOUT")
    for payment_id, held in _running(work.payments):
        if held.expires_at <= ctx.now:
            work.put_authorization(payment_id, replace(held, lapsed=True))
            left = held.amount - held.captured
            work.facts.append(AuthorizationExpired(payment_id, held.id, left))
    return work.step()


def again(work: Working, intent: Intent, amount: int) -> Intent:
    """A new intent for what `intent` wanted; raises `Refused` when its balance is gone."""
    work.put(replace(intent, next_at=None))
    return work.claim(
        Intent(
            "", intent.payment_id, intent.kind, amount, work.ctx.now, next_at=work.ctx.now,
            parent_reference=intent.parent_reference, invoice_id=intent.invoice_id,
            credit_id=intent.credit_id, reason=intent.reason, source=intent.source,
            final=intent.final, then_capture=intent.then_capture,
            retry_of=intent.retry_of or intent.id, retries=intent.retries + 1,
        )
    )  # fmt: skip


def _retry_declined(work: Working, intent: Intent) -> None:
    try:
        again(work, intent, intent.amount)
    except Refused:
        # The balance was used otherwise meanwhile: somebody acted, nothing is left to retry.
        return


def _overdue(intent: Intent, now: datetime) -> bool:
    return intent.sent_at is not None and now >= intent.sent_at + PENDING_LIMIT


def _running(payments: Payments) -> tuple[tuple[str, Authorization], ...]:
    return tuple(
        (tender.id, held)
        for tender in payments.tenders
        for held in tender.authorizations
        if not held.void and not held.lapsed and held.captured < held.amount
    )
