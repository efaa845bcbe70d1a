"""Units that were invoiced at release and will not ship after all (BIL-01, CAN-06).

The invoice stands; a credit memo of kind CANCELLATION gives the units back. They are always the
last invoiced units of their order line, so what stays charged is, to the minor unit, what an
invoice posted at shipment would have charged, and later invoices take up where the line now ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from oms.billing.books import Books
from oms.billing.credits import creditable, within
from oms.billing.documents import BillableLine, released_invoice
from oms.billing.facts import InvoiceWithdrawn
from oms.billing.ledger import revenue
from oms.billing.model import Billing, CreditLine, CreditMemo, Invoice, InvoiceLine
from oms.billing.reactions import is_gross
from oms.kernel.context import Context
from oms.kernel.facts import Step
from oms.kernel.ids import derive

CANCELLATION = "CANCELLATION"


def withdraw(
    billing: Billing, fo_id: str, units: Mapping[int, int], lines: Mapping[int, BillableLine],
    order_id: str, reason: str, ctx: Context,
) -> tuple[Step[Billing], dict[int, int]]:  # fmt: skip
    """Credit units by line number that leave an FO which was invoiced at its release.

    Also gives what was credited: those units are not invoiced any more. An FO that is invoiced
    when it ships has nothing to give back.
    """
    if not released_invoice(billing, fo_id):
        return Step(billing), {}
    books = Books(billing, ctx)
    taken: dict[int, int] = {}
    credit: list[CreditLine] = []
    for line_no, quantity in units.items():
        top = lines[line_no].buckets.invoiced
        for row in _from_the_end(books, lines[line_no], top, min(quantity, top)):
            credit.append(row)
            taken[line_no] = taken.get(line_no, 0) + row.quantity
    if credit:
        _post(books, tuple(credit), order_id, reason)
        withdrawn = tuple(sorted(taken.items()))
        books.facts.append(InvoiceWithdrawn(credit[0].invoice_id, fo_id, withdrawn))
    return books.step(), taken


def _from_the_end(books: Books, line: BillableLine, top: int, wanted: int) -> list[CreditLine]:
    found: list[CreditLine] = []
    for invoice, row in _last_first(books.billing, line.line_no):
        live = row.quantity - row.withdrawn
        count = min(wanted, live - row.credited_units)
        if count <= 0:
            continue
        left = creditable(books.billing, invoice.id, line.line_no)
        worth = within(line.share(top - count, top), left)
        gone = replace(
            row, withdrawn=row.withdrawn + count, withdrawn_amounts=row.withdrawn_amounts + worth
        )
        rows = tuple(gone if r is row else r for r in invoice.lines)
        books.put_invoice(replace(invoice, lines=rows))
        found.append(CreditLine(invoice.id, line.line_no, count, worth))
        top, wanted = top - count, wanted - count
    return found


def _last_first(billing: Billing, line_no: int) -> list[tuple[Invoice, InvoiceLine]]:
    rows = [
        (invoice, row)
        for invoice in billing.invoices
        for row in invoice.lines
        if invoice.posted_at and row.line_no == line_no
    ]
    return sorted(rows, key=lambda pair: pair[1].start, reverse=True)


def _post(books: Books, rows: tuple[CreditLine, ...], order_id: str, reason: str) -> None:
    postings: dict[str, int] = {}
    for row in rows:
        gross = is_gross(books.billing.invoice(row.invoice_id))
        for account, amount in revenue(row.amounts, gross=gross).items():
            postings[account] = postings.get(account, 0) - amount
    memo_id = derive("cm", order_id, len(books.billing.credit_memos))
    total = sum(postings.values())
    memo = CreditMemo(memo_id, CANCELLATION, total, reason, books.ctx.now, rows)
    books.post_memo(memo, postings)
