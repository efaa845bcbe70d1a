"""Credit memos: what was charged and is given back, never more (BIL-05, ADJ-05)."""

from __future__ import annotations

from dataclasses import replace

from oms.billing.books import Books
from oms.billing.commands import CreditAmount, CreditUnits, PostCredit
from oms.billing.ledger import GOODWILL, revenue
from oms.billing.model import Billing, CreditLine, CreditMemo, Invoice, InvoiceLine
from oms.billing.reactions import is_gross
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, NotFound, Problem, Refused
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.kernel.money import Amounts, unit_share

KINDS = ("RETURN", "CANCELLATION", "PRICE_CHANGE", "APPEASEMENT", "CLAIM", "GOODWILL")
COMPONENTS = ("PRODUCT", "SHIPPING", "HANDLING", "FEE")


def credit(billing: Billing, command: PostCredit, ctx: Context, order_id: str) -> Step[Billing]:
    """Post a credit memo (BIL-106); it is applied to open invoices, then refunded (BIL-07).

    Raises `Refused` QUANTITY_EXCEEDED or BALANCE_EXCEEDED for more than was charged (BIL-05),
    LIMIT_EXCEEDED above the actor's limit, `Malformed` for an unknown kind or a missing reason,
    `NotFound` for an unknown line.
    """
    _check(command)
    books = Books(billing, ctx)
    postings: dict[str, int] = {GOODWILL: command.goodwill}
    lines: list[CreditLine] = []
    wishes: tuple[CreditUnits | CreditAmount, ...] = (*command.units, *command.amounts)
    for wanted in wishes:
        invoice = _invoice(books.billing, wanted.invoice_id)
        gross = is_gross(invoice)
        pending = tuple(line for line in lines if line.invoice_id == invoice.id)
        row = _credited(books, invoice, wanted, pending)
        lines.append(row)
        for account, amount in revenue(row.amounts, gross=gross).items():
            postings[account] = postings.get(account, 0) - amount
    total = sum(postings.values())
    if total < 0 or not (lines or command.goodwill):
        raise Refused.because("BALANCE_EXCEEDED", "nothing is left to credit")
    if ctx.actor.money_limit is not None and total > ctx.actor.money_limit:
        raise Refused.because("LIMIT_EXCEEDED", "the credit needs an approval", order_id)
    memo_id = derive("cm", order_id, len(billing.credit_memos))
    memo = CreditMemo(memo_id, command.kind, total, command.reason, ctx.now, tuple(lines))
    books.post_memo(memo, postings)
    return books.step()


def creditable(
    billing: Billing, invoice_id: str, line_no: int, pending: tuple[CreditLine, ...] = ()
) -> Amounts:
    """What of an invoice line may still be credited, per component; never below zero (INV-M7).

    `pending` are lines of a memo that is being made. Raises `NotFound` for an unknown line.
    """
    left = _line(_invoice(billing, invoice_id), line_no).amounts
    posted = [row for memo in billing.credit_memos for row in memo.lines]
    for row in (*posted, *pending):
        if (row.invoice_id, row.line_no) == (invoice_id, line_no):
            left -= row.amounts
    return left


def _credited(
    books: Books, invoice: Invoice, wanted: CreditUnits | CreditAmount,
    pending: tuple[CreditLine, ...],
) -> CreditLine:  # fmt: skip
    left = creditable(books.billing, invoice.id, wanted.line_no, pending)
    if isinstance(wanted, CreditAmount):
        return CreditLine(invoice.id, wanted.line_no, 0, _part(wanted, left))
    line = _line(invoice, wanted.line_no)
    shipping = line.quantity - line.withdrawn
    start, stop = line.credited_units, line.credited_units + wanted.quantity
    if wanted.quantity <= 0 or stop > shipping:
        raise Refused.because(
            "QUANTITY_EXCEEDED",
            f"{shipping - start} units of line {line.line_no} are left to credit",
            invoice.id,
        )
    charged = line.amounts - line.withdrawn_amounts
    share = within(charged.units(shipping, start, stop), left)
    rows = tuple(
        replace(row, credited_units=stop) if row.line_no == line.line_no else row
        for row in books.billing.invoice(invoice.id).lines
    )
    books.put_invoice(replace(books.billing.invoice(invoice.id), lines=rows))
    return CreditLine(invoice.id, line.line_no, wanted.quantity, share)


def _part(wanted: CreditAmount, left: Amounts) -> Amounts:
    """An amount of one component with its proportional tax; the last part takes the rest."""
    name = wanted.component.lower()
    balance = left.product if name == "product" else getattr(left, name)
    if not 0 < wanted.amount <= balance:
        raise Refused.because(
            "BALANCE_EXCEEDED", f"{balance} minor units of {wanted.component} are left",
            wanted.invoice_id,
        )  # fmt: skip
    field = "goods" if name == "product" else name
    tax = unit_share(getattr(left, f"{field}_tax"), balance, 0, wanted.amount)
    return Amounts(**{field: wanted.amount, f"{field}_tax": tax})


def within(share: Amounts, left: Amounts) -> Amounts:
    """The share of units, less what was credited as an amount before (TAX-04)."""
    over = _over(share.product, left.product)
    cut = {
        name: getattr(share, name) - _over(getattr(share, name), getattr(left, name))
        for name in (
            "shipping", "handling", "fee", "goods_tax", "shipping_tax", "handling_tax", "fee_tax",
        )
    }  # fmt: skip
    return Amounts(share.goods, share.adjustment - over, **cut)


def _over(share: int, left: int) -> int:
    return max(0, share - max(0, left)) if share > 0 else 0


def _check(command: PostCredit) -> None:
    if command.kind not in KINDS:
        problem = Problem("kind", "UNKNOWN_KIND", f"one of {', '.join(KINDS)}")
        raise Malformed("UNKNOWN_KIND", f"credit memo kind {command.kind!r}", [problem])
    if not command.reason.strip():
        problem = Problem("reason", "REASON_REQUIRED", "money needs a reason")
        raise Malformed("REASON_REQUIRED", "a credit memo needs a reason", [problem])
    if command.goodwill < 0:
        raise Refused.because("BALANCE_EXCEEDED", "goodwill cannot be negative")
    unknown = [a for a in command.amounts if a.component not in COMPONENTS]
    if unknown:
        problem = Problem("amounts", "UNKNOWN_COMPONENT", f"one of {', '.join(COMPONENTS)}")
        raise Malformed("UNKNOWN_COMPONENT", f"component {unknown[0].component!r}", [problem])


def _invoice(billing: Billing, invoice_id: str) -> Invoice:
    try:
        invoice = billing.invoice(invoice_id)
    except KeyError:
        raise NotFound("INVOICE_NOT_FOUND", f"no invoice {invoice_id}") from None
    if invoice.posted_at is None:
        raise Refused.because("STATE", "the invoice is a draft", invoice_id)
    return invoice


def _line(invoice: Invoice, line_no: int) -> InvoiceLine:
    for line in invoice.lines:
        if line.line_no == line_no:
            return line
    raise NotFound("INVOICE_LINE_NOT_FOUND", f"no line {line_no} on {invoice.id}")
