"""Items, promise counters, inventory levels, stock writes.

Promise first, place later (RSV-03): an order reserves at a supply group's `PromiseCounter`;
sourcing binds the
same reservation to a site's `InventoryLevel`. A shipment consumes a promise together with the unit
behind it,
so what is available to sell does not move and the promise counter is not written then: `supply` and
`promised`
are gross of shipped units, and `sellable` and `reserved` of a group subtract the levels' `shipped`
from them.
That halves the writes, and the contention, on the counter of a hot item.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class BackorderPolicy(StrEnum):
    """Whether more may be promised than is there (BKO-01)."""

    NONE = "NONE"
    LIMITED = "LIMITED"
    UNLIMITED = "UNLIMITED"


class MovementType(StrEnum):
    """Typed stock changes (STK-12)."""

    RECEIPT = "RECEIPT"
    SHIP = "SHIP"
    RESERVE = "RESERVE"
    RELEASE = "RELEASE"
    PLACE = "PLACE"
    ALLOCATE = "ALLOCATE"
    DEALLOCATE = "DEALLOCATE"
    ADJUST = "ADJUST"
    COUNT = "COUNT"
    DAMAGE = "DAMAGE"
    FEED = "FEED"
    BACKORDER = "BACKORDER"
    SHORT = "SHORT"


@dataclass(frozen=True, slots=True)
class Item:
    """Item master (ITM-02). Weight in grams; prices in minor units by currency."""

    id: str
    sku: str
    name: str
    kind: str = "SIMPLE"
    state: str = "ACTIVE"
    unique: bool = False
    barcodes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    weight_grams: int | None = None
    tax_code: str | None = None
    unit_cost: int | None = None
    prices: dict[str, int] = field(default_factory=dict)
    hazmat: bool = False
    ship_alone: bool = False
    serial_required: bool = False
    final_sale: bool = False
    suppressed: bool = False
    backorder_policy: BackorderPolicy = BackorderPolicy.NONE
    backorder_limit: int = 0
    backorder_basis: str = "TOTAL"
    safety_sell: int = 0
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class PromiseCounter:
    """What a supply group may sell and has promised of one item; gross of shipped units (see
    module).
    """

    item_id: str
    group: str
    supply: int = 0
    promised: int = 0
    backordered: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Recent:
    """A movement of on hand that a later snapshot with an older time must not undo (FED-02)."""

    at: datetime
    delta: int


@dataclass(frozen=True, slots=True)
class InventoryLevel:
    """Counters of one item at one site (STK-01 to STK-06)."""

    item_id: str
    site: str
    group: str
    on_hand: int = 0
    unavailable: dict[str, int] = field(default_factory=dict)
    reserved: int = 0
    allocated: int = 0
    picked: int = 0
    shipped: int = 0
    on_order: int = 0
    in_transit: int = 0
    safety_sell: int = 0
    safety_source: int | None = None
    suppressed: bool = False
    cooldown_until: datetime | None = None
    source_sequence: int | None = None
    source_at: datetime | None = None
    feed_rows: tuple[str, ...] = ()
    recent: tuple[Recent, ...] = ()
    version: int = 0

    @property
    def base(self) -> int:
        """Units that could be sold at all: negative on hand counts as none (STK-10)."""
        return max(0, max(0, self.on_hand) - sum(self.unavailable.values()))

    @property
    def site_sellable(self) -> int:
        """This site's part of the group's sellable units."""
        return 0 if self.suppressed else max(0, self.base - self.safety_sell)

    @property
    def sourceable(self) -> int:
        """Units sourcing may still take from here."""
        safety = self.safety_sell if self.safety_source is None else self.safety_source
        return max(0, self.base - safety - self.reserved)


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of one counter at one place (`G:group` or `S:site`), with its value before and
    after.
    """

    type: MovementType
    item_id: str
    place: str
    counter: str
    delta: int
    before: int
    after: int
    reservation_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """All movements of one stock write; `cause_id` makes the write happen at most once (STK-12)."""

    cause_id: str
    at: datetime
    actor: str
    movements: tuple[Movement, ...]
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class StockWrite:
    """Counters to store, each guarded by the version it was decided on, and their journal.

    `counters` and `levels` carry their new state with the version they were read at (0: none yet).
    """

    journal: Journal
    counters: tuple[PromiseCounter, ...] = ()
    levels: tuple[InventoryLevel, ...] = ()


@dataclass(frozen=True, slots=True)
class StockSnapshot:
    """Counters as read, by (item, group) and (item, site); an absent one is zero at version 0."""

    counters: dict[tuple[str, str], PromiseCounter] = field(default_factory=dict)
    levels: dict[tuple[str, str], InventoryLevel] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
