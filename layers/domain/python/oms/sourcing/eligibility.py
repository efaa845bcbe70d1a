"""Eligibility: which sites may serve which demands, before any rule of the rule set (SRC-04).

Checks of the site come first, then those of the item there, stock last: a site that lacks stock
*and* may not
ship is reported for what a person would have to change first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from oms.sourcing.model import (
    Delivery,
    Demand,
    Exclusion,
    Request,
    SiteKind,
    SiteView,
    StockView,
)

UNLIMITED = 10**9
"""Units of a site that needs no stock level: VIRTUAL, or a vendor without a feed (SIT-03)."""

SiteCheck = Callable[[Request, SiteView], Exclusion | None]
DemandCheck = Callable[[Request, SiteView, Demand, StockView], Exclusion | None]

SHIPPING = (SiteKind.WAREHOUSE, SiteKind.STORE, SiteKind.DROPSHIP_VENDOR)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """`allowed`: places of the demands each site may serve; `exclusions`: why not the others."""

    allowed: Mapping[str, frozenset[int]]
    exclusions: Mapping[str, Mapping[int, Exclusion]]


def eligible(request: Request, sites: Sequence[SiteView], stock: StockView) -> Eligibility:
    """Try every demand of the request at every site."""
    allowed: dict[str, frozenset[int]] = {}
    exclusions: dict[str, Mapping[int, Exclusion]] = {}
    for site in sites:
        found = dict(_excluded(request, site, stock))
        exclusions[site.code] = found
        allowed[site.code] = frozenset(range(len(request.demands))) - found.keys()
    return Eligibility(allowed, exclusions)


def room(site: SiteView, item_id: str, stock: StockView) -> int:
    """Units of an item that may be taken from a site."""
    level = stock.get((item_id, site.code))
    unlimited = site.type is SiteKind.VIRTUAL or (
        level is None and site.type is SiteKind.DROPSHIP_VENDOR
    )
    if unlimited:
        return UNLIMITED
    return level.sourceable if level is not None else 0


def grouped(found: Mapping[int, Exclusion], demands: Sequence[Demand]) -> tuple[Exclusion, ...]:
    """The exclusions of one site, equal ones once, naming lines where not all are concerned."""
    rows: dict[Exclusion, list[int]] = {}
    for place, exclusion in sorted(found.items()):
        rows.setdefault(exclusion, []).append(demands[place].line_no)
    return tuple(
        exclusion
        if len(lines) == len(demands)
        else replace(exclusion, lines=tuple(sorted(set(lines))))
        for exclusion, lines in rows.items()
    )


def _excluded(
    request: Request, site: SiteView, stock: StockView
) -> Iterator[tuple[int, Exclusion]]:
    of_site = next(filter(None, (check(request, site) for check in SITE_CHECKS)), None)
    for place, demand in enumerate(request.demands):
        exclusion = of_site or next(
            filter(None, (check(request, site, demand, stock) for check in DEMAND_CHECKS)), None
        )
        if exclusion is not None:
            yield place, exclusion


def _switched_off(_: Request, site: SiteView) -> Exclusion | None:
    if not site.enabled:
        return Exclusion("SITE_DISABLED", "enabled = no")
    if not site.visible:
        return Exclusion("SITE_INVISIBLE", "visible = no")
    if site.suppress_allocation:
        return _suppressed(site)
    return None


def _suppressed(site: SiteView) -> Exclusion:
    until = site.suppressed_until
    words = site.suppressed_reason or "suppressAllocation = yes"
    if until is not None:
        words = f"{words}, until {until:%Y-%m-%d %H:%M} UTC"
    return Exclusion("SITE_SUPPRESSED", words, until=until)


def _wrong_type(request: Request, site: SiteView) -> Exclusion | None:
    delivery = request.delivery_type
    if delivery is Delivery.DIGITAL:
        fits = site.type is SiteKind.VIRTUAL
    elif delivery is Delivery.PICKUP:
        fits = site.offers_pickup
    else:
        fits = site.type in SHIPPING and site.ships
    return None if fits else Exclusion("WRONG_TYPE", f"{site.type} for {delivery}")


def _not_chosen(request: Request, site: SiteView) -> Exclusion | None:
    if request.delivery_type is not Delivery.PICKUP or site.code == request.pickup_site:
        return None
    return Exclusion("NOT_CHOSEN_STORE", f"pickup at {request.pickup_site}")


def _closed(request: Request, site: SiteView) -> Exclusion | None:
    if site.outage:
        return Exclusion("SITE_OUTAGE", "outage = yes")
    until = site.closed_until
    if until is None or until <= request.now:
        return None
    return Exclusion("SITE_CLOSED", f"until {until:%Y-%m-%d %H:%M} UTC", until=until)


def _full(_: Request, site: SiteView) -> Exclusion | None:
    if site.capacity is None or site.open_orders < site.capacity:
        return None
    return Exclusion("CAPACITY_FULL", f"{site.open_orders} of {site.capacity}")


def _restricted(request: Request, site: SiteView, demand: Demand, _: StockView) -> Exclusion | None:
    if demand.drop_ship and site.type is not SiteKind.DROPSHIP_VENDOR:
        return Exclusion("DROP_SHIP_ONLY", str(site.type))
    if demand.hazmat and not site.ships_hazmat:
        return Exclusion("HAZMAT", "site ships no hazardous goods")
    if demand.countries and request.country not in demand.countries:
        return Exclusion("COUNTRY", f"{demand.sku} to {request.country}")
    return None


def _tried(_: Request, site: SiteView, demand: Demand, __: StockView) -> Exclusion | None:
    if site.code not in demand.tried_sites:
        return None
    return Exclusion("PRIOR_REJECTION", "did not ship this line before")


def _cooling(
    request: Request, site: SiteView, demand: Demand, stock: StockView
) -> Exclusion | None:
    level = stock.get((demand.item_id, site.code))
    until = level.cooldown_until if level is not None else None
    if until is None or until <= request.now:
        return None
    return Exclusion("COOL_DOWN", f"{demand.sku} until {until:%Y-%m-%d %H:%M} UTC", until=until)


def _promised(_: Request, site: SiteView, demand: Demand, stock: StockView) -> Exclusion | None:
    """A reservation is placed within its supply group; without one only unlimited sites serve."""
    if demand.reservation_id is None:
        if room(site, demand.item_id, stock) == UNLIMITED:
            return None
        return Exclusion("NOT_RESERVED", f"{demand.sku} is not reserved")
    if site.group != demand.group and site.type is not SiteKind.VIRTUAL:
        return Exclusion("OTHER_GROUP", f"{site.group}, reserved in {demand.group}")
    return None


def _out_of_stock(_: Request, site: SiteView, demand: Demand, stock: StockView) -> Exclusion | None:
    left = room(site, demand.item_id, stock)
    return None if left > 0 else Exclusion("NO_STOCK", f"{demand.sku}: {left} sourceable")


SITE_CHECKS: tuple[SiteCheck, ...] = (_switched_off, _wrong_type, _not_chosen, _closed, _full)
DEMAND_CHECKS: tuple[DemandCheck, ...] = (_restricted, _tried, _cooling, _promised, _out_of_stock)
