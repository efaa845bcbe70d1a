"""Totals of an order, from stored line amounts and unit counters (TOT-03, TOT-07, ADJ-04).

Invoicing consumes a line's units from the front, cancellation from the back, so any mix of partial
shipments and
cancellations sums exactly to the line's amount.
"""

from __future__ import annotations

from dataclasses import dataclass

from oms.kernel.money import Amounts
from oms.orders.model import Line, Order


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """Minor units; `open_value` is the value of active units that no invoice covers yet."""

    ordered: int
    canceled: int
    current: int
    invoiced: int
    open_value: int
    amounts: Amounts


def line_value(line: Line, start: int, stop: int, gross: bool) -> int:
    """What units `start`+1 .. `stop` of a line cost, in minor units."""
    return line.share(start, stop).total(gross)


def totals(order: Order) -> OrderTotals:
    """The order's totals; `current` is what was ordered less what was canceled."""
    gross = order.gross
    ordered = sum(line.amounts.total(gross) for line in order.lines)
    canceled = sum(canceled_value(line, gross) for line in order.lines)
    invoiced = sum(line_value(line, 0, line.buckets.invoiced, gross) for line in order.lines)
    amounts = sum((active_amounts(line) for line in order.lines), Amounts())
    current = ordered - canceled
    return OrderTotals(ordered, canceled, current, invoiced, current - invoiced, amounts)


def canceled_value(line: Line, gross: bool) -> int:
    """What the canceled units of a line would have cost: those at its end (ADJ-04)."""
    return line_value(line, line.quantity - line.buckets.canceled, line.quantity, gross)


def lost_value(before: Line, after: Line, gross: bool) -> int:
    """What an order is worth less, in minor units, since more units of a line are canceled."""
    return canceled_value(after, gross) - canceled_value(before, gross)


def active_amounts(line: Line) -> Amounts:
    """Component amounts of the units that are not canceled."""
    return line.share(0, line.quantity - line.buckets.canceled)
