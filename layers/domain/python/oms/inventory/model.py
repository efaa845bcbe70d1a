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

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from oms.inventory.backorders import NO_BACKORDER, BackorderPolicy, BackorderRule
from oms.inventory.capacity import SlotChange
from oms.inventory.queue import Waiting

__all__ = [
    "ITEM_STATES", "KINDS", "PHYSICAL_KINDS", "BackorderPolicy", "BackorderRule", "CartReservation",
    "InventoryLevel", "Item", "Journal", "Movement", "MovementType", "PromiseCounter", "Recent",
    "StockSnapshot", "StockWrite", "Vendor",
]  # fmt: skip


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
    RETURN = "RETURN"
    PICK = "PICK"


PHYSICAL_KINDS = frozenset({"SIMPLE", "VARIANT", "KIT", "ASSEMBLY"})
"""Kinds that are stocked at sites; MASTER is never sold itself, the others have no stock
(ITM-01).
"""

KINDS = PHYSICAL_KINDS | {"MASTER", "DIGITAL", "SERVICE", "GIFT_CARD"}

ITEM_STATES = frozenset({"ACTIVE", "AWAITING_APPROVAL", "SUSPENDED", "REMOVED"})
"""Only an ACTIVE item is sold (ITM-03)."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who sells the item to us; `cost` in minor units of the company's currency."""

    code: str
    sku: str
    cost: int | None = None
    lead_days: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """Item master (ITM-02). Weight in grams, dimensions in millimeters; prices in minor units by
    currency. `countries` are those it may be shipped to, none: all. `version` is the version this
    state is, or shall be, stored as.
    """

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
    dimensions: tuple[int, ...] = ()
    images: tuple[str, ...] = ()
    vendors: tuple[Vendor, ...] = ()
    safety_source: int | None = None
    return_policy: str | None = None
    backorder_since: str | None = None
    backorder_until: str | None = None
    backorder_groups: dict[str, BackorderRule] = field(default_factory=dict)
    drop_ship: bool = False
    countries: tuple[str, ...] = ()
    version: int = 1

    @property
    def physical(self) -> bool:
        """Whether units of it lie at sites and are allocated there."""
        return self.kind in PHYSICAL_KINDS

    @property
    def stocked(self) -> bool:
        """Whether its units are promised from levels; what only vendors ship has none (SRC-04)."""
        return self.physical and not self.drop_ship

    def backorder(self, group: str, now: datetime) -> BackorderRule:
        """The rule of a supply group: its own before the item's, none outside its window."""
        own = BackorderRule(
            self.backorder_policy, self.backorder_limit, self.backorder_basis,
            self.backorder_since, self.backorder_until,
        )  # fmt: skip
        rule = self.backorder_groups.get(group, own)
        return rule if rule.holds(now) else NO_BACKORDER

    @property
    def counts_levels(self) -> bool:
        """Whether some rule of it caps all open promises, which only its levels tell (BKO-02)."""
        rules = [(self.backorder_policy, self.backorder_basis)]
        rules += [(rule.policy, rule.basis) for rule in self.backorder_groups.values()]
        return (BackorderPolicy.LIMITED, "TOTAL") in rules

    @property
    def sellable(self) -> bool:
        """Whether it may be sold at all now: approved, not suspended, not removed, not hidden."""
        return self.state == "ACTIVE" and not self.suppressed and self.kind != "MASTER"


@dataclass(frozen=True, slots=True)
class PromiseCounter:
    """What a supply group may sell and has promised of one item; gross of shipped units (see
    module).

    `queued` says that lines may wait for the item (BKO-06); whoever finds the queue empty takes it
    back. `soft` is the part of `promised` that carts hold, by the minute it expires (RSV-04): a
    reader or writer after that minute takes it back without looking for the carts.
    """

    item_id: str
    group: str
    supply: int = 0
    promised: int = 0
    backordered: int = 0
    soft: dict[str, int] = field(default_factory=dict)
    queued: bool = False
    version: int = 0

    @property
    def free(self) -> int:
        """Units that nobody is promised, whoever may wait for them; below zero: oversold."""
        return self.supply - self.promised


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
    next_supply: str | None = None
    cooldown_until: datetime | None = None
    source_sequence: int | None = None
    source_at: datetime | None = None
    feed_rows: tuple[str, ...] = ()
    recent: tuple[Recent, ...] = ()
    forgotten_until: datetime | None = None
    version: int = 0

    @property
    def base(self) -> int:
        """Units that could be sold at all: negative on hand counts as none (STK-10)."""
        return max(0, max(0, self.on_hand) - sum(self.unavailable.values()))

    @property
    def site_sellable(self) -> int:
        """This site's part of the group's sellable units."""
        if self.suppressed:
            return 0
        return max(0, self.base - self.safety_sell)

    @property
    def sourceable(self) -> int:
        """Units sourcing may still take from here."""
        return max(0, self.unplaced)

    @property
    def pickable(self) -> int:
        """Units that may still be promised for pickup here; below zero, too many are (RSV-03)."""
        return self.site_sellable - self.reserved

    @property
    def unplaced(self) -> int:
        """`sourceable` before it is cut at zero: below zero, more is placed here than may be."""
        safety = self.safety_sell if self.safety_source is None else self.safety_source
        return self.base - safety - self.reserved

    @property
    def short(self) -> int:
        """Units placed here that are not there: above zero the position is SHORT (STK-15)."""
        return max(0, self.reserved - self.base)

    @property
    def gross(self) -> int:
        """This site's part of `PromiseCounter.supply`."""
        return self.site_sellable + self.shipped


@dataclass(frozen=True, slots=True)
class CartReservation:
    """A soft promise to a cart (RSV-04); `ended` says how it ended: CONSUMED or RELEASED.

    One that was left open ends by itself at `expires_at`, whole minutes (RSV-01).
    """

    id: str
    owner: str
    client_id: str
    line_no: int
    item_id: str
    group: str
    quantity: int
    open: int
    expires_at: datetime
    extended: int = 0
    ended: str | None = None
    version: int = 0

    def alive(self, now: datetime) -> bool:
        """Whether its open units are still promised."""
        return self.open > 0 and self.expires_at > now


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

    `counters`, `levels` and `carts` carry their new state with the version they were read at (0:
    none yet). A journal without movements is not stored. `joined` lines wait from now on,
    guarded by the version of their order; `slots` of sites are guarded by their limits.
    """

    journal: Journal
    counters: tuple[PromiseCounter, ...] = ()
    levels: tuple[InventoryLevel, ...] = ()
    carts: tuple[CartReservation, ...] = ()
    joined: tuple[Waiting, ...] = ()
    slots: tuple[SlotChange, ...] = ()


@dataclass(frozen=True, slots=True)
class StockSnapshot:
    """Counters as read, by (item, group) and (item, site); an absent one is zero at version 0.

    `hidden` are sites whose stock is not for sale now; their levels must have been read (SIT-02).
    """

    counters: dict[tuple[str, str], PromiseCounter] = field(default_factory=dict)
    levels: dict[tuple[str, str], InventoryLevel] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    carts: dict[str, CartReservation] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    def levels_of(self, item_id: str, group: str) -> tuple[InventoryLevel, ...]:
        """The levels read of that item at the group's sites."""
        return tuple(
            level for (item, _), level in self.levels.items()
            if item == item_id and level.group == group
        )  # fmt: skip

    def hidden_of(self, levels: Iterable[InventoryLevel]) -> int:
        """Units of these levels that count as supply but are not for sale."""
        return sum(level.site_sellable for level in levels if level.site in self.hidden)
