"""An agent's desk: drafts begun, edited and read over HTTP."""

from __future__ import annotations

from typing import Any

from oms.kernel.ids import derive
from oms.lifecycle.record import OrderRecord

from tests.functions.world import COMPANY, Got, World, user

PATH = "/v1/orders"
ANA, BOB = user("ana", "[service_agent]"), user("bob", "[service_agent]")
BOSS = user("cleo", "[service_manager]")


def begin(world: World, claims: dict[str, str] = ANA, key: str = "d1", **content: Any) -> Got:
    headers = {"Idempotency-Key": key}
    body = {"channel": "pos", **content}
    got = world.http("orders", "POST", f"{PATH}/drafts", body, claims=claims, headers=headers)
    assert got.status == 201, got
    return got


def act(world: World, order_id: str, *actions: dict[str, Any], claims: dict[str, str] = ANA) -> Got:
    """Acts on the version that is stored now."""
    headers = {"If-Match": f'"{stored(world, order_id).version}"'}
    body = {"actions": list(actions)}
    path = f"{PATH}/{order_id}/actions"
    return world.http("orders", "POST", path, body, claims=claims, headers=headers)


def read(world: World, order_id: str, claims: dict[str, str] = ANA) -> dict[str, Any]:
    got = world.http("orders", "GET", f"{PATH}/{order_id}", claims=claims)
    assert got.status == 200, got
    return dict(got.body)


def stored(world: World, order_id: str) -> OrderRecord:
    found = world.orders.load(COMPANY, order_id)
    assert found is not None
    return found


def entered(world: World, **changes: Any) -> dict[str, Any]:
    """Everything an order needs."""
    body = world.order() | {"channel": "pos"}
    del body["externalNumber"]
    return body | changes


def edit(content: dict[str, Any]) -> dict[str, Any]:
    return {"action": "editDraft", "content": content}


def allowed(view: dict[str, Any]) -> set[str]:
    return {row["action"] for row in view["allowedActions"] if row["allowed"]}


def reasons(view: dict[str, Any], action: str) -> list[str]:
    (row,) = [row for row in view["allowedActions"] if row["action"] == action]
    return [reason["code"] for reason in row["reasons"]]


def promised(world: World, sku: str) -> int:
    return world.stock.counters[COMPANY, derive("itm", COMPANY, sku), "main"].promised


def hold_cart(world: World, quantity: int = 2, claims: dict[str, str] = ANA) -> str:
    """A soft reservation of A on the agent's screen."""
    body = {"channel": "pos", "lines": [{"lineNo": 1, "sku": "A", "quantity": quantity}]}
    got = world.http(
        "inventory", "POST", "/v1/reservations", body, claims=claims,
        headers={"Idempotency-Key": "r1"},
    )  # fmt: skip
    assert got.status == 201, got
    return str(got.body["reservations"][0]["id"])


def with_cart(world: World, cart: str) -> dict[str, Any]:
    body = entered(world)
    body["lines"][0]["reservationIds"] = [cart]
    return body


def without_channel(content: dict[str, Any]) -> dict[str, Any]:
    """What a draft begins with besides its channel."""
    return {name: value for name, value in content.items() if name != "channel"}
