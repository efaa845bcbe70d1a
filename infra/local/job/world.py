"""The merchant the job plays: sites across a country, and stock of whatever the feed sells.

Everything follows from a seed, so two runs over one feed meet the same shelves.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.local.job.feeds import Cancellation, Feed, Offer, Remainder


@dataclass(frozen=True, slots=True)
class Place:
    """A site of the merchant; coordinates follow from the postal code."""

    code: str
    name: str
    type: str
    country: str
    region: str
    postal_code: str
    time_zone: str
    priority: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """Opening stock of one item at one site."""

    site: str
    sku: str
    quantity: int


EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"

SITES = (
    Place("DC-EAST", "East distribution center", "WAREHOUSE", "US", "PA", "18202", EASTERN, 1),
    Place(
        "DC-CENTRAL", "Central distribution center", "WAREHOUSE", "US", "IL", "60435", CENTRAL, 1
    ),
    Place("DC-SOUTH", "South distribution center", "WAREHOUSE", "US", "TX", "76177", CENTRAL, 2),
    Place("DC-WEST", "West distribution center", "WAREHOUSE", "US", "CA", "92408", PACIFIC, 1),
    Place("ST-BOSTON", "Boston", "STORE", "US", "MA", "02108", EASTERN, 5),
    Place("ST-NEWYORK", "New York", "STORE", "US", "NY", "10001", EASTERN, 5),
    Place("ST-NEWARK", "Newark", "STORE", "US", "NJ", "07102", EASTERN, 6),
    Place("ST-PHILA", "Philadelphia", "STORE", "US", "PA", "19103", EASTERN, 5),
    Place("ST-BALTIMORE", "Baltimore", "STORE", "US", "MD", "21201", EASTERN, 6),
    Place("ST-WASHINGTON", "Washington", "STORE", "US", "DC", "20001", EASTERN, 5),
    Place("ST-RICHMOND", "Richmond", "STORE", "US", "VA", "23219", EASTERN, 7),
    Place("ST-CHARLOTTE", "Charlotte", "STORE", "US", "NC", "28202", EASTERN, 6),
    Place("ST-ATLANTA", "Atlanta", "STORE", "US", "GA", "30303", EASTERN, 5),
    Place("ST-JACKSONVILLE", "Jacksonville", "STORE", "US", "FL", "32202", EASTERN, 7),
    Place("ST-MIAMI", "Miami", "STORE", "US", "FL", "33130", EASTERN, 5),
    Place("ST-COLUMBUS", "Columbus", "STORE", "US", "OH", "43215", EASTERN, 6),
    Place("ST-DETROIT", "Detroit", "STORE", "US", "MI", "48226", EASTERN, 6),
    Place("ST-CHICAGO", "Chicago", "STORE", "US", "IL", "60601", CENTRAL, 5),
    Place("ST-MILWAUKEE", "Milwaukee", "STORE", "US", "WI", "53202", CENTRAL, 7),
    Place("ST-MINNEAPOLIS", "Minneapolis", "STORE", "US", "MN", "55401", CENTRAL, 6),
    Place("ST-STLOUIS", "St. Louis", "STORE", "US", "MO", "63101", CENTRAL, 7),
    Place("ST-NASHVILLE", "Nashville", "STORE", "US", "TN", "37203", CENTRAL, 6),
    Place("ST-DALLAS", "Dallas", "STORE", "US", "TX", "75201", CENTRAL, 5),
    Place("ST-HOUSTON", "Houston", "STORE", "US", "TX", "77002", CENTRAL, 5),
    Place("ST-DENVER", "Denver", "STORE", "US", "CO", "80202", MOUNTAIN, 6),
    Place("ST-PHOENIX", "Phoenix", "STORE", "US", "AZ", "85004", "America/Phoenix", 6),
    Place("ST-LOSANGELES", "Los Angeles", "STORE", "US", "CA", "90012", PACIFIC, 5),
    Place("ST-SANFRANCISCO", "San Francisco", "STORE", "US", "CA", "94103", PACIFIC, 5),
    Place("ST-PORTLAND", "Portland", "STORE", "US", "OR", "97204", PACIFIC, 7),
    Place("ST-SEATTLE", "Seattle", "STORE", "US", "WA", "98101", PACIFIC, 5),
)


def draw(*parts: str | int) -> float:
    """A number in [0, 1) that follows from `parts` alone."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56


