"""Commands on the payments of an order. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass

from oms.payments.gateway import GatewayResult, WebhookEvent


@dataclass(frozen=True, slots=True)
class AddTender:
    """Attach a new means of payment; `capture` takes the funds at once (PAY-07).

    `gateway` None means the one that serves the method; `customer` is the code of whoever pays.
    """

    method: str
    token: str | None = None
    limit: int | None = None
    brand: str | None = None
    last_four: str | None = None
    expiry: str | None = None
    reference: str | None = None
    capture: bool = False
    gateway: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Authorize:
    """Ask for an authorization on a tender; None: the shortfall (PAY-13)."""

    payment_id: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class CaptureFunds:
    """Take funds by hand; None: all that is authorized."""

    payment_id: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Give captured funds back (REF-05): reason required."""

    payment_id: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class VoidPayment:
    """Drop a payment that was not captured (PAY-108, PAY-36)."""

    payment_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ApplyFunds:
    """Apply unapplied funds or open credit to an invoice (BIL-04): of the payment or credit memo
    `source`, or of any payment of the order.
    """

    invoice_id: str
    amount: int
    source: str | None = None


@dataclass(frozen=True, slots=True)
class RetryIntent:
    """Send a declined, failed or unreachable intent again (*Retry*, *Resubmit*)."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class MarkSent:
    """These intents are about to be sent (PAY-101); `handed`: by the segment that this starts."""

    intent_ids: tuple[str, ...]
    handed: bool = False


@dataclass(frozen=True, slots=True)
class SettleIntent:
    """The gateway's answer to one intent (PAY-102 to 106); `lookup` says that it was looked up,
    so that an unreachable gateway tells nothing about what was sent before.
    """

    intent_id: str
    result: GatewayResult
    lookup: bool = False


@dataclass(frozen=True, slots=True)
class TakeWebhook:
    """A verified webhook of this order (GTW-07); `gateway` is where it came from, since two
    gateways may use the same references.
    """

    event: WebhookEvent
    gateway: str


@dataclass(frozen=True, slots=True)
class ReplaceMethod:
    """Pay with another token what a payment still has to pay (PAY-07); the old one goes once the
    new one holds its funds.
    """

    payment_id: str
    token: str
    method: str | None = None
    brand: str | None = None
    last_four: str | None = None
    expiry: str | None = None


@dataclass(frozen=True, slots=True)
class AttachCustomer:
    """Say by its code whose payment it is (PAY-04, PAY-07)."""

    payment_id: str
    customer: str


@dataclass(frozen=True, slots=True)
class DetachCustomer:
    """Say that a payment is nobody's in particular (PAY-07)."""

    payment_id: str


@dataclass(frozen=True, slots=True)
class CreateLink:
    """Let somebody else pay the shortfall (PAY-41); `token_hash` is the SHA-256 of a token that is
    not kept anywhere.
    """

    token_hash: str


@dataclass(frozen=True, slots=True)
class PayByLink:
    """Pay the shortfall with the token of a payment link (PAY-41)."""

    token_hash: str
    method: str
    token: str
    brand: str | None = None
    last_four: str | None = None
    expiry: str | None = None
