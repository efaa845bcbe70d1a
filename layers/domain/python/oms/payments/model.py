"""Tenders and payment intents of one order record. Amounts are minor units.

Every amount a gateway may still move is claimed by an intent first, in the write that creates it
(PAY-30),
so that no rival can claim it. States are computed from amounts (lifecycle of payment and intent).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """Tender methods (PAY-01)."""

    CARD = "CARD"
    WALLET = "WALLET"
    BANK_TRANSFER = "BANK_TRANSFER"
    GIFT_CARD = "GIFT_CARD"
    STORE_CREDIT = "STORE_CREDIT"
    CASH = "CASH"
    CHECK = "CHECK"
    COD = "COD"
    TERMS = "TERMS"
    EXTERNAL = "EXTERNAL"


class IntentKind(StrEnum):
    """What an intent asks of the gateway."""

    AUTHORIZE = "AUTHORIZE"
    CAPTURE = "CAPTURE"
    REFUND = "REFUND"
    VOID = "VOID"


class IntentState(StrEnum):
    """States only move forward: CREATED < SENT < PENDING/UNKNOWN < final (GTW-07)."""

    CREATED = "CREATED"
    SENT = "SENT"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        """Whether no answer is awaited any more."""
        return self in (self.SUCCEEDED, self.DECLINED, self.FAILED, self.CANCELED)


@dataclass(frozen=True, slots=True)
class Intent:
    """One wish to move or hold money; `id` is the gateway's idempotency key (GTW-01).

    `amount` is claimed until the intent is final; from SUCCEEDED on it is what really moved.
    `attempts` counts calls, `unreached` those of them that certainly never left (GTW-03), `lookups`
    the questions after a time-out (GTW-04). `next_at` is when to send, look up or try anew; without
    it the intent waits for a webhook or a person. `source` of a refund is CREDIT or FUNDS.
    `unexpected`: it succeeded after it had been given up (GTW-09). `replaced`: declined, and what
    it was for has been paid otherwise. `handed`: noted as sent in the write that made it, so that
    the first segment that finds it sends it without a write of its own.
    """

    id: str
    payment_id: str
    kind: IntentKind
    amount: int
    created_at: datetime
    state: IntentState = IntentState.CREATED
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    reference: str | None = None
    parent_reference: str | None = None
    code: str | None = None
    decline_class: str | None = None
    invoice_id: str | None = None
    credit_id: str | None = None
    reason: str | None = None
    source: str | None = None
    final: bool = False
    then_capture: bool = False
    lookups: int = 0
    unreached: int = 0
    resend: bool = False
    retry_of: str | None = None
    retries: int = 0
    unexpected: bool = False
    replaced: bool = False
    handed: bool = False

    @property
    def to_send(self) -> bool:
        """Whether the next call is the request itself; otherwise it is a lookup by key."""
        return self.state is IntentState.CREATED or self.resend

    @property
    def unsent(self) -> bool:
        """Whether it is certain that the gateway never got it."""
        return self.state is IntentState.CREATED and self.attempts == self.unreached

    @property
    def claims(self) -> int:
        """Amount that a rival must not claim, in minor units."""
        return 0 if self.state.final else self.amount


@dataclass(frozen=True, slots=True)
class Authorization:
    """Funds held at the gateway: `captured` of `amount` is used; `void` when the rest was given
    back, by a void or by the final capture; `lapsed` when it can no longer be counted on: past its
    end (PAY-21), or the gateway refused for good to take money from it (PAY-32).
    """

    id: str
    amount: int
    reference: str
    expires_at: datetime
    captured: int = 0
    void: bool = False
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """Funds taken, refundable under `reference`."""

    id: str
    amount: int
    reference: str
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Tender:
    """A payment: one means of payment of the order with what was done through it (ENT-18).

    `method` is a `Method` or a custom one of the company (PAY-01). Without a `gateway` it is
    bookkeeping only (PAY-04). `orphan`: money arrived through it that nobody here asked for.
    `foreign`: references of refunds made elsewhere. `customer` is the code of whoever pays.
    `replaces`: the payment that goes once this one holds its funds (PAY-07). `link_id`: the payment
    link it came by (PAY-41).
    """

    id: str
    method: str
    gateway: str | None
    limit: int
    draw_order: int
    refund_order: int
    token: str | None = None
    brand: str | None = None
    last_four: str | None = None
    expiry: str | None = None
    reference: str | None = None
    authorizations: tuple[Authorization, ...] = ()
    captures: tuple[Capture, ...] = ()
    voided_at: datetime | None = None
    orphan: bool = False
    customer: str | None = None
    replaces: str | None = None
    link_id: str | None = None
    foreign: tuple[str, ...] = ()

    @property
    def captured(self) -> int:
        """All that was taken, before refunds."""
        return sum(capture.amount for capture in self.captures)

    @property
    def refunded(self) -> int:
        """All that was given back."""
        return sum(capture.refunded for capture in self.captures)


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """A permission to pay what is missing, once, for whoever has its token (PAY-41).

    Only the token's SHA-256 is kept, so that nobody who reads the record can pay with it.
    """

    id: str
    token_hash: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payments:
    """All tenders and intents of one order.

    `gateways` names the gateway of each method, as configured at acceptance.
    """

    order_id: str = ""
    currency: str = ""
    gateways: dict[str, str] = field(default_factory=dict)
    tenders: tuple[Tender, ...] = ()
    intents: tuple[Intent, ...] = ()
    webhook_ids: tuple[str, ...] = ()
    links: tuple[PaymentLink, ...] = ()

    def tender(self, payment_id: str) -> Tender:
        """The tender with that id; raises KeyError where there is none."""
        for tender in self.tenders:
            if tender.id == payment_id:
                return tender
        raise KeyError(payment_id)

    def intent(self, intent_id: str) -> Intent:
        """The intent with that id; raises KeyError where there is none."""
        for intent in self.intents:
            if intent.id == intent_id:
                return intent
        raise KeyError(intent_id)
