"""From prices as the channel sent them to stored component amounts per line (TOT-02, TOT-04,
ADJ-01).

Order adjustments and group charges are split over lines once, at acceptance, and the shares are
stored; whatever
happens later uses the shares, never the split.
"""

from __future__ import annotations

from dataclasses import replace

from oms.kernel.money import Amounts, prorate, round_half_away
from oms.orders.commands import NewLine
from oms.orders.model import Adjustment, AdjustmentKind, DeliveryGroup, Line, Order

MILLION = 1_000_000
"""Tax rates are in millionths: 8.25 % is 82,500."""

COMPONENTS = ("goods_tax", "shipping_tax", "handling_tax", "fee_tax")
TAXED = {"PRODUCT": "goods_tax", "SHIPPING": "shipping_tax", "HANDLING": "handling_tax",
         "FEE": "fee_tax"}  # fmt: skip


def own_amounts(line: NewLine) -> Amounts:
    """What the channel sent for the line itself: goods, own adjustments, fee and taxes."""
    taxes = dict.fromkeys(COMPONENTS, 0)
    for tax in line.taxes:
        taxes[TAXED[tax.component]] += tax.amount
    return Amounts(
        goods=(line.unit_price or 0) * line.quantity,
        adjustment=sum(adjustment.amount for adjustment in line.adjustments),
        fee=line.fee,
        **taxes,
    )


def share_adjustments(
    lines: tuple[Line, ...], adjustments: tuple[Adjustment, ...]
) -> tuple[Line, ...]:
    """Split each order adjustment by what the lines cost before it (ADJ-02)."""
    for place, adjustment in enumerate(adjustments):
        weights = [line.amounts.product for line in lines]
        shares = prorate(adjustment.amount, weights, [line.quantity for line in lines])
        name = adjustment.code or f"{adjustment.kind}-{place + 1}"
        lines = tuple(
            _with_adjustment(line, replace(adjustment, amount=share, share_of=name))
            for line, share in zip(lines, shares, strict=True)
        )
    return lines


def share_charges(lines: tuple[Line, ...], groups: tuple[DeliveryGroup, ...]) -> tuple[Line, ...]:
    """Split shipping, handling and their tax over the lines of each group, by discounted net."""
    by_number = {line.line_no: line for line in lines}
    for group in groups:
        members = [line for line in lines if line.group == group.id]
        if not members:
            continue
        weights = [line.amounts.product for line in members]
        units = [line.quantity for line in members]
        charges = {
            name: prorate(amount, weights, units)
            for name, amount in _charges(group).items()
            if amount
        }
        for place, line in enumerate(members):
            added = Amounts(**{name: shares[place] for name, shares in charges.items()})
            by_number[line.line_no] = replace(line, amounts=line.amounts + added)
    return tuple(by_number[line.line_no] for line in lines)


def rounding(lines: tuple[Line, ...], stated: int | None, gross: bool, tolerance: int) -> int:
    """The ROUNDING adjustment that reaches the stated total; 0 where it is off by more (TOT-04)."""
    if stated is None:
        return 0
    difference = stated - sum(line.amounts.total(gross) for line in lines)
    return difference if abs(difference) <= tolerance else 0


def rounding_adjustment(amount: int) -> Adjustment:
    """The order adjustment that stores a rounding difference."""
    return Adjustment(AdjustmentKind.ROUNDING, amount, "ROUNDING", "sum of parts and total differ")


def restated(order: Order, stated: int, tolerance: int) -> Order:
    """The order with another stated total: an earlier ROUNDING adjustment goes, a new one comes
    where the difference is small (TOT-04).
    """
    sent = tuple(a for a in order.adjustments if a.kind is not AdjustmentKind.ROUNDING)
    lines = tuple(_without_rounding(line) for line in order.lines)
    difference = rounding(lines, stated, order.gross, tolerance)
    if difference:
        extra = rounding_adjustment(difference)
        lines, sent = share_adjustments(lines, (extra,)), (*sent, extra)
    return replace(order, stated_total=stated, adjustments=sent, lines=lines)


def priced(line: Line, unit_price: int) -> Line:
    """The line with the price that it lacked; shares of order amounts stay as they were split."""
    goods = Amounts(goods=unit_price * line.quantity)
    return replace(line, unit_price=unit_price, priced=True, amounts=line.amounts + goods)


def tax_of(amount: int, rate: int, gross: bool) -> int:
    """Tax on `amount` at `rate` millionths: on top of a net, contained in a gross one (TAX-03)."""
    return round_half_away(amount * rate, MILLION + rate if gross else MILLION)


def _without_rounding(line: Line) -> Line:
    shares = [
        a for a in line.adjustments
        if a.kind is AdjustmentKind.ROUNDING and a.share_of is not None
    ]  # fmt: skip
    rounded = Amounts(adjustment=sum(share.amount for share in shares))
    kept = tuple(a for a in line.adjustments if a not in shares)
    return replace(line, adjustments=kept, amounts=line.amounts - rounded)


def _with_adjustment(line: Line, share: Adjustment) -> Line:
    if share.amount == 0:
        return line
    amounts = line.amounts + Amounts(adjustment=share.amount)
    return replace(line, adjustments=(*line.adjustments, share), amounts=amounts)


def _charges(group: DeliveryGroup) -> dict[str, int]:
    return {
        "shipping": group.shipping, "handling": group.handling,
        "shipping_tax": group.shipping_tax, "handling_tax": group.handling_tax,
    }  # fmt: skip
