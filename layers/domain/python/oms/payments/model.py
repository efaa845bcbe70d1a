"""Tenders and payment intents of one order record. Amounts are minor units.

Every amount a gateway may still move is claimed by an intent first, in the write that creates it
(PAY-30),
so that no rival can claim it. States are computed from amounts (lifecycle of payment and intent).
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """One wish to move or hold money; `id` is the gateway's idempotency key (GTW-01)."""

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


@dataclass(frozen=True, slots=True)
class Authorization:
    """Funds held at the gateway: `captured` of `amount` is used; `void` when dropped."""

    id: str
    amount: int
    reference: str
    expires_at: datetime
    captured: int = 0
    void: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """Funds taken, refundable under `reference`."""

    id: str
    amount: int
    reference: str
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Tender:
    """A payment: one means of payment of the order with what was done through it (ENT-18)."""

    id: str
    method: Method
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
    recorded: int = 0


@dataclass(frozen=True, slots=True)
class Payments:
    """All tenders and intents of one order, and captures that no known intent explains
    (orphans).
    """

    currency: str = ""
    tenders: tuple[Tender, ...] = ()
    intents: tuple[Intent, ...] = ()
    webhook_ids: tuple[str, ...] = ()
