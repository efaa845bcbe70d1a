"""What facts of the order mean for its money: captures, refunds, voids. All of it only claims."""

from __future__ import annotations

from dataclasses import replace

from oms.billing.facts import CreditMemoPosted, InvoicePosted, RefundOrdered
from oms.fulfillment.facts import FulfillmentOrderCreated, FulfillmentOrderReleased
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.kernel.policy import CaptureTiming, ExcessFunds
from oms.orders.facts import LineChanged, OrderRejected, OrderVoided, UnitsCanceled
from oms.payments.balances import (
    MoneyView,
    capturable,
    claimed_captures,
    claimed_refunds,
    collectable,
    credit_line,
    excess,
    nothing_left,
    remaining,
    shortfall,
    surprises,
    tender_refundable,
)
from oms.payments.changes import let_go
from oms.payments.drawing import draw, refund_in_order, refund_on, release
from oms.payments.facts import (
    FundsMissing,
    OrphanReceived,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRecovered,
    PaymentRefunded,
    RefundedTwice,
    SurplusFound,
)
from oms.payments.links import use_up
from oms.payments.model import IntentKind, IntentState, Payments, Tender
from oms.payments.working import Working


def react(payments: Payments, fact: Fact, money: MoneyView, ctx: Context) -> Step[Payments]:
    """Claim what a fact makes necessary; `money` is read after orders and billing reacted."""
    work = Working(payments, ctx)
    match fact:
        case InvoicePosted():
            _collect(work, fact, money)
        case CreditMemoPosted():
            left = money.open_credit - claimed_refunds(payments, "CREDIT")
            refund_in_order(work, max(0, min(fact.total, left)), "CREDIT", fact.record_id)
        case RefundOrdered():
            tender = payments.tender(fact.record_id)
            amount = min(fact.amount, tender_refundable(payments, tender))
            refund_on(work, tender, amount, "FUNDS", None, None)
        case UnitsCanceled() | LineChanged():
            _shrunk(work, money)
        case OrderVoided() | OrderRejected():
            _annulled(work, money)
        case FulfillmentOrderCreated():
            _cover(work, money)
        case FulfillmentOrderReleased():
            _collect_at_release(work, money)
        case PaymentAuthorized():
            _authorized(work, fact, money)
        case PaymentCaptured():
            _captured(work, fact, money)
        case OrphanReceived(kind="CAPTURE"):
            _surplus(work, fact, min(fact.amount, excess(payments, money)))
        case PaymentRefunded() if money.unapplied < 0:
            twice = min(fact.amount, -money.unapplied)
            work.facts.append(RefundedTwice(fact.record_id, fact.intent_id, twice))
        case PaymentDeclined() if nothing_left(payments, money):
            release(work)
    return work.step()


def _collect(work: Working, fact: InvoicePosted, money: MoneyView) -> None:
    """Draw what funds and credit left of an invoice on the tenders (PAY-10, PAY-31)."""
    need = min(fact.total, collectable(work.payments, money))
    left = draw(work, need, fact.record_id, final=money.open_value <= 0)
    missing = min(left, collectable(work.payments, money) - credit_line(work.payments))
    if missing > 0:
        work.facts.append(FundsMissing(fact.record_id, missing))
    if nothing_left(work.payments, money):
        release(work)


def _collect_at_release(work: Working, money: MoneyView) -> None:
    """PAY-03, ON_RELEASE: take what released FOs are worth before they are picked."""
    if work.ctx.policy.capture_timing is CaptureTiming.ON_RELEASE:
        wanted = money.released_value + money.amount_due - money.unapplied - money.open_credit
        draw(work, wanted - claimed_captures(work.payments), None, final=False)


def _shrunk(work: Working, money: MoneyView) -> None:
    """The order is worth less: nothing moves unless too much was taken (PAY-14, PAY-33).

    What was declined for units that nobody wants any more needs nobody's attention (AIT-02).
    """
    if nothing_left(work.payments, money):
        release(work)
    if shortfall(work.payments, money, work.ctx) == 0:
        _recovered(work, IntentKind.AUTHORIZE)
    _return_excess(work, money)


def _annulled(work: Working, money: MoneyView) -> None:
    """A void order drops every claim that was not sent, and gives back what it took (ORD-118)."""
    for intent in work.payments.intents:
        if intent.unsent and intent.kind in (IntentKind.AUTHORIZE, IntentKind.CAPTURE):
            work.cancel(intent)
    work.supersede(IntentKind.AUTHORIZE, IntentKind.CAPTURE)
    release(work)
    refund_in_order(work, _ordinary_excess(work.payments, money), "FUNDS", None)


