"""One suite for customers and orders alike: the fakes and DynamoDB must behave alike.

Cites ENT-12, INT-05 (duplicate suspicion), SEC-04 (no personal data in keys), API-07.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from oms.customers.model import Customer, Profile, email_handle, phone_handle
from oms.customers.ports import CustomerStore
from oms.kernel.errors import Malformed, VersionConflict
from oms.lifecycle.screening import RecentOrders
from oms_aws.customers import DynamoCustomers, DynamoRecentOrders

from tests.fakes.customers import MemoryCustomers, MemoryRecentOrders

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
TEN = timedelta(minutes=10)


@dataclass
class Stores:
    """Both ports over one memory or table."""

    customers: CustomerStore
    recent: RecentOrders
    client: Any = None


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    if request.param == "fake":
        yield Stores(MemoryCustomers(), MemoryRecentOrders())
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        keys: Any = [("pk", "HASH"), ("sk", "RANGE")]
        client.create_table(
            TableName="customers", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
        )  # fmt: skip
        yield Stores(
            DynamoCustomers(client, "customers"), DynamoRecentOrders(client, "customers"), client
        )


def customer(code: str, company: str = "acme", **profile: Any) -> Customer:
    made = Customer(f"cus_{code}", company, code, Profile(**profile), NOW, "USER:ana")
    return replace(made, version=1)


def following(known: Customer, **profile: Any) -> Customer:
    return replace(known, profile=replace(known.profile, **profile), version=known.version + 1)


def test_what_is_stored_is_read_back(stores: Stores) -> None:
    """ENT-12."""
    made = customer("C1", name="Ana", email="ana@example.com", phones=("617 555 0101",))
    stores.customers.put(made, None)
    assert stores.customers.get("acme", "C1") == made
    assert stores.customers.get("acme", "C2") is None
    assert stores.customers.get("zeta", "C1") is None


def test_only_the_next_version_is_stored(stores: Stores) -> None:
    """VER-05: a code is taken once, and nothing is overwritten unseen."""
    made = customer("C1", name="Ana")
    stores.customers.put(made, None)
    with pytest.raises(VersionConflict):
        stores.customers.put(made, None)
    second = following(made, name="Ana Alvarez")
    stores.customers.put(second, made)
    with pytest.raises(VersionConflict):
        stores.customers.put(following(made, name="Other"), made)
    assert stores.customers.get("acme", "C1") == second


def test_found_by_email_and_by_each_phone(stores: Stores) -> None:
    """ENT-12: however they are spelled, and no longer once they changed."""
    made = customer("C1", email="Ana@Example.com", phones=("(617) 555-0101", "+44 20 7946 0000"))
    other = customer("C2", email="bob@example.com", phones=("617 555 0101",))
    stores.customers.put(made, None)
    stores.customers.put(other, None)
    find = stores.customers.find
    assert find("acme", email_handle(" ana@example.COM")) == (made,)
    assert find("acme", phone_handle("6175550101")) == (made, other)
    assert find("zeta", email_handle("ana@example.com")) == ()
    moved = following(made, email="a@x.org", phones=("617 555 0101",))
    stores.customers.put(moved, made)
    assert find("acme", email_handle("ana@example.com")) == ()
    assert find("acme", phone_handle("442079460000")) == ()
    assert find("acme", phone_handle("6175550101")) == (moved, other)


def test_pages_in_order_of_the_code(stores: Stores) -> None:
    """API-07: all of the company, none twice, none of another."""
    for code in ("C3", "C1", "C2"):
        stores.customers.put(customer(code, name=code), None)
    stores.customers.put(customer("C0", "zeta", name="rival"), None)
    first, cursor = stores.customers.page("acme", 2, None)
    rest, end = stores.customers.page("acme", 2, cursor)
    assert [c.code for c in (*first, *rest)] == ["C1", "C2", "C3"]
    assert end is None
    with pytest.raises(Malformed):
        stores.customers.page("zeta", 2, cursor)


def test_keys_tell_nothing_about_people(stores: Stores) -> None:
    """SEC-04."""
    made = customer("C1", name="Ana Alvarez", email="ana@example.com", phones=("617 555 0101",))
    stores.customers.put(made, None)
    if stores.client is None:
        return
    rows = stores.client.scan(TableName="customers")["Items"]
    keys = json.dumps([[row["pk"]["S"], row["sk"]["S"]] for row in rows])
    assert len(rows) == 3
    for private in ("ana", "Alvarez", "6175550101", "example"):
        assert private not in keys


def test_the_second_of_two_orders_alike_is_told_of_the_first(stores: Stores) -> None:
    """INT-05: within ten minutes, by company; asking again about the first tells nothing."""
    claim = stores.recent.claim
    assert claim("acme", "d", "ord_1", NOW, TEN) is None
    assert claim("acme", "d", "ord_1", NOW, TEN) is None
    assert claim("acme", "d", "ord_2", NOW + TEN, TEN) == "ord_1"
    assert claim("zeta", "d", "ord_2", NOW, TEN) is None
    assert claim("acme", "e", "ord_2", NOW, TEN) is None
    late = NOW + TEN + timedelta(seconds=1)
    assert claim("acme", "d", "ord_3", late, TEN) is None
    assert claim("acme", "d", "ord_4", late, TEN) == "ord_3"
