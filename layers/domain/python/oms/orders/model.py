"""The commercial part of an order record: header, delivery groups, lines with their unit buckets.

Statuses are not stored; `orders.status` computes them (ORD-01, STA-01 to 06).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from oms.kernel.money import Amounts
from oms.orders.buckets import Buckets
from oms.orders.kinds import (
    AdjustmentKind,
    Approval,
    Bucket,
    DeliveryType,
    Lane,
    Management,
    OrderType,
    Origin,
    TaxPolicy,
)

__all__ = [
    "NO_CURRENCY", "Address", "Adjustment", "AdjustmentKind", "Approval", "Bucket", "Buckets",
    "Change", "Customer", "DeliveryGroup", "DeliveryType", "Finding", "Lane", "Line", "Management",
    "Mark", "Note", "Order", "OrderType", "Origin", "Reservation", "ReturnPolicy", "TaxLine",
    "TaxPolicy", "Wait",
]  # fmt: skip

NO_CURRENCY = "XXX"
"""What ISO 4217 writes where no currency is involved: the order has none yet (INT-05)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; personal data, never in facts or logs. `country` is ISO 3166-1 alpha-2."""

    country: str
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    line1: str | None = None
    line2: str | None = None
    name: str | None = None
    company: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who ordered, as the channel told; personal data."""

    code: str | None = None
    name: str | None = None
    company_name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """What the customer was told about returning a line when buying it; the fee in percent."""

    window_days: int | None = None
    final_sale: bool = False
    restocking_fee_percent: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """Lines that share destination and method; charges are minor units (ENT-15)."""

    id: str
    method: str
    type: DeliveryType = DeliveryType.SHIP
    address: Address | None = None
    pickup_site: str | None = None
    pickup_persons: tuple[str, ...] = ()
    requested_date: str | None = None
    instructions: str | None = None
    gift_message: str | None = None
    gift_wrap: bool = False
    gift_receipt: bool = False
    shipping: int = 0
    handling: int = 0
    shipping_tax: int = 0
    handling_tax: int = 0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A signed price adjustment in minor units; `share_of` names the order adjustment it is a
    share of.
    """

    kind: AdjustmentKind
    amount: int
    code: str | None = None
    reason: str | None = None
    share_of: str | None = None


@dataclass(frozen=True, slots=True)
class TaxLine:
    """Tax of one component and jurisdiction; `rate` is in millionths (8.25 % = 82,500)."""

    component: str
    amount: int
    rate: int | None = None
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A firm promise of units by id; `placed` counts the open units bound to a site, `fetched`
    those among them that wait there for their customer, on no FO yet (RSV-03). It keeps its id
    wherever its units go; `consumed` ones have shipped.
    """

    id: str
    item_id: str
    group: str
    quantity: int
    open: int
    placed: dict[str, int] = field(default_factory=dict)
    fetched: dict[str, int] = field(default_factory=dict)
    consumed: int = 0

    @property
    def state(self) -> str:
        """OPEN while it promises units, then CONSUMED, or RELEASED where none of it shipped."""
        if self.open:
            return "OPEN"
        return "CONSUMED" if self.consumed else "RELEASED"


