"""One suite for the order store: the fake and DynamoDB must behave alike.

Cites ENT-06 (one write), VER-01, VER-07 (serialized by version), EVT-01 to EVT-03 (facts with the
state, gapless), API-03 (markers), INV-A4, INV-A5 (companies), SAG-05 (deadlines).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from oms.action_items.model import ActionItem, ItemState
from oms.kernel.errors import AlreadyDone, VersionConflict
from oms.kernel.facts import StoredFact
from oms.lifecycle.document import KEPT_FACTS
from oms.lifecycle.ports import Commit, Marker, Numbers, OrderStore
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Order
from oms_aws.orders import DynamoNumbers, DynamoOrders, action_item_row

from tests.fakes.orders import FakeNumbers, FakeOrders

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
TABLES = {"orders": "orders", "action_items": "items", "stock": "stock", "decisions": "decisions"}
KEYS: list[Any] = [
    {"AttributeName": "pk", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"},
]


def _tables() -> Any:
    client = boto3.client("dynamodb", region_name="us-east-1")
    names = ["pk", "sk", "dueBucket", "dueAt"]
    for table in TABLES.values():
        due = table == "orders"
        index: dict[str, Any] = {
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "dueBucket", "KeyType": "HASH"},
                        {"AttributeName": "dueAt", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ]
        }
        attributes: list[Any] = [
            {"AttributeName": name, "AttributeType": "S"} for name in (names if due else names[:2])
        ]
        client.create_table(
            TableName=table, KeySchema=KEYS, AttributeDefinitions=attributes,
            BillingMode="PAY_PER_REQUEST", **(index if due else {}),
        )  # fmt: skip
    return client


@pytest.fixture(params=["fake", "dynamodb"])
def ports(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[OrderStore, Numbers]]:
    if request.param == "fake":
        yield FakeOrders(), FakeNumbers()
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = _tables()
        yield DynamoOrders(client, TABLES), DynamoNumbers(client, "orders")


@pytest.fixture
def store(ports: tuple[OrderStore, Numbers]) -> OrderStore:
    return ports[0]


def record(version: int = 1, facts: int = 1, company: str = "acme") -> OrderRecord:
    """A record at `version` whose every version stored one fact, the last one `facts`."""
    order = Order("ord_1", company, "T1", "web", "USD", NOW, external_number="E1")
    stored = tuple(_fact(v, v) for v in range(1, version)) + tuple(
        _fact(version + place, version) for place in range(facts)
    )
    return OrderRecord(order, facts=stored, version=version, seq=len(stored), updated_at=NOW)


def _fact(seq: int, version: int) -> StoredFact:
    return StoredFact(
        f"fct_{seq}",
        "order.changed",
        "order",
        "ord_1",
        seq,
        version,
        NOW,
        "USER:a",
        "c",
        {"n": seq},
    )


def test_a_committed_record_is_read_at_once(store: OrderStore) -> None:
    """ORD-06, GEN-07."""
    store.commit(Commit(record()))
    assert store.load("acme", "ord_1") == record()


def test_another_companys_record_does_not_exist(store: OrderStore) -> None:
    """INV-A5, GEN-12: the same id under another company is another record."""
    store.commit(Commit(record()))
    assert store.load("other", "ord_1") is None
    store.commit(Commit(record(company="other")))
    assert store.load("acme", "ord_1") == record()


def test_a_version_is_written_once(store: OrderStore) -> None:
    """VER-07: of two writers of one version the second is told, and changes nothing."""
    store.commit(Commit(record()))
    with pytest.raises(VersionConflict):
        store.commit(Commit(record(facts=2)))
    store.commit(Commit(record(version=2)))
    with pytest.raises(VersionConflict):
        store.commit(Commit(record(version=2, facts=3)))
    with pytest.raises(VersionConflict):
        store.commit(Commit(record(version=4)))
    assert store.load("acme", "ord_1") == record(version=2)


def test_an_answer_is_remembered_until_it_expires(store: OrderStore) -> None:
    """API-03: the first answer of a key stays for its seven days, then the key is free."""
    first = Marker("client#k", "hash", 200, {"n": 1}, NOW + timedelta(days=7))
    store.remember("acme", first)
    store.remember("acme", replace(first, answer={"n": 2}, expires_at=NOW + timedelta(days=9)))
    assert store.marker("acme", "client#k") == first
    late = replace(first, answer={"n": 3}, expires_at=first.expires_at + timedelta(days=7))
    store.commit(Commit(record(), marker=late))
    assert store.marker("acme", "client#k") == late


def test_a_marker_is_taken_once_and_nothing_else_is_written(store: OrderStore) -> None:
    """API-03, ENT-06: the second use of a key leaves the record as it was."""
    marker = Marker("client#k", "hash", 201, {"id": "ord_1"}, NOW + timedelta(days=7))
    store.commit(Commit(record(), marker=marker))
    assert store.marker("acme", "client#k") == marker
    assert store.marker("other", "client#k") is None
    with pytest.raises(AlreadyDone):
        store.commit(Commit(record(version=2), marker=marker))
    assert store.load("acme", "ord_1") == record()


def test_facts_stay_gapless_when_they_move_to_pages(store: OrderStore) -> None:
    """EVT-02, EVT-03, INV-A4: the whole history can be read from any place."""
    store.commit(Commit(record()))
    for version in range(2, 2 * KEPT_FACTS + 5):
        known = store.load("acme", "ord_1")
        assert known is not None
        facts = (*known.facts, _fact(version, version))
        store.commit(Commit(replace(known, facts=facts, version=version, seq=version)))
    last = 2 * KEPT_FACTS + 4
    assert [f.order_seq for f in store.facts("acme", "ord_1", 0)] == list(range(1, last + 1))
    assert [f.order_seq for f in store.facts("acme", "ord_1", last - 2)] == [last - 1, last]
    kept = store.load("acme", "ord_1")
    assert kept is not None
    assert len(kept.facts) <= KEPT_FACTS


def test_deadlines_are_found_oldest_first_and_forgotten_when_done(store: OrderStore) -> None:
    """SAG-05, PAY-21: the due-index holds only what has a deadline."""
    store.commit(Commit(record(), due=NOW))
    later = replace(record(), order=replace(record().order, id="ord_2"))
    store.commit(Commit(later, due=NOW - timedelta(hours=1)))
    assert store.due(NOW, 10) == (("acme", "ord_2"), ("acme", "ord_1"))
    assert store.due(NOW - timedelta(minutes=1), 10) == (("acme", "ord_2"),)
    store.commit(Commit(record(version=2)))
    assert store.due(NOW, 10) == (("acme", "ord_2"),)


def test_numbers_never_repeat(ports: tuple[OrderStore, Numbers]) -> None:
    """ENT-01: unique per company and sequence, also across a lease."""
    numbers = ports[1]
    drawn = [numbers.next("acme", "order") for _ in range(205)]
    assert drawn == list(range(1, 206))
    assert numbers.next("other", "order") == 1


def test_two_processes_never_draw_the_same_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENT-01: each leases its own block."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = _tables()
        one, two = DynamoNumbers(client, "orders"), DynamoNumbers(client, "orders")
        drawn = [n.next("acme", "order") for n in (one, two) * 60]
    assert len(set(drawn)) == 120


def test_only_open_action_items_stand_in_the_open_index() -> None:
    """AIT-05: a resolved item leaves the index, so the queue is never scanned."""
    item = ActionItem(
        "act_1", "acme", "PAYMENT_DECLINED", "HIGH", True, "payment", "pay_1", "cause", "declined",
        NOW, NOW + timedelta(hours=24),
    )  # fmt: skip
    assert action_item_row(item)["openKey"] == {"S": "acme#OPEN"}
    assert "openKey" not in action_item_row(replace(item, state=ItemState.RESOLVED))