def _ordinary_excess(payments: Payments, money: MoneyView) -> int:
    return max(0, excess(payments, money) - surprises(payments))


def _return_excess(work: Working, money: MoneyView) -> None:
    """PAY-33: refund excess by itself, or show it; money nobody asked for is only shown. What an
    annulled order took always goes back (ORD-118).
    """
    if money.annulled or work.ctx.policy.excess_funds is ExcessFunds.AUTO:
        refund_in_order(work, _ordinary_excess(work.payments, money), "FUNDS", None)
    elif money.needed == 0:
        _show(work, excess(work.payments, money), "EXCESS_FUNDS")


def _show(work: Working, amount: int, code: str) -> None:
    holders = [t for t in work.payments.tenders if tender_refundable(work.payments, t)]
    if amount > 0 and holders:
        last = holders[-1]
        work.facts.append(SurplusFound(last.id, "", amount, code))


def _cover(work: Working, money: MoneyView) -> None:
    """Authorize what new work lacks: authorization off at acceptance, or lapsed since (PAY-03)."""
    missing = shortfall(work.payments, money, work.ctx)
    if missing <= 0:
        return
    ranked = sorted(work.payments.tenders, key=lambda tender: tender.draw_order)
    for tender in ranked:
        kept = tender.captured - tender.refunded
        used = kept + remaining(work.payments, tender, work.ctx.now)
        amount = min(missing, tender.limit - used)
        usable = tender.gateway and not tender.voided_at and not _refused(work.payments, tender)
        if usable and amount > 0:
            work.claim(work.wish(IntentKind.AUTHORIZE, tender, amount))
            missing -= amount
        if missing <= 0:
            return


def _refused(payments: Payments, tender: Tender) -> bool:
    asked = [
        i for i in payments.intents if i.payment_id == tender.id and i.kind is IntentKind.AUTHORIZE
    ]
    return bool(asked) and asked[-1].state in (IntentState.DECLINED, IntentState.FAILED)


def _authorized(work: Working, fact: PaymentAuthorized, money: MoneyView) -> None:
    """Use a new authorization for what waits for it, or give it back if nothing does any more."""
    use_up(work, fact.record_id)
    let_go(work, fact.record_id)
    if money.needed == 0:
        release(work)
        return
    intent = next((i for i in work.payments.intents if i.id == fact.intent_id), None)
    if intent and intent.then_capture:
        need = money.needed - money.unapplied - claimed_captures(work.payments)
        tender = work.payments.tender(fact.record_id)
        held = next(a for a in tender.authorizations if a.id == fact.intent_id)
        amount = min(need, capturable(work.payments, tender, held, 0))
        if amount > 0:
            wish = work.wish(IntentKind.CAPTURE, tender, amount)
            work.claim(replace(wish, parent_reference=held.reference))
    elif not any(tender.orphan for tender in work.payments.tenders if tender.id == fact.record_id):
        due = max(0, collectable(work.payments, money) - credit_line(work.payments))
        draw(work, due, None, final=money.open_value <= 0, only=fact.record_id)
    if shortfall(work.payments, money, work.ctx) == 0:
        _recovered(work, IntentKind.AUTHORIZE)


def _captured(work: Working, fact: PaymentCaptured, money: MoneyView) -> None:
    """Release what is left once all is paid, and look for money above what is owed (PAY-34)."""
    if money.amount_due <= credit_line(work.payments):
        _recovered(work, IntentKind.CAPTURE)
    if nothing_left(work.payments, money):
        release(work)
    surplus = excess(work.payments, money)
    strange = min(surplus, surprises(work.payments))
    _surplus(work, fact, strange)
    if surplus > strange:
        _return_excess(work, money)


def _surplus(work: Working, fact: PaymentCaptured | OrphanReceived, amount: int) -> None:
    """PAY-34: a person gives it back to where it came from, never the product by itself."""
    if amount > 0:
        work.facts.append(SurplusFound(fact.record_id, fact.intent_id, amount, "OVERPAID"))


def _recovered(work: Working, kind: IntentKind) -> None:
    """What was declined is paid otherwise or not needed; nobody needs to retry it any more."""
    for intent in work.payments.intents:
        declined = intent.state in (IntentState.DECLINED, IntentState.FAILED)
        if intent.kind is kind and declined and not intent.replaced:
            work.put(replace(intent, next_at=None, replaced=True))
            work.facts.append(
                PaymentRecovered(intent.payment_id, intent.id, intent.amount, kind.value)
            )
