"""Facts of documents and ledger; amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class InvoiceFact(Fact):
    """Base: the record is an invoice."""

    RECORD: ClassVar[str] = "invoice"


@dataclass(frozen=True, slots=True)
class InvoicePosted(InvoiceFact):
    """An invoice became final (BIL-101); `units` are (line number, quantity)."""

    TYPE: ClassVar[str] = "invoice.posted"
    fo_id: str
    shipment_id: str | None
    total: int
    units: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class InvoiceWithdrawn(InvoiceFact):
    """Units that were invoiced at release will not ship, and were credited (CAN-06); `units` are
    (line number, quantity).
    """

    TYPE: ClassVar[str] = "invoice.withdrawn"
    fo_id: str
    units: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class InvoicePaid(InvoiceFact):
    """Applied equals total (BIL-102)."""

    TYPE: ClassVar[str] = "invoice.paid"


@dataclass(frozen=True, slots=True)
class InvoiceClosed(InvoiceFact):
    """BIL-103."""

    TYPE: ClassVar[str] = "invoice.closed"


@dataclass(frozen=True, slots=True)
class InvoiceReopened(InvoiceFact):
    """An application was undone (BIL-105)."""

    TYPE: ClassVar[str] = "invoice.reopened"


@dataclass(frozen=True, slots=True)
class CreditMemoPosted(Fact):
    """A credit memo became final (BIL-106)."""

    TYPE: ClassVar[str] = "credit_memo.posted"
    RECORD: ClassVar[str] = "creditMemo"
    kind: str
    total: int


@dataclass(frozen=True, slots=True)
class CreditMemoApplied(Fact):
    """A credit memo was used up (BIL-107)."""

    TYPE: ClassVar[str] = "credit_memo.applied"
    RECORD: ClassVar[str] = "creditMemo"


@dataclass(frozen=True, slots=True)
class CreditMemoClosed(Fact):
    """BIL-108."""

    TYPE: ClassVar[str] = "credit_memo.closed"
    RECORD: ClassVar[str] = "creditMemo"


@dataclass(frozen=True, slots=True)
class CreditLeftOpen(Fact):
    """Part of a credit memo is neither applied nor refunded a day after it was posted (BIL-07).

    `payment_id` is where it could be refunded to; None: there are no funds behind it.
    """

    TYPE: ClassVar[str] = "credit_memo.left_open"
    RECORD: ClassVar[str] = "creditMemo"
    amount: int
    payment_id: str | None


@dataclass(frozen=True, slots=True)
class RefundOrdered(Fact):
    """Unapplied funds of a payment go back to where they came from (PAY-35); record is the
    payment.
    """

    TYPE: ClassVar[str] = "payment.refund_ordered"
    RECORD: ClassVar[str] = "payment"
    amount: int
