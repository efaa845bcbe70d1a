"""Stock effects: each is one typed change that acts on a reservation by its id (RSV-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from oms.inventory.draft import Draft, Note
from oms.inventory.model import MovementType
from oms.kernel.errors import Refused


class StockEffect(Protocol):
    """One change of stock; `group`, `site` and `cart` name what it touches besides the item."""

    @property
    def item_id(self) -> str:
        """The item."""

    @property
    def group(self) -> str | None:
        """The supply group, where it touches one."""

    @property
    def site(self) -> str | None:
        """The site, where it touches one."""

    @property
    def cart(self) -> str | None:
        """The cart reservation that it converts."""

    def apply(self, draft: Draft) -> None:
        """Change the draft; raises `Refused` where the effect contradicts how sites are grouped."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Promise units from a group (RSV-02); those of the cart reservation `cart`, of the same item
    and group, are given back with the same write, so no second unit is taken for them (RSV-05).
    """

    item_id: str
    group: str
    quantity: int
    reservation_id: str
    cart: str | None = None
    site: str | None = None

    def apply(self, draft: Draft) -> None:
        """Convert, promise, and place where a site is named at once (RSV-03, pickup)."""
        held = draft.cart(self.cart) if self.cart is not None else None
        if held is not None and (held.item_id, held.group) == (self.item_id, self.group):
            draft.end(Note(MovementType.RELEASE, held.id, "CONVERTED"), held, "CONSUMED")
        note = Note(MovementType.RESERVE, self.reservation_id)
        draft.promise(note, self.item_id, self.group, self.quantity)
        if self.site is not None:
            place = Note(MovementType.PLACE, self.reservation_id)
            draft.place_for_pickup(place, self.item_id, self.site, self.quantity)


@dataclass(frozen=True, slots=True)
class Release:
    """Give promised units back to the group; `site` where they still were placed (RSV-09)."""

    item_id: str
    group: str
    quantity: int
    reservation_id: str
    reason: str
    placed: int = 0
    site: str | None = None
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Release at the group, and at the site what was placed there."""
        note = Note(MovementType.RELEASE, self.reservation_id, self.reason)
        draft.promise(note, self.item_id, self.group, -self.quantity)
        if self.site is not None and self.placed:
            draft.shift(note, self.item_id, self.site, reserved=-self.placed)


@dataclass(frozen=True, slots=True)
class ReleaseCart:
    """Give back what a cart's reservation still holds, by its id (RSV-09)."""

    item_id: str
    group: str
    cart: str
    reason: str
    site: str | None = None

    def apply(self, draft: Draft) -> None:
        """End it; one that ended or expired before gives nothing back."""
        held = draft.cart(self.cart)
        if held is not None:
            draft.end(Note(MovementType.RELEASE, held.id, self.reason), held, "RELEASED")


@dataclass(frozen=True, slots=True)
class Backorder:
    """Commit to units from supply to come; a negative quantity ends such a commitment.

    `beyond` says that the item's own policy does not allow it and something else did (INT-04).
    """

    item_id: str
    group: str
    quantity: int
    reason: str | None = None
    beyond: bool = False
    site: str | None = None
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Move the group's backordered units."""
        note = Note(MovementType.BACKORDER, reason=self.reason)
        draft.backorder(note, self.item_id, self.group, self.quantity, self.beyond)


@dataclass(frozen=True, slots=True)
class Queue:
    """A line waits for the item: supply that lands in the group is its before it is for sale."""

    item_id: str
    group: str
    site: str | None = None
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Mark the group's counter."""
        draft.queue(self.item_id, self.group)


@dataclass(frozen=True, slots=True)
class Allocate:
    """Bind units to an FO of a site; `placed` of them had been reserved there before."""

    item_id: str
    group: str
    site: str
    quantity: int
    reservation_id: str
    placed: int = 0
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Place the same reservation id at the site and allocate it; the group does not move."""
        level = draft.level(self.item_id, self.site)
        if level.group != self.group:
            raise Refused.because(
                "SITE_NOT_IN_GROUP",
                f"the units are promised from {self.group}, {self.site} is in {level.group}",
                self.site,
            )
        place = Note(MovementType.PLACE, self.reservation_id)
        draft.shift(place, self.item_id, self.site, reserved=self.quantity - self.placed)
        allocate = Note(MovementType.ALLOCATE, self.reservation_id)
        draft.shift(allocate, self.item_id, self.site, allocated=self.quantity)


@dataclass(frozen=True, slots=True)
class Pick:
    """Units of an FO were taken from the shelf; negative: put back."""

    item_id: str
    group: str | None
    site: str
    quantity: int
    reservation_id: str
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Count them, so that NOT_FOUND leaves what is already picked (SRC-44)."""
        note = Note(MovementType.PICK, self.reservation_id)
        draft.shift(note, self.item_id, self.site, picked=self.quantity)


@dataclass(frozen=True, slots=True)
class Ship:
    """Units left the building; promise and unit end together, so the group does not move."""

    item_id: str
    group: str | None
    site: str
    quantity: int
    reservation_id: str
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Consume the placed reservation and the units behind it (STK-13)."""
        units = self.quantity
        note = Note(MovementType.SHIP, self.reservation_id)
        picked = min(units, draft.level(self.item_id, self.site).picked)
        draft.shift(
            note, self.item_id, self.site,
            on_hand=-units, reserved=-units, allocated=-units, picked=-picked, shipped=units,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leave:
    """Units left an FO unshipped, with what the reason says of the stock there (SRC-44).

    `stock` is NONE, ZERO_UNPICKED, MINUS_UNITS, DAMAGED or DISPLAY. The promise stays with the
    group.
    """

    item_id: str
    group: str | None
    site: str
    quantity: int
    reservation_id: str
    reason: str
    stock: str = "NONE"
    cooldown_hours: int = 0
    picked: int = 0
    cart: str | None = None

    def apply(self, draft: Draft) -> None:
        """Unplace and deallocate, then correct the stock; facts win over reservations (STK-15)."""
        note = Note(MovementType.DEALLOCATE, self.reservation_id, self.reason)
        level = draft.level(self.item_id, self.site)
        picked = min(self.picked, level.picked)
        draft.shift(
            note, self.item_id, self.site,
            reserved=-self.quantity, allocated=-self.quantity, picked=-picked,
        )  # fmt: skip
        self._correct(draft)
        self._cool(draft, note)

    def _correct(self, draft: Draft) -> None:
        short = Note(MovementType.SHORT, self.reservation_id, self.reason)
        level = draft.level(self.item_id, self.site)
        if self.stock == "ZERO_UNPICKED":
            draft.shift(short, self.item_id, self.site, on_hand=level.picked - level.on_hand)
        elif self.stock == "MINUS_UNITS":
            draft.shift(short, self.item_id, self.site, on_hand=-self.quantity)
        elif self.stock != "NONE":
            note = Note(MovementType.DAMAGE, self.reservation_id, self.reason)
            draft.shift_unavailable(note, self.item_id, self.site, self.stock, self.quantity)

    def _cool(self, draft: Draft, note: Note) -> None:
        if self.cooldown_hours:
            level = draft.level(self.item_id, self.site)
            until = draft.now + timedelta(hours=self.cooldown_hours)
            draft.cool(note, level, max(until, level.cooldown_until or until))
