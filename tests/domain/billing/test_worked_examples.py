"""Worked examples 2, 3, 6 and 7 of the money specification, to the cent; ACC-046, 050, 051."""

from __future__ import annotations

from itertools import permutations

import pytest
from oms.billing.commands import CreditAmount, CreditUnits
from oms.kernel.money import Amounts
from oms.kernel.policy import CaptureTiming, ExcessFunds, Policy
from oms.orders.commands import NewTender
from oms.payments.model import IntentKind

from tests.domain.payments.desk import Desk, OrderLine, simple, types

CARD = NewTender("CARD", token="tok")
LINE = Amounts(goods=3000, adjustment=-100, goods_tax=239)


def example_line() -> Desk:
    """3 x 10.00, discount 1.00, tax 2.39."""
    return Desk({1: OrderLine(1, 3, LINE)}).open(CARD).run()


def test_example_2_partial_shipments() -> None:
    """ADJ-03, ADJ-04: 1,046 + 2,093 = 3,139."""
    desk = example_line()
    desk.ship((1, 1))
    desk.ship((1, 2))
    desk.run()
    assert [invoice.total for invoice in desk.billing.invoices] == [1046, 2093]
    assert desk.captured() == [3139]


def test_example_2_credits_of_the_second_invoice() -> None:
    """ADJ-05: 1,047, then 1,046; 2,093 in all."""
    desk = example_line()
    desk.ship((1, 1))
    desk.ship((1, 2))
    desk.run()
    second = desk.billing.invoices[1].id
    desk.credit(CreditUnits(second, 1, 1))
    desk.credit(CreditUnits(second, 1, 1))
    desk.run()
    assert [memo.total for memo in desk.billing.credit_memos] == [1047, 1046]
    assert desk.refunded() == [2093]


@pytest.mark.parametrize("order", sorted(set(permutations((0, 1, 1)))))
def test_credits_one_by_one_in_any_order_equal_the_charge(order: tuple[int, ...]) -> None:
    """ACC-050, INV-M2: 31.39 exactly, and no invoice line is credited beyond its charge."""
    desk = example_line()
    desk.ship((1, 1))
    desk.ship((1, 2))
    desk.run()
    for place in order:
        desk.credit(CreditUnits(desk.billing.invoices[place].id, 1, 1))
        desk.run()
    assert sum(memo.total for memo in desk.billing.credit_memos) == 3139
    assert desk.refunded() == [3139]
    assert desk.money.open_credit == 0


def test_example_3_cancel_in_the_middle() -> None:
    """ADJ-04: front -33, back -34 canceled, middle -33."""
    desk = example_line()
    desk.ship((1, 1))
    desk.cancel(1, 1)
    desk.ship((1, 1))
    discounts = [invoice.lines[0].amounts.adjustment for invoice in desk.billing.invoices]
    assert discounts == [-33, -33]
    canceled = LINE.units(3, 2, 3)
    assert canceled.adjustment == -34
    invoiced = sum(invoice.total for invoice in desk.billing.invoices)
    assert invoiced + canceled.total(gross=False) == 3139


def test_example_6_multi_tender() -> None:
    """PAY-10, REF-02, ACC-046: draws 30 + 40 and 50; refunds card 60, then card 30 + gift 20."""
    gift = NewTender("GIFT_CARD", token="gift", limit=3000)
    desk = simple(7000, 5000).open(gift, CARD).run()
    desk.ship((1, 1))
    assert [i.amount for i in desk.of(IntentKind.CAPTURE)] == [3000, 4000]
    desk.run()
    desk.ship((2, 1))
    desk.run()
    assert desk.captured() == [3000, 9000]
    first, second = desk.billing.invoices
    part = CreditAmount(first.id, 1, "PRODUCT", 6000)
    desk.credit(kind="APPEASEMENT", amounts=(part,))
    desk.run()
    assert desk.refunded() == [0, 6000]
    desk.credit(CreditUnits(second.id, 2, 1))
    desk.run()
    assert desk.refunded() == [2000, 9000]
    assert sum(desk.captured()) - sum(desk.refunded()) == 1000


def test_example_7_over_funding() -> None:
    """PAY-33: captured 12,000, 3,000 canceled: FUNDS +3,000, CASH -3,000."""
    policy = Policy(capture_timing=CaptureTiming.ON_ORDER)
    desk = simple(9000, 3000, policy=policy).open(CARD).run()
    desk.cancel(2, 1)
    assert (desk.money.open_value, desk.money.unapplied) == (9000, 12000)
    desk.run()
    card = desk.payments.tenders[0].id
    assert desk.billing.ledger[-1].postings == {"FUNDS": 3000, f"CASH:{card}": -3000}


def test_example_7_unticked_stays() -> None:
    """PAY-33, OPTIONAL: nothing is refunded by itself."""
    policy = Policy(capture_timing=CaptureTiming.ON_ORDER, excess_funds=ExcessFunds.OPTIONAL)
    desk = simple(9000, 3000, policy=policy).open(CARD).run()
    desk.cancel(2, 1)
    assert desk.due() == ()
    assert desk.money.unapplied == 12000


def test_example_7_only_authorized() -> None:
    """PAY-33, PAY-15: no refund; later 9,000 is captured and the rest goes with that capture."""
    desk = simple(9000, 3000).open(CARD).run()
    desk.cancel(2, 1)
    assert desk.due() == ()
    desk.ship((1, 1))
    assert desk.only(IntentKind.CAPTURE).final
    desk.run()
    assert desk.captured() == [9000]
    assert desk.of(IntentKind.REFUND) == desk.of(IntentKind.VOID) == []
    assert types(tuple(desk.facts))["payment.refunded"] == 0


@pytest.mark.parametrize(("currency", "scale"), [("JPY", 1), ("USD", 100), ("KWD", 1000)])
def test_every_amount_is_an_integer_of_minor_units(currency: str, scale: int) -> None:
    """ACC-051, TOT-01, INV-M6: the same flow, exact sums, in 0, 2 and 3 decimals."""
    amounts = Amounts(goods=10 * scale + 1, adjustment=-scale, shipping=7, goods_tax=scale // 2 + 2)
    desk = Desk({1: OrderLine(1, 3, amounts)}, currency=currency).open(CARD).run()
    for _ in range(3):
        desk.ship((1, 1))
        desk.run()
    for invoice in desk.billing.invoices:
        desk.credit(CreditUnits(invoice.id, 1, 1))
        desk.run()
    charged = amounts.total(gross=False)
    assert desk.captured() == desk.refunded() == [charged]
    postings = [amount for entry in desk.billing.ledger for amount in entry.postings.values()]
    assert {type(amount) for amount in postings} == {int}
    assert desk.request(desk.payments.intents[0]).currency == currency
