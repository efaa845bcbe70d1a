"""Facts of payments. `record_id` is the payment's id; amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class PaymentFact(Fact):
    """Base: the record is a payment, moved by `intent_id`."""

    RECORD: ClassVar[str] = "payment"
    intent_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class IntentCreated(PaymentFact):
    """An amount is claimed for the gateway (PAY-100); internal, not published."""

    TYPE: ClassVar[str] = "payment.intent_created"
    kind: str
    credit_id: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class IntentCanceled(PaymentFact):
    """A claim was given up before anything was sent (PAY-107); internal, not published."""

    TYPE: ClassVar[str] = "payment.intent_canceled"
    kind: str


@dataclass(frozen=True, slots=True)
class RefundRequested(PaymentFact):
    """The channel that took the money is asked to give it back (REF-07)."""

    TYPE: ClassVar[str] = "refund.requested"
    reference: str | None


@dataclass(frozen=True, slots=True)
class GoodwillGranted(PaymentFact):
    """A refund that no credit and no excess funds stand behind (REF-05): billing posts the memo."""

    TYPE: ClassVar[str] = "payment.goodwill_granted"
    credit_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuthorizationExpired(PaymentFact):
    """An authorization lapsed with `amount` unused (PAY-21)."""

    TYPE: ClassVar[str] = "payment.authorization_expired"


@dataclass(frozen=True, slots=True)
class SurplusFound(PaymentFact):
    """More was taken than the order is worth; `code` is OVERPAID (PAY-34) or EXCESS_FUNDS
    (PAY-33).
    """

    TYPE: ClassVar[str] = "payment.surplus"
    code: str


@dataclass(frozen=True, slots=True)
class RefundedTwice(PaymentFact):
    """A refund that had been given up and made otherwise succeeded after all (GTW-09)."""

    TYPE: ClassVar[str] = "payment.refunded_twice"


@dataclass(frozen=True, slots=True)
class FundsMissing(Fact):
    """No tender can pay `amount` of a posted invoice (PAY-32); record is the invoice."""

    TYPE: ClassVar[str] = "payment.funds_missing"
    RECORD: ClassVar[str] = "invoice"
    amount: int


@dataclass(frozen=True, slots=True)
class PaymentAuthorized(PaymentFact):
    """Funds are held until `expires_at` (ISO 8601)."""

    TYPE: ClassVar[str] = "payment.authorized"
    expires_at: str


@dataclass(frozen=True, slots=True)
class PaymentCaptured(PaymentFact):
    """Funds were taken; CASH +, FUNDS -."""

    TYPE: ClassVar[str] = "payment.captured"
    invoice_id: str | None


@dataclass(frozen=True, slots=True)
class PaymentRefunded(PaymentFact):
    """Funds were given back; `source` is CREDIT (a credit memo) or FUNDS (excess)."""

    TYPE: ClassVar[str] = "payment.refunded"
    source: str
    credit_id: str | None


@dataclass(frozen=True, slots=True)
class PaymentVoided(PaymentFact):
    """An authorization was dropped, or a recorded payment annulled; `funds` is what was taken
    back from the books.
    """

    TYPE: ClassVar[str] = "payment.voided"
    funds: int = 0


@dataclass(frozen=True, slots=True)
class PaymentDeclined(PaymentFact):
    """The gateway said no; `decline_class` is SOFT or HARD (GTW-05)."""

    TYPE: ClassVar[str] = "payment.declined"
    kind: str
    decline_class: str
    code: str | None


@dataclass(frozen=True, slots=True)
class PaymentPending(PaymentFact):
    """The gateway answers later (GTW-06)."""

    TYPE: ClassVar[str] = "payment.pending"
    kind: str


@dataclass(frozen=True, slots=True)
class PaymentUnknown(PaymentFact):
    """Sent, and no answer: looked up by key, never sent under another (GTW-04)."""

    TYPE: ClassVar[str] = "payment.unknown"
    kind: str
    lookups_exhausted: bool = False


@dataclass(frozen=True, slots=True)
class GatewayUnreachable(PaymentFact):
    """Nothing could be sent after the retries (GTW-03)."""

    TYPE: ClassVar[str] = "payment.unreachable"
    kind: str


@dataclass(frozen=True, slots=True)
class PaymentRecovered(PaymentFact):
    """A problem with an intent is over; its action items resolve themselves. Internal."""

    TYPE: ClassVar[str] = "payment.recovered"
    kind: str


@dataclass(frozen=True, slots=True)
class PaymentChanged(Fact):
    """What is known of a payment changed: `what` is customer or replaced (PAY-07)."""

    TYPE: ClassVar[str] = "payment.changed"
    RECORD: ClassVar[str] = "payment"
    what: str


@dataclass(frozen=True, slots=True)
class PaymentLinkCreated(Fact):
    """Somebody may pay `amount` by a link until `expires_at` (PAY-41); record is the order."""

    TYPE: ClassVar[str] = "payment.link_created"
    link_id: str
    amount: int
    expires_at: str


@dataclass(frozen=True, slots=True)
class PaymentLinkUsed(Fact):
    """A payment link is used up: `payment_id` came by it and is authorized (PAY-41)."""

    TYPE: ClassVar[str] = "payment.link_used"
    link_id: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class FundsApplied(Fact):
    """Funds were applied to an invoice (BIL-04); record is the invoice."""

    TYPE: ClassVar[str] = "payment.applied"
    RECORD: ClassVar[str] = "invoice"
    amount: int
    source: str


@dataclass(frozen=True, slots=True)
class OrphanReceived(PaymentFact):
    """Money without an intent of ours moved (PAY-35, GTW-07); `kind` says which way."""

    TYPE: ClassVar[str] = "payment.orphan"
    reference: str
    kind: str = "CAPTURE"
