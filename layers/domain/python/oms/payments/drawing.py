"""Which tender pays and which gets money back: draws, refunds, release of what is left.

Draws go up the draw order (PAY-10), refunds down it (REF-02). Everything here only claims; the
gateway is asked later, one intent at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oms.payments.balances import (
    capturable,
    claims_on,
    ending,
    refundable,
    tender_refundable,
    valid,
)
from oms.payments.facts import RefundRequested
from oms.payments.model import Authorization, IntentKind, IntentState, Method, Tender
from oms.payments.results import book
from oms.payments.working import Working


def draw(
    work: Working, need: int, invoice_id: str | None, *, final: bool, only: str | None = None
) -> int:
    """Claim captures for `need` minor units; returns what no authorization could give.

    Valid authorizations come first, then their allowed overage (PAY-30), and last those past their
    end: the gateway may still honor them, and if not its decline is what alerts people (PAY-32).
    `final`: no open units are left, so the last capture of an authorization gives the rest back
    (PAY-15). `only` draws on a single payment.
    """
    plan: dict[str, int] = {}
    for percent, trusted in _passes(work):
        for tender, held in _drawable(work, only):
            if need <= 0 or valid(tender, held, work.ctx.now) is not trusted:
                continue
            planned = plan.get(held.id, 0)
            amount = min(need, capturable(work.payments, tender, held, percent) - planned)
            if amount > 0:
                plan[held.id] = planned + amount
                need -= amount
    for tender, held in tuple(_drawable(work, only)):
        if held.id in plan:
            last = final and claims_on(work.payments, tender, held) == 0
            wish = work.wish(IntentKind.CAPTURE, tender, plan[held.id])
            parent = held.reference
            work.claim(replace(wish, parent_reference=parent, invoice_id=invoice_id, final=last))
    return need


def _passes(work: Working) -> tuple[tuple[int, bool], ...]:
    percent = work.ctx.policy.overcapture_percent
    return (0, True), (percent, True), (percent, False)


def _drawable(work: Working, only: str | None) -> Iterator[tuple[Tender, Authorization]]:
    tenders = sorted(work.payments.tenders, key=lambda tender: tender.draw_order)
    for tender in tenders:
        if tender.gateway and only in (None, tender.id):
            for held in tender.authorizations:
                yield tender, held


def refund_in_order(work: Working, amount: int, source: str, credit_id: str | None) -> int:
    """Claim refunds over the tenders in refund order (REF-02); returns what none could give.

    Tenders that nobody asked for give last: their money waits for a person (GTW-09).
    """
    tenders = list(enumerate(work.payments.tenders))
    ranked = sorted(tenders, key=lambda row: (row[1].orphan, row[1].refund_order, -row[0]))
    for _, tender in ranked:
        share = min(amount, tender_refundable(work.payments, tender))
        if share > 0:
            refund_on(work, tender, share, source, credit_id, None)
            amount -= share
    return amount


def refund_on(
    work: Working, tender: Tender, amount: int, source: str, credit_id: str | None,
    reason: str | None,
) -> None:  # fmt: skip
    """Claim refunds of `amount` over the captures of one tender, which must hold as much."""
    for capture in tender.captures:
        share = min(amount, refundable(work.payments, tender, capture))
        if share <= 0:
            continue
        amount -= share
        wish = work.wish(IntentKind.REFUND, tender, share)
        intent = work.claim(
            replace(
                wish, parent_reference=capture.reference, source=source, credit_id=credit_id,
                reason=reason,
            )
        )  # fmt: skip
        if tender.gateway is None and tender.method == Method.EXTERNAL:
            # The channel holds the money: it is asked, and its confirmation settles the intent.
            work.put(replace(intent, state=IntentState.SENT, sent_at=work.ctx.now, next_at=None))
            work.facts.append(RefundRequested(tender.id, intent.id, share, tender.reference))
        elif tender.gateway is None:
            book(work, intent)


def release(work: Working) -> None:
    """Give all authorizations back that nothing will be captured on (REF-06, PAY-15)."""
    for intent in work.payments.intents:
        if intent.kind is IntentKind.AUTHORIZE and intent.unsent:
            work.cancel(intent)
    work.supersede(IntentKind.AUTHORIZE)
    for tender in work.payments.tenders:
        for held in tender.authorizations:
            if not valid(tender, held, work.ctx.now) or held.captured >= held.amount:
                continue
            if not claims_on(work.payments, tender, held):
                void(work, tender, held)


def void(work: Working, tender: Tender, held: Authorization) -> None:
    """Ask the gateway to drop an authorization, unless that is under way."""
    if not ending(work.payments, tender, held):
        wish = work.wish(IntentKind.VOID, tender, held.amount - held.captured)
        work.claim(replace(wish, parent_reference=held.reference))
