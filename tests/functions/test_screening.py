"""What validation finds out about customer, likeness and address of an order (INT-05, WFL-13).

Cites INT-05, ACC-001, ORD-106, FLG-04, WFL-13, ENT-12.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.functions.desk import read
from tests.functions.world import COMPANY, World, user

BOSS = user("cleo", "[service_manager]")


def findings(world: World, order_id: str) -> dict[str, str]:
    found = read(world, order_id)["order"].get("findings", [])
    return {finding["code"]: finding["level"] for finding in found}


def customer(world: World, code: str = "C-1001", *verbs: str) -> None:
    headers = {"Idempotency-Key": f"c-{code}"}
    body = {"code": code, "name": "Ana Alvarez"}
    world.http("customers", "POST", "/v1/customers", body, headers=headers)
    for verb in verbs:
        path = f"/v1/customers/{code}/{verb}"
        got = world.http("customers", "POST", path, {"reason": "chargebacks"}, claims=BOSS)
        assert got.status == 200, got


def at(postal_code: str, region: str, **more: Any) -> list[dict[str, Any]]:
    address = {"country": "US", "postalCode": postal_code, "region": region, "city": "X"}
    return [{"id": "1", "method": "STANDARD", "address": address, **more}]


def test_a_blocked_customer_stops_the_order_until_a_person_has_looked(world: World) -> None:
    """INT-05, ORD-106: alerted, its units stay promised; clearing lets it go on."""
    customer(world, "C-1001", "block")
    order_id = world.place("W-1")
    world.run(order_id)
    assert findings(world, order_id) == {"CUSTOMER_BLOCKED": "BLOCKING"}
    seen = read(world, order_id)
    assert seen["state"] == "RECEIVED"
    assert all(line["buckets"]["reserved"] == line["quantity"] for line in seen["order"]["lines"])
    (item,), _ = world.items.open_items(COMPANY, 10, None)
    path = f"/v1/action-items/{item.id}/clear"
    got = world.http("administration", "POST", path, {"resolution": "paid"}, claims=BOSS)
    assert got.status == 200
    world.run(order_id)
    assert read(world, order_id)["state"] == "AWAITING_FULFILLMENT"


def test_a_customer_nobody_keeps_or_blocks_stops_nothing(world: World) -> None:
    """INT-05."""
    customer(world, "C-1001", "block", "unblock")
    assert findings(world, placed(world, "W-1")) == {}
    nobody = {"code": "C-9", "name": "Bob", "email": "bob@example.com"}
    assert findings(world, placed(world, "W-2", customer=nobody)) == {}


def placed(world: World, number: str, **changes: Any) -> str:
    order_id = world.place(number, **changes)
    world.run(order_id)
    return order_id


@pytest.mark.parametrize("seconds", [0, 600])
def test_an_order_like_one_just_placed_is_suspicious(world: World, seconds: int) -> None:
    """INT-05: same customer, items and total within ten minutes; the first goes on."""
    first = placed(world, "W-1")
    world.now += timedelta(seconds=seconds)
    second = placed(world, "W-2")
    assert findings(world, first) == {}
    assert findings(world, second) == {"DUPLICATE_SUSPECTED": "BLOCKING"}
    message = read(world, second)["order"]["findings"][0]["message"]
    assert first in message
    assert read(world, second)["state"] == "RECEIVED"


@pytest.mark.parametrize(
    "change",
    [
        {"customer": {"email": "bob@example.com"}}, {"customer": {}},
        {"tenders": [], "lines": [{"sku": "A", "quantity": 1, "unitPrice": 0}],
         "groups": at("02108", "MA")},
        {"adjustments": [{"kind": "MANUAL", "amount": -1}]},
    ],
)  # fmt: skip
def test_what_differs_is_another_order(world: World, change: dict[str, Any]) -> None:
    """INT-05: customer, items and total must all be the same."""
    placed(world, "W-1")
    assert findings(world, placed(world, "W-2", **change)) == {}


def test_ten_minutes_later_it_is_a_new_order(world: World) -> None:
    """INT-05: and a check of the same order again never suspects the order itself."""
    first = placed(world, "W-1")
    world.now += timedelta(minutes=10, seconds=1)
    assert findings(world, placed(world, "W-2")) == {}
    world.steps.run(COMPANY, first, "VALIDATE", "again")
    assert findings(world, first) == {}


@pytest.mark.parametrize(
    ("mode", "level", "state"),
    [
        ("OFF", None, "AWAITING_FULFILLMENT"), ("WARN", "WARNING", "AWAITING_FULFILLMENT"),
        ("BLOCK", "BLOCKING", "RECEIVED"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["web", "phone"])
def test_an_address_that_nobody_finds(
    world: World, kind: str, mode: str, level: str | None, state: str
) -> None:
    """INT-05: `intake.addressCheck`, for orders by phone and for all others on its own."""
    other = "web" if kind == "phone" else "phone"
    values = {f"intake.addressCheck.{kind}": mode, f"intake.addressCheck.{other}": "OFF"}
    world.settings.put_settings(COMPANY, "COMPANY", values)
    order_type = "PHONE" if kind == "phone" else "WEB"
    order_id = placed(world, "W-1", groups=at("00003", "MA"), type=order_type)
    assert findings(world, order_id) == ({} if level is None else {"ADDRESS_UNVERIFIED": level})
    assert read(world, order_id)["state"] == state


def test_a_place_nobody_can_check_is_no_finding(world: World) -> None:
    """INT-05: BLOCK stops what is known to be wrong, not what is unknown."""
    world.settings.put_settings(COMPANY, "COMPANY", {"intake.addressCheck.web": "BLOCK"})
    groups = at("1010", "Wien")
    groups[0]["address"]["country"] = "AT"
    assert findings(world, placed(world, "W-1", groups=groups)) == {}


def test_a_new_customer_gets_no_terms_until_approved(world: World) -> None:
    """WFL-13: the order waits for a person; paid in another way it goes on."""
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.customerApproval": True})
    customer(world)
    on_terms = placed(world, "W-1", tenders=[{"method": "TERMS"}])
    assert findings(world, on_terms) == {"CUSTOMER_NOT_APPROVED": "BLOCKING"}
    world.now += timedelta(minutes=11)
    by_card = placed(world, "W-3")
    assert findings(world, by_card) == {}
    world.now += timedelta(minutes=11)
    got = world.http("customers", "POST", "/v1/customers/C-1001/approve", {}, claims=BOSS)
    assert got.body["state"] == "ACTIVE"
    assert findings(world, placed(world, "W-4", tenders=[{"method": "TERMS"}])) == {}


def test_addresses_are_compared_and_corrected(world: World) -> None:
    """ACC-001, INT-05, ORD-106, FLG-04: state NY with a postal code of Texas."""
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.orderApproval": "MANUAL"})
    order_id = placed(world, "W-1", groups=at("75001", "NY"))
    seen = read(world, order_id)
    assert (seen["state"], findings(world, order_id)) == (
        "RECEIVED", {"ADDRESS_MISMATCH": "BLOCKING"},
    )  # fmt: skip
    message = seen["order"]["findings"][0]["message"]
    assert "NY" in message
    assert "TX" in message
    assert seen["order"]["lines"][0]["buckets"]["reserved"] == 2
    (item,), _ = world.items.open_items(COMPANY, 10, None)
    address = seen["order"]["groups"][0]["address"] | {"postalCode": "10001"}
    body = {"actions": [{"action": "changeAddress", "group": "1", "address": address}]}
    path = f"/v1/orders/{order_id}/actions"
    assert world.http("orders", "POST", path, body, claims=BOSS).status == 200
    world.run(order_id)
    assert read(world, order_id)["state"] == "AWAITING_APPROVAL"
    (ended,) = world.items.of_record(COMPANY, order_id)
    assert (ended.id, ended.state.open) == (item.id, False)
