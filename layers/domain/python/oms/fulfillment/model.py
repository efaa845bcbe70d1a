"""Fulfillment orders of one order record: work for one site and one delivery method."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from oms.kernel.policy import Assignment, Execution


class FulfillmentType(StrEnum):
    """What kind of work the FO is."""

    STANDARD = "STANDARD"
    PICKUP = "PICKUP"
    DROPSHIP = "DROPSHIP"
    VIRTUAL = "VIRTUAL"


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
class TrackingEvent:
    """What a carrier said of a parcel, under the carrier's own event id (SHP-06)."""

    id: str
    status: str
    at: datetime
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A parcel; weight in grams, dimensions in millimeters. `shipment_id` is set once it left,
    `events` are in the order of their time.
    """

    id: str
    contents: tuple[PackedUnits, ...]
    box: str | None = None
    weight_grams: int | None = None
    tracking_number: str | None = None
    shipment_id: str | None = None
    dimensions: tuple[int, ...] = ()
    tracking_url: str | None = None
    events: tuple[TrackingEvent, ...] = ()
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """A hand-over to a carrier or a customer: what left, when, under which tracking numbers
    (SHP-01). `cost` is in minor units, `ship_date` what the carrier was told.
    """

    id: str
    at: datetime
    carrier: str
    service: str | None
    package_ids: tuple[str, ...]
    tracking_numbers: tuple[str, ...]
    cost: int | None = None
    ship_date: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a fulfiller was asked to take, until when, and what it said (FUL-04): ACCEPT, REJECT or
    TIMEOUT.
    """

    id: str
    at: datetime
    due: datetime
    message: str | None = None
    answer: str | None = None
    answered_at: datetime | None = None
    reason: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Units that the customer no longer wants although the floor has begun on them (CAN-04).

    `answer` is ACCEPT or DENY; `timed_out` says that silence gave it (CAN-05).
    """

    id: str
    units: tuple[PackedUnits, ...]
    reason: str
    at: datetime
    due: datetime
    answer: str | None = None
    answered_at: datetime | None = None
    answer_reason: str | None = None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Pickup:
    """Waiting for the customer (PKP-01). `code` opens the hand-over; place and vehicle are personal
    and never leave the record. `reminders` counts those that were due, `handed_over` says how the
    customer proved who they are.
    """

    ready_at: datetime | None = None
    hold_until: datetime | None = None
    code: str | None = None
    bin: str | None = None
    notified_at: datetime | None = None
    reminders: int = 0
    extended: bool = False
    arrived_at: datetime | None = None
    place: str | None = None
    vehicle: str | None = None
    handed_over: str | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class FulfillmentOrder:
    """State is computed from line quantities and the explicit facts below (STA-07).

    `packages_made` numbers packages, opened ones included, so that no package id comes twice.
    `confirmed` is the newest version that its warehouse reported and `messages` the ids of its
    reports (FUL-11). `capacity_day` is the day of its site whose capacity it was given (CPT-02).
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
    execution: Execution = Execution.CONSOLE
    approval_asked: bool = False
    release_from: datetime | None = None
    request: Request | None = None
    cancel_requests: tuple[CancelRequest, ...] = ()
    pickup: Pickup | None = None
    confirmed: int = 0
    messages: tuple[str, ...] = ()
    capacity_day: str | None = None

    @property
    def external(self) -> bool:
        """Whether somebody else's people do the work (CAN-05)."""
        return self.execution is Execution.FULFILLER or self.site_type == "DROPSHIP_VENDOR"


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
    fills_day: bool = False
