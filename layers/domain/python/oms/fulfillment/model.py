"""Fulfillment orders of one order record: work for one site and one delivery method."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FulfillmentType(StrEnum):
    """What kind of work the FO is."""

    STANDARD = "STANDARD"
    PICKUP = "PICKUP"
    DROPSHIP = "DROPSHIP"
    VIRTUAL = "VIRTUAL"


class Assignment(StrEnum):
    """How the FO finds its worker (FUL-03)."""

    AUTO = "AUTO"
    MANUAL = "MANUAL"
    CLAIM = "CLAIM"
    REQUEST = "REQUEST"


@dataclass(frozen=True, slots=True)
class FulfillmentLine:
    """Units of one order line on the FO, one row per reservation; counters are of the FO's units
    only.

    `quantity` is what the FO still holds: rejected, short and canceled units have left it.
    """

    line_no: int
    item_id: str
    sku: str
    quantity: int
    reservation_id: str | None = None
    group: str | None = None
    picked: int = 0
    packed: int = 0
    shipped: int = 0


@dataclass(frozen=True, slots=True)
class PackedUnits:
    """Units of a line in a package."""

    line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Package:
    """A parcel; weight in grams. `shipment_id` is set once it left."""

    id: str
    contents: tuple[PackedUnits, ...]
    box: str | None = None
    weight_grams: int | None = None
    tracking_number: str | None = None
    shipment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """A hand-over to a carrier: what left, when, under which tracking numbers (SHP-01)."""

    id: str
    at: datetime
    carrier: str
    service: str | None
    package_ids: tuple[str, ...]
    tracking_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FulfillmentOrder:
    """State is computed from line quantities and the explicit facts below (STA-07).

    `packages_made` numbers packages, opened ones included, so that no package id comes twice.
    """

    id: str
    number: str
    site: str
    method: str
    group_id: str
    created_at: datetime
    attempt: int = 1
    type: FulfillmentType = FulfillmentType.STANDARD
    assignment: Assignment = Assignment.AUTO
    lines: tuple[FulfillmentLine, ...] = ()
    packages: tuple[Package, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    decision_id: str | None = None
    needs_approval: bool = False
    approved_at: datetime | None = None
    released_at: datetime | None = None
    assignee: str | None = None
    assigned_at: datetime | None = None
    picking_at: datetime | None = None
    ship_by: datetime | None = None
    rejected_at: datetime | None = None
    canceled_at: datetime | None = None
    end_reason: str | None = None
    filing: bool = False
    filed_at: datetime | None = None
    suspended: bool = False
    site_type: str = "WAREHOUSE"
    packed_at: datetime | None = None
    late_at: datetime | None = None
    packages_made: int = 0


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """All fulfillment orders of one order, oldest first."""

    orders: tuple[FulfillmentOrder, ...] = ()

    def find(self, fo_id: str) -> FulfillmentOrder:
        """The FO with that id; raises KeyError where there is none."""
        for order in self.orders:
            if order.id == fo_id:
                return order
        raise KeyError(fo_id)


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """Effects of a rejection or short reason (SRC-44)."""

    code: str
    stock: str = "NONE"
    cooldown_hours: int = 0
    frees_capacity: bool = True
    counts_attempt: bool = True
    follow_up: str | None = None
    note_required: bool = False
    keeps_reservation: bool = True