def shelves(offers: Iterable[Offer], seed: int = 7) -> list[Shelf]:
    """Opening stock: enough for most of the demand, spread as stores and warehouses hold it.

    A warehouse keeps most items, a store a tenth of them in small numbers; about one item in
    thirty is scarcer than its demand, so that backorders and refusals really happen.
    """
    demand: Counter[str] = Counter()
    for offer in offers:
        for line in offer.body["lines"]:
            demand[line["sku"]] += line["quantity"]
    return [shelf for sku, units in sorted(demand.items()) for shelf in _spread(sku, units, seed)]


def _spread(sku: str, units: int, seed: int) -> list[Shelf]:
    scarce = draw(seed, sku, "scarce") < 1 / 30
    total = max(1, units // 2) if scarce else units * 2 + 4
    holders = [site for site in SITES if _holds(site, sku, seed)] or [SITES[0]]
    weights = [8 if site.type == "WAREHOUSE" else 1 for site in holders]
    pool, found = sum(weights), []
    for site, weight in zip(holders, weights, strict=True):
        found.append(Shelf(site.code, sku, -(-total * weight // pool)))
    return found[:1] if scarce else found


def _holds(site: Place, sku: str, seed: int) -> bool:
    return draw(seed, sku, site.code) < (0.8 if site.type == "WAREHOUSE" else 0.1)


def site_body(place: Place) -> dict[str, Any]:
    """The body that creates the site over the API."""
    return {
        "code": place.code, "name": place.name, "type": place.type, "country": place.country,
        "region": place.region, "postalCode": place.postal_code, "timeZone": place.time_zone,
        "priority": place.priority, "offersPickup": place.type == "STORE",
    }  # fmt: skip


def tender(offer: Offer, seed: int = 7) -> dict[str, Any]:
    """How the customer of an offer pays: mostly smoothly, now and then with trouble."""
    chance = draw(seed, offer.external_number, "tender")
    behaviours = (
        (0.02, "decline_soft"), (0.03, "decline_hard"), (0.045, "timeout_then_ok_on_authorize"),
        (0.06, "timeout_then_ok_on_capture"),
        (0.10, "pending_then_ok"), (0.14, "dup_webhook"), (0.17, "late_webhook_first"),
        (0.19, "capture_fails_once"),
    )  # fmt: skip
    behaviour = next((name for limit, name in behaviours if chance < limit), "ok")
    return {"method": "CARD", "token": f"tok_{behaviour}", "brand": "VISA", "lastFour": "4242"}


def invented(orders: int, seed: int = 7) -> Feed:
    """A feed for those who have none: orders of one to five lines to places across the country."""
    entries: list[Offer | Cancellation | Remainder] = []
    for number in range(1, orders + 1):
        place = SITES[int(draw(seed, number, "place") * len(SITES))]
        lines = [
            {
                "sku": f"SKU-{int(draw(seed, number, row, 'sku') * 300):04}",
                "name": "Sample item", "quantity": 1 + int(draw(seed, number, row, "n") * 3),
                "unitPrice": 500 + int(draw(seed, number, row, "price") * 9500),
            }
            for row in range(1 + int(draw(seed, number, "rows") * 5))
        ]  # fmt: skip
        address = {
            "country": "US", "region": place.region, "postalCode": place.postal_code,
            "line1": "1 Main Street",
        }  # fmt: skip
        body = {
            "channel": "web", "externalNumber": f"SAMPLE-{number}", "currency": "USD",
            "customer": {"code": f"C{number % 40}"},
            "groups": [{"id": "1", "method": "STANDARD", "address": address}], "lines": lines,
        }  # fmt: skip
        entries.append(Offer(f"SAMPLE-{number}", body))
    return Feed("invented", orders, entries)
