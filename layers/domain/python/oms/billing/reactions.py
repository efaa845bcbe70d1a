"""What documents and ledger make of facts; every posting carries the id of its cause (LED-04)."""

from __future__ import annotations

from dataclasses import replace

from oms.billing.books import Books
from oms.billing.documents import invoice_state, shrink
from oms.billing.facts import CreditMemoPosted, InvoicePosted
from oms.billing.ledger import AR, CASH, CREDIT, FUNDS, GOODWILL, posted, revenue
from oms.billing.model import (
    Billing,
    CreditMemo,
    DocumentState,
    Invoice,
    Payout,
)
from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderFulfilled,
    FulfillmentOrderRejected,
    FulfillmentOrderShortPicked,
)
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.kernel.money import Amounts
from oms.payments.facts import (
    GoodwillGranted,
    IntentCanceled,
    IntentCreated,
    OrphanReceived,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)

REFUND = "REFUND"


def react(billing: Billing, fact: Fact, ctx: Context) -> Step[Billing]:
    """Post what a fact means for documents and ledger; a repeated fact posts nothing."""
    books = Books(billing, ctx)
    match fact:
        case InvoicePosted():
            _invoice_posted(books, fact)
        case CreditMemoPosted():
            _credit_posted(books, fact)
        case PaymentCaptured():
            _captured(books, fact)
        case PaymentRefunded():
            _refunded(books, fact)
        case PaymentVoided() if fact.funds:
            _annulled(books, fact)
        case OrphanReceived():
            _orphan(books, fact)
        case GoodwillGranted():
            _goodwill(books, fact)
        case _:
            _set_aside(books, fact)
            _follow_fulfillment(books, fact)
    return books.step()


def _invoice_posted(books: Books, fact: InvoicePosted) -> None:
    invoice = books.billing.invoice(fact.record_id)
    if posted(books.billing, invoice.id):
        return
    charged = sum((line.amounts for line in invoice.lines), Amounts())
    sales = revenue(charged, gross=is_gross(invoice))
    books.post(invoice.id, {**sales, AR: invoice.total})
    if invoice.total == 0:
        books.paid(invoice)
    books.apply(invoice.id, invoice.id)


def is_gross(invoice: Invoice) -> bool:
    """Whether the taxes of an invoice are contained in its amounts."""
    return invoice.total == sum(line.amounts.net for line in invoice.lines)


def _credit_posted(books: Books, fact: CreditMemoPosted) -> None:
    for invoice in books.billing.invoices:
        if invoice_state(invoice) is DocumentState.OPEN:
            books.apply(invoice.id, fact.record_id, sources=())


def _captured(books: Books, fact: PaymentCaptured) -> None:
    if posted(books.billing, fact.intent_id):
        return
    cash = f"{CASH}{fact.record_id}"
    books.post(fact.intent_id, {cash: fact.amount, FUNDS: -fact.amount})
    open_now = [i.id for i in books.billing.invoices if invoice_state(i) is DocumentState.OPEN]
    for invoice_id in sorted(open_now, key=lambda known: known != fact.invoice_id):
        books.apply(invoice_id, fact.intent_id, sources=(fact.record_id,))


def _refunded(books: Books, fact: PaymentRefunded) -> None:
    if posted(books.billing, fact.intent_id):
        return
    _release_payout(books, fact.intent_id)
    used = _use_credit(books, fact) if fact.source == CREDIT else 0
    # A refund given up may succeed after its credit was used: the customer owes the rest.
    funds = fact.amount - used
    cash = f"{CASH}{fact.record_id}"
    books.post(fact.intent_id, {CREDIT: used, FUNDS: funds, cash: -fact.amount})


def _use_credit(books: Books, fact: PaymentRefunded) -> int:
    """Use up the memo that a refund pays out, or the oldest open ones; returns how much."""
    used = 0
    for memo in books.billing.credit_memos:
        amount = min(fact.amount - used, memo.total - memo.applied)
        if amount and fact.credit_id in (memo.id, None):
            books.use_credit(memo.id, amount)
            used += amount
    return used


def _annulled(books: Books, fact: PaymentVoided) -> None:
    """A recorded payment never was: its invoices are open again (PAY-36, PAY-108)."""
    if posted(books.billing, fact.intent_id):
        return
    for place, application in enumerate(books.billing.applications):
        if application.source == fact.record_id:
            books.unapply(application, f"unapply:{fact.intent_id}:{place}")
    cash = f"{CASH}{fact.record_id}"
    books.post(fact.intent_id, {FUNDS: fact.funds, cash: -fact.funds})


def _orphan(books: Books, fact: OrphanReceived) -> None:
    """Money moved either way; it stays unapplied until somebody decides (PAY-35)."""
    cash, amount = f"{CASH}{fact.record_id}", fact.amount
    if fact.kind == "CAPTURE":
        books.post(fact.intent_id, {cash: amount, FUNDS: -amount})
    elif fact.kind == REFUND:
        books.post(fact.intent_id, {FUNDS: amount, cash: -amount})


def _goodwill(books: Books, fact: GoodwillGranted) -> None:
    memo = CreditMemo(
        fact.credit_id, GOODWILL, fact.amount, fact.reason, books.ctx.now, payout=True
    )
    books.post_memo(memo, {GOODWILL: fact.amount})


def _set_aside(books: Books, fact: Fact) -> None:
    """What a refund under way will take is not applied to invoices meanwhile."""
    if isinstance(fact, IntentCreated) and fact.kind == REFUND:
        payout = Payout(fact.intent_id, fact.amount, fact.source or FUNDS, fact.credit_id)
        if payout not in books.billing.payouts and not posted(books.billing, fact.intent_id):
            books.billing = replace(books.billing, payouts=(*books.billing.payouts, payout))
    elif isinstance(fact, (IntentCanceled, PaymentDeclined)) and fact.kind == REFUND:
        _release_payout(books, fact.intent_id)


def _release_payout(books: Books, intent_id: str) -> None:
    kept = tuple(p for p in books.billing.payouts if p.intent_id != intent_id)
    books.billing = replace(books.billing, payouts=kept)


def _follow_fulfillment(books: Books, fact: Fact) -> None:
    billing = books.billing
    if isinstance(fact, FulfillmentOrderCanceled):
        books.billing = shrink(billing, fact.record_id, fact.units, whole=not fact.partial)
    elif isinstance(fact, FulfillmentOrderRejected):
        units = [row.units for row in fact.lines]
        books.billing = shrink(billing, fact.record_id, units, whole=not fact.partial)
    elif isinstance(fact, FulfillmentOrderShortPicked):
        units = [row.units for row in fact.lines]
        books.billing = shrink(billing, fact.record_id, units, whole=False)
    elif isinstance(fact, FulfillmentOrderFulfilled):
        books.billing = shrink(billing, fact.record_id, (), whole=True)
