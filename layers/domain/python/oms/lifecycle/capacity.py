"""Daily capacity of sites: what the fulfillment orders of a decision take and give back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oms.fulfillment.capacity import fills, holds
from oms.fulfillment.model import Fulfillment
from oms.inventory.capacity import DayLoad, SlotChange
from oms.inventory.ports import StockStore
from oms.kernel.errors import StockConflict
from oms.settings.model import Site, SiteType

DAYS_OPEN = timedelta(days=2)
"""After this nobody asks for a day any more, wherever its site is."""


def zone(site: Site) -> tzinfo:
    """The site's time zone; one that nobody knows counts as UTC."""
    try:
        return ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def day(site: Site, now: datetime) -> str | None:
    """Today at a site that counts its work; None for one that takes any amount."""
    if site.daily_capacity is None or site.type is SiteType.VIRTUAL:
        return None
    return now.astimezone(zone(site)).date().isoformat()


def loads(
    store: StockStore, company: str, sites: Iterable[Site], now: datetime
) -> dict[str, DayLoad]:
    """Today's load of the sites that have a capacity; nothing is read where none has."""
    counted = [(site.code, today) for site in sites if (today := day(site, now)) is not None]
    return {load.site: load for load in store.loads(company, counted)} if counted else {}


def slot_changes(before: Fulfillment, after: Fulfillment, now: datetime) -> tuple[SlotChange, ...]:
    """What a decision takes and gives back. Days that are over are left as they are."""
    moved: Counter[tuple[str, str]] = Counter()
    closed: set[tuple[str, str]] = set()
    known = {fo.id: fo for fo in before.orders}
    for fo in after.orders:
        old = known.get(fo.id)
        if old is fo or fo.capacity_day is None:
            continue
        key = (fo.site, fo.capacity_day)
        moved[key] += (holds(fo) is not None) - (old is not None and holds(old) is not None)
        if fills(fo) and not (old is not None and fills(old)):
            closed.add(key)
    over = (now - DAYS_OPEN).date().isoformat()
    return tuple(
        SlotChange(site, at, orders, (site, at) in closed)
        for (site, at), orders in sorted(moved.items())
        if (orders or (site, at) in closed) and at > over
    )


def limited(changes: Iterable[SlotChange], sites: Mapping[str, Site]) -> tuple[SlotChange, ...]:
    """The changes under the limits of their sites; raises `StockConflict` for what never fits."""
    found = []
    for change in changes:
        site = sites.get(change.site)
        bound = replace(change, limit=None if site is None else site.daily_capacity)
        if not bound.fits(DayLoad(bound.site, bound.day)):
            raise StockConflict(f"{bound.site} takes no more on {bound.day}")
        found.append(bound)
    return tuple(found)
