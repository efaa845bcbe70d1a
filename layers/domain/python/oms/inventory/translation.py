"""What facts do to stock.

Facts say what happened to units of an order; `effects` translates them, and one write applies them
all or not at all. Order status never decides which effect runs (RSV-01).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderCreated,
    FulfillmentOrderRejected,
    FulfillmentOrderShortPicked,
    ShipmentCreated,
    UnitsLeft,
    UnitsPicked,
    UnitsUnpicked,
)
from oms.inventory.effects import (
    Allocate,
    Backorder,
    Leave,
    Pick,
    Release,
    ReleaseCart,
    Reserve,
    Ship,
    StockEffect,
)
from oms.kernel.facts import Fact, Units
from oms.orders.facts import (
    BackorderReleased,
    CartReleased,
    ReservationCreated,
    ReservationReleased,
    UnitsBackordered,
)


@dataclass(frozen=True, slots=True)
class Touched:
    """Keys that effects change: what to read before they can be planned."""

    item_ids: tuple[str, ...]
    groups: tuple[str, ...]
    sites: tuple[str, ...]
    carts: tuple[str, ...]


def touched(found: Sequence[StockEffect]) -> Touched:
    """What a plan of these effects must read, sorted."""
    return Touched(
        tuple(sorted({effect.item_id for effect in found})),
        tuple(sorted({effect.group for effect in found if effect.group})),
        tuple(sorted({effect.site for effect in found if effect.site})),
        tuple(sorted({effect.cart for effect in found if effect.cart})),
    )


def effects(
    facts: Sequence[Fact],
    sites: Mapping[str, str] | None = None,
    placed: Mapping[tuple[str, str], int] | None = None,
) -> tuple[StockEffect, ...]:
    """The stock effects of what happened in one commit, in order.

    `sites` tells the site of an FO by its id, for picks, whose facts do not name it. `placed` tells
    by (reservation id, site) how many units were reserved at a site before they were allocated
    there. Units without a reservation have no stock behind them and no effect.
    """
    translation = _Translation(facts, sites or {}, placed or {})
    return tuple(effect for fact in facts for effect in translation.of(fact))


class _Translation:
    """Reads facts of one commit in the light of each other."""

    def __init__(
        self, facts: Iterable[Fact], sites: Mapping[str, str], placed: Mapping[tuple[str, str], int]
    ) -> None:
        self._sites = sites
        self._placed = Counter(dict(placed))
        # Leaving an FO takes units off its site; a release of them acts on the group alone.
        self._left: Counter[tuple[str, str]] = Counter()
        for fact in facts:
            self._note(fact)

    def of(self, fact: Fact) -> list[StockEffect]:
        """Effects of one fact; most have none."""
        match fact:
            case ReservationCreated():
                return [self._reserve(fact)]
            case ReservationReleased():
                return [self._release(fact)]
            case CartReleased():
                return [ReleaseCart(fact.item_id, fact.group, fact.record_id, fact.reason)]
            case UnitsBackordered():
                return [Backorder(fact.item_id, fact.group, fact.quantity, beyond=fact.short)]
            case BackorderReleased():
                return [Backorder(fact.item_id, fact.group, -fact.quantity, fact.reason)]
            case FulfillmentOrderCreated():
                return [self._allocate(units, fact.site, r) for units, r in _held(fact.units)]
            case UnitsPicked():
                return self._pick(fact, 1)
            case UnitsUnpicked():
                return self._pick(fact, -1)
            case ShipmentCreated():
                return [
                    Ship(units.item_id, units.group, fact.site, units.quantity, reservation)
                    for units, reservation in _held(fact.units)
                ]
            case FulfillmentOrderCanceled():
                return [
                    Leave(units.item_id, units.group, fact.site, units.quantity, r, fact.reason)
                    for units, r in _held(fact.units)
                ]
            case FulfillmentOrderRejected() | FulfillmentOrderShortPicked():
                return _leave(fact.site, fact.lines)
            case _:
                return []

    def _note(self, fact: Fact) -> None:
        match fact:
            case ReservationCreated(site=str(site)):
                self._placed[(fact.record_id, site)] += fact.quantity
            case FulfillmentOrderCanceled():
                for units, reservation in _held(fact.units):
                    self._left[(reservation, fact.site)] += units.quantity
            case FulfillmentOrderRejected() | FulfillmentOrderShortPicked():
                for units, reservation in _held([line.units for line in fact.lines]):
                    self._left[(reservation, fact.site)] += units.quantity
            case _:
                return

    def _reserve(self, fact: ReservationCreated) -> StockEffect:
        return Reserve(
            fact.item_id, fact.group, fact.quantity, fact.record_id, fact.converted_from, fact.site
        )

    def _release(self, fact: ReservationReleased) -> StockEffect:
        placed = 0
        if fact.site is not None:
            gone = min(fact.quantity, self._left[(fact.record_id, fact.site)])
            self._left[(fact.record_id, fact.site)] -= gone
            placed = fact.quantity - gone
        return Release(
            fact.item_id, fact.group, fact.quantity, fact.record_id, fact.reason, placed, fact.site
        )

    def _allocate(self, units: Units, site: str, reservation: str) -> StockEffect:
        placed = min(units.quantity, self._placed[(reservation, site)])
        self._placed[(reservation, site)] -= placed
        group = units.group or ""
        return Allocate(units.item_id, group, site, units.quantity, reservation, placed)

    def _pick(self, fact: UnitsPicked | UnitsUnpicked, sign: int) -> list[StockEffect]:
        site = self._sites.get(fact.record_id)
        if site is None:
            return []
        return [
            Pick(units.item_id, units.group, site, sign * units.quantity, reservation)
            for units, reservation in _held(fact.units)
        ]


def _leave(site: str, lines: Iterable[UnitsLeft]) -> list[StockEffect]:
    return [
        Leave(
            line.units.item_id, line.units.group, site, line.units.quantity,
            line.units.reservation_id, line.reason, line.stock, line.cooldown_hours,
            line.units.quantity if line.from_bucket in ("picked", "packed") else 0,
        )
        for line in lines
        if line.units.reservation_id is not None
    ]  # fmt: skip


def _held(units: Iterable[Units]) -> list[tuple[Units, str]]:
    return [(one, one.reservation_id) for one in units if one.reservation_id is not None]
