"""Commands on stock, items and carts; shapes are checked before they get here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from oms.inventory.model import MovementType


@dataclass(frozen=True, slots=True)
class Delta:
    """Change a counter by so many units."""

    units: int


@dataclass(frozen=True, slots=True)
class Set:
    """Set a counter, which is `expected` now (compare and set); only a count needs no expected."""

    units: int
    expected: int | None = None


Change = Delta | Set


@dataclass(frozen=True, slots=True)
class AdjustStock:
    """What a person says of one position (STK-14); None leaves a counter as it is.

    `type` is ADJUST, COUNT, RECEIPT or RETURN. `unavailable` is by reason. `next_supply` is the
    date (ISO) the units on order are expected.
    """

    item_id: str
    site: str
    reason: str
    type: MovementType = MovementType.ADJUST
    on_hand: Change | None = None
    unavailable: Mapping[str, Change] = field(default_factory=dict)
    on_order: Change | None = None
    in_transit: Change | None = None
    safety_sell: Change | None = None
    safety_source: Change | None = None
    suppressed: bool | None = None
    next_supply: str | None = None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One row of an inventory feed (FED-01): SNAPSHOT sets, DELTA adds `quantity`.

    `sequence` or `as_of` order the rows of a position; a DELTA needs `sequence` or `row_id`, which
    its source never uses twice. The other counters are absolute, None leaves them.
    """

    site: str
    sku: str
    kind: str
    quantity: int
    as_of: datetime | None = None
    sequence: int | None = None
    row_id: str | None = None
    reason: str | None = None
    unavailable: Mapping[str, int] | None = None
    safety_sell: int | None = None
    on_order: int | None = None


@dataclass(frozen=True, slots=True)
class CartLine:
    """Units a cart wants from a pool: its supply groups in order."""

    line_no: int
    item_id: str
    quantity: int
    pool: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReserveCart:
    """Hold units for a cart for `minutes`; `client_id` names the request, so that repeating it
    holds nothing twice (RSV-06).
    """

    client_id: str
    lines: tuple[CartLine, ...]
    partial: bool = False
    minutes: int = 15
