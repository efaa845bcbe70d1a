"""Totals, taxes, proration: the worked examples, in minor units (TOT, TAX, ADJ)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.kernel.errors import Malformed
from oms.kernel.money import Amounts, prorate
from oms.orders.commands import NewLine
from oms.orders.model import (
    Adjustment,
    AdjustmentKind,
    Buckets,
    Order,
    TaxLine,
    TaxPolicy,
)
from oms.orders.pricing import restated, tax_of
from oms.orders.totals import line_value, totals

from tests.domain.orders.scene import Shop, accept, group, offered, order

DISCOUNT = Adjustment(AdjustmentKind.PROMOTION, -1000, code="SPRING")


def example_1() -> Order:
    taxes = (281, 35, 154)
    lines = tuple(
        NewLine(sku, count, price, taxes=(TaxLine("PRODUCT", tax, 82_500),))
        for (sku, count, price), tax in zip(
            (("A", 2, 1999), ("B", 1, 500), ("C", 3, 733)), taxes, strict=True
        )
    )
    there = group(shipping=799, shipping_tax=66)
    return accept(offered(*lines, groups=(there,), adjustments=(DISCOUNT,))).part


def example_2() -> Order:
    line = NewLine(
        "A", 3, 1000, adjustments=(Adjustment(AdjustmentKind.PROMOTION, -100),),
        taxes=(TaxLine("PRODUCT", 239, 82_500),),
    )  # fmt: skip
    return accept(offered(line)).part


def with_units(made: Order, **counters: int) -> Order:
    lines = (replace(made.lines[0], buckets=Buckets(**counters)), *made.lines[1:])
    return replace(made, lines=lines)


def test_proration_of_discount_shipping_and_tax() -> None:
    """Example 1; ADJ-01, ADJ-02, TOT-01, TOT-02, TOT-03: shares are stored per line."""
    made = example_1()
    amounts = [line.amounts for line in made.lines]
    assert [a.adjustment for a in amounts] == [-597, -75, -328]
    assert [a.product for a in amounts] == [3401, 425, 1871]
    assert [a.shipping for a in amounts] == [477, 60, 262]
    assert [a.goods_tax for a in amounts] == [281, 35, 154]
    assert [a.shipping_tax for a in amounts] == [39, 5, 22]
    assert totals(made).ordered == 7032
    assert [line.adjustments[-1].share_of for line in made.lines] == ["SPRING"] * 3


def test_discount_per_unit() -> None:
    """Example 1; ADJ-03: the last unit takes the rest."""
    line = example_1().lines[2]
    assert [line.amounts.units(3, n, n + 1).adjustment for n in range(3)] == [-109, -109, -110]


def test_partial_shipments_sum_exactly() -> None:
    """Example 2; ADJ-03, ADJ-04: 1 unit, then 2, are what all cost."""
    line = example_2().lines[0]
    assert line_value(line, 0, 1, gross=False) == 1046
    assert line_value(line, 1, 3, gross=False) == 2093
    assert line_value(line, 0, 3, gross=False) == 3139


def test_credits_of_an_invoice_line_sum_exactly() -> None:
    """Example 2; ADJ-05, TAX-04: an invoice line is credited from its own front."""
    invoiced = example_2().lines[0].amounts.units(3, 1, 3)
    assert [invoiced.units(2, n, n + 1).total(gross=False) for n in range(2)] == [1047, 1046]
    assert sum(invoiced.units(2, n, n + 1).tax for n in range(2)) == invoiced.tax == 160


def test_ship_one_cancel_one_ship_one() -> None:
    """Example 3; ADJ-04, TOT-07: invoices take from the front, cancellation from the back."""
    line = example_2().lines[0]
    assert [line.amounts.units(3, n, n + 1).adjustment for n in (0, 2, 1)] == [-33, -34, -33]
    made = with_units(example_2(), shipped=1, canceled=1, reserved=1, invoiced=1)
    sums = totals(made)
    assert sums.invoiced == 1046
    assert sums.canceled == line_value(line, 2, 3, gross=False)
    assert sums.open_value == line_value(line, 1, 2, gross=False)
    assert sums.invoiced + sums.open_value + sums.canceled == sums.ordered == 3139
    assert sums.current == sums.ordered - sums.canceled
    assert sums.amounts == line.amounts.units(3, 0, 2)


@pytest.mark.parametrize(
    ("amount", "rate", "tax"), [(11_900, 190_000, 1900), (999, 190_000, 160), (4995, 200_000, 833)]
)
def test_contained_tax(amount: int, rate: int, tax: int) -> None:
    """Example 4; TAX-03, TOT-05: gross tax is contained, rounded half away from zero."""
    assert tax_of(amount, rate, gross=True) == tax
    assert tax_of(-amount, rate, gross=True) == -tax


def test_tax_on_top() -> None:
    """TAX-03, TOT-05: net tax is base times rate, rounded once."""
    assert tax_of(2900, 82_500, gross=False) == 239
    assert tax_of(50, 10_000, gross=False) == 1


def test_other_exponents() -> None:
    """Example 5; ADJ-02, TOT-01: yen and dinars are prorated like any minor unit."""
    assert prorate(1000, [3000] * 3, [1] * 3) == [334, 333, 333]
    assert prorate(1000, [3333, 3333, 3334], [1] * 3) == [333, 333, 334]
    made = accept(offered(NewLine("A", 1, 3000), currency="JPY")).part
    assert (made.currency, totals(made).ordered) == ("JPY", 3000)


def test_gross_total_contains_its_tax() -> None:
    """TOT-03, TAX-01: the policy is fixed at acceptance from the channel."""
    line = NewLine("A", 1, 11_900, taxes=(TaxLine("PRODUCT", 1900, 190_000),))
    taxed = accept(offered(line), shop=Shop(tax_policy="GROSS")).part
    assert (taxed.tax_policy, totals(taxed).ordered) == (TaxPolicy.GROSS, 11_900)
    assert totals(accept(offered(line)).part).ordered == 13_800


def test_every_taxed_component_counts() -> None:
    """TOT-01, TAX-02: taxes as sent, on product, shipping, handling and fee."""
    line = NewLine(
        "A", 1, 1000, fee=30,
        taxes=(
            TaxLine("PRODUCT", 80), TaxLine("PRODUCT", 20), TaxLine("SHIPPING", 5),
            TaxLine("HANDLING", 3), TaxLine("FEE", 2),
        ),
    )  # fmt: skip
    made = accept(offered(line, groups=(group(shipping=50, handling=30),))).part
    assert made.lines[0].amounts == Amounts(
        goods=1000, shipping=50, handling=30, fee=30, goods_tax=100, shipping_tax=5,
        handling_tax=3, fee_tax=2,
    )  # fmt: skip
    assert totals(made).ordered == 1220


def test_charges_of_a_group_stay_with_its_lines() -> None:
    """ADJ-01: group charges are split over the lines of that group only."""
    near, far = group(id="near", shipping=500), group(id="far", handling=101)
    lines = (
        NewLine("A", 1, 1000, group="near"),
        NewLine("B", 1, 1000, group="far"),
        NewLine("C", 1, 1000, group="far"),
    )
    made = accept(offered(*lines, groups=(near, far))).part
    assert [(x.amounts.shipping, x.amounts.handling) for x in made.lines] == [
        (500, 0), (0, 51), (0, 50),
    ]  # fmt: skip


def test_free_lines_share_by_quantity() -> None:
    """ADJ-02: where all weights are zero, quantity weighs."""
    made = accept(offered(NewLine("A", 1, 0), NewLine("B", 3, 0), groups=(group(shipping=400),)))
    assert [line.amounts.shipping for line in made.part.lines] == [100, 300]


def test_small_difference_becomes_one_rounding_adjustment() -> None:
    """TOT-04, ACC-006: parts of 100.03 stated as 100.00 get one adjustment of -0.03."""
    made = accept(offered(NewLine("A", 1, 10_003), stated_total=10_000)).part
    (rounding,) = made.adjustments
    assert (rounding.kind, rounding.amount) == (AdjustmentKind.ROUNDING, -3)
    assert totals(made).ordered == 10_000


def test_large_difference_is_left_for_validation() -> None:
    """TOT-04, ACC-006: 99.00 for 100.03 is no rounding."""
    made = accept(offered(NewLine("A", 1, 10_003), stated_total=9_900)).part
    assert (made.adjustments, totals(made).ordered) == ((), 10_003)


@pytest.mark.parametrize(("stated", "rounded"), [(10_013, 10_013), (10_014, 10_003)])
def test_tolerance_is_inclusive(stated: int, rounded: int) -> None:
    """TOT-04: at most `intake.totalTolerance`, 10 minor units."""
    assert totals(accept(offered(NewLine("A", 1, 10_003), stated_total=stated)).part).ordered == (
        rounded
    )


def test_restating_replaces_the_rounding() -> None:
    """TOT-04: a corrected total leaves at most one ROUNDING adjustment and keeps the others."""
    made = accept(
        offered(NewLine("A", 1, 5_000), NewLine("B", 1, 5_003), adjustments=(DISCOUNT,),
                stated_total=9_000)
    ).part  # fmt: skip
    again = restated(made, 9_005, tolerance=10)
    assert [(a.kind, a.amount) for a in again.adjustments] == [
        (AdjustmentKind.PROMOTION, -1000), (AdjustmentKind.ROUNDING, 2),
    ]  # fmt: skip
    assert totals(again).ordered == 9_005
    apart = restated(again, 8_000, tolerance=10)
    assert (totals(apart).ordered, len(apart.adjustments)) == (9_003, 1)


def test_unsupported_currency_is_refused() -> None:
    """TOT-01, TOT-06: one known currency, the channel's where the order names none."""
    with pytest.raises(Malformed) as refusal:
        accept(offered(NewLine("A", 1, 1), currency="XXX"))
    assert refusal.value.code == "UNKNOWN_CURRENCY"
    assert accept(offered(NewLine("A", 1, 1)), shop=Shop(currency=None)).part.currency == "XXX"
    assert order(1).currency == "USD"
