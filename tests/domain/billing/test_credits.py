"""Credit memos: BIL-05, BIL-106, BIL-107, INV-M7."""

from __future__ import annotations

import pytest
from oms.billing import decisions as billing
from oms.billing.commands import (
    CreditAmount,
    CreditUnits,
    PostCredit,
)
from oms.billing.model import Billing, DocumentState
from oms.kernel.codec import decode, encode
from oms.kernel.errors import Malformed, NotFound, Refused
from oms.kernel.money import Amounts
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import Refund
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
            billing.credit(desk.billing, command, desk.ctx, ORDER)
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
    assert billing.memo_state(desk.billing.credit_memos[0]) is DocumentState.CLOSED
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
