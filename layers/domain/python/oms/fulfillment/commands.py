"""Commands on fulfillment orders; each names the FO."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oms.fulfillment.model import PackedUnits
from oms.kernel.policy import Execution


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Units of an order line that a plan gives to a site, by reservation."""

    line_no: int
    item_id: str
    sku: str
    quantity: int
    reservation_id: str | None
    group: str | None


@dataclass(frozen=True, slots=True)
class PlannedFulfillment:
    """One FO of a sourcing plan; `ship_by` is what the customer was promised, if anything, and
    `release_from` the moment before which the site is not to see it (FUL-09); `capacity_day` is the
    day of the site whose capacity it takes (CPT-02).
    """

    site: str
    site_type: str
    method: str
    group_id: str
    type: str
    assignment: str
    lines: tuple[PlannedLine, ...]
    attempt: int = 1
    ship_by: datetime | None = None
    execution: Execution = Execution.CONSOLE
    release_from: datetime | None = None
    capacity_day: str | None = None


@dataclass(frozen=True, slots=True)
class Allocate:
    """Create the FOs of a plan (SRC-07); `waits` are (line, reason) of what has no site yet."""

    decision_id: str
    plan: tuple[PlannedFulfillment, ...]
    waits: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ApproveFulfillment:
    """Approve an FO that waits for it (FUL-101)."""

    fo_id: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the FO to a worker, also one that another worker has (FUL-103)."""

    fo_id: str
    assignee: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the FO for the store or for oneself; one that somebody has is not taken over."""

    fo_id: str
    assignee: str


@dataclass(frozen=True, slots=True)
class Unassign:
    """Give an assigned FO, not yet picking, back."""

    fo_id: str


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """Units a site will not ship."""

    line_no: int
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class RejectFulfillment:
    """Reject a whole FO or units of it (FUL-104, SRC-41)."""

    fo_id: str
    reason: str
    lines: tuple[RejectedLine, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What a picker's scanner read: an item's SKU, and how many of it (PCK-03)."""

    sku: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Pick:
    """Start picking; with lines or scans, record picked units as well (FUL-105)."""

    fo_id: str
    lines: tuple[PackedUnits, ...] = ()
    scans: tuple[Scan, ...] = ()


@dataclass(frozen=True, slots=True)
class Unpick:
    """Put picked units back in their place (PCK-09)."""

    fo_id: str
    lines: tuple[PackedUnits, ...]


@dataclass(frozen=True, slots=True)
class ShortPick:
    """Units that are not there, with a reason per line (FUL-107, PCK-04)."""

    fo_id: str
    lines: tuple[RejectedLine, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package to close: contents, box, weight in grams, dimensions in millimeters, tracking if
    known.
    """

    contents: tuple[PackedUnits, ...]
    box: str | None = None
    weight_grams: int | None = None
    tracking_number: str | None = None
    dimensions: tuple[int, ...] = ()
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """Put picked units into packages (PCK-05)."""

    fo_id: str
    packages: tuple[NewPackage, ...]


@dataclass(frozen=True, slots=True)
class Unpack:
    """Open a package again, until it left (PCK-09)."""

    fo_id: str
    package_id: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """Tracking number of a package."""

    package_id: str
    tracking_number: str
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True)
class Ship:
    """Hand packages to a carrier (SHP-01); no package ids means all that are packed.

    `cost` is what the carrier charges, in minor units; `notify` asks for the customer's mail.
    """

    fo_id: str
    carrier: str
    service: str | None = None
    package_ids: tuple[str, ...] = ()
    tracking: tuple[Tracking, ...] = ()
    cost: int | None = None
    ship_date: str | None = None
    notify: bool = True


@dataclass(frozen=True, slots=True)
class FileFulfillment:
    """File a fulfilled FO where filing is on (FUL-110)."""

    fo_id: str


@dataclass(frozen=True, slots=True)
class Release:
    """Leave AWAITING_APPROVAL/AUTHORIZATION for the floor; sent by the engine once covered
    (FUL-102).
    """

    fo_id: str


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    """A fulfiller takes the work it was asked to do (FUL-04)."""

    fo_id: str
    assignee: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class SuspendFulfillment:
    """Stop the FO alone; what gives work back still works (FLG-02)."""

    fo_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeFulfillment:
    """Let a suspended FO go on."""

    fo_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerCancellation:
    """The floor's answer to a cancellation request, or to all that wait (CAN-04)."""

    fo_id: str
    accept: bool
    request_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MakeReady:
    """The units are staged for the customer (PKP-01, FUL-108); `code` opens the hand-over."""

    fo_id: str
    code: str
    bin: str | None = None


@dataclass(frozen=True, slots=True)
class Arrive:
    """The customer waits outside: where, and in which vehicle (PKP-01)."""

    fo_id: str
    place: str | None = None
    vehicle: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the units to the customer (PKP-02): by code, by order number with the ID checked, or to
    a person the customer named. `lines` are the units wanted; none: all of them (PKP-04).
    """

    fo_id: str
    code: str | None = None
    order_number: str | None = None
    person: str | None = None
    id_checked: bool = False
    signature: str | None = None
    lines: tuple[PackedUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtendPickup:
    """Keep the units for the customer once more (PKP-03)."""

    fo_id: str


@dataclass(frozen=True, slots=True)
class CarrierEvent:
    """What a carrier says, in its own or in our words, under its event id."""

    id: str
    status: str
    at: datetime
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """Tracking events of one parcel, named by id or by tracking number (SHP-06)."""

    fo_id: str
    events: tuple[CarrierEvent, ...]
    package_id: str | None = None
    tracking_number: str | None = None


@dataclass(frozen=True, slots=True)
class ShipNotice:
    """A ship notification: everything that remains has left (SHP-08).

    `lines`, where given, must name every remaining unit; what is missing goes into `short_lines`.
    """

    fo_id: str
    carrier: str
    service: str | None = None
    tracking_numbers: tuple[str, ...] = ()
    lines: tuple[PackedUnits, ...] = ()
    short_lines: tuple[RejectedLine, ...] = ()
    cost: int | None = None
    ship_date: str | None = None
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Confirm:
    """What a warehouse system reports of an FO, under its message id (FUL-11).

    `version` rises with each report on the FO; `status` is ACCEPTED, PICKING, SHORT, PACKED,
    SHIPPED or CANCELED and says how far the work is, whatever was reported before.
    """

    fo_id: str
    message_id: str
    version: int
    status: str
    assignee: str
    lines: tuple[RejectedLine, ...] = ()
    reason: str | None = None
    note: str | None = None
    carrier: str | None = None
    service: str | None = None
    tracking_numbers: tuple[str, ...] = ()
