"""What tenders hold, what is claimed and what is left: every guard and every sum of payments.

All amounts are minor units and are computed from authorizations, captures and intents; nothing here
is stored. A claim is the amount of an intent that is not final yet (PAY-30).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from oms.kernel.context import Context
from oms.payments.model import (
    Authorization,
    Capture,
    Intent,
    IntentKind,
    Method,
    Payments,
    Tender,
)

ON_CREDIT = (Method.TERMS.value, Method.COD.value)
"""Methods that cover up to their limit without holding money (PAY-12)."""


@dataclass(frozen=True, slots=True)
class MoneyView:
    """What lines and ledger say, in minor units: value of uninvoiced active units, receivable,
    unapplied funds, open credit, current order total, and the value of released, uninvoiced FOs.
    `annulled`: the order is void, so nothing of it is worth anything any more (ORD-118).
    """

    open_value: int
    amount_due: int
    unapplied: int
    open_credit: int
    total: int
    released_value: int = 0
    annulled: bool = False

    @property
    def needed(self) -> int:
        """What coverage must reach (PAY-12)."""
        return max(0, self.open_value + self.amount_due)


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """Sums over all tenders: valid authorization left, captured, refunded, claimed for capture,
    terms limits; `pending` while any intent awaits its answer.
    """

    authorized: int
    captured: int
    refunded: int
    pending: bool
    claimed: int
    terms: int


def live(payments: Payments, *kinds: IntentKind) -> tuple[Intent, ...]:
    """Intents of those kinds that are not final."""
    return tuple(i for i in payments.intents if i.kind in kinds and not i.state.final)


def _on(intents: Iterable[Intent], tender: Tender, reference: str) -> tuple[Intent, ...]:
    return tuple(
        i for i in intents if i.payment_id == tender.id and i.parent_reference == reference
    )


def claims_on(payments: Payments, tender: Tender, authorization: Authorization) -> int:
    """Captures claimed on an authorization and not decided yet."""
    captures = live(payments, IntentKind.CAPTURE)
    return sum(i.claims for i in _on(captures, tender, authorization.reference))


def ending(payments: Payments, tender: Tender, authorization: Authorization) -> bool:
    """Whether a void or a final capture under way will give the rest back."""
    under_way = _on(
        live(payments, IntentKind.CAPTURE, IntentKind.VOID), tender, authorization.reference
    )
    return any(i.final or i.kind is IntentKind.VOID for i in under_way)


def valid(tender: Tender, authorization: Authorization, now: datetime) -> bool:
    """Whether the funds can be counted on (PAY-21, PAY-32)."""
    gone = authorization.void or authorization.lapsed or tender.voided_at is not None
    return not gone and authorization.expires_at > now


def capturable(
    payments: Payments, tender: Tender, authorization: Authorization, overcapture_percent: int
) -> int:
    """What a new capture may claim: authorized x (1 + overage) - captured - claimed (PAY-30)."""
    if authorization.void or tender.voided_at or ending(payments, tender, authorization):
        return 0
    allowed = authorization.amount * (100 + overcapture_percent) // 100
    return max(0, allowed - authorization.captured - claims_on(payments, tender, authorization))


def refundable(payments: Payments, tender: Tender, capture: Capture) -> int:
    """What a new refund of a capture may claim: captured - refunded - claimed (REF-01)."""
    claimed = _on(live(payments, IntentKind.REFUND), tender, capture.reference)
    return max(0, capture.amount - capture.refunded - sum(i.claims for i in claimed))


def tender_refundable(payments: Payments, tender: Tender) -> int:
    """What may still be refunded on a tender."""
    return sum(refundable(payments, tender, capture) for capture in tender.captures)


def refundable_payment(payments: Payments) -> str | None:
    """The payment that refunds go to first (REF-02); None where none has funds."""
    ranked = sorted(payments.tenders, key=lambda tender: (tender.orphan, tender.refund_order))
    return next((t.id for t in ranked if tender_refundable(payments, t)), None)


def remaining(payments: Payments, tender: Tender, now: datetime) -> int:
    """Valid authorization that still covers something; what is claimed is part of it."""
    total = 0
    for authorization in tender.authorizations:
        if not valid(tender, authorization, now):
            continue
        if ending(payments, tender, authorization):
            total += claims_on(payments, tender, authorization)
        else:
            total += max(0, authorization.amount - authorization.captured)
    return total


def credit_line(payments: Payments) -> int:
    """What TERMS and COD tenders still cover: limit less what came in on them."""
    return sum(
        max(0, tender.limit - tender.captured)
        for tender in payments.tenders
        if tender.method in ON_CREDIT and not tender.voided_at
    )


def claimed_refunds(payments: Payments, source: str) -> int:
    """Refunds under way that use up unapplied funds (FUNDS) or open credit (CREDIT)."""
    return sum(i.claims for i in live(payments, IntentKind.REFUND) if i.source == source)


def claimed_captures(payments: Payments) -> int:
    """Captures under way."""
    return sum(i.claims for i in live(payments, IntentKind.CAPTURE))


def coverage(payments: Payments, unapplied: int, open_credit: int, ctx: Context) -> int:
    """Valid authorization, unapplied funds, open credit, COD and TERMS limits (PAY-12).

    Funds and credit that a refund under way will take are no coverage any more.
    """
    held = sum(remaining(payments, tender, ctx.now) for tender in payments.tenders)
    funds = unapplied - claimed_refunds(payments, "FUNDS")
    credit = max(0, open_credit - claimed_refunds(payments, "CREDIT"))
    return held + funds + credit + credit_line(payments)


def shortfall(payments: Payments, money: MoneyView, ctx: Context) -> int:
    """What is needed above the coverage and the authorizations already asked for (PAY-12)."""
    asked = sum(i.claims for i in live(payments, IntentKind.AUTHORIZE))
    covered = coverage(payments, money.unapplied, money.open_credit, ctx)
    return max(0, money.needed - covered - asked)


def excess(payments: Payments, money: MoneyView) -> int:
    """Unapplied funds above all that is open or due, less refunds under way (PAY-33)."""
    free = money.unapplied - claimed_refunds(payments, "FUNDS")
    return max(0, free - money.needed)


def collectable(payments: Payments, money: MoneyView) -> int:
    """Receivable that no capture under way will pay."""
    return max(0, money.amount_due - claimed_captures(payments))


def summary(payments: Payments, ctx: Context) -> PaymentTotals:
    """Sums over all tenders (STA-04, TOT-07)."""
    tenders = payments.tenders
    return PaymentTotals(
        authorized=sum(remaining(payments, tender, ctx.now) for tender in tenders),
        captured=sum(tender.captured for tender in tenders),
        refunded=sum(tender.refunded for tender in tenders),
        pending=any(not i.state.final for i in payments.intents),
        claimed=claimed_captures(payments),
        terms=sum(t.limit for t in tenders if t.method == Method.TERMS and not t.voided_at),
    )


def surprises(payments: Payments) -> int:
    """Money that moved here although nobody waited for it, less what was given back (GTW-09)."""
    strange = {i.id for i in payments.intents if i.unexpected}
    return sum(
        capture.amount - capture.refunded
        for tender in payments.tenders
        for capture in tender.captures
        if tender.orphan or capture.id in strange
    )


def nothing_left(payments: Payments, money: MoneyView) -> bool:
    """Whether no unit is open and all that is due is paid or on terms (PAY-15)."""
    return money.open_value <= 0 and money.amount_due <= credit_line(payments)
