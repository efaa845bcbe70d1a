"""Taking units from an FO's rows; there is one row per order line and reservation.

`picked`, `packed` and `shipped` of a row count up one within the other: a shipped unit is still
counted as packed and as picked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from oms.fulfillment.model import Fulfillment, FulfillmentLine, FulfillmentOrder, PackedUnits
from oms.kernel.errors import Refused
from oms.kernel.facts import Units

Room = Callable[[FulfillmentLine], int]
Change = Callable[[FulfillmentLine, int], FulfillmentLine]


def unpicked(row: FulfillmentLine) -> int:
    """Units nobody picked yet."""
    return row.quantity - row.picked


def unpacked(row: FulfillmentLine) -> int:
    """Units picked and not yet in a package."""
    return row.picked - row.packed


def unshipped(row: FulfillmentLine) -> int:
    """Units in a package that has not left."""
    return row.packed - row.shipped


def remaining(row: FulfillmentLine) -> int:
    """Units that have not left, wherever they are."""
    return row.quantity - row.shipped


def held(fo: FulfillmentOrder, room: Room) -> tuple[Units, ...]:
    """The units of every row that `room` counts."""
    return tuple(_units(row, room(row)) for row in fo.lines if room(row))


def each(
    fo: FulfillmentOrder, rows: Sequence[PackedUnits], room: Room, change: Change
) -> tuple[FulfillmentOrder, tuple[Units, ...]]:
    """`take` for units of several lines."""
    units: list[Units] = []
    for row in rows:
        fo, taken = take(fo, row.line_no, row.quantity, room, change)
        units += taken
    return fo, tuple(units)


def by_line(fo: FulfillmentOrder, room: Room) -> tuple[PackedUnits, ...]:
    """Units that `room` counts, line by line."""
    sums: Counter[int] = Counter()
    for row in fo.lines:
        sums[row.line_no] += room(row)
    return tuple(PackedUnits(line_no, units) for line_no, units in sorted(sums.items()) if units)


def take(
    fo: FulfillmentOrder, line_no: int, quantity: int, room: Room, change: Change
) -> tuple[FulfillmentOrder, tuple[Units, ...]]:
    """Change `quantity` units of a line, row by row; refused where `room` is less
    (QUANTITY_EXCEEDED). Rows without units are gone.
    """
    left, rows, taken = quantity, [], []
    for row in fo.lines:
        units = min(left, room(row)) if row.line_no == line_no else 0
        if units > 0:
            left -= units
            taken.append(_units(row, units))
            row = change(row, units)
        rows.append(row)
    if left or quantity <= 0:
        text = f"{quantity - left} of {quantity} units of line {line_no} can be taken"
        raise Refused.because("QUANTITY_EXCEEDED", text, fo.id)
    return replace(fo, lines=tuple(row for row in rows if row.quantity)), tuple(taken)


def store(fulfillment: Fulfillment, changed: FulfillmentOrder) -> Fulfillment:
    """The part with one FO changed."""
    orders = tuple(changed if fo.id == changed.id else fo for fo in fulfillment.orders)
    return replace(fulfillment, orders=orders)


def picked_more(row: FulfillmentLine, units: int) -> FulfillmentLine:
    """Count units as picked; negative puts them back."""
    return replace(row, picked=row.picked + units)


def packed_more(row: FulfillmentLine, units: int) -> FulfillmentLine:
    """Count units as packed; negative takes them out of their package."""
    return replace(row, packed=row.packed + units)


def shipped_more(row: FulfillmentLine, units: int) -> FulfillmentLine:
    """Count units as shipped."""
    return replace(row, shipped=row.shipped + units)


def gone(row: FulfillmentLine, units: int) -> FulfillmentLine:
    """Let unpicked units leave the FO."""
    return replace(row, quantity=row.quantity - units)


def _units(row: FulfillmentLine, count: int) -> Units:
    return Units(row.line_no, row.item_id, count, row.reservation_id, row.group)
