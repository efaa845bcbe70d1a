"""The ledger: LED-01 to 04, INV-M5."""

from __future__ import annotations

import pytest
from oms.billing import decisions as billing
from oms.billing.commands import CreditUnits
from oms.billing.model import Billing
from oms.kernel.money import Amounts
from oms.orders.commands import NewTender
from oms.payments.facts import PaymentCaptured, PaymentRefunded

from tests.domain.payments.desk import Desk, OrderLine, simple

CARD = NewTender("CARD", token="tok")


def test_an_entry_that_does_not_sum_to_zero_cannot_be_made() -> None:
    """LED-01."""
    with pytest.raises(ValueError, match="sum to 1"):
        billing.post_entry(Billing(), "cause", {"AR": 100, "TAX": -99}, simple(1).ctx)


def test_a_cause_posts_once() -> None:
    """LED-04: at the ledger, and for each fact that arrives again."""
    desk = simple(100)
    once = billing.post_entry(Billing(), "cause", {"AR": 1, "TAX": -1}, desk.ctx)
    assert billing.post_entry(once, "cause", {"AR": 5, "TAX": -5}, desk.ctx) == once
    for fact in (
        PaymentCaptured("pay", "int-1", 100, None),
        PaymentRefunded("pay", "int-2", 40, "FUNDS", None),
    ):
        first = billing.react(desk.billing, fact, desk.ctx).part
        assert billing.react(first, fact, desk.ctx).part == first
        desk.billing = first
    assert billing.balances(desk.billing).funds == 60


def test_postings_of_the_life_of_an_order() -> None:
    """LED-02: the table of the specification, in order."""
    line = OrderLine(1, 5, Amounts(goods=4600, goods_tax=400))
    desk = Desk({1: line}).open(CARD).run()
    card = desk.payments.tenders[0].id
    desk.ship((1, 5))
    desk.run()
    desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1))
    desk.run()
    assert [entry.postings for entry in desk.billing.ledger] == [
        {"SALES:PRODUCT": -4600, "TAX": -400, "AR": 5000},
        {f"CASH:{card}": 5000, "FUNDS": -5000},
        {"FUNDS": 5000, "AR": -5000},
        {"SALES:PRODUCT": 920, "TAX": 80, "CREDIT": -1000},
        {"CREDIT": 1000, f"CASH:{card}": -1000},
    ]
    assert [entry.seq for entry in desk.billing.ledger] == [1, 2, 3, 4, 5]


def test_contained_tax_is_taken_out_of_sales() -> None:
    """LED-02, TOT-03: a gross order posts what the customer pays, split into sales and tax."""
    line = OrderLine(1, 1, Amounts(goods=11900, shipping=1190, goods_tax=1900, shipping_tax=190))
    desk = Desk({1: line}, gross=True).open(CARD)
    desk.ship((1, 1))
    assert desk.billing.ledger[0].postings == {
        "SALES:PRODUCT": -10000, "SALES:SHIPPING": -1000, "TAX": -2090, "AR": 13090,
    }  # fmt: skip


def test_balances_are_read_from_the_ledger() -> None:
    """LED-03: documents do not matter; authorizations are no postings."""
    desk = simple(100).open(CARD).run()
    assert desk.billing.ledger == ()
    entries = (
        {"AR": 100, "TAX": -100}, {"CASH:a": 70, "FUNDS": -70}, {"FUNDS": 50, "AR": -50},
        {"GOODWILL": 7, "CREDIT": -7}, {"CASH:b": 5, "FUNDS": -5},
    )  # fmt: skip
    part = Billing()
    for place, postings in enumerate(entries):
        part = billing.post_entry(part, str(place), postings, desk.ctx)
    assert billing.balances(part) == billing.Balances(50, 25, 7, {"a": 70, "b": 5}, 75, 93)


def test_settled_means_that_nothing_is_due_unapplied_or_open() -> None:
    """LED-03: each of the three alone unsettles; a receivable on terms does not."""
    ctx = simple(1).ctx
    for postings, terms, expected in (
        ({"AR": 100, "TAX": -100}, 0, False),
        ({"AR": 100, "TAX": -100}, 99, False),
        ({"AR": 100, "TAX": -100}, 100, True),
        ({"CASH:a": 1, "FUNDS": -1}, 100, False),
        ({"GOODWILL": 1, "CREDIT": -1}, 100, False),
        ({"TAX": 1, "SALES:FEE": -1}, 0, True),
    ):
        part = billing.post_entry(Billing(), "cause", postings, ctx)
        assert billing.settled(part, terms) is expected
