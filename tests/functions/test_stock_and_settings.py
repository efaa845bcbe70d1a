"""Inventory and administration over HTTP.

Cites STK-14, STK-19, RSV-04, RSV-06, RSV-09, FED-01, ITM-02, SET-01, SET-02, INT-01, INT-06,
AIT-03, FLG-04, API-03, API-06, API-10, GEN-12.
"""

from __future__ import annotations

from typing import Any

from oms.settings.model import Client

from tests.functions.world import COMPANY, SHOP, WMS, World, client, invocation, user

ADMIN = user("eva", "[admin]")
KEY = {"Idempotency-Key": "k1"}


def inventory(world: World, method: str, path: str, body: Any = None, **more: Any) -> Any:
    more.setdefault("claims", client(WMS))
    return world.http("inventory", method, path, body, **more)


def ats(world: World, sku: str = "A") -> int:
    got = inventory(world, "GET", "/v1/availability", query={"skus": sku, "channel": "web"})
    return int(got.body["availability"][0]["ats"])


def test_availability_of_a_few(world: World) -> None:
    """STK-19: in the pool of the caller's channel or at a site; unknown items have none."""
    got = world.answer(world.call("inventory", invocation("inventory", "availability")))
    assert [(row["sku"], row["ats"], row["unlimited"]) for row in got.body["availability"]] == [
        ("A", 10, False), ("B", 10, False),
    ]  # fmt: skip
    query = {"skus": "A,X"}
    got = inventory(world, "GET", "/v1/availability", query=query, claims=client(SHOP))
    assert [(row["ats"], row["known"]) for row in got.body["availability"]] == [
        (10, True),
        (0, False),
    ]
    got = inventory(world, "GET", "/v1/availability", query={"skus": "A", "site": "DC"})
    assert got.body["availability"][0]["ats"] == 10
    assert inventory(world, "GET", "/v1/availability", query={"skus": "A"}).status == 400
    got = inventory(world, "GET", "/v1/availability", query={"skus": "A", "channel": "fax"})
    assert (got.status, got.body["errors"][0]["code"]) == (400, "UNKNOWN_CHANNEL")


def test_availability_of_many(world: World) -> None:
    """API-10: a thousand pairs; each names one place."""
    pair = {"sku": "A", "channel": "web"}
    path = "/v1/availability:batch"
    assert (
        len(inventory(world, "POST", path, {"pairs": [pair] * 1000}).body["availability"]) == 1000
    )
    assert inventory(world, "POST", path, {"pairs": [pair] * 1001}).status == 400
    got = inventory(world, "POST", path, {"pairs": [pair | {"site": "DC"}, {"sku": "A"}]})
    assert [error["code"] for error in got.body["errors"]] == ["ONE_PLACE", "ONE_PLACE"]


def cart(world: World, quantity: int = 4, **more: Any) -> Any:
    lines = [{"lineNo": 1, "sku": "A", "quantity": quantity}]
    headers = more.pop("headers", KEY)
    body = {"channel": "web", "lines": lines} | more
    return inventory(world, "POST", "/v1/reservations", body, headers=headers, claims=client(SHOP))


def test_carts_hold_and_give_back(world: World) -> None:
    """RSV-04, RSV-06, RSV-09: once per key, back once by id, longer on request."""
    held = cart(world)
    assert (held.status, held.body["reservations"][0]["open"]) == (201, 4)
    assert cart(world).body == held.body
    assert ats(world) == 6
    path = f"/v1/reservations/{held.body['reservations'][0]['id']}"
    longer = inventory(world, "POST", f"{path}/extend", {"minutes": 30}, claims=client(SHOP))
    assert longer.body["expiresAt"] > held.body["reservations"][0]["expiresAt"]
    for _ in range(2):
        assert (
            inventory(world, "POST", f"{path}/release", {}, claims=client(SHOP)).body["open"] == 0
        )
    assert ats(world) == 10
    got = inventory(world, "POST", "/v1/reservations/rsv_x/release", {}, claims=client(SHOP))
    assert got.status == 404


