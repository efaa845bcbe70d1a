"""What is left to promise while the lines of one order take their units (RSV-07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from oms.kernel.policy import StockPolicy
from oms.orders.model import DeliveryType, Line, Order

Offers = Mapping[tuple[str, str], int | None]


class CartView(Protocol):
    """What intake needs of a cart's reservation that still holds its units."""

    @property
    def id(self) -> str: ...
    @property
    def item_id(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def open(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Stocked:
    """Stock as it was read.

    `available` counts units by (item, group) that stock can fill now; None: the item has no stock
    to promise from, a vendor or nobody ships it. `room` counts by (item, group) what may be
    promised at all, supply to come included; None: without limit, absent: nothing beyond
    `available`. `at_site` counts what may be promised for pickup by (item, site), and `groups`
    names the supply group of each site.
    """

    available: Offers
    room: Offers = field(default_factory=dict)
    at_site: Mapping[tuple[str, str], int] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


class Shelf:
    """`carts` are the reservations of the customer's cart that no line has converted yet, by line
    number; what they hold is not in `available`.
    """

    def __init__(
        self,
        stocked: Stocked,
        policy: StockPolicy,
        carts: Mapping[int, Sequence[CartView]] | None = None,
    ) -> None:
        self.policy = policy
        self.carts = carts or {}
        self._left = dict(stocked.available)
        self._room = dict(stocked.room)
        self._at_site = dict(stocked.at_site)
        self._groups = stocked.groups

    def promises(self, order: Order, line: Line) -> bool:
        """Whether units of the line are promised from stock at all (LIN-08, LIN-104)."""
        return all(self._left.get((str(line.item_id), group), 0) is not None
                   for group in order.pool)  # fmt: skip

    def places(self, order: Order, line: Line) -> list[tuple[str, str | None]]:
        """Where the line may be promised, as (group, site): the pool's groups in order, or at once
        the site where the customer fetches it (RSV-03).
        """
        group = order.group(line.group)
        if group.type is not DeliveryType.PICKUP or group.pickup_site is None:
            return [(name, None) for name in order.pool]
        own = self._groups.get(group.pickup_site)
        return [(own, group.pickup_site)] if own in order.pool and own is not None else []

    def take(self, item_id: str, group: str, site: str | None, wanted: int) -> int:
        """Units that are there and that the line gets."""
        limits = [wanted, self._left.get((item_id, group)) or 0]
        room = self._room.get((item_id, group))
        if room is not None:
            limits.append(room)
        if site is not None:
            limits.append(self._at_site.get((item_id, site), 0))
        taken = max(0, min(limits))
        self.use(item_id, group, site, taken)
        self._left[item_id, group] = (self._left.get((item_id, group)) or 0) - taken
        return taken

    def fits(self, item_id: str, site: str | None, wanted: int) -> int:
        """Units that a cart holds of the group and that also fit at the pickup site."""
        return (
            wanted if site is None else min(wanted, max(0, self._at_site.get((item_id, site), 0)))
        )

    def use(self, item_id: str, group: str, site: str | None, units: int) -> None:
        """Count units as taken at the site and against the group's policy."""
        if site is not None:
            self._at_site[item_id, site] = self._at_site.get((item_id, site), 0) - units
        room = self._room.get((item_id, group))
        if room is not None:
            self._room[item_id, group] = room - units

    def backorder(self, item_id: str, group: str, wanted: int) -> int:
        """Units that the item's policy lets the line wait for (BKO-01, BKO-02)."""
        if (item_id, group) not in self._room:
            return 0
        room = self._room[item_id, group]
        taken = wanted if room is None else max(0, min(wanted, room))
        self.use(item_id, group, None, taken)
        return taken
