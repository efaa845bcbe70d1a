"""Money of random orders is shared to the last minor unit (TOT, ADJ)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from oms.kernel.money import Amounts
from oms.orders.commands import NewLine
from oms.orders.model import Adjustment, AdjustmentKind, Buckets, Order, TaxLine
from oms.orders.pricing import restated, tax_of
from oms.orders.totals import totals

from tests.domain.orders.scene import Shop, accept, group, offered

money = st.integers(0, 10**7)
signed = st.integers(-(10**6), 10**6)
kinds = st.sampled_from((AdjustmentKind.PROMOTION, AdjustmentKind.MANUAL))
adjustments = st.lists(st.builds(Adjustment, kinds, signed), max_size=3).map(tuple)
taxes = st.lists(
    st.builds(TaxLine, st.sampled_from(("PRODUCT", "SHIPPING", "HANDLING", "FEE")), money),
    max_size=3,
).map(tuple)
groups = st.builds(
    lambda **charges: group(**charges),
    shipping=money, handling=money, shipping_tax=money, handling_tax=money,
)  # fmt: skip
lines = st.lists(
    st.builds(
        NewLine, sku=st.just("A"), quantity=st.integers(1, 50), unit_price=money, fee=money,
        adjustments=adjustments, taxes=taxes,
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@st.composite
def accepted(draw: st.DrawFn) -> Order:
    command = offered(*draw(lines), groups=(draw(groups),), adjustments=draw(adjustments))
    shop = Shop(tax_policy=draw(st.sampled_from(("NET", "GROSS"))))
    return accept(command, shop=shop).part


def summed(made: Order) -> Amounts:
    return sum((line.amounts for line in made.lines), Amounts())


@settings(max_examples=150, deadline=None)
@given(accepted())
def test_nothing_is_lost_in_sharing(made: Order) -> None:
    """ADJ-01, ADJ-02, TOT-03: components of the lines sum to what was sent."""
    amounts, there = summed(made), made.groups[0]
    own = sum(a.amount for line in made.lines for a in line.adjustments if a.share_of is None)
    assert amounts.goods == sum(line.unit_price * line.quantity for line in made.lines)
    assert amounts.adjustment == own + sum(a.amount for a in made.adjustments)
    assert (amounts.shipping, amounts.handling) == (there.shipping, there.handling)
    taxed = sum(tax.amount for line in made.lines for tax in line.taxes)
    assert amounts.tax == taxed + there.shipping_tax + there.handling_tax
    assert totals(made).ordered == amounts.total(made.gross)
    for line in made.lines:
        assert line.amounts.adjustment == sum(a.amount for a in line.adjustments)


@settings(max_examples=150, deadline=None)
@given(accepted(), st.data())
def test_any_mix_of_invoices_and_cancellations_sums_exactly(
    made: Order, data: st.DataObject
) -> None:
    """ADJ-03, ADJ-04, TOT-07: front, middle and back of every line are the whole of it."""
    cut = []
    for line in made.lines:
        invoiced = data.draw(st.integers(0, line.quantity))
        gone = data.draw(st.integers(0, line.quantity - invoiced))
        left = line.quantity - invoiced - gone
        counters = Buckets(shipped=invoiced, canceled=gone, reserved=left, invoiced=invoiced)
        cut.append(replace(line, buckets=counters))
    sums = totals(replace(made, lines=tuple(cut)))
    assert sums.invoiced + sums.open_value + sums.canceled == sums.ordered
    assert sums.ordered == totals(made).ordered
    assert sums.amounts.total(made.gross) == sums.current


@settings(max_examples=100, deadline=None)
@given(accepted(), st.lists(st.integers(-30, 30), min_size=1, max_size=3))
def test_restating_the_total_is_repeatable(made: Order, offsets: list[int]) -> None:
    """TOT-04: only the last stated total counts, and it is met wherever it is close."""
    parts = totals(made).ordered
    changed = made
    for offset in offsets:
        changed = restated(changed, parts + offset, 10)
    expected = offsets[-1] if abs(offsets[-1]) <= 10 else 0
    assert totals(changed).ordered == parts + expected
    rounding = [a for a in changed.adjustments if a.kind is AdjustmentKind.ROUNDING]
    assert [a.amount for a in rounding] == ([expected] if expected else [])


@settings(max_examples=150, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(0, 10**6))
def test_tax_is_the_nearest_integer(amount: int, rate: int) -> None:
    """TAX-03, TOT-05: never further than half a minor unit from the exact value."""
    for gross, base in ((False, 10**6), (True, 10**6 + rate)):
        tax = tax_of(amount, rate, gross)
        assert abs(2 * (tax * base - amount * rate)) <= base
