"""Numbers of documents: that of their order, and which one of its kind it is (ENT-01, ENT-20)."""

from __future__ import annotations

from dataclasses import replace

from oms.billing.model import Billing, CreditMemo, Invoice


def numbered(billing: Billing, order_number: str) -> Billing:
    """The documents, those that were posted just now with their numbers, which stay for good."""
    invoices = [one for one in billing.invoices if one.posted_at is not None]
    memos_done = all(memo.number for memo in billing.credit_memos)
    if memos_done and all(invoice.number for invoice in invoices):
        return billing
    taken = sum(one.number is not None for one in invoices)
    kept: list[Invoice] = []
    for invoice in billing.invoices:
        if invoice.posted_at is not None and invoice.number is None:
            taken += 1
            invoice = replace(invoice, number=f"{order_number}-I{taken}")
        kept.append(invoice)
    memos: list[CreditMemo] = [
        memo if memo.number else replace(memo, number=f"{order_number}-C{place}")
        for place, memo in enumerate(billing.credit_memos, start=1)
    ]
    return replace(billing, invoices=tuple(kept), credit_memos=tuple(memos))
