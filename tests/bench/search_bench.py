"""Times the typical order searches on the local service and, if it can be had, on a real node.

    python -m tests.bench.search_bench [--orders 10000] [--rounds 30] [--engines service,node]

Prints indexing speed, and p50 and p95 in milliseconds per search, through the product's adapter.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from oms.orders.model import Address
from oms.search.parse import parse
from oms.search.query import SearchQuery
from oms_aws.search.index import OpenSearchIndex, connect
from oms_aws.search.setup import ensure_index

from tests.contracts.search_engines import engine_url
from tests.contracts.search_samples import document, line, person, work, works

COMPANY = "bench"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BULK = 500
_FIRST = ("Maria", "José", "Ana", "Liam", "Zoë", "Noah", "Emma", "Øystein", "Ivy", "Max")
_LAST = ("García", "Lopez", "Smith", "Núñez", "Müller", "Jones", "Brown", "Kowalski", "Li", "Rossi")
_CITIES = (("Miami", "33101"), ("Tampa", "33602"), ("Boston", "02108"), ("Reno", "89501"))
_STATES = ("AWAITING_ALLOCATION", "AWAITING_FULFILLMENT", "AWAITING_SETTLEMENT", "CLOSED")
_FACETS = (
    "state,fulfillmentStatus,paymentStatus,channel,site,country,method,holdType,actionItem,tag"
)

SEARCHES: dict[str, dict[str, str]] = {
    "first page, newest first": {},
    "first page with ten facets": {"facets": _FACETS},
    "one state, ten facets": {"state": "CLOSED", "facets": _FACETS},
    "two words of a name": {"q": "maria gar"},
    "part of a phone": {"phone": "5617"},
    "order number": {"q": "S26-004711"},
    "500 pasted numbers": {"q": "\n".join(f"S26-{at:06}" for at in range(500))},
    "state, text, attribute, facets": {
        "state": "CLOSED", "q": "smith", "attribute.color": "red", "facets": _FACETS,
    },
    "item waiting on one line": {"sku": "SKU-7", "waitReason": "BACKORDERED"},
    "total range, by total": {"totalFrom": "5000", "totalTo": "20000", "sort": "-total"},
    "page of 200 by customer": {"sort": "customer", "limit": "200"},
}  # fmt: skip


def sample(at: int, dice: random.Random) -> dict[str, Any]:
    """One of a reproducible series of orders with three lines."""
    city, code = dice.choice(_CITIES)
    lines = tuple(
        line(no, f"SKU-{dice.randrange(200)}", f"Item {dice.randrange(200)}",
             "BACKORDERED" if dice.random() < 0.05 else None)
        for no in (1, 2, 3)
    )  # fmt: skip
    name = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}"
    customer = person(name, email=f"c{at}@example.org", phone=f"+1561{dice.randrange(10**7):07}")
    return document(
        COMPANY, f"S26-{at:06}",
        {"state": dice.choice(_STATES), "totalMinor": dice.randrange(500, 50_000)},
        at=at, customer=customer, lines=lines, address=Address("US", code, city),
        channel=dice.choice(("web", "store", "market")), tags=("VIP",) if at % 9 == 0 else (),
        fulfillment=works(work(f"F{at}", dice.choice(("miami", "tampa", "reno")), f"1Z{at:09}")),
        attributes={"color": dice.choice(("red", "green", "blue"))},
    )  # fmt: skip


def _bulks(count: int) -> Iterator[list[dict[str, Any]]]:
    dice = random.Random(7)
    for start in range(0, count, BULK):
        yield [sample(at, dice) for at in range(start, min(start + BULK, count))]


def _index(index: OpenSearchIndex, count: int) -> float:
    spent = 0.0
    for documents in _bulks(count):
        started = time.perf_counter()
        failures = index.index(documents)
        spent += time.perf_counter() - started
        if failures:
            raise SystemExit(f"not indexed: {failures[0]}")
    index.refresh()
    return spent


def _times(index: OpenSearchIndex, query: SearchQuery, rounds: int) -> list[float]:
    index.search(query)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        index.search(query)
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


def _percentile(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]


def bench(name: str, count: int, rounds: int) -> None:
    """Fill one engine and time every search on it."""
    with engine_url(name) as url:
        client = connect(url)
        ensure_index(client)
        index = OpenSearchIndex(client)
        spent = _index(index, count)
        print(f"{name}: {count} orders indexed in {spent:.1f} s, {count / spent:.0f}/s")
        for label, params in SEARCHES.items():
            query = parse(params, COMPANY, NOW)
            found = index.search(query).total
            times = _times(index, query, rounds)
            p50, p95 = _percentile(times, 0.5), _percentile(times, 0.95)
            total = f"{found.value}{'' if found.exact else '+'}"
            print(f"  {label:32} {total:>7} found   p50 {p50:7.1f} ms   p95 {p95:7.1f} ms")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--engines", default="service,node")
    given = parser.parse_args()
    for name in given.engines.split(","):
        try:
            bench(name, given.orders, given.rounds)
        except pytest.skip.Exception as missing:
            print(f"{name}: {missing}")


if __name__ == "__main__":
    main()
