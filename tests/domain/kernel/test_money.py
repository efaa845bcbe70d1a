"""Money is exact in currencies with 0, 2 and 3 decimals: TOT-01, TOT-05, ADJ-02, ADJ-03, INV-M6."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oms.kernel.errors import Malformed
from oms.kernel.money import Amounts, exponent, prorate, round_half_away, unit_share

amounts = st.integers(-(10**12), 10**12)
small = st.integers(-5000, 5000)


def test_worked_example_of_proration_by_largest_remainder() -> None:
    """ADJ-02, example 1: order discount, then shipping by the nets that are left."""
    discount = prorate(-1000, [3998, 500, 2199], [2, 1, 3])
    assert discount == [-597, -75, -328]
    assert prorate(799, [3998 - 597, 500 - 75, 2199 - 328], [2, 1, 3]) == [477, 60, 262]


def test_other_exponents_split_the_same_way() -> None:
    """ADJ-02, example 5: yen without and dinar with three decimals."""
    assert prorate(1000, [3000, 3000, 3000], [1, 1, 1]) == [334, 333, 333]
    assert prorate(1000, [3333, 3333, 3334], [1, 1, 1]) == [333, 333, 334]


def test_zero_weights_fall_back_to_quantities() -> None:
    """ADJ-02: lines without value share by their units."""
    assert prorate(-900, [0, 0], [1, 2]) == [-300, -600]
    with pytest.raises(ValueError, match="nothing to prorate"):
        prorate(100, [0], [0])


@given(amounts, st.lists(st.tuples(small, st.integers(1, 99)), min_size=1, max_size=12))
def test_shares_always_sum_to_the_total(total: int, parts: list[tuple[int, int]]) -> None:
    """ADJ-02: nothing is lost, and no share is a whole unit off its exact value."""
    weights, quantities = [w for w, _ in parts], [q for _, q in parts]
    shares = prorate(total, weights, quantities)
    base = [abs(w) for w in weights] if any(weights) else quantities
    assert sum(shares) == total
    for share, weight in zip(shares, base, strict=True):
        assert abs(share - Fraction(total * weight, sum(base))) < 1


@given(amounts, st.integers(1, 60), st.data())
def test_unit_shares_of_any_cut_sum_exactly(total: int, units: int, data: st.DataObject) -> None:
    """ADJ-03: cutting the units anywhere never gains or loses a minor unit."""
    cut = data.draw(st.integers(0, units))
    assert unit_share(total, units, 0, cut) + unit_share(total, units, cut, units) == total


def test_worked_example_of_partial_shipments() -> None:
    """ADJ-03, example 2: 3 x 1,000 less 100 plus tax 239, shipped one and then two."""
    line = Amounts(goods=3000, adjustment=-100, goods_tax=239)
    assert line.units(3, 0, 1).total(gross=False) == 1046
    assert line.units(3, 1, 3).total(gross=False) == 2093


def test_units_outside_the_line_are_refused() -> None:
    """ADJ-03: a share of units that do not exist is a programming error, never an amount."""
    with pytest.raises(ValueError, match="not within 3"):
        unit_share(100, 3, 2, 4)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_rounding_is_half_away_from_zero(numerator: int, denominator: int) -> None:
    """TOT-05: the nearest integer, and the one farther from zero in the middle."""
    result = round_half_away(numerator, denominator)
    exact = Fraction(numerator, denominator)
    assert abs(result - exact) <= Fraction(1, 2)
    if abs(result - exact) == Fraction(1, 2):
        assert abs(result) > abs(exact)


def test_gross_totals_contain_their_tax() -> None:
    """TOT-03: NET adds the tax, GROSS only shows it."""
    amounts = Amounts(goods=11900, goods_tax=1900, shipping=500)
    assert amounts.total(gross=True) == 12400
    assert amounts.total(gross=False) == 14300


@given(st.lists(small, min_size=9, max_size=9), st.lists(small, min_size=9, max_size=9))
def test_amounts_add_and_subtract_componentwise(left: list[int], right: list[int]) -> None:
    """TOT-01: components never mix."""
    a, b = Amounts(*left), Amounts(*right)
    assert a + b - b == a


def test_exponents_of_currencies() -> None:
    """TOT-01: 0, 2 and 3 decimals are supported, an unknown code is refused by name."""
    assert [exponent(code) for code in ("JPY", "USD", "KWD")] == [0, 2, 3]
    with pytest.raises(Malformed) as refusal:
        exponent("XXX")
    assert refusal.value.problems[0].path == "currency"
