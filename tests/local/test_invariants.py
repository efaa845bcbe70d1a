"""The count of breaches finds each kind of damage and nothing in a healthy store.

INV-S1, INV-S2, INV-S3, INV-M3, INV-M5, INV-A4.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from oms.billing.model import Billing, LedgerEntry
from oms.inventory.model import InventoryLevel, Journal, Movement, MovementType, PromiseCounter
from oms.kernel.facts import StoredFact
from oms.kernel.money import Amounts
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Buckets, Line, Order, Reservation
from oms.payments.model import Intent, IntentKind, IntentState, Payments

from infra.local.job.invariants import Evidence, breaches

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def move(place: str, counter: str, delta: int) -> Movement:
    return Movement(MovementType.FEED, "itm", place, counter, delta, 0, delta)


def healthy() -> Evidence:
    """Ten units at one site, three promised to an order, one of them placed, 500 captured."""
    reservation = Reservation("rsv", "itm", "main", 3, 3, {"BOS": 1})
    line = Line(1, "SKU", "Name", 3, 100, Amounts(300), Buckets(reserved=2, allocated=1), "1",
                item_id="itm", reservations=(reservation,))  # fmt: skip
    capture = Intent("int", "pay", IntentKind.CAPTURE, 500, NOW, IntentState.SUCCEEDED)
    entry = LedgerEntry(1, "int", NOW, {"CASH:pay": 500, "FUNDS": -500})
    fact = StoredFact("f", "order.received", "order", "ord", 1, 1, NOW, "a", "c", {})
    record = OrderRecord(
        Order("ord", "acme", "T1", "web", "USD", NOW, lines=(line,)),
        payments=Payments("USD", intents=(capture,)), billing=Billing(ledger=(entry,)), version=1,
    )  # fmt: skip
    moves = (
        move("G:main", "promised", 3), move("S:BOS", "onHand", 10), move("S:BOS", "reserved", 1),
        move("S:BOS", "allocated", 1),
    )  # fmt: skip
    return Evidence(
        (record,), (PromiseCounter("itm", "main", supply=10, promised=3),),
        (InventoryLevel("itm", "BOS", "main", on_hand=10, reserved=1, allocated=1),),
        (Journal("c", NOW, "a", moves),), {"ord": (fact,)}, {"int": 500}, {"ord": 1},
    )  # fmt: skip


def test_a_healthy_store_has_no_breach() -> None:
    assert set(breaches(healthy()).values()) == {0}


def damaged() -> dict[str, Evidence]:
    good = healthy()
    record, fact = good.records[0], good.facts["ord"][0]
    entry = replace(record.billing.ledger[0], postings={"CASH:pay": 500, "FUNDS": -499})
    bent = replace(record, billing=Billing(ledger=(entry,)))
    oversold = replace(good.counters[0], supply=2)
    lost = replace(good.levels[0], reserved=2)
    drifted = replace(good.levels[0], on_hand=9)
    return {
        "oversold": replace(good, counters=(oversold,)),
        "leaked_reservations": replace(good, levels=(lost,)),
        "counter_drift": replace(good, levels=(drifted,)),
        "ledger_imbalance": replace(good, records=(bent,)),
        "duplicate_money": replace(good, moved={"int": 1000}),
        "sequence_gaps": replace(good, facts={"ord": (replace(fact, order_seq=2),)}),
        "unindexed": replace(good, indexed={}),
    }


@pytest.mark.parametrize("name", sorted(damaged()))
def test_each_damage_is_found(name: str) -> None:
    assert breaches(damaged()[name])[name] > 0


def test_money_nobody_asked_for_is_found() -> None:
    """INV-M3: a movement at the gateway without an intent, and one that failed here."""
    assert breaches(replace(healthy(), moved={"int": 500, "ghost": 1}))["duplicate_money"] == 1


@pytest.mark.parametrize(
    ("state", "moved", "found"),
    [
        (IntentState.SENT, 0, 0), (IntentState.SENT, 500, 0), (IntentState.UNKNOWN, 500, 0),
        (IntentState.UNKNOWN, 1000, 1), (IntentState.PENDING, 499, 1),
        (IntentState.DECLINED, 500, 1), (IntentState.CANCELED, 0, 0),
        (IntentState.SUCCEEDED, 0, 1),
    ],
)  # fmt: skip
def test_money_in_flight_may_have_moved_once_and_only_once(
    state: IntentState, moved: int, found: int
) -> None:
    """INV-M3, GTW-04."""
    good = healthy()
    record = good.records[0]
    intents = (replace(record.payments.intents[0], state=state),)
    flying = replace(record, payments=replace(record.payments, intents=intents))
    evidence = replace(good, records=(flying,), moved={"int": moved})
    assert breaches(evidence)["duplicate_money"] == found
