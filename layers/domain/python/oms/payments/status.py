"""States of payments, computed from amounts; nobody sets them (GEN-01)."""

from __future__ import annotations

from datetime import datetime

from oms.payments.balances import remaining
from oms.payments.model import Intent, IntentKind, IntentState, Method, Payments, Tender


def payment_state(payments: Payments, tender: Tender, now: datetime) -> str:
    """State of a payment: the first that matches (lifecycle of payment and intent)."""
    if tender.voided_at:
        return "VOIDED"
    if tender.gateway is None:
        return "RECORDED"
    captured, refunded = tender.captured, tender.refunded
    left = remaining(payments, tender, now)
    if not captured and not left and _declined(_last(payments, tender)):
        return "DECLINED"
    if captured:
        if refunded:
            return "REFUNDED" if refunded == captured else "PARTIALLY_REFUNDED"
        return "PARTIALLY_CAPTURED" if left else "CAPTURED"
    if left:
        return "AUTHORIZED"
    return "EXPIRED" if tender.authorizations else "AWAITING_AUTHORIZATION"


def label(tender: Tender) -> str:
    """How people read the means of payment; a wallet pays with a card (PAY-05)."""
    kind = "card via wallet" if tender.method == Method.WALLET else tender.method.lower()
    words = (
        tender.brand,
        kind.replace("_", " "),
        tender.last_four and f"ending {tender.last_four}",
    )
    return " ".join(word for word in words if word)


def _last(payments: Payments, tender: Tender) -> Intent | None:
    asked = (IntentKind.AUTHORIZE, IntentKind.CAPTURE)
    own = [i for i in payments.intents if i.payment_id == tender.id and i.kind in asked]
    return own[-1] if own else None


def _declined(intent: Intent | None) -> bool:
    if intent is None or intent.state not in (IntentState.DECLINED, IntentState.FAILED):
        return False
    return intent.decline_class == "HARD"
