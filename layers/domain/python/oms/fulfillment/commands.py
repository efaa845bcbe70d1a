"""Commands on fulfillment orders; each names the FO."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oms.fulfillment.model import PackedUnits


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
    """One FO of a sourcing plan; `ship_by` is what the customer was promised, if anything."""

    site: str
    site_type: str
    method: str
    group_id: str
    type: str
    assignment: str
    lines: tuple[PlannedLine, ...]
    attempt: int = 1
    ship_by: datetime | None = None


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
    """Give the FO to a worker, or claim it for the store (FUL-103)."""

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
class Pick:
    """Start picking; with lines, record picked units as well (FUL-105)."""

    fo_id: str
    lines: tuple[PackedUnits, ...] = ()


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
    """A package to close: contents, box, weight in grams, tracking number if known."""

    contents: tuple[PackedUnits, ...]
    box: str | None = None
    weight_grams: int | None = None
    tracking_number: str | None = None


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


@dataclass(frozen=True, slots=True)
class Ship:
    """Hand packages to a carrier (SHP-01); no package ids means all that are packed."""

    fo_id: str
    carrier: str
    service: str | None = None
    package_ids: tuple[str, ...] = ()
    tracking: tuple[Tracking, ...] = ()


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
