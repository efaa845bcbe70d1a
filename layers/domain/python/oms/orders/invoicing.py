"""What posted invoices, and credit for units that will not ship after all, do to order lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from oms.kernel.money import CHARGES, Amounts
from oms.orders.model import Line, Order
from oms.orders.units import put_line


def count_invoiced(order: Order, units: Iterable[tuple[int, int]]) -> Order:
    """Count (line number, quantity) as invoiced, from the front of each line (ADJ-04)."""
    for line_no, quantity in units:
        line = order.line(line_no)
        buckets = replace(line.buckets, invoiced=line.buckets.invoiced + quantity)
        order = put_line(order, replace(line, buckets=buckets))
    return order


def take_back(order: Order, units: Mapping[int, int]) -> Order:
    """Units by line number are not invoiced any more: credit was posted for them (BIL-01)."""
    return count_invoiced(order, ((line_no, -quantity) for line_no, quantity in units.items()))


def gather_charges(order: Order, leaving: Iterable[int]) -> Order:
    """Before the first invoice of a delivery group: its first line there bears the shipping and
    handling of the whole group, so that they are charged at once (ADJ-07).
    """
    for line_no in sorted(set(leaving)):
        first = order.line(line_no)
        members = [line for line in order.lines if line.group == first.group]
        if first.charges_first and not any(line.buckets.invoiced for line in members):
            order = _gathered(order, first, members)
    return order


def _gathered(order: Order, first: Line, members: Iterable[Line]) -> Order:
    given = Amounts()
    for line in members:
        if line.line_no == first.line_no or not line.buckets.active:
            continue
        part = Amounts(**{name: getattr(line.amounts, name) for name in CHARGES})
        given += part
        order = put_line(order, replace(line, amounts=line.amounts - part))
    return put_line(order, replace(first, amounts=first.amounts + given))