def test_carts_that_want_too_much(world: World) -> None:
    """RSV-06: all or nothing unless partial; a key is required; other channels are out of reach."""
    got = cart(world, 11)
    assert (got.status, got.body["code"], ats(world)) == (409, "OUT_OF_STOCK", 10)
    got = cart(world, 11, partial=True, headers={"Idempotency-Key": "k2"})
    assert (got.body["reservations"][0]["quantity"], got.body["short"][0]["got"]) == (10, 10)
    assert cart(world, headers={}).body["code"] == "IDEMPOTENCY_KEY_REQUIRED"
    assert cart(world, channel="pos", headers={"Idempotency-Key": "k3"}).status == 403


def test_a_movement_counts_once(world: World) -> None:
    """STK-12, STK-14: the delivered receipt of ten, repeated, is ten."""
    event = invocation("inventory", "movement")
    first, again = (world.answer(world.call("inventory", event)) for _ in range(2))
    assert (first.status, first.body["level"]["onHand"]) == (200, 20)
    assert again.body["movements"] == first.body["movements"]
    assert again.body["level"]["onHand"] == 20
    assert ats(world) == 20


def test_setting_a_counter_names_what_it_was(world: World) -> None:
    """STK-14: compare and set; reason required; one way to say it."""
    body = {"sku": "A", "site": "DC", "reason": "COUNT_FIX", "onHand": {"to": 7, "expected": 9}}
    path = "/v1/inventory/movements"
    got = inventory(world, "POST", path, body, headers=KEY)
    assert got.status == 409
    got = inventory(world, "POST", path, body | {"onHand": {"to": 7, "expected": 10}}, headers=KEY)
    assert (got.status, got.body["level"]["onHand"]) == (200, 7)
    got = inventory(world, "POST", path, body | {"onHand": {"to": 7, "delta": 1}}, headers=KEY)
    assert got.body["errors"][0]["code"] == "DELTA_OR_TO"
    got = inventory(world, "POST", path, {"sku": "A", "site": "DC"}, headers=KEY)
    assert [error["path"] for error in got.body["errors"]] == ["reason"]
    got = inventory(world, "POST", path, body | {"sku": "X"}, headers={"Idempotency-Key": "k2"})
    assert got.body["code"] == "UNKNOWN_SKU"


def test_a_store_moves_only_its_own_stock(world: World) -> None:
    """ACT-03 SITE_SCOPE."""
    world.settings.put_client(Client("store", COMPANY, sites=("BOS",)))
    body = {"sku": "A", "site": "DC", "reason": "X", "onHand": {"delta": 1}}
    path = "/v1/inventory/movements"
    got = inventory(world, "POST", path, body, headers=KEY, claims=client("store"))
    assert (got.status, got.body["code"]) == (403, "SITE_SCOPE")


def test_feeds_and_levels(world: World) -> None:
    """FED-01: the report of a feed, and the counters after it with every field."""
    row = {"site": "DC", "sku": "A", "kind": "SNAPSHOT", "quantity": 3, "sequence": 9}
    path = "/v1/inventory/snapshots"
    got = inventory(world, "POST", path, {"feedId": "f1", "rows": [row, row | {"sku": "X"}]})
    assert (got.body["changed"], [r["reason"] for r in got.body["refused"]]) == (1, ["UNKNOWN_SKU"])
    assert inventory(world, "GET", f"{path}/f1").body.items() <= got.body.items()
    assert inventory(world, "GET", f"{path}/f2").status == 404
    got = inventory(world, "GET", "/v1/inventory/levels", query={"sku": "A"})
    (level,) = got.body["levels"]
    assert (level["site"], level["onHand"], level["reserved"]) == ("DC", 3, 0)
    assert got.body["counters"][0]["supply"] == 3
