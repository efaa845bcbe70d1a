"""Filing what is paid or used up, where somebody is to look at it first (BIL-103, BIL-108)."""

from __future__ import annotations

from dataclasses import replace

from oms.billing.books import Books
from oms.billing.commands import FileDocument
from oms.billing.documents import invoice_state, memo_state
from oms.billing.facts import CreditMemoClosed, InvoiceClosed
from oms.billing.model import Billing, DocumentState
from oms.kernel.context import Context
from oms.kernel.errors import NotFound, Refused
from oms.kernel.facts import Step


def file_document(billing: Billing, command: FileDocument, ctx: Context) -> Step[Billing]:
    """Close a paid invoice or a used credit memo.

    Raises `Refused` STATE for one that is open, closed or a draft, `NotFound`.
    """
    books, wanted = Books(billing, ctx), command.document_id
    for invoice in billing.invoices:
        if invoice.id == wanted:
            _require(invoice_state(invoice) is DocumentState.PAID, wanted)
            books.put_invoice(replace(invoice, filed_at=ctx.now))
            books.facts.append(InvoiceClosed(wanted))
            return books.step()
    for memo in billing.credit_memos:
        if memo.id == wanted:
            _require(memo_state(memo) is DocumentState.APPLIED, wanted)
            books.put_memo(replace(memo, filed_at=ctx.now))
            books.facts.append(CreditMemoClosed(wanted))
            return books.step()
    raise NotFound("DOCUMENT_NOT_FOUND", f"no document {wanted}")


def _require(waits: bool, document_id: str) -> None:
    if not waits:
        raise Refused.because("STATE", "the document does not wait for filing", document_id)
