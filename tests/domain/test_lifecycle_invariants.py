"""The continuous check of stored records finds what it is for, and nothing in a sound record.

Cites RCN-01, LIN-01, LED-01, EVT-02.
"""

from __future__ import annotations

from typing import Any

import pytest
from oms.kernel.codec import encode
from oms.lifecycle.invariants import breaches, imbalance

from tests.simulation.merchant import Merchant
from tests.simulation.test_life_of_an_order import ship_everything


@pytest.fixture
def document() -> dict[str, Any]:
    """A record with documents, facts and shipped units."""
    merchant = Merchant()
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    merchant.run(order_id)
    ship_everything(merchant, order_id)
    stored: dict[str, Any] = encode(merchant.run(order_id))
    return stored


def test_a_sound_record_breaks_nothing(document: dict[str, Any]) -> None:
    """RCN-01."""
    assert document["billing"]["ledger"]
    assert breaches(document) == ()
    assert imbalance(document) == 0


def test_units_that_are_nowhere(document: dict[str, Any]) -> None:
    """LIN-01."""
    document["order"]["lines"][0]["buckets"]["shipped"] -= 1
    assert breaches(document) == ("BUCKETS",)


def test_money_from_nothing(document: dict[str, Any]) -> None:
    """LED-01: by how much is told as well."""
    postings = document["billing"]["ledger"][0]["postings"]
    postings[next(iter(postings))] += 7
    assert breaches(document) == ("LEDGER",)
    assert imbalance(document) == 7


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_fact_that_is_missing(document: dict[str, Any], place: int) -> None:
    """EVT-02: but older facts may have moved to a page."""
    del document["facts"][place]
    assert breaches(document) == (() if place == 0 else ("SEQUENCE",))


@pytest.mark.parametrize(
    "counters",
    [{"delivered": 3}, {"lost": 3}, {"returned": 1, "inbound": 1, "forgiven": 1}],
)
def test_more_came_of_shipped_units_than_shipped(
    document: dict[str, Any], counters: dict[str, int]
) -> None:
    """LIN-02: of two units that shipped."""
    buckets = document["order"]["lines"][0]["buckets"]
    buckets |= counters
    assert breaches(document) == ("BUCKETS",)
    first = next(iter(counters))
    buckets |= {first: counters[first] - 1}
    assert breaches(document) == ()
