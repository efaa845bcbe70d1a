"""Customers who come for their orders: which ones, where to, and what they show at the counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from infra.local.job.feeds import Offer
from infra.local.job.world import SITES, Shelf, draw

PICKUP, BY_ID = 0.12, 0.3


def pickup_site(offer: Offer) -> str | None:
    """The store where the customer of a domestic web order collects it; most have it shipped."""
    number = offer.external_number
    if offer.body["channel"] != "web" or draw(number, "pickup") >= PICKUP:
        return None
    stores = [site.code for site in SITES if site.type == "STORE"]
    return stores[int(draw(number, "counter") * len(stores))]


def groups(offer: Offer) -> list[dict[str, Any]]:
    """The delivery groups of the order: as offered, or the counter."""
    site = pickup_site(offer)
    if site is None:
        return list(offer.body["groups"])
    return [{"id": "1", "method": "PICKUP", "type": "PICKUP", "pickupSite": site}]


def stocked(shelves: Iterable[Shelf], offers: Iterable[Offer]) -> list[Shelf]:
    """Opening stock with what the counters will be asked for on top."""
    units = Counter[tuple[str, str]]()
    for shelf in shelves:
        units[shelf.site, shelf.sku] += shelf.quantity
    for offer in offers:
        site = pickup_site(offer)
        for line in offer.body["lines"] if site else ():
            units[str(site), line["sku"]] += line["quantity"]
    return [Shelf(site, sku, quantity) for (site, sku), quantity in units.items()]


def proof(order: dict[str, Any], fo: dict[str, Any]) -> dict[str, Any]:
    """What the customer shows: the code of the pickup, or the order number with an ID."""
    if draw(fo["id"], "proof") < BY_ID:
        return {"orderNumber": order["number"], "idChecked": True}
    row = next(row for row in order["fulfillment"]["orders"] if row["id"] == fo["id"])
    return {"code": row["pickup"]["code"]}