@dataclass(frozen=True, slots=True)
class Wait:
    """Why units of a line wait (SRC-61): reason code and the next time automation tries.

    `reported` says that somebody has been told how long it takes (SRC-15).
    """

    reason: str
    since: datetime
    next_try: datetime | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One order line. `amounts` (minor units) are those of all ordered units; `backordered_in` is
    the group that owes those that wait for supply; with `charges_first` shipping and handling come
    whole with its first unit (ADJ-07).
    One that is not `priced` has no price yet (INT-05).
    """

    line_no: int
    sku: str
    name: str
    quantity: int
    unit_price: int
    amounts: Amounts
    buckets: Buckets
    group: str
    item_id: str | None = None
    kind: str = "SIMPLE"
    list_price: int | None = None
    uom: str = "EA"
    origin: Origin = Origin.SALE
    adjustments: tuple[Adjustment, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    wait: Wait | None = None
    tried_sites: tuple[str, ...] = ()
    attempts: int = 0
    suspended: bool = False
    backordered_in: str | None = None
    promised_date: str | None = None
    ship_together: str | None = None
    kit_parent: int | None = None
    source: str | None = None
    return_policy: ReturnPolicy | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    charges_first: bool = False
    priced: bool = True

    def share(self, start: int, stop: int) -> Amounts:
        """Component amounts of units `start`+1 .. `stop` of the line (ADJ-03, ADJ-07)."""
        return self.amounts.units(self.quantity, start, stop, charges_first=self.charges_first)


@dataclass(frozen=True, slots=True)
class Finding:
    """What validation found (INT-05). `level` is ERROR, BLOCKING or WARNING; `path` names the
    field.
    """

    code: str
    level: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Who set a flag such as suspended or locked, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """An append-only note (ATT-04); `visibility` is INTERNAL, FULFILLER or CUSTOMER."""

    id: str
    by: str
    at: datetime
    text: str
    subject: str | None = None
    visibility: str = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Change:
    """A numbered commercial change of the placed order (VER-01, ENT-36); `delta` in minor units.

    `base` holds the version of each scope it touched, as of before. `confirmed_by` None: it took
    effect by the authority of whoever requested it.
    """

    change_no: int
    type: str
    version: int
    requested_by: str
    at: datetime
    delta: int
    reason: str | None = None
    actions: tuple[str, ...] = ()
    base: dict[str, int] = field(default_factory=dict)
    status: str = "CONFIRMED"
    confirmed_by: str | None = None
    declined_by: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Header and lines. Explicit facts are only those of ORD-02; everything else is computed.

    `agent` is the user who sells, `placed_by` whoever placed or submitted it (APV-02).
    `intake_progress` counts the lines, from the first, that were promised their stock while the
    order is taken in chunks (ORD-09); None: all were.
    """

    id: str
    company: str
    number: str
    channel: str
    currency: str
    received_at: datetime
    external_number: str | None = None
    type: OrderType = OrderType.WEB
    lane: Lane = Lane.LIVE
    management: Management = Management.MANAGED
    entry: str = "API"
    customer: Customer = field(default_factory=Customer)
    locale: str = "en-US"
    tax_policy: TaxPolicy = TaxPolicy.NET
    placed_at: datetime | None = None
    requested_date: str | None = None
    priority: int = 50
    bill_to: Address | None = None
    groups: tuple[DeliveryGroup, ...] = ()
    lines: tuple[Line, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    stated_total: int | None = None
    allow_split: bool = True
    allow_combine: bool = False
    pool: tuple[str, ...] = ("main",)
    instructions: str | None = None
    submitted_at: datetime | None = None
    validated: bool = False
    intake_done_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    approval: Approval = Approval.NONE
    filed_at: datetime | None = None
    voided_at: datetime | None = None
    suspended: Mark | None = None
    locked: Mark | None = None
    flag: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    changes: tuple[Change, ...] = ()
    reached: str = "RECEIVED"
    agent: str | None = None
    placed_by: str | None = None
    approval_checked_at: datetime | None = None
    intake_progress: int | None = None

    @property
    def valued(self) -> bool:
        """Whether it is known what the order costs (INT-05)."""
        return self.currency != NO_CURRENCY and all(line.priced for line in self.lines)

    @property
    def managed(self) -> bool:
        """Whether the order is ours to act on (ENT-14)."""
        return self.management is Management.MANAGED

    @property
    def gross(self) -> bool:
        """Whether prices contain their tax."""
        return self.tax_policy is TaxPolicy.GROSS

    def line(self, line_no: int) -> Line:
        """The line with that number; raises KeyError where there is none."""
        return self.lines[self.place(line_no)]

    def place(self, line_no: int) -> int:
        """Where that line stands among the lines; raises KeyError where there is none."""
        likely = line_no - 1
        if 0 <= likely < len(self.lines) and self.lines[likely].line_no == line_no:
            return likely
        for place, line in enumerate(self.lines):
            if line.line_no == line_no:
                return place
        raise KeyError(line_no)

    def group(self, group_id: str) -> DeliveryGroup:
        """The delivery group with that id; raises KeyError where there is none."""
        for group in self.groups:
            if group.id == group_id:
                return group
        raise KeyError(group_id)
