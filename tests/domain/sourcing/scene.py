"""Sites, stock and requests for the tests of sourcing.

The customer is in New York; `at(miles)` is a place that far due north.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from oms.sourcing.geography import miles
from oms.sourcing.model import (
    DecisionRecord,
    Demand,
    Plan,
    Request,
    SiteKind,
    SiteView,
    StockRow,
    WaitingUnits,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOME = (40_000_000, -74_000_000)
METERS_PER_DEGREE = 111_195


def at(distance: int) -> dict[str, int]:
    """Coordinates of a place that many miles north of the customer."""
    north = miles(distance) * 1_000_000 // METERS_PER_DEGREE
    return {"latitude": HOME[0] + north, "longitude": HOME[1]}


def site(code: str, distance: int = 10, **values: Any) -> SiteView:
    """A warehouse that many miles away, unless told otherwise."""
    return SiteView(code, **{**at(distance), **values})


def store(code: str, distance: int = 10, **values: Any) -> SiteView:
    """A store that ships."""
    return site(code, distance, type=SiteKind.STORE, **values)


def stock(**rows: dict[str, int]) -> dict[tuple[str, str], StockRow]:
    """Stock as `A={"shirt": 3}`: three sourceable shirts at site A."""
    return {
        (item, code): StockRow(item, code, units)
        for code, items in rows.items()
        for item, units in items.items()
    }


def line(line_no: int, item: str, quantity: int = 1, **values: Any) -> Demand:
    """Reserved units of an order line."""
    base = Demand(line_no, item, item.upper(), quantity, f"rsv_{line_no}", "main")
    return replace(base, **values)


def request(*demands: Demand, **values: Any) -> Request:
    """A request to ship to the customer."""
    base = Request("ord_1", "g1", demands, NOW, destination=HOME, country="US")
    return replace(base, **values)


def shipped(plan: Plan) -> dict[str, dict[str, int]]:
    """What each site ships: units by item."""
    return {
        row.site: {units.item_id: units.quantity for units in row.units}
        for row in plan.fulfillments
    }


def reasons(plan: Plan) -> dict[int, str]:
    """Why lines wait."""
    return {line_no: reason for line_no, _, reason in plan.waits}


def waits(decision: DecisionRecord) -> dict[int, WaitingUnits]:
    """The waiting rows by line."""
    return {row.line_no: row for row in decision.waits}


def excluded(plan: Plan, code: str) -> list[str]:
    """The codes that exclude a site."""
    (found,) = (row for row in plan.decision.candidates if row.site == code)
    return [exclusion.code for exclusion in found.exclusions]
