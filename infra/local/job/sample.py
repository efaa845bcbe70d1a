"""Which part of a feed a run takes, and which cancellation takes back units of which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from infra.local.job.feeds import Cancellation, Entry, Feed, Offer

SHARE = 10
"""One order in so many is taken because the feed cancels units of it later."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Units of one item that a cancellation takes back; `original` is the order's external number,
    None where the feed does not hold it.
    """

    cancellation: Cancellation
    sku: str
    quantity: int
    original: str | None


def first(feed: Feed, orders: int) -> Feed:
    """At most `orders` orders from the beginning of the feed, and what lies between them.

    A few of them are ones that the feed cancels units of, from wherever they stand in it: the
    originals of most cancellations lie before the sample, so a beginning alone would have none.
    """
    found = claims(feed.entries)
    undone = dict.fromkeys(claim.original for claim in found if claim.original)
    chosen = set(list(undone)[: orders // SHARE])
    length = _prefix(feed.entries, orders - len(chosen), chosen)
    answered = {id(claim.cancellation) for claim in found if claim.original in chosen}
    kept = [
        entry
        for place, entry in enumerate(feed.entries)
        if place < length or id(entry) in answered or _number(entry) in chosen
    ]
    return Feed(feed.name, sum(entry.size for entry in kept), kept)


def claims(entries: Sequence[Entry]) -> list[Claim]:
    """What the cancellations take back, each from the customer's latest earlier order of it."""
    orders: Mapping[tuple[str, str], list[Offer]] = _by_customer_and_item(entries)
    return [
        Claim(entry, sku, quantity, _original(orders, entry, sku))
        for entry in entries
        if isinstance(entry, Cancellation)
        for sku, quantity in entry.units
    ]


def _prefix(entries: Sequence[Entry], offers: int, chosen: set[str]) -> int:
    """How many entries it takes to hold `offers` orders besides the chosen ones."""
    seen = 0
    for place, entry in enumerate(entries):
        if isinstance(entry, Offer) and entry.external_number not in chosen:
            seen += 1
            if seen > offers:
                return place
    return len(entries)


def _number(entry: Entry) -> str | None:
    return entry.external_number if isinstance(entry, Offer) else None


def _by_customer_and_item(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Offer]]:
    found: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, Offer) and entry.body["customer"].get("code"):
            for line in entry.body["lines"]:
                found[entry.body["customer"]["code"], line["sku"]].append(entry)
    return found


def _original(
    orders: Mapping[tuple[str, str], Sequence[Offer]], entry: Cancellation, sku: str
) -> str | None:
    if entry.customer is None:
        return None
    earlier = [
        offer
        for offer in orders.get((entry.customer, sku), ())
        if datetime.fromisoformat(offer.body["placedAt"]) <= entry.at
    ]
    return earlier[-1].external_number if earlier else None
