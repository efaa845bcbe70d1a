"""Money in integer minor units: rounding, proration and unit shares, without a single float.

An amount is an `int` count of minor units of the order's one currency. `Amounts` holds the
component
amounts of a line, or of some of its units, each split on its own so that every cent is accounted
for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import add, attrgetter, sub

from oms.kernel.errors import Malformed, Problem

EXPONENTS: dict[str, int] = {
    "AED": 2, "AUD": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "CZK": 2,
    "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "ISK": 0,
    "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "OMR": 3,
    "PHP": 2, "PLN": 2, "PYG": 0, "RON": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TND": 3,
    "TRY": 2, "TWD": 2, "UGX": 0, "USD": 2, "VND": 0, "XAF": 0, "XOF": 0, "ZAR": 2,
}  # fmt: skip

MAX_AMOUNT = 10**15
"""Largest amount accepted anywhere, in minor units: sums of them stay exact in JSON and in
storage.
"""


def exponent(currency: str) -> int:
    """Decimal places of an ISO 4217 currency; raises `Malformed` for a code that is not
    supported.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise Malformed(
            "UNKNOWN_CURRENCY", f"currency {currency!r} is not supported",
            [Problem("currency", "UNKNOWN_CURRENCY", "an ISO 4217 code is expected")],
        ) from None  # fmt: skip


def round_half_away(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded half away from zero (TOT-05)."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    whole, rest = divmod(abs(numerator), abs(denominator))
    return sign * (whole + (2 * rest >= abs(denominator)))


def prorate(total: int, weights: Sequence[int], quantities: Sequence[int]) -> list[int]:
    """Split `total` by largest remainder; ties go to the earlier place (ADJ-02).

    Where all weights are zero the quantities weigh instead. The shares always sum to `total`.
    """
    base = [abs(weight) for weight in weights]
    if not any(base):
        base = list(quantities)
    pool = sum(base)
    if pool == 0:
        raise ValueError("nothing to prorate over")
    sign, amount = (-1 if total < 0 else 1), abs(total)
    shares = [amount * weight // pool for weight in base]
    remainders = [(-(amount * weight % pool), place) for place, weight in enumerate(base)]
    for _, place in sorted(remainders)[: amount - sum(shares)]:
        shares[place] += 1
    return [sign * share for share in shares]


def unit_share(total: int, units: int, start: int, stop: int) -> int:
    """Amount of units `start`+1 .. `stop` of `units` that together cost `total` (ADJ-03)."""
    if not 0 <= start <= stop <= units:
        raise ValueError(f"units {start}..{stop} are not within {units}")
    if units == 0:
        return 0
    sign, amount = (-1 if total < 0 else 1), abs(total)
    return sign * (amount * stop // units - amount * start // units)


CHARGES = ("shipping", "handling", "shipping_tax", "handling_tax")
"""Components that may come whole with the first invoice (ADJ-07)."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Component amounts of a line or of part of its units, in minor units.

    `goods` is unit price times quantity; `adjustment` the line's own adjustments plus its shares of
    order
    adjustments (discounts negative); the `*_tax` fields are the tax on each component. Under tax
    policy
    NET the tax comes on top, under GROSS it is contained in the component and shown for
    information.
    """

    goods: int = 0
    adjustment: int = 0
    shipping: int = 0
    handling: int = 0
    fee: int = 0
    goods_tax: int = 0
    shipping_tax: int = 0
    handling_tax: int = 0
    fee_tax: int = 0

    @property
    def product(self) -> int:
        """Product net: goods after adjustments."""
        return self.goods + self.adjustment

    @property
    def net(self) -> int:
        """Every component without its separate tax."""
        return self.product + self.shipping + self.handling + self.fee

    @property
    def tax(self) -> int:
        """Tax of every component."""
        return self.goods_tax + self.shipping_tax + self.handling_tax + self.fee_tax

    def total(self, gross: bool) -> int:
        """What the customer owes for these units (TOT-03); `gross` says that tax is contained."""
        return self.net if gross else self.net + self.tax

    def units(self, of: int, start: int, stop: int, *, charges_first: bool = False) -> Amounts:
        """Amounts of units `start`+1 .. `stop` out of `of`, each component shared on its own
        (ADJ-03); with `charges_first` the first unit bears shipping and handling whole (ADJ-07).
        """
        if start == stop:
            return Amounts()
        if (start, stop) == (0, of):
            return self
        shares = {name: unit_share(getattr(self, name), of, start, stop) for name in COMPONENTS}
        if charges_first:
            first = start == 0 < stop
            shares |= {name: getattr(self, name) if first else 0 for name in CHARGES}
        return Amounts(**shares)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*map(add, _values(self), _values(other)))

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(*map(sub, _values(self), _values(other)))


COMPONENTS = tuple(f.name for f in fields(Amounts))
_values: Callable[[Amounts], tuple[int, ...]] = attrgetter(*COMPONENTS)
