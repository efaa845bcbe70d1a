"""Applying funds by hand: to an invoice, back from it, or all of an orphan at once (BIL-04)."""

from __future__ import annotations

from typing import Protocol

from oms.billing.books import Books
from oms.billing.commands import DistributeFunds, UnapplyFunds
from oms.billing.documents import invoice_state
from oms.billing.facts import RefundOrdered
from oms.billing.ledger import free_credit, free_funds, unapplied
from oms.billing.model import Billing, DocumentState, Invoice
from oms.kernel.context import Context
from oms.kernel.errors import NotFound, Refused
from oms.kernel.facts import Step


class FundsApplication(Protocol):
    """`amount` minor units for an invoice, from `source` or any unapplied funds of the order."""

    @property
    def invoice_id(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def source(self) -> str | None: ...


def apply_funds(billing: Billing, command: FundsApplication, ctx: Context) -> Step[Billing]:
    """Apply unapplied funds, oldest payment first, or a credit memo to an open invoice.

    Raises `Refused` BALANCE_EXCEEDED above what is due or free, `NotFound`.
    """
    books = Books(billing, ctx)
    left, source = command.amount, command.source
    memo = next((m for m in billing.credit_memos if m.id == source), None)
    if memo is not None:
        _check(billing, command.invoice_id, left, free_credit(billing, memo))
        books.apply_credit(command.invoice_id, memo.id, left, ctx.cause_id)
        return books.step()
    free = {p: n for p, n in unapplied(billing).items() if source in (None, p)}
    _check(billing, command.invoice_id, left, min(free_funds(billing), sum(free.values())))
    for payment_id, funds in free.items():
        amount = min(left, funds)
        books.apply_funds(command.invoice_id, payment_id, amount, ctx.cause_id)
        left -= max(0, amount)
    return books.step()


def unapply_funds(billing: Billing, command: UnapplyFunds, ctx: Context) -> Step[Billing]:
    """Take back all that one payment or credit memo paid of an invoice (PAY-07, BIL-105).

    Raises `Refused` STATE where it paid nothing.
    """
    books = Books(billing, ctx)
    found = [
        application
        for application in billing.applications
        if (application.invoice_id, application.source) == (command.invoice_id, command.source)
    ]
    if not found:
        raise Refused.because("STATE", "nothing was applied from there", command.invoice_id)
    for place, application in enumerate(found):
        books.unapply(application, f"unapply:{ctx.cause_id}:{place}")
    return books.step()


def distribute(billing: Billing, command: DistributeFunds, ctx: Context) -> Step[Billing]:
    """Dispose of a payment's whole unapplied amount (PAY-35).

    Raises `Refused` APPLICATION_SUM_MISMATCH when the parts differ from it, BALANCE_EXCEEDED for
    more than an invoice is owed.
    """
    books = Books(billing, ctx)
    funds = min(unapplied(billing)[command.payment_id], free_funds(billing))
    parts = [share.amount for share in command.invoices]
    wanted = sum(parts) + command.refund
    if wanted != funds or funds <= 0 or min(*parts, command.refund, 0) < 0:
        raise Refused.because(
            "APPLICATION_SUM_MISMATCH", f"{funds} minor units are unapplied, {wanted} distributed",
            command.payment_id,
        )  # fmt: skip
    for share in command.invoices:
        _check(books.billing, share.invoice_id, share.amount, funds)
        books.apply_funds(share.invoice_id, command.payment_id, share.amount, ctx.cause_id)
    if command.refund:
        books.facts.append(RefundOrdered(command.payment_id, command.refund))
    return books.step()


def _check(billing: Billing, invoice_id: str, amount: int, funds: int) -> None:
    invoice = _open(billing, invoice_id)
    due = invoice.total - invoice.applied
    if not 0 < amount <= min(due, funds):
        raise Refused.because(
            "BALANCE_EXCEEDED", f"{due} minor units are due and {funds} unapplied", invoice_id
        )


def _open(billing: Billing, invoice_id: str) -> Invoice:
    try:
        invoice = billing.invoice(invoice_id)
    except KeyError:
        raise NotFound("INVOICE_NOT_FOUND", f"no invoice {invoice_id}") from None
    if invoice_state(invoice) is not DocumentState.OPEN:
        raise Refused.because("STATE", "the invoice is not open", invoice_id)
    return invoice
