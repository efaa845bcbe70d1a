"""Invoices and what is applied to them: BIL-01, 02, 04, BIL-100 to 105, PAY-35."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.billing import decisions as billing
from oms.billing.commands import (
    CreditUnits,
    DistributeFunds,
    InvoiceShare,
    PostCredit,
    UnapplyFunds,
)
from oms.billing.model import DocumentState
from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderRejected,
    FulfillmentOrderShortPicked,
    ShipmentCreated,
    UnitsLeft,
)
from oms.kernel.errors import NotFound, Refused
from oms.kernel.facts import Step, Units
from oms.kernel.money import Amounts
from oms.kernel.policy import Policy
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import ApplyFunds, VoidPayment
from oms.payments.gateway import RequestKind
from oms.payments.model import IntentKind

from tests.domain.payments.desk import ORDER, Desk, OrderLine, simple, types

CARD = NewTender("CARD", token="tok")
FULL = Amounts(
    goods=1000, adjustment=-100, shipping=300, handling=20, fee=10, goods_tax=90, shipping_tax=30,
    handling_tax=2, fee_tax=1,
)  # fmt: skip


def billed(gross: bool = False) -> Desk:
    """One line of three units with every component, shipped and paid."""
    desk = Desk({1: OrderLine(1, 3, FULL)}, gross=gross).open(CARD).run()
    desk.ship((1, 3))
    return desk.run()


def states(desk: Desk) -> list[DocumentState]:
    """States of all invoices."""
    return [billing.invoice_state(invoice) for invoice in desk.billing.invoices]


def test_a_draft_is_made_with_the_fulfillment_order() -> None:
    """BIL-01, BIL-100: pro forma lines, no number, no ledger; once per FO."""
    desk = simple(100, 60, quantity=2).open(CARD)
    desk.allocate()
    (draft,) = desk.billing.invoices
    assert states(desk) == [DocumentState.DRAFT]
    assert [(line.line_no, line.quantity) for line in draft.lines] == [(1, 2), (2, 2)]
    assert draft.number is None
    assert desk.billing.ledger == ()
    desk.allocate()
    assert len(desk.billing.invoices) == 1


def test_the_draft_shrinks_to_what_ships_and_the_rest_stays_a_draft() -> None:
    """BIL-01, BIL-101: several shipments of one FO give several invoices."""
    desk = simple(100, 60, quantity=2).open(CARD).run()
    desk.allocate()
    draft = desk.billing.invoices[0].id
    desk.ship((1, 1))
    assert desk.billing.invoices[0].id == draft
    assert states(desk) == [DocumentState.OPEN, DocumentState.DRAFT]
    rest = desk.billing.invoices[1]
    assert [(line.line_no, line.quantity) for line in rest.lines] == [(1, 1), (2, 2)]
    desk.ship((1, 1), (2, 2))
    assert states(desk) == [DocumentState.OPEN, DocumentState.OPEN]
    assert [invoice.total for invoice in desk.billing.invoices] == [50, 110]
    assert len({invoice.id for invoice in desk.billing.invoices}) == 2


def test_a_shipment_is_invoiced_once() -> None:
    """BIL-101, LED-04."""
    desk = simple(100, quantity=2).open(CARD).run()
    desk.ship((1, 1))
    fact = ShipmentCreated("fo-1", "shp-1", "dc", "ups", (), (Units(1, "item", 1),))
    again = billing.post(desk.billing, fact, desk.lines, False, ORDER, desk.ctx)
    assert again == Step(desk.billing)


def test_posting_needs_no_draft() -> None:
    """BIL-101: a shipment is invoiced even if its FO never had a draft."""
    desk = simple(100).open(CARD).run()
    assert types(desk.ship((1, 1)))["invoice.posted"] == 1
    assert desk.money.amount_due == 100


def test_a_free_invoice_is_paid_and_closed_at_once() -> None:
    """BIL-102, BIL-103."""
    desk = simple(0).open()
    facts = types(desk.ship((1, 1)))
    assert (facts["invoice.paid"], facts["invoice.closed"]) == (1, 1)


def test_paid_closes_unless_it_is_to_be_filed() -> None:
    """BIL-102, BIL-103."""
    for filing, state in ((False, DocumentState.CLOSED), (True, DocumentState.PAID)):
        desk = simple(100, policy=Policy(invoice_filing=filing)).open(CARD).run()
        desk.ship((1, 1))
        assert states(desk) == [DocumentState.OPEN]
        desk.run()
        assert states(desk) == [state]
        assert types(tuple(desk.facts))["invoice.paid"] == 1
        assert types(tuple(desk.facts))["invoice.closed"] == (not filing)


def test_rejected_or_canceled_fulfillment_orders_void_their_draft() -> None:
    """BIL-104."""
    units = Units(1, "item", 2)
    left = UnitsLeft(units, "NO_STOCK", "NONE", 0, True, True, "allocated")
    for fact in (
        FulfillmentOrderCanceled("fo-1", "dc", "CUSTOMER", (units,), False, False),
        FulfillmentOrderRejected("fo-1", "dc", "NO_STOCK", (left,), False),
        FulfillmentOrderShortPicked("fo-1", "dc", (left,)),
    ):
        desk = simple(100, quantity=2).open(CARD)
        desk.allocate()
        desk.take(Step(desk.payments, (fact,)))
        assert states(desk) == [DocumentState.VOID]
        assert desk.billing.ledger == ()


def test_units_that_leave_the_fulfillment_order_leave_its_draft() -> None:
    """BIL-101, BIL-104: a partial short shrinks the draft."""
    desk = simple(100, quantity=2).open(CARD)
    desk.allocate()
    left = UnitsLeft(Units(1, "item", 1), "SHORT", "NONE", 0, True, True, "allocated")
    desk.take(Step(desk.payments, (FulfillmentOrderShortPicked("fo-1", "dc", (left,)),)))
    assert [line.quantity for line in desk.billing.invoices[0].lines] == [1]


def test_posted_documents_change_only_in_what_is_applied() -> None:
    """BIL-02: payment, credit and refund leave lines, total and time of posting alone."""
    desk = simple(100, quantity=2).open(CARD).run()
    desk.ship((1, 2))
    before = desk.billing.invoices[0]
    desk.run()
    desk.lines[1] = replace(desk.lines[1], amounts=Amounts(goods=1))
    after = desk.billing.invoices[0]
    assert replace(after, applied=0) == before
    desk.credit(CreditUnits(after.id, 1, 1))
    memo = desk.billing.credit_memos[0]
    desk.run()
    assert replace(desk.billing.credit_memos[0], applied=0) == memo
    assert desk.billing.invoices[0].lines[0].amounts == before.lines[0].amounts


def test_funds_are_applied_when_the_invoice_is_posted() -> None:
    """BIL-04, PAY-10: open credit first, then unapplied funds, then tenders are drawn."""
    desk = simple(100, 70).open(NewTender("TERMS", limit=100), NewTender("CHECK", limit=30), CARD)
    desk.run()
    desk.billing = billing.credit(
        desk.billing, PostCredit("GOODWILL", "LATE", goodwill=20), desk.ctx, ORDER
    ).part
    facts = desk.ship((2, 1))
    applied = [(getattr(f, "source", ""), getattr(f, "amount", 0)) for f in facts
               if f.TYPE == "payment.applied"]  # fmt: skip
    assert applied == [("CREDIT", 20), ("FUNDS", 30)]
    assert [intent.amount for intent in desk.of(IntentKind.CAPTURE)][-1] == 20


def test_funds_are_applied_and_taken_back_by_hand() -> None:
    """BIL-04, BIL-105, PAY-07: partial amounts; more than is due or free is refused."""
    desk = simple(100).open(NewTender("TERMS"))
    desk.ship((1, 1))
    desk.foreign(RequestKind.CAPTURE, 60, "evt")
    invoice = desk.billing.invoices[0].id
    for amount in (0, 61, 101):
        with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
            billing.apply_funds(desk.billing, ApplyFunds(invoice, amount), desk.ctx)
    desk.take(billing.apply_funds(desk.billing, ApplyFunds(invoice, 45), desk.ctx))
    assert (desk.money.amount_due, desk.money.unapplied) == (55, 15)
    source = desk.payments.tenders[1].id
    desk.take(billing.unapply_funds(desk.billing, UnapplyFunds(invoice, source), desk.ctx))
    assert (desk.money.amount_due, desk.money.unapplied) == (100, 60)
    with pytest.raises(Refused, match="STATE"):
        billing.unapply_funds(desk.billing, UnapplyFunds(invoice, source), desk.ctx)
    with pytest.raises(NotFound):
        billing.apply_funds(desk.billing, ApplyFunds("inv_none", 1), desk.ctx)


def test_taking_back_reopens_a_paid_invoice() -> None:
    """BIL-105, PAY-108."""
    desk = simple(100).open(NewTender("CASH"))
    desk.ship((1, 1))
    assert states(desk) == [DocumentState.CLOSED]
    facts = desk.do(payments.void_payment, VoidPayment(desk.payments.tenders[0].id, "FALSE"))
    assert types(facts)["invoice.reopened"] == 1
    assert states(desk) == [DocumentState.OPEN]


def test_an_orphan_is_distributed_whole() -> None:
    """PAY-35: over an invoice and a refund; a sum that differs is refused."""
    desk = simple(100).open(NewTender("TERMS"))
    desk.ship((1, 1))
    desk.foreign(RequestKind.CAPTURE, 160, "evt")
    desk.bank.taken["foreign-evt"] = 160
    invoice, orphan = desk.billing.invoices[0].id, desk.payments.tenders[1].id
    for amount, refund in ((100, 59), (100, 61), (160, 0), (-1, 161)):
        command = DistributeFunds(orphan, (InvoiceShare(invoice, amount),), refund)
        with pytest.raises(Refused):
            billing.distribute(desk.billing, command, desk.ctx)
    with pytest.raises(Refused, match="APPLICATION_SUM_MISMATCH"):
        billing.distribute(desk.billing, DistributeFunds(orphan, (), 159), desk.ctx)
    command = DistributeFunds(orphan, (InvoiceShare(invoice, 100),), 60)
    desk.take(billing.distribute(desk.billing, command, desk.ctx))
    desk.run()
    assert desk.money.amount_due == desk.money.unapplied == 0
    assert desk.refunded() == [0, 60]
