"""The working copy of documents and ledger while one decision is made.

An application changes document and ledger together, so that they cannot disagree (INV-M5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from oms.billing.facts import (
    CreditMemoApplied,
    CreditMemoClosed,
    CreditMemoPosted,
    InvoiceClosed,
    InvoicePaid,
    InvoiceReopened,
)
from oms.billing.ledger import (
    AR,
    CREDIT,
    FUNDS,
    free_credit,
    free_funds,
    post_entry,
    posted,
    unapplied,
)
from oms.billing.model import Application, Billing, CreditMemo, Invoice
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.payments.facts import FundsApplied


@dataclass(slots=True)
class Books:
    """`billing` as changed so far and the facts that say how."""

    billing: Billing
    ctx: Context
    facts: list[Fact] = field(default_factory=list)

    def step(self) -> Step[Billing]:
        """What the decision comes to."""
        return Step(self.billing, tuple(self.facts))

    def post(self, cause: str, postings: Mapping[str, int]) -> None:
        """Append a ledger entry (LED-01, LED-04)."""
        self.billing = post_entry(self.billing, cause, postings, self.ctx)

    def put_invoice(self, invoice: Invoice) -> None:
        """Replace the invoice with that id, or add it."""
        known = self.billing.invoices
        if all(other.id != invoice.id for other in known):
            self.billing = replace(self.billing, invoices=(*known, invoice))
            return
        changed = tuple(invoice if other.id == invoice.id else other for other in known)
        self.billing = replace(self.billing, invoices=changed)

    def put_memo(self, memo: CreditMemo) -> None:
        """Replace the credit memo with that id."""
        memos = tuple(memo if m.id == memo.id else m for m in self.billing.credit_memos)
        self.billing = replace(self.billing, credit_memos=memos)

    def post_memo(self, memo: CreditMemo, postings: Mapping[str, int]) -> None:
        """Make a credit memo final (BIL-106); `postings` are the debits it stands on."""
        if any(known.id == memo.id for known in self.billing.credit_memos):
            return
        seller, filing = self.billing.legal_entity, self.ctx.policy.credit_memo_filing
        memo = replace(memo, legal_entity=seller, filing=filing)
        self.billing = replace(self.billing, credit_memos=(*self.billing.credit_memos, memo))
        self.post(memo.id, {**postings, CREDIT: -memo.total})
        self.facts.append(CreditMemoPosted(memo.id, memo.kind, memo.total))
        if memo.total == 0:
            self._used_up(memo)

    def apply(self, invoice_id: str, trigger: str, sources: tuple[str, ...] | None = None) -> None:
        """Pay an invoice from open credits, then from unapplied funds (PAY-10, BIL-04).

        `trigger` is the cause; `sources` limits which payments' funds are used (None: all).
        """
        for memo in self.billing.credit_memos:
            left = _left(self.billing.invoice(invoice_id))
            self.apply_credit(
                invoice_id, memo.id, min(left, free_credit(self.billing, memo)), trigger
            )
        for payment_id, funds in unapplied(self.billing).items():
            if sources is None or payment_id in sources:
                left = _left(self.billing.invoice(invoice_id))
                amount = min(left, funds, free_funds(self.billing))
                self.apply_funds(invoice_id, payment_id, amount, trigger)

    def apply_credit(self, invoice_id: str, memo_id: str, amount: int, trigger: str) -> None:
        """CREDIT +, AR -, once per trigger."""
        cause = f"apply:{trigger}:{invoice_id}:{memo_id}"
        if amount <= 0 or posted(self.billing, cause):
            return
        self.post(cause, {CREDIT: amount, AR: -amount})
        self.use_credit(memo_id, amount)
        self._pay(invoice_id, memo_id, amount, CREDIT)

    def apply_funds(self, invoice_id: str, payment_id: str, amount: int, trigger: str) -> None:
        """FUNDS +, AR -, once per trigger."""
        cause = f"apply:{trigger}:{invoice_id}:{payment_id}"
        if amount <= 0 or posted(self.billing, cause):
            return
        self.post(cause, {FUNDS: amount, AR: -amount})
        self._pay(invoice_id, payment_id, amount, FUNDS)

    def use_credit(self, memo_id: str, amount: int) -> None:
        """Note that part of a credit memo is used up (BIL-107)."""
        memo = next(m for m in self.billing.credit_memos if m.id == memo_id)
        used = replace(memo, applied=memo.applied + amount)
        self.put_memo(used)
        if used.applied == used.total:
            self._used_up(used)

    def _used_up(self, memo: CreditMemo) -> None:
        """Say so (BIL-107) and close the memo unless it is to be filed (BIL-108)."""
        self.facts.append(CreditMemoApplied(memo.id))
        if not memo.filing:
            self.facts.append(CreditMemoClosed(memo.id))

    def unapply(self, application: Application, cause: str) -> None:
        """Undo one application: the invoice's balance returns (BIL-105, PAY-36)."""
        invoice, amount = self.billing.invoice(application.invoice_id), application.amount
        memo = next((m for m in self.billing.credit_memos if m.id == application.source), None)
        self.post(cause, {AR: amount, (CREDIT if memo else FUNDS): -amount})
        left = list(self.billing.applications)
        left.remove(application)
        self.billing = replace(self.billing, applications=tuple(left))
        if memo:
            self.put_memo(
                replace(memo, applied=memo.applied - amount, filed_at=None, reported=False)
            )
        if invoice.applied == invoice.total:
            self.facts.append(InvoiceReopened(invoice.id))
        self.put_invoice(replace(invoice, applied=invoice.applied - amount, filed_at=None))

    def paid(self, invoice: Invoice) -> None:
        """Say that nothing is left to pay (BIL-102) and close the invoice unless it is to be filed
        (BIL-103).
        """
        self.facts.append(InvoicePaid(invoice.id))
        if not invoice.filing:
            self.facts.append(InvoiceClosed(invoice.id))

    def _pay(self, invoice_id: str, source: str, amount: int, kind: str) -> None:
        invoice = self.billing.invoice(invoice_id)
        invoice = replace(invoice, applied=invoice.applied + amount)
        self.put_invoice(invoice)
        applications = (*self.billing.applications, Application(invoice_id, source, amount))
        self.billing = replace(self.billing, applications=applications)
        self.facts.append(FundsApplied(invoice_id, amount, kind))
        if invoice.applied == invoice.total:
            self.paid(invoice)


def _left(invoice: Invoice) -> int:
    return invoice.total - invoice.applied if invoice.posted_at else 0
