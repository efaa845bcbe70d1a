"""Packing: which boxes. The shipped layer puts what may travel together into one parcel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from oms.sourcing.model import Demand, Parcel, PlannedUnits

Packing = Callable[[Sequence[PlannedUnits], Sequence[Demand]], tuple[Parcel, ...]]


def one_parcel(units: Sequence[PlannedUnits], demands: Sequence[Demand]) -> tuple[Parcel, ...]:
    """One parcel for all units but those that ship alone, which get one each."""
    alone = {demand.item_id for demand in demands if demand.ship_alone}
    common = tuple(row for row in units if row.item_id not in alone)
    single = tuple(
        Parcel((replace(row, quantity=1),))
        for row in units
        if row.item_id in alone
        for _ in range(row.quantity)
    )
    return ((Parcel(common),) if common else ()) + single
