"""Invoices, credit memos and the double-entry ledger of one order record. Amounts are minor
units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from oms.kernel.money import Amounts


class DocumentState(StrEnum):
    """Computed from totals and applied amounts, except DRAFT and VOID."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    PAID = "PAID"
    APPLIED = "APPLIED"
    CLOSED = "CLOSED"
    VOID = "VOID"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """Units of one order line: `start` is the first consumed unit of the line (ADJ-04).

    What it charges never changes; `credited_units` of it, from its front, were given back, and
    `withdrawn` ones, from its end, worth `withdrawn_amounts`, never shipped (BIL-01).
    """

    line_no: int
    quantity: int
    start: int
    amounts: Amounts
    credited_units: int = 0
    withdrawn: int = 0
    withdrawn_amounts: Amounts = field(default_factory=Amounts)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who is billed and where it goes, as they were when the document was posted (BIL-02)."""

    bill_to: dict[str, str] = field(default_factory=dict)
    ship_to: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invoice:
    """Bill for the units of one order shipped on one FO (BIL-01); immutable once posted except
    `applied`. A draft is pro forma: its lines may shrink, and its total is zero until it is posted.
    It is due when it is posted.
    """

    id: str
    fo_id: str
    total: int
    lines: tuple[InvoiceLine, ...]
    shipment_id: str | None = None
    number: str | None = None
    posted_at: datetime | None = None
    void: bool = False
    applied: int = 0
    filing: bool = False
    filed_at: datetime | None = None
    due_at: datetime | None = None
    legal_entity: str = "default"
    addresses: Addresses = field(default_factory=Addresses)


@dataclass(frozen=True, slots=True)
class CreditLine:
    """Credit of units of an invoice line (BIL-05)."""

    invoice_id: str
    line_no: int
    quantity: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class CreditMemo:
    """Numbered, immutable document that reduces what the customer owes or is owed.

    `payout`: it is meant to be refunded and never applied to an invoice (REF-05). `reported`: that
    it stays open was told (BIL-07).
    """

    id: str
    kind: str
    total: int
    reason: str
    posted_at: datetime
    lines: tuple[CreditLine, ...] = ()
    applied: int = 0
    payout: bool = False
    legal_entity: str = "default"
    filing: bool = False
    filed_at: datetime | None = None
    reported: bool = False
    number: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Postings of one cause; debit positive, credit negative; they sum to zero (LED-01)."""

    seq: int
    cause: str
    at: datetime
    postings: dict[str, int]


@dataclass(frozen=True, slots=True)
class Application:
    """`amount` of an invoice paid from a payment's funds or a credit memo: `source` is its id."""

    invoice_id: str
    source: str
    amount: int


@dataclass(frozen=True, slots=True)
class Payout:
    """Funds or credit set aside for a refund under way, so that no invoice uses them meanwhile."""

    intent_id: str
    amount: int
    source: str
    credit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Billing:
    """Documents and ledger of one order; `legal_entity` is who sells, for every document."""

    invoices: tuple[Invoice, ...] = ()
    credit_memos: tuple[CreditMemo, ...] = ()
    ledger: tuple[LedgerEntry, ...] = field(default_factory=tuple)
    applications: tuple[Application, ...] = ()
    payouts: tuple[Payout, ...] = ()
    legal_entity: str = "default"

    def invoice(self, invoice_id: str) -> Invoice:
        """The invoice with that id; raises KeyError where there is none."""
        for invoice in self.invoices:
            if invoice.id == invoice_id:
                return invoice
        raise KeyError(invoice_id)
