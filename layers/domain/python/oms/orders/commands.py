"""Commands on the commercial part of an order. Amounts are minor units of the order's currency."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from oms.orders.model import (
    Address,
    Adjustment,
    Customer,
    DeliveryGroup,
    Lane,
    Management,
    OrderType,
    ReturnPolicy,
    TaxLine,
    TaxPolicy,
)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as the channel priced it; `taxes` are authoritative where present (TOT-04, TAX-02).

    Without `unit_price` the order is incomplete (INT-05).
    """

    sku: str
    quantity: int
    unit_price: int | None = None
    name: str | None = None
    line_no: int | None = None
    group: str | None = None
    list_price: int | None = None
    adjustments: tuple[Adjustment, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    fee: int = 0
    promised_date: str | None = None
    ship_together: str | None = None
    kit_parent: int | None = None
    source: str | None = None
    return_policy: ReturnPolicy | None = None
    reservation_ids: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewTender:
    """A means of payment: gateway token, never a card number (PAY-05). `limit` None: the whole
    rest.
    """

    method: str
    token: str | None = None
    limit: int | None = None
    brand: str | None = None
    last_four: str | None = None
    expiry: str | None = None
    reference: str | None = None
    draw_order: int | None = None
    refund_order: int | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """A complete, already priced order of one channel (API-11, ORD-100)."""

    channel: str
    currency: str | None = None
    lines: tuple[NewLine, ...] = ()
    external_number: str | None = None
    type: OrderType = OrderType.WEB
    lane: Lane = Lane.LIVE
    management: Management = Management.MANAGED
    entry: str = "API"
    customer: Customer = field(default_factory=Customer)
    locale: str | None = None
    tax_policy: TaxPolicy | None = None
    placed_at: datetime | None = None
    requested_date: str | None = None
    priority: int = 50
    bill_to: Address | None = None
    groups: tuple[DeliveryGroup, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    tenders: tuple[NewTender, ...] = ()
    stated_total: int | None = None
    allow_split: bool | None = None
    allow_combine: bool | None = None
    instructions: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validate:
    """Run or re-run intake validation (ORD-104, ORD-105, INT-07)."""


@dataclass(frozen=True, slots=True)
class Complete:
    """Supply missing data of an INCOMPLETE order (ORD-105); only the fields given change.

    `prices` are unit prices by line number, of lines that have none.
    """

    customer: Customer | None = None
    bill_to: Address | None = None
    groups: tuple[DeliveryGroup, ...] = ()
    stated_total: int | None = None
    skus: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    prices: dict[str, int] = field(default_factory=dict)
    tenders: tuple[NewTender, ...] = ()


@dataclass(frozen=True, slots=True)
class Resubmit:
    """Run intake again with the mapping tables and items as they are now (INT-06, INT-07)."""


@dataclass(frozen=True, slots=True)
class ChangeAddress:
    """Correct the destination of a delivery group (EDT-01: refused once picked)."""

    group: str
    address: Address


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve an order that waits for it (ORD-109)."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Reject an order that waits for approval (ORD-110)."""

    reason: str


@dataclass(frozen=True, slots=True)
class CancelLine:
    """Cancel `quantity` units of a line; None means all that are still open."""

    line_no: int
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel units (CAN-01); no lines means every open unit."""

    reason: str
    lines: tuple[CancelLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Void:
    """Annul the whole order; only while nothing has shipped (ORD-118)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Suspend:
    """Stop automation on the order (FLG-02), or on one line only."""

    reason: str
    line_no: int | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Let automation go on."""

    reason: str
    line_no: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Close the order for edits (FLG-06)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Open a locked order for edits again."""

    reason: str


@dataclass(frozen=True, slots=True)
class SetFlag:
    """Set or clear (None) the colored reminder (FLG-08)."""

    flag: str | None


@dataclass(frozen=True, slots=True)
class SetTags:
    """Replace the order's tags."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Set order attributes; an empty value removes one."""

    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Change the order's priority, 0 to 100."""

    priority: int


@dataclass(frozen=True, slots=True)
class AddNote:
    """Add a note; notes are never changed."""

    text: str
    subject: str | None = None
    visibility: str = "INTERNAL"


@dataclass(frozen=True, slots=True)
class File:
    """File the settled order where filing is on (ORD-115)."""


@dataclass(frozen=True, slots=True)
class Backorder:
    """Move unsourced units of a line to backordered by hand (a fix of ROUTING_EXHAUSTED)."""

    line_no: int
    reason: str
