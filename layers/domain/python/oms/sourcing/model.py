"""What sourcing is asked, what it knows of sites and stock, and the plan and record it answers.

Distances are meters, coordinates millionths of a degree, money minor units. All of it is data that
the codec can store, since a decision must be re-runnable from its stored inputs (SRC-60).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

Coordinates = tuple[int, int]
"""Latitude and longitude in millionths of a degree."""


class Delivery(StrEnum):
    """How a delivery group reaches the customer; it decides which types of site may serve it."""

    SHIP = "SHIP"
    PICKUP = "PICKUP"
    DIGITAL = "DIGITAL"


class SiteKind(StrEnum):
    """What a site is (SIT-01)."""

    WAREHOUSE = "WAREHOUSE"
    STORE = "STORE"
    DROPSHIP_VENDOR = "DROPSHIP_VENDOR"
    VIRTUAL = "VIRTUAL"


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of one order line under one reservation that need a site.

    `value` is the product net of the units. Demands with the same `together` ship from one site or
    not at all; `splittable=False` says so for the units of one line. `stop` is the reason for
    which these units may not be sourced now (SRC-01), such as LINE_SUSPENDED or HELD.
    """

    line_no: int
    item_id: str
    sku: str
    quantity: int
    reservation_id: str | None = None
    group: str | None = None
    tried_sites: tuple[str, ...] = ()
    value: int = 0
    together: str | None = None
    splittable: bool = True
    hazmat: bool = False
    ship_alone: bool = False
    drop_ship: bool = False
    countries: tuple[str, ...] = ()
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site as sourcing sees it. `capacity` and `open_orders` count fulfillment orders."""

    code: str
    type: SiteKind = SiteKind.WAREHOUSE
    latitude: int | None = None
    longitude: int | None = None
    group: str = "main"
    priority: int | None = None
    enabled: bool = True
    visible: bool = True
    suppress_allocation: bool = False
    ships: bool = True
    offers_pickup: bool = False
    assignment: str | None = None
    open_orders: int = 0
    capacity: int | None = None
    ships_hazmat: bool = True
    outage: bool = False
    closed_until: datetime | None = None
    suppressed_until: datetime | None = None
    suppressed_reason: str = ""

    @property
    def coordinates(self) -> Coordinates | None:
        """Where the site is, if known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


class LevelView(Protocol):
    """Stock of one item at one site."""

    @property
    def sourceable(self) -> int:
        """Units sourcing may still take from the site."""

    @property
    def cooldown_until(self) -> datetime | None:
        """Until when the item is not sourced from the site after a rejection (SRC-44)."""


StockView = Mapping[tuple[str, str], LevelView]
"""Levels by (item id, site code); an absent one holds nothing."""


@dataclass(frozen=True, slots=True)
class StockRow:
    """A level as the decision record keeps it."""

    item_id: str
    site: str
    sourceable: int
    cooldown_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a set by name (RUL-10 to RUL-18); `params` are JSON values."""

    name: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A version of an ordered list of rules, applied top-down."""

    name: str
    version: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One delivery group to source. `existing` counts the order's fulfillment orders so far
    (SRC-12); `stop` is an order-wide reason not to source (SRC-01): SUSPENDED, ALERTED, HELD,
    NOT_APPROVED.
    """

    order_id: str
    group_id: str
    demands: tuple[Demand, ...]
    now: datetime
    delivery_type: Delivery = Delivery.SHIP
    method: str = ""
    destination: Coordinates | None = None
    country: str = ""
    allow_split: bool = True
    max_splits: int = 5
    existing: int = 0
    ship_complete: bool = False
    pickup_site: str | None = None
    trigger: str = "INLINE"
    attempt: int = 1
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedUnits:
    """Units of a line that a site is to ship, by reservation."""

    line_no: int
    item_id: str
    sku: str
    quantity: int
    reservation_id: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """Units suggested for one box."""

    units: tuple[PlannedUnits, ...]


@dataclass(frozen=True, slots=True)
class PlannedSite:
    """One fulfillment order of a plan, with the suggested parcels."""

    site: str
    units: tuple[PlannedUnits, ...]
    parcels: tuple[Parcel, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a site may not serve lines: reason code or rule name, and the value that decided.

    No line numbers means all lines; `until` is when the reason ends, where that is known.
    """

    code: str
    value: str
    lines: tuple[int, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RankTerm:
    """What one ranking rule says of a site; lower is better."""

    rule: str
    value: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """The verdict on one site: excluded, or ranked with the units that it could ship."""

    site: str
    distance: int | None
    covers: int = 0
    exclusions: tuple[Exclusion, ...] = ()
    rank: tuple[RankTerm, ...] = ()

    @property
    def excluded(self) -> bool:
        """Whether the site could ship nothing of this."""
        return self.covers == 0


@dataclass(frozen=True, slots=True)
class WaitingUnits:
    """Units left without a site: why, and when automation looks again (SRC-61)."""

    line_no: int
    quantity: int
    reason: str
    next_try: datetime


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything the decision was made from; the same inputs give the same plan."""

    request: Request
    sites: tuple[SiteView, ...]
    stock: tuple[StockRow, ...]
    rule_set: RuleSet


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One sourcing attempt, complete enough to explain and to run again (SRC-60).

    `method` says how the sites were found: SINGLE_SITE, RANKED or FEWEST_SITES.
    """

    id: str
    order_id: str
    group_id: str
    at: datetime
    trigger: str
    attempt: int
    inputs_hash: str
    inputs: Inputs
    method: str
    candidates: tuple[Candidate, ...] = ()
    chosen: tuple[PlannedSite, ...] = ()
    waits: tuple[WaitingUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ship from where; `waits` are (line, quantity, reason) of what has no site."""

    fulfillments: tuple[PlannedSite, ...]
    waits: tuple[tuple[int, int, str], ...]
    decision: DecisionRecord
