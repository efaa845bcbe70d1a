"""A channel's own codes, what they stop, and intake once more when a table is corrected.

Cites INT-05 (unmapped code), INT-06, INT-07, PAY-01, ORD-104, ORD-105, ACC-002.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.desk import PATH, read, stored
from tests.functions.world import COMPANY, Got, World, client, user

BOSS = user("cleo", "[service_manager]")
ADMIN = user("root", "[admin]")


def configure(world: World, **tables: dict[str, str]) -> Got:
    """Replace tables of the web channel over the API, as an administrator does."""
    known = world.settings.channel(COMPANY, "web")
    assert known is not None
    body = {
        "name": "web", "currency": "USD", "gateways": dict(known.gateways),
        **{name: dict(getattr(known, name)) for name in ("tenders", "methods", "items")},
        "countries": dict(known.countries), "reasons": dict(known.reasons), **tables,
    }  # fmt: skip
    headers = {"If-Match": f'"{known.version}"'}
    got = world.http("administration", "PUT", "/v1/channels/web", body, claims=ADMIN,
                     headers=headers)  # fmt: skip
    assert got.status == 200, got
    return got


def stopped(world: World) -> list[dict[str, Any]]:
    got = world.http("administration", "GET", "/v1/channels/web/stopped-orders", claims=ADMIN)
    assert got.status == 200, got
    return list(got.body["orders"])


def rerun(world: World, *order_ids: str, channel: str = "web") -> dict[str, str]:
    path = f"/v1/channels/{channel}/stopped-orders/rerun"
    got = world.http("administration", "POST", path, {"orderIds": order_ids}, claims=ADMIN)
    assert got.status == 200, got
    return dict(got.body["results"])


def placed(world: World, number: str, **changes: Any) -> str:
    order_id = world.place(number, **changes)
    world.run(order_id)
    return order_id


def group(**changes: Any) -> list[dict[str, Any]]:
    address = {"country": "US", "postalCode": "02108", "region": "MA", "city": "Boston"}
    return [{"id": "1", "method": "STANDARD", "address": address, **changes}]


def line(sku: str) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": 1, "unitPrice": 1000, "group": "1"}]


def place_other(world: World, number: str) -> str:
    body = world.order(number, channel="pos", lines=line("X-9"))
    headers = {"Idempotency-Key": number}
    pos = user("till", "[service_agent]")
    got = world.http("orders", "POST", PATH, body, claims=pos, headers=headers)
    world.run(got.body["id"])
    return str(got.body["id"])


CASES: list[tuple[dict[str, Any], dict[str, dict[str, str]], dict[str, dict[str, str]]]] = [
    ({"groups": group(method="air")}, {"methods": {"ground": "STANDARD"}},
     {"methods": {"ground": "STANDARD", "air": "EXPRESS"}}),
    ({"tenders": [{"method": "visa", "token": "tok_ok"}]}, {}, {"tenders": {"visa": "CARD"}}),
    ({"lines": line("W-A")}, {}, {"items": {"W-A": "A"}}),
    ({"groups": group(address={"country": "USA", "postalCode": "02108", "region": "MA"})}, {},
     {"countries": {"USA": "US"}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "before", "after"), CASES, ids=["method", "tender", "item", "country"]
)
def test_a_corrected_table_offers_what_it_stopped_and_runs_it_again(
    world: World, changes: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    """INT-06, ORD-104, ORD-105: listed, run again as a bulk, then on its way and listed no more."""
    configure(world, **before)
    order_id = placed(world, "W-1", **changes)
    fine = placed(world, "W-2", customer={"email": "bob@example.com"}, groups=group(method="ground")
                  if before else group())  # fmt: skip
    elsewhere = place_other(world, "P-1")
    assert read(world, order_id)["state"] == "INCOMPLETE"
    assert [row["orderId"] for row in stopped(world)] == [order_id]
    offered = configure(world, **after)
    assert offered.body["stoppedOrders"] == [order_id]
    results = rerun(world, order_id, fine, elsewhere, "ord_none")
    assert results == {
        order_id: "RERUN", fine: "NOT_STOPPED", elsewhere: "NOT_FOUND", "ord_none": "NOT_FOUND",
    }  # fmt: skip
    world.run(order_id)
    assert read(world, order_id)["state"] == "AWAITING_FULFILLMENT"
    assert stopped(world) == []
    version = stored(world, order_id).version
    assert rerun(world, order_id) == {order_id: "NOT_STOPPED"}
    assert stored(world, order_id).version == version


def test_a_corrected_tender_is_authorized_once_and_for_its_share(world: World) -> None:
    """INT-06, PAY-01, PAY-11: what the other tender covers is not asked for twice."""
    tenders = [{"method": "GIFT_CARD", "token": "tok_ok", "limit": 900},
               {"method": "visa", "token": "tok_ok", "limit": 9000}]  # fmt: skip
    order_id = placed(world, "W-1", tenders=tenders)
    configure(world, tenders={"visa": "CARD"})
    rerun(world, order_id)
    world.run(order_id)
    held = [
        (tender.method, sum(a.amount for a in tender.authorizations))
        for tender in stored(world, order_id).payments.tenders
    ]
    assert held == [("GIFT_CARD", 900), ("CARD", 4015)]


def test_what_stays_wrong_stays_stopped(world: World) -> None:
    """INT-06: run again without a correction, the order waits as before."""
    order_id = placed(world, "W-1", lines=line("X-9"))
    assert rerun(world, order_id) == {order_id: "RERUN"}
    world.run(order_id)
    assert read(world, order_id)["state"] == "INCOMPLETE"
    assert [row["orderId"] for row in stopped(world)] == [order_id]


@pytest.mark.parametrize(
    ("gateways", "method", "found"),
    [
        ({"CARD": "test"}, "CARD", []), ({}, "CARD", ["UNMAPPED_CODE"]),
        ({"KLARNA": "test"}, "KLARNA", []), ({"CARD": "test"}, "KLARNA", ["UNMAPPED_CODE"]),
        ({}, "CASH", []), ({}, "TERMS", []),
    ],
)  # fmt: skip
def test_a_method_needs_its_gateway(
    world: World, gateways: dict[str, str], method: str, found: list[str]
) -> None:
    """PAY-01: the gateway must exist first; custom methods are those that one serves."""
    configure(world, gateways=gateways)
    order_id = placed(world, "W-1", tenders=[{"method": method, "token": "tok_ok"}])
    codes = [f["code"] for f in read(world, order_id)["order"].get("findings", [])]
    assert codes == found


def test_a_channels_own_reasons_are_ours(world: World) -> None:
    """INT-06: of a client of the channel; what a person says stays as it is."""
    configure(world, reasons={"7": "CUSTOMER"})
    for number, claims, reason in (("W-1", client(), "CUSTOMER"), ("W-2", BOSS, "7")):
        order_id = world.place(number, customer={"email": f"{number}@example.com"})
        body = {"actions": [{"action": "cancel", "reason": "7"}]}
        path = f"{PATH}/{order_id}/actions"
        assert world.http("orders", "POST", path, body, claims=claims).status == 200
        told = {
            fact.data["reason"] for fact in stored(world, order_id).facts
            if fact.type == "line.canceled"
        }  # fmt: skip
        assert told == {reason}


def test_resubmitting_needs_units_without_a_site(world: World) -> None:
    """INT-07: and what is listed as allowed is not refused (ACT-02)."""
    order_id = placed(world, "W-1", lines=line("X-9"))
    world.shelve("X-9", 5)
    assert resubmit(world, order_id).status == 200
    world.run(order_id)
    assert read(world, order_id)["state"] == "AWAITING_FULFILLMENT"
    rows = {row["action"]: row for row in read(world, order_id)["allowedActions"]}
    assert not rows["resubmit"]["allowed"]
    got = resubmit(world, order_id)
    assert (got.status, got.body["code"]) == (422, "LINE_IN_FULFILLMENT")


def test_resubmitting_twice_is_once(world: World) -> None:
    """INT-07."""
    order_id = placed(world, "W-1", lines=line("X-9"))
    first, second = resubmit(world, order_id), resubmit(world, order_id)
    assert first.body["version"] == second.body["version"]


def resubmit(world: World, order_id: str) -> Got:
    body = {"actions": [{"action": "resubmit"}]}
    return world.http("orders", "POST", f"{PATH}/{order_id}/actions", body, claims=BOSS)


def test_a_missing_address_is_supplied(world: World) -> None:
    """ACC-002, ORD-104, ORD-105: INCOMPLETE, not allocated, then on its way."""
    order_id = placed(world, "W-1", lane="IMPORT", groups=[{"id": "1", "method": "STANDARD"}])
    seen = read(world, order_id)
    assert seen["state"] == "INCOMPLETE"
    assert not seen["fulfillment"]
    body = {"actions": [{"action": "complete", "groups": group()}]}
    path = f"{PATH}/{order_id}/actions"
    assert world.http("orders", "POST", path, body, claims=BOSS).status == 200
    world.run(order_id)
    assert read(world, order_id)["state"] == "AWAITING_FULFILLMENT"
    assert world.items.open_items(COMPANY, 10, None)[0] == ()


def test_an_unknown_channel_has_no_stopped_orders(world: World) -> None:
    """API-05."""
    got = world.http("administration", "GET", "/v1/channels/no/stopped-orders", claims=ADMIN)
    assert (got.status, got.body["code"]) == (404, "NOT_FOUND")
