"""One suite for the action item store: the fake and DynamoDB must behave alike.

Cites AIT-02, AIT-03, AIT-05 (own table and index), FLG-04 (ended items stay), GEN-12.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from oms.action_items.model import ActionItem, Event, Fix, ItemState
from oms.action_items.ports import ActionItemStore
from oms.kernel.errors import Malformed, VersionConflict
from oms_aws.action_items import DynamoActionItems

from tests.fakes.action_items import MemoryActionItems

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def _index(name: str, key: str, sort: str) -> Any:
    return {
        "IndexName": name, "Projection": {"ProjectionType": "ALL"},
        "KeySchema": [
            {"AttributeName": key, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"},
        ],
    }  # fmt: skip


def dynamo_table() -> Any:
    names = ("pk", "sk", "openKey", "openSort", "recordKey", "createdAt")
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="items", BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[
            _index("open", "openKey", "openSort"), _index("record", "recordKey", "createdAt"),
        ],
    )  # fmt: skip
    return client


@pytest.fixture(params=["fake", "dynamodb"])
def store(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ActionItemStore]:
    if request.param == "fake":
        yield MemoryActionItems()
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield DynamoActionItems(dynamo_table(), "items")


def item(number: int, company: str = "acme", record: str = "ord_1") -> ActionItem:
    """Item `number`: created in that minute, and due the earlier the higher the number."""
    return ActionItem(
        f"act_{number}", company, "STOCK_SHORT", "HIGH", True, "order", record, f"cause{number}",
        "three units are short", NOW + timedelta(minutes=number),
        NOW + timedelta(hours=24 - number), order_id=record, data={"sku": "A"},
        fixes=(Fix("Backorder", "backorder", {"lineNo": "1"}),),
        history=(Event(NOW, "SYSTEM:system", "OPENED", "three units are short"),),
    )  # fmt: skip


def test_what_is_stored_is_read(store: ActionItemStore) -> None:
    """AIT-01: with history, data and fixes; nobody else's."""
    store.put(item(1))
    assert store.get("acme", "act_1") == item(1)
    assert store.get("zeta", "act_1") is None
    assert store.get("acme", "act_2") is None


def test_a_change_needs_the_version_before(store: ActionItemStore) -> None:
    """AIT-03: two people working on one item do not overwrite each other."""
    store.put(item(1))
    taken = replace(item(1), owner="ana", state=ItemState.IN_PROGRESS, version=2)
    store.put(taken)
    for stale in (item(1), replace(taken, owner="bob"), replace(taken, version=4)):
        with pytest.raises(VersionConflict):
            store.put(stale)
    assert store.get("acme", "act_1") == taken


def test_open_items_come_earliest_due_first_and_in_pages(store: ActionItemStore) -> None:
    """AIT-05: pages without a gap and without another company's items."""
    for number in range(1, 6):
        store.put(item(number))
    store.put(item(9, company="zeta"))
    first, cursor = store.open_items("acme", 2, None)
    second, following = store.open_items("acme", 2, cursor)
    third, end = store.open_items("acme", 2, following)
    assert [i.id for i in (*first, *second, *third)] == [f"act_{n}" for n in (5, 4, 3, 2, 1)]
    assert len(first) == len(second) == 2
    assert end is None


def test_ended_items_leave_the_list_and_stay_with_their_record(store: ActionItemStore) -> None:
    """FLG-04: cleared items stay in the System events tab for good."""
    for number in (2, 1):
        store.put(item(number))
    store.put(item(3, record="ord_2"))
    store.put(replace(item(1), state=ItemState.CLEARED, resolution="found them", version=2))
    assert [i.id for i in store.open_items("acme", 10, None)[0]] == ["act_3", "act_2"]
    assert [(i.id, i.state.open) for i in store.of_record("acme", "ord_1")] == [
        ("act_1", False), ("act_2", True),
    ]  # fmt: skip
    assert store.of_record("zeta", "ord_1") == ()


def test_a_reopened_item_is_in_the_list_again(store: ActionItemStore) -> None:
    """AIT-03: reopen."""
    store.put(item(1))
    store.put(replace(item(1), state=ItemState.RESOLVED, version=2))
    store.put(replace(item(1), state=ItemState.OPEN, version=3))
    assert [i.version for i in store.open_items("acme", 10, None)[0]] == [3]


def test_overdue_items_are_found_without_the_others(store: ActionItemStore) -> None:
    """AIT-04, AIT-05: earliest due first, up to now, of one company, open ones only."""
    for number in range(1, 6):
        store.put(item(number))
    store.put(item(9, company="zeta"))
    every = store.open_items("acme", 10, None)[0]
    now = every[2].due_at
    assert store.overdue("acme", now, 10) == every[:3]
    assert store.overdue("acme", now, 2) == every[:2]
    assert store.overdue("acme", every[0].due_at - timedelta(seconds=1), 10) == ()
    store.put(replace(every[0], state=ItemState.CLEARED, version=2))
    assert store.overdue("acme", now, 10) == every[1:3]


@pytest.mark.parametrize("cursor", ["", "x", "e30=", "WyJ6ZXRhI2FjdF8xIiwgIngiXQ=="])
def test_a_cursor_that_was_not_given_out_is_refused(store: ActionItemStore, cursor: str) -> None:
    """API-07, GEN-12: neither nonsense nor a position in another company."""
    store.put(item(1, company="zeta"))
    with pytest.raises(Malformed):
        store.open_items("acme", 10, cursor)
