"""The stored form of a record: it loses nothing, stays readable and stays small.

Cites EVT-02, GEN-02.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oms.kernel.codec import encode
from oms.kernel.facts import StoredFact
from oms.kernel.ids import derive
from oms.lifecycle.document import from_document, new_facts, stored, to_document
from oms.lifecycle.record import OrderRecord

from tests.simulation.merchant import Merchant
from tests.simulation.test_life_of_an_order import ship_everything

KB = 1024
MOMENTS = st.integers(0, 10**9).map(
    lambda milliseconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


@pytest.fixture(scope="module")
def life() -> list[OrderRecord]:
    """Every version of an order of three lines, from accepted to closed."""
    merchant, versions = Merchant(), []
    commit = merchant.orders.commit

    def kept(change: object) -> None:
        commit(change)  # type: ignore[arg-type]
        versions.append(change.record)  # type: ignore[attr-defined]

    merchant.orders.commit = kept  # type: ignore[method-assign]
    for sku in ("A", "B", "C"):
        merchant.shelve(sku, DC=9)
    order_id = merchant.place(("A", 1, 1000), ("B", 2, 500), ("C", 3, 700)).body["id"]
    merchant.run(order_id)
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    return versions


def test_every_version_of_a_life_comes_back(life: list[OrderRecord]) -> None:
    """GEN-02: one form for all states of an order; readers of JSON see every fact in full."""
    assert life[-1].order.reached == "CLOSED"
    for record in life:
        assert from_document(to_document(record)) == record
        assert stored(to_document(record)) == encode(record)


def test_documents_written_before_stay_readable(life: list[OrderRecord]) -> None:
    """The first form: zlib without dictionary, each fact spelled out."""
    for record in life:
        first = zlib.compress(json.dumps(encode(record)).encode())
        assert from_document(first) == record
        assert stored(first) == encode(record)


def test_an_order_of_three_lines_stays_below_what_a_write_unit_holds(
    life: list[OrderRecord],
) -> None:
    """DynamoDB bills each started kilobyte of the item, of which the document is most."""
    sizes = [len(to_document(record)) for record in life]
    assert sizes[0] < KB * 2 // 3
    assert max(sizes) < KB * 3 // 2


@st.composite
def histories(draw: st.DrawFn) -> tuple[StoredFact, ...]:
    """Facts of several commits, numbered as they may stand in a record, some under foreign ids."""
    seq = draw(st.integers(1, 400))
    facts: list[StoredFact] = []
    for version in range(1, draw(st.integers(0, 5)) + 1):
        at = draw(MOMENTS)
        actor, cause = draw(st.text(max_size=5)), draw(st.text(max_size=5))
        for _ in range(draw(st.integers(1, 4))):
            name = draw(st.sampled_from((derive("fct", "ord_1", seq), "fct_other")))
            data = draw(st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))
            facts.append(StoredFact(name, "t.u", "t", "t_1", seq, version, at, actor, cause, data))
            seq += draw(st.sampled_from((1, 1, 1, 2)))
    return tuple(facts)


@given(histories())
def test_whatever_facts_a_record_holds_come_back(facts: tuple[StoredFact, ...]) -> None:
    """EVT-02: sequence, id, time, actor and cause of each, gaps included."""
    merchant = Merchant()
    merchant.shelve("A", DC=1)
    placed = merchant.read(merchant.place(("A", 1, 100)).body["id"])
    record = replace(placed, order=replace(placed.order, id="ord_1"), facts=facts, version=5)
    again = from_document(to_document(record))
    assert again == record
    assert new_facts(again) == new_facts(record)
