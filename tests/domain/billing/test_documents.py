"""Invoices and credit memos: BIL-01, 02, 04, 05, BIL-100 to 107, PAY-35, INV-M7."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.billing import decisions as billing
from oms.billing.commands import (
    CreditAmount,
    CreditUnits,
    DistributeFunds,
    PostCredit,
    UnapplyFunds,
)
from oms.billing.model import Billing, DocumentState
from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderRejected,
    FulfillmentOrderShortPicked,
    ShipmentCreated,
    UnitsLeft,
)
from oms.kernel.codec import decode, encode
from oms.kernel.errors import Malformed, NotFound, Refused
from oms.kernel.facts import Step, Units
from oms.kernel.money import Amounts
from oms.kernel.policy import Policy
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import ApplyFunds, Refund, VoidPayment
from oms.payments.gateway import RequestKind
from oms.payments.model import IntentKind

from tests.domain.payments.bank import UNKNOWN
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
        desk.billing, PostCredit("GOODWILL", "LATE", goodwill=20), ORDER, desk.ctx
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
        command = DistributeFunds(orphan, ((invoice, amount),), refund)
        with pytest.raises(Refused):
            billing.distribute(desk.billing, command, desk.ctx)
    with pytest.raises(Refused, match="APPLICATION_SUM_MISMATCH"):
        billing.distribute(desk.billing, DistributeFunds(orphan, (), 159), desk.ctx)
    command = DistributeFunds(orphan, ((invoice, 100),), 60)
    desk.take(billing.distribute(desk.billing, command, desk.ctx))
    desk.run()
    assert desk.money.amount_due == desk.money.unapplied == 0
    assert desk.refunded() == [0, 60]


@pytest.mark.parametrize("gross", [False, True])
def test_credit_of_all_units_gives_every_component_back(gross: bool) -> None:
    """BIL-05, BIL-106, ADJ-05, INV-M2: tax, shipping, handling and fee included."""
    desk = billed(gross)
    invoice = desk.billing.invoices[0].id
    for _ in range(3):
        facts = desk.credit(CreditUnits(invoice, 1, 1))
        assert types(facts)["credit_memo.posted"] == 1
        desk.run()
    assert billing.creditable(desk.billing, invoice, 1) == Amounts()
    assert desk.refunded() == [FULL.total(gross)]
    with pytest.raises(Refused, match="QUANTITY_EXCEEDED"):
        desk.credit(CreditUnits(invoice, 1, 1))
    sums = {
        account: sum(entry.postings.get(account, 0) for entry in desk.billing.ledger)
        for account in ("AR", "FUNDS", "CREDIT", "TAX", "SALES:PRODUCT", "SALES:SHIPPING")
    }
    assert set(sums.values()) == {0}


def test_no_component_is_credited_beyond_its_charge() -> None:
    """BIL-05, INV-M7: guarded per component, within one memo as well as across memos."""
    desk = billed()
    invoice = desk.billing.invoices[0].id
    half = CreditAmount(invoice, 1, "SHIPPING", 200)
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.credit(kind="APPEASEMENT", amounts=(half, half))
    desk.credit(kind="APPEASEMENT", amounts=(half,))
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.credit(kind="APPEASEMENT", amounts=(CreditAmount(invoice, 1, "SHIPPING", 101),))
    desk.credit(kind="APPEASEMENT", amounts=(CreditAmount(invoice, 1, "SHIPPING", 100),))
    assert billing.creditable(desk.billing, invoice, 1).shipping_tax == 0
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.credit(kind="APPEASEMENT", amounts=(CreditAmount(invoice, 1, "SHIPPING", 1),))


def test_returned_units_credit_only_what_was_not_credited_before() -> None:
    """BIL-05, TAX-04, INV-M7: an appeasement is not paid out a second time."""
    desk = billed()
    invoice = desk.billing.invoices[0].id
    amounts = (
        CreditAmount(invoice, 1, "PRODUCT", 850), CreditAmount(invoice, 1, "SHIPPING", 300),
    )  # fmt: skip
    desk.credit(kind="APPEASEMENT", amounts=amounts)
    desk.credit(CreditUnits(invoice, 1, 3))
    desk.run()
    assert desk.refunded() == [FULL.total(gross=False)]


def test_credit_memos_need_a_known_kind_and_a_reason() -> None:
    """BIL-05, BIL-106."""
    desk = billed()
    invoice = desk.billing.invoices[0].id
    units = (CreditUnits(invoice, 1, 1),)
    amount = (CreditAmount(invoice, 1, "GOODS", 1),)
    for command in (
        PostCredit("BRIBE", "X", units), PostCredit("RETURN", " ", units),
        PostCredit("APPEASEMENT", "X", (), amount),
    ):  # fmt: skip
        with pytest.raises(Malformed):
            billing.credit(desk.billing, command, ORDER, desk.ctx)
    for missing in (CreditUnits("inv_none", 1, 1), CreditUnits(invoice, 9, 1)):
        with pytest.raises(NotFound):
            desk.credit(missing)


def test_units_worth_nothing_can_be_credited() -> None:
    """BIL-05, BIL-107: a free gift comes back; an empty wish is refused."""
    desk = simple(0).open()
    desk.ship((1, 1))
    facts = types(desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1)))
    assert (facts["credit_memo.posted"], facts["credit_memo.applied"]) == (1, 1)
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.credit()


def test_drafts_cannot_be_credited() -> None:
    """BIL-05: only what was charged."""
    desk = simple(100).open(CARD)
    desk.allocate()
    with pytest.raises(Refused, match="STATE"):
        desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1))


def test_credit_memos_are_open_until_they_are_used_up() -> None:
    """BIL-106, BIL-107: refunded in full."""
    desk = billed()
    desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 3), kind="CANCELLATION")
    memo = desk.billing.credit_memos[0]
    assert billing.memo_state(memo) is DocumentState.OPEN
    assert desk.money.open_credit == memo.total
    desk.run()
    assert billing.memo_state(desk.billing.credit_memos[0]) is DocumentState.APPLIED
    assert types(tuple(desk.facts))["credit_memo.applied"] == 1


def test_credit_promised_to_a_refund_pays_no_invoice() -> None:
    """BIL-04, REF-01: while the refund is unknown, the next invoice is drawn on the card."""
    desk = simple(500, 300).open(CARD).run()
    desk.ship((1, 1))
    desk.run()
    desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1))
    refund = desk.only(IntentKind.REFUND)
    desk.exchange(refund, answer=UNKNOWN)
    desk.ship((2, 1))
    assert desk.only(IntentKind.CAPTURE).amount == 300
    desk.settle(refund, desk.bank.results[refund.id])
    desk.run()
    assert (desk.captured(), desk.refunded()) == ([800], [500])
    assert desk.money.open_credit == desk.money.amount_due == 0


def test_goodwill_is_paid_out_and_never_applied() -> None:
    """REF-05, LED-02: GOODWILL +, CREDIT -, then CREDIT +, CASH -; nothing else is touched."""
    desk = billed()
    card = desk.payments.tenders[0].id
    desk.do(payments.refund, Refund(card, 100, "LATE"))
    desk.run()
    last, before = desk.billing.ledger[-1], desk.billing.ledger[-2]
    assert before.postings == {"GOODWILL": 100, "CREDIT": -100}
    assert last.postings == {"CREDIT": 100, f"CASH:{card}": -100}


def test_billing_survives_storage() -> None:
    """Nothing is lost or changed by writing and reading the part."""
    desk = billed()
    desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 2))
    assert decode(Billing, encode(desk.billing)) == desk.billing
