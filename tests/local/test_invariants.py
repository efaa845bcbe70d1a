"""The count of breaches finds each kind of damage and nothing in a healthy store.

Cites RCN-01, INV-S1, INV-S2, INV-S3, INV-M1, INV-M3, INV-M5, INV-M7, INV-F3, INV-F6, INV-A4.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from oms.billing.model import Billing, CreditLine, CreditMemo, Invoice, InvoiceLine, LedgerEntry
from oms.fulfillment.model import Fulfillment, FulfillmentLine, FulfillmentOrder
from oms.inventory.model import InventoryLevel, Journal, Movement, MovementType, PromiseCounter
from oms.kernel.facts import StoredFact
from oms.kernel.money import Amounts
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Buckets, Line, Order, Reservation
from oms.payments.model import (
    Authorization,
    Capture,
    Intent,
    IntentKind,
    IntentState,
    Payments,
    Tender,
)

from infra.local.job.invariants import Evidence, breaches

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def move(place: str, counter: str, delta: int) -> Movement:
    return Movement(MovementType.FEED, "itm", place, counter, delta, 0, delta)


def fact(seq: int, kind: str, data: dict[str, Any]) -> StoredFact:
    return StoredFact(f"f{seq}", kind, "order", "ord", seq, 1, NOW, "a", "c", data)


def healthy() -> Evidence:
    """Ten units at one site, three promised to an order, one of them placed, 500 captured."""
    reservation = Reservation("rsv", "itm", "main", 3, 3, {"BOS": 1})
    line = Line(1, "SKU", "Name", 3, 100, Amounts(300), Buckets(reserved=2, allocated=1), "1",
                item_id="itm", reservations=(reservation,))  # fmt: skip
    capture = Intent("int", "pay", IntentKind.CAPTURE, 500, NOW, IntentState.SUCCEEDED)
    taken = Capture("int", 500, "ref")
    held = Authorization("aut", 500, "held", NOW, captured=500)
    tender = Tender("pay", "CARD", "test", 500, 40, 60, authorizations=(held,), captures=(taken,))
    entry = LedgerEntry(1, "int", NOW, {"CASH:pay": 500, "FUNDS": -500})
    promise = {"lineNo": 1, "itemId": "itm", "group": "main", "quantity": 3}
    units = {"lineNo": 1, "itemId": "itm", "quantity": 1, "reservationId": "rsv"}
    facts = (
        fact(1, "order.received", {}), fact(2, "reservation.created", promise),
        fact(3, "fulfillment_order.created", {"site": "BOS", "units": [units]}),
    )  # fmt: skip
    row = FulfillmentLine(1, "itm", "SKU", 1, "rsv", "main")
    work = FulfillmentOrder("fo", "F1", "BOS", "STANDARD", "1", NOW, lines=(row,))
    record = OrderRecord(
        Order("ord", "acme", "T1", "web", "USD", NOW, lines=(line,)),
        payments=Payments("ord", "USD", tenders=(tender,), intents=(capture,)),
        billing=Billing(ledger=(entry,)), fulfillment=Fulfillment((work,)), version=1,
    )  # fmt: skip
    moves = (
        move("G:main", "promised", 3), move("S:BOS", "onHand", 10), move("S:BOS", "reserved", 1),
        move("S:BOS", "allocated", 1),
    )  # fmt: skip
    return Evidence(
        (record,), (PromiseCounter("itm", "main", supply=10, promised=3),),
        (InventoryLevel("itm", "BOS", "main", on_hand=10, reserved=1, allocated=1),),
        (Journal("c", NOW, "a", moves),), {"ord": facts}, {"int": 500}, {"ord": 1},
    )  # fmt: skip


def test_a_healthy_store_has_no_breach() -> None:
    assert set(breaches(healthy()).values()) == {0}


def damaged() -> list[tuple[str, Evidence]]:
    """Every kind of damage with the count that must find it."""
    good = healthy()
    record, told, level = good.records[0], good.facts["ord"], good.levels[0]
    promise = good.counters[0]
    ledger, tender = record.billing.ledger[0], record.payments.tenders[0]
    bent = replace(ledger, postings={"CASH:pay": 500, "FUNDS": -499})
    small = replace(tender.authorizations[0], amount=499)
    given = replace(tender.captures[0], refunded=501)
    bill = Invoice(
        "inv", "fo", 100, (InvoiceLine(1, 1, 0, Amounts(100)),), posted_at=NOW
    )  # fmt: skip
    memo = CreditMemo("cm", "CLAIM", 0, "x", NOW, (CreditLine("inv", 1, 1, Amounts(101)),))
    return [
        ("oversold", replace(good, counters=(replace(promise, supply=2),))),
        ("oversold", replace(good, levels=(replace(level, on_hand=0),))),
        ("leaked_reservations", replace(good, levels=(replace(level, reserved=2),))),
        ("leaked_reservations", replace(good, counters=(replace(promise, promised=4),))),
        ("counter_drift", replace(good, levels=(replace(level, on_hand=9),))),
        ("counter_drift", replace(good, counters=(replace(promise, supply=11),))),
        ("lost_units", _with(good, _line(record, buckets=Buckets(reserved=2)))),
        ("lost_units", replace(good, facts={"ord": told[:2]})),
        ("misplaced_units", _with(good, replace(record, fulfillment=Fulfillment()))),
        ("misplaced_units", _with(good, _line(record, reservations=()))),
        ("ledger_imbalance", _with(good, replace(record, billing=Billing(ledger=(bent,))))),
        ("ledger_imbalance", _with(good, replace(record, billing=Billing()))),
        ("ledger_imbalance", _with(good, replace(record, billing=Billing(ledger=(ledger,) * 2)))),
        ("excess_money", _with(good, _paid(record, authorizations=(small,)))),
        ("excess_money", _with(good, _paid(record, captures=(given,)))),
        ("overcredited", _with(good, replace(record, billing=Billing((bill,), (memo,))))),
        ("duplicate_money", replace(good, moved={"int": 1000})),
        ("sequence_gaps", replace(good, facts={"ord": (told[0], *told[2:])})),
        ("unindexed", replace(good, indexed={})),
    ]


def _with(good: Evidence, record: OrderRecord) -> Evidence:
    return replace(good, records=(record,))


def _line(record: OrderRecord, **changes: Any) -> OrderRecord:
    line = replace(record.order.lines[0], **changes)
    return replace(record, order=replace(record.order, lines=(line,)))


def _paid(record: OrderRecord, **changes: Any) -> OrderRecord:
    tender = replace(record.payments.tenders[0], **changes)
    return replace(record, payments=replace(record.payments, tenders=(tender,)))


@pytest.mark.parametrize(("name", "evidence"), damaged())
def test_each_damage_is_found(name: str, evidence: Evidence) -> None:
    assert breaches(evidence)[name] > 0


def test_what_a_count_says_of_a_shelf_is_no_oversale() -> None:
    """INV-S1, STK-15: the position is short, and a movement says why."""
    good = healthy()
    counted = Movement(MovementType.COUNT, "itm", "S:BOS", "onHand", -10, 10, 0)
    journals = (*good.journals, Journal("count", NOW, "a", (counted,)))
    level = replace(good.levels[0], on_hand=0)
    counter = replace(good.counters[0], supply=0)
    told = replace(good, levels=(level,), counters=(counter,), journals=journals)
    assert set(breaches(told).values()) == {0}


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
