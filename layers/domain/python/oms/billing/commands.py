"""Commands on the documents of an order. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreditUnits:
    """Credit units of an invoice line, with all that was charged for them (ADJ-05)."""

    invoice_id: str
    line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class CreditAmount:
    """Credit part of one component (PRODUCT, SHIPPING, HANDLING or FEE) of an invoice line; its tax
    follows proportionally.
    """

    invoice_id: str
    line_no: int
    component: str
    amount: int


@dataclass(frozen=True, slots=True)
class PostCredit:
    """Post a credit memo (BIL-05); `goodwill` is granted on top of what the lines give back."""

    kind: str
    reason: str
    units: tuple[CreditUnits, ...] = ()
    amounts: tuple[CreditAmount, ...] = ()
    goodwill: int = 0


@dataclass(frozen=True, slots=True)
class UnapplyFunds:
    """Take all that a payment or credit memo (`source`: its id) paid of an invoice back."""

    invoice_id: str
    source: str


@dataclass(frozen=True, slots=True)
class FileDocument:
    """File a paid invoice or a used credit memo (BIL-103, BIL-108)."""

    document_id: str


@dataclass(frozen=True, slots=True)
class InvoiceShare:
    """What an invoice gets of funds that are distributed."""

    invoice_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class DistributeFunds:
    """Dispose of all unapplied funds of a payment: amounts per invoice and a refund (PAY-35)."""

    payment_id: str
    invoices: tuple[InvoiceShare, ...] = ()
    refund: int = 0
