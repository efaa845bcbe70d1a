"""What the gateway's answers do to intents: each is settled once, by whichever comes first.

Answer, webhook and lookup carry the same result (GTW-01). Knowledge only grows along the lattice
CREATED < SENT < PENDING/UNKNOWN < final (GTW-07); of two final results success wins, since money
that moved has moved (GTW-09). Only an answer that proves that nothing was sent leads back to
CREATED, where the intent waits to be sent under its key again (GTW-03).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import NotFound
from oms.kernel.facts import Step
from oms.payments.balances import claims_on, live
from oms.payments.commands import SettleIntent
from oms.payments.facts import (
    GatewayUnreachable,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
    PaymentRecovered,
    PaymentRefunded,
    PaymentUnknown,
    PaymentVoided,
)
from oms.payments.gateway import DeclineClass, GatewayResult, Outcome
from oms.payments.model import (
    Authorization,
    Capture,
    Intent,
    IntentKind,
    IntentState,
    Payments,
)
from oms.payments.working import Working

UNREACHED_RETRIES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
LOOKUPS = (
    timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1),
    timedelta(hours=6), timedelta(hours=24),
)  # fmt: skip
SOFT_RETRIES = (timedelta(hours=4), timedelta(hours=20), timedelta(hours=24))
"""Pauses between attempts: 4 h, 24 h and 48 h after the first decline (GTW-05)."""
POLL = timedelta(minutes=15)
PENDING_LIMIT = timedelta(hours=72)


def settle(payments: Payments, command: SettleIntent, ctx: Context) -> Step[Payments]:
    """Take over a gateway's answer; a repeated or outdated one changes nothing (PAY-102..106).

    Raises `NotFound` for an intent that is not of this order.
    """
    work = Working(payments, ctx)
    try:
        intent = payments.intent(command.intent_id)
    except KeyError:
        raise NotFound("INTENT_NOT_FOUND", f"no intent {command.intent_id}") from None
    apply_result(work, intent, command.result, lookup=command.lookup)
    return work.step()


def apply_result(work: Working, intent: Intent, result: GatewayResult, *, lookup: bool) -> None:
    """Move one intent along the lattice."""
    intent = replace(intent, handed=False)
    if result.outcome is Outcome.SUCCEEDED:
        if intent.state is not IntentState.SUCCEEDED:
            _succeed(work, intent, result)
    elif intent.state.final:
        return
    elif result.outcome is Outcome.DECLINED:
        decline(work, intent, IntentState.DECLINED, result.decline_class, result.code)
    elif result.outcome is Outcome.PENDING:
        _pend(work, intent, result)
    elif intent.state is IntentState.PENDING:
        work.put(replace(intent, next_at=work.ctx.now + POLL))
    elif result.outcome is Outcome.UNREACHABLE and not lookup:
        _unreached(work, intent, result)
    else:
        never_seen = result.outcome is Outcome.NEVER_SEEN
        _unknown(work, intent, resend=never_seen, at_once=never_seen)


def decline(
    work: Working, intent: Intent, state: IntentState, kind: str | None, code: str | None
) -> None:
    """Release the claim; a SOFT decline is tried anew later unless somebody acts (GTW-05)."""
    kind = kind or DeclineClass.HARD
    soft = kind == DeclineClass.SOFT and intent.retries < len(SOFT_RETRIES)
    next_at = work.ctx.now + SOFT_RETRIES[intent.retries] if soft else None
    work.put(
        replace(
            intent, state=state, decline_class=str(kind), code=code, next_at=next_at, resend=False
        )
    )
    if kind == DeclineClass.HARD and intent.kind in (IntentKind.CAPTURE, IntentKind.VOID):
        _distrust(work, intent)
    work.facts.append(
        PaymentDeclined(
            intent.payment_id, intent.id, intent.amount, intent.kind.value, str(kind), code
        )
    )


def _distrust(work: Working, intent: Intent) -> None:
    """An authorization that the gateway refuses to capture covers nothing any more (PAY-32); one
    that it refuses to void is gone, and is not voided again.
    """
    for held in work.payments.tender(intent.payment_id).authorizations:
        if held.reference == intent.parent_reference:
            work.put_authorization(intent.payment_id, replace(held, lapsed=True))


def book(work: Working, intent: Intent) -> None:
    """Let an intent of a tender without gateway succeed at once: it is bookkeeping (PAY-04)."""
    result = GatewayResult(Outcome.SUCCEEDED, intent.id, intent.amount)
    apply_result(work, intent, result, lookup=False)


def _pend(work: Working, intent: Intent, result: GatewayResult) -> None:
    known = intent.state is IntentState.PENDING
    reference = result.reference or intent.reference
    work.put(
        replace(
            intent, state=IntentState.PENDING, reference=reference, resend=False,
            sent_at=intent.sent_at or work.ctx.now, next_at=work.ctx.now + POLL,
        )
    )  # fmt: skip
    if not known:
        work.facts.append(
            PaymentPending(intent.payment_id, intent.id, intent.amount, intent.kind.value)
        )


def _unreached(work: Working, intent: Intent, result: GatewayResult) -> None:
    unreached = intent.unreached + 1
    if unreached < intent.attempts:
        _unknown(work, replace(intent, unreached=unreached), resend=True, at_once=False)
        return
    tries_left = unreached <= len(UNREACHED_RETRIES)
    next_at = work.ctx.now + UNREACHED_RETRIES[unreached - 1] if tries_left else None
    work.put(
        replace(
            intent, state=IntentState.CREATED, unreached=unreached, attempts=unreached,
            next_at=next_at, code=result.code,
        )
    )  # fmt: skip
    if next_at is None:
        work.facts.append(
            GatewayUnreachable(intent.payment_id, intent.id, intent.amount, intent.kind.value)
        )


def _unknown(work: Working, intent: Intent, *, resend: bool, at_once: bool) -> None:
    """Wait for the next lookup; what the gateway has never seen is sent again under its key."""
    ctx, lookups = work.ctx, intent.lookups
    exhausted = lookups >= len(LOOKUPS)
    since = intent.sent_at or ctx.now
    next_at = None if exhausted else _next_lookup(since, lookups, ctx.now)
    if at_once and not exhausted:
        next_at = ctx.now
    work.put(
        replace(
            intent, state=IntentState.UNKNOWN, sent_at=since, next_at=next_at,
            lookups=lookups + 1, resend=resend,
        )
    )  # fmt: skip
    if intent.state is not IntentState.UNKNOWN or (exhausted and intent.next_at):
        work.facts.append(
            PaymentUnknown(
                intent.payment_id, intent.id, intent.amount, intent.kind.value, exhausted
            )
        )


def _next_lookup(since: datetime, lookups: int, now: datetime) -> datetime:
    return max(since + LOOKUPS[lookups], now + LOOKUPS[0])


def _succeed(work: Working, intent: Intent, result: GatewayResult) -> None:
    amount = intent.amount
    if intent.kind is not IntentKind.VOID:
        amount = result.approved_amount or intent.amount
    reference = result.reference or intent.id
    contradicts = intent.state.final
    done = replace(
        intent, state=IntentState.SUCCEEDED, amount=amount, reference=reference, next_at=None,
        resend=False, code=result.code, unexpected=contradicts,
    )  # fmt: skip
    work.put(done)
    if intent.kind is IntentKind.AUTHORIZE:
        _authorized(work, done, result)
    elif intent.kind is IntentKind.CAPTURE:
        _captured(work, done)
    elif intent.kind is IntentKind.REFUND:
        _refunded(work, done)
    else:
        _voided(work, done)
    if contradicts:
        _give_up_rivals(work, done)
    _recover(work, intent)


def _authorized(work: Working, intent: Intent, result: GatewayResult) -> None:
    ctx = work.ctx
    validity = timedelta(days=ctx.policy.authorization_validity_days)
    expires = result.expires_at or ctx.now + validity
    held = Authorization(intent.id, intent.amount, intent.reference or intent.id, expires)
    work.put_authorization(intent.payment_id, held)
    work.facts.append(
        PaymentAuthorized(intent.payment_id, intent.id, intent.amount, stamp(expires))
    )


def _captured(work: Working, intent: Intent) -> None:
    tender = work.payments.tender(intent.payment_id)
    for held in tender.authorizations:
        if held.reference == intent.parent_reference:
            used = replace(
                held, captured=held.captured + intent.amount, void=held.void or intent.final
            )
            work.put_authorization(tender.id, used)
    capture = Capture(intent.id, intent.amount, intent.reference or intent.id)
    work.put_capture(tender.id, capture)
    work.facts.append(PaymentCaptured(tender.id, intent.id, intent.amount, intent.invoice_id))


def _refunded(work: Working, intent: Intent) -> None:
    for capture in work.payments.tender(intent.payment_id).captures:
        if capture.reference == intent.parent_reference:
            given = replace(capture, refunded=capture.refunded + intent.amount)
            work.put_capture(intent.payment_id, given)
    work.facts.append(
        PaymentRefunded(
            intent.payment_id, intent.id, intent.amount, intent.source or "FUNDS", intent.credit_id
        )
    )


def _voided(work: Working, intent: Intent) -> None:
    for held in work.payments.tender(intent.payment_id).authorizations:
        if held.reference == intent.parent_reference and not held.void:
            work.put_authorization(intent.payment_id, replace(held, void=True))
            work.facts.append(
                PaymentVoided(intent.payment_id, intent.id, held.amount - held.captured)
            )


def _give_up_rivals(work: Working, done: Intent) -> None:
    """Claims that nobody sent yet make room for money that moved against expectation (GTW-09)."""
    for rival in reversed(live(work.payments, done.kind)):
        same = rival.payment_id == done.payment_id
        if same and rival.unsent and (rival.retry_of == done.id or _crowded(work, done)):
            work.cancel(rival)


def _crowded(work: Working, done: Intent) -> bool:
    tender = work.payments.tender(done.payment_id)
    percent = work.ctx.policy.overcapture_percent
    for held in tender.authorizations:
        if done.kind is IntentKind.CAPTURE and held.reference == done.parent_reference:
            allowed = held.amount * (100 + percent) // 100
            return held.captured + claims_on(work.payments, tender, held) > allowed
    claimed = sum(
        i.claims
        for i in live(work.payments, IntentKind.REFUND)
        if (i.payment_id, i.parent_reference) == (done.payment_id, done.parent_reference)
    )
    return any(
        capture.refunded + claimed > capture.amount
        for capture in tender.captures
        if done.kind is IntentKind.REFUND and capture.reference == done.parent_reference
    )


def _recover(work: Working, intent: Intent) -> None:
    """Problems with this wish that were shown to people are over, earlier tries included."""
    waiting = intent.state in (IntentState.PENDING, IntentState.UNKNOWN)
    shown = {intent.id} if waiting or intent.unreached > len(UNREACHED_RETRIES) else set()
    root = intent.retry_of or intent.id
    for tried in work.payments.intents:
        same = root in (tried.id, tried.retry_of)
        if same and tried.state in (IntentState.DECLINED, IntentState.FAILED):
            if not tried.replaced:
                shown.add(tried.id)
            work.put(replace(tried, next_at=None, replaced=True))
    if intent.state.final and not intent.replaced:
        shown.add(intent.id)
    work.facts += [
        PaymentRecovered(intent.payment_id, problem, intent.amount, intent.kind.value)
        for problem in sorted(shown)
    ]
