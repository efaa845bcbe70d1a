"""Fulfillment, payments and workflow tasks, from the accepted order to the refund.

Cites API-02, API-03, FUL-100 to FUL-111, PCK-04, SHP-01, PAY-103, REF-05, SEC-03, GEN-06, SAG-01.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oms.kernel.codec import encode
from oms.kernel.errors import NotFound, StockConflict
from oms.lifecycle.projection import search_document
from oms.lifecycle.record import OrderRecord
from oms.settings.model import Client

from tests.functions.world import COMPANY, FLOOR, SHOP, WMS, World, client, invocation, user

FLOOR_CLAIMS = client(WMS, FLOOR)


def stored(world: World, order_id: str) -> OrderRecord:
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    return record


def released(world: World) -> tuple[str, str]:
    """An order on the floor, and its fulfillment order."""
    order_id = world.place()
    world.run(order_id)
    return order_id, stored(world, order_id).fulfillment.orders[0].id


def verb(world: World, order_id: str, fo_id: str, name: str, body: Any = None, **more: Any) -> Any:
    path = f"/v1/orders/{order_id}/fulfillment-orders/{fo_id}/{name}"
    headers = {"Idempotency-Key": f"{name}-1"} | more.pop("headers", {})
    more.setdefault("claims", FLOOR_CLAIMS)
    return world.http("fulfillment", "POST", path, body or {}, headers=headers, **more)


UNITS = {"lines": [{"lineNo": 1, "quantity": 2}, {"lineNo": 2, "quantity": 1}]}
PACKAGES = {"packages": [{"contents": UNITS["lines"], "box": "M", "trackingNumber": "1Z9"}]}


def test_pick_pack_ship(world: World) -> None:
    """FUL-105, FUL-106, SHP-01: the floor's three verbs, each once, then money is taken."""
    order_id, fo_id = released(world)
    assert verb(world, order_id, fo_id, "pick", UNITS).status == 200
    assert verb(world, order_id, fo_id, "pack", PACKAGES).status == 200
    shipped = verb(world, order_id, fo_id, "ship", {"carrier": "UPS"})
    assert (shipped.status, shipped.body["fulfillmentStatus"]) == (200, "SHIPPED")
    again = verb(world, order_id, fo_id, "ship", {"carrier": "UPS"})
    assert (again.body, again.headers["idempotent-replayed"]) == (shipped.body, "true")
    assert len(stored(world, order_id).fulfillment.orders[0].shipments) == 1
    world.run(order_id)
    got = world.http("orders", "GET", f"/v1/orders/{order_id}")
    assert (got.body["state"], got.body["totals"]["captured"]) == ("CLOSED", 4915)


def test_a_shipment_needs_a_key(world: World) -> None:
    """API-03."""
    order_id, fo_id = released(world)
    path = f"/v1/orders/{order_id}/fulfillment-orders/{fo_id}/ship"
    got = world.http("fulfillment", "POST", path, {"carrier": "UPS"}, claims=FLOOR_CLAIMS)
    assert (got.status, got.body["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")


def test_its_own_id_leads_to_it(world: World) -> None:
    """API-11, FUL-05: the id of a fulfillment order names its order, so nothing else is needed."""
    order_id, fo_id = released(world)
    path = f"/v1/fulfillment-orders/{fo_id}"
    got = world.http("fulfillment", "POST", f"{path}/pick", {}, claims=FLOOR_CLAIMS)
    assert got.status == 200, got.body
    got = world.http("fulfillment", "GET", path, claims=FLOOR_CLAIMS)
    assert (got.body["id"], got.body["orderId"], got.body["state"]) == (fo_id, order_id, "PICKING")
    for strange in (f"{fo_id[:-1]}9", "fo_unknown", order_id):
        got = world.http(
            "fulfillment", "GET", f"/v1/fulfillment-orders/{strange}", claims=FLOOR_CLAIMS
        )
        assert (got.status, got.body["code"]) == (404, "FULFILLMENT_ORDER_NOT_FOUND"), strange


@pytest.mark.parametrize("name", ["pick", "pack", "unpack", "ship", "reject", "short", "assign"])
def test_nobody_works_what_is_not_there(world: World, name: str) -> None:
    """API-05: an unknown fulfillment order is 404, before any rule."""
    bodies: dict[str, Any] = {
        "pack": PACKAGES, "unpack": {"packageId": "pkg_1"}, "ship": {"carrier": "UPS"},
        "reject": {"reason": "NO_STOCK"}, "assign": {"assignee": "bo"},
        "short": {"lines": [{"lineNo": 1, "quantity": 1, "reason": "NO_STOCK"}]},
    }  # fmt: skip
    order_id, _ = released(world)
    got = verb(world, order_id, "fo_unknown", name, bodies.get(name))
    assert (got.status, got.body["code"]) == (404, "FULFILLMENT_ORDER_NOT_FOUND")


def test_a_site_keeps_to_its_own(world: World) -> None:
    """SEC-03, ROL-02, ACC-103: another site's work is not there for a store's client, by no path
    and in no list; with the order it sees only its own part.
    """
    order_id, fo_id = released(world)
    world.settings.put_client(Client("store", COMPANY, sites=("BOS",)))
    store = client("store")
    got = verb(world, order_id, fo_id, "pick", UNITS, claims=store)
    assert (got.status, got.body["code"]) == (404, "FULFILLMENT_ORDER_NOT_FOUND")
    for path in (fo_id, f"{fo_id}/pick-list"):
        got = world.http("fulfillment", "GET", f"/v1/fulfillment-orders/{path}", claims=store)
        assert (got.status, got.body["code"]) == (404, "FULFILLMENT_ORDER_NOT_FOUND")
    got = world.http(
        "fulfillment", "POST", "/v1/fulfillment-orders/pick-lists", {"ids": [fo_id]}, claims=store
    )
    assert (got.body["pickLists"], got.body["missing"]) == ([], [fo_id])
    got = world.http("orders", "GET", f"/v1/orders/{order_id}", claims=store)
    assert (got.status, got.body["code"]) == (404, "ORDER_NOT_FOUND")
    world.settings.put_client(Client("both", COMPANY, sites=("DC", "BOS")))
    got = world.http("orders", "GET", f"/v1/orders/{order_id}", claims=client("both"))
    assert [row["id"] for row in got.body["fulfillment"]["orders"]] == [fo_id]
    got = verb(world, order_id, fo_id, "pick", UNITS, claims=client(SHOP, "oms/orders.write"))
    assert (got.status, got.body["code"]) == (403, "NO_PERMISSION")


def test_a_worker_claims_and_gives_back(world: World) -> None:
    """FUL-103: claiming names the caller."""
    order_id, fo_id = released(world)
    assert verb(world, order_id, fo_id, "unassign").status == 200
    assert verb(world, order_id, fo_id, "claim", claims=user("bo", "[warehouse]")).status == 200
    assert stored(world, order_id).fulfillment.orders[0].assignee == "id-bo"


def test_a_rejection_sends_the_units_elsewhere(world: World) -> None:
    """FUL-104, SRC-41: the site gives back what it will not ship."""
    order_id, fo_id = released(world)
    got = verb(world, order_id, fo_id, "reject", {"reason": "TOO_BUSY"})
    assert got.status == 200, got.body
    first = stored(world, order_id).fulfillment.orders[0]
    assert (first.rejected_at, first.end_reason) == (world.now, "TOO_BUSY")


def test_the_list_comes_from_search(world: World) -> None:
    """FUL-01: by state and site, within the caller's sites."""
    order_id, fo_id = released(world)
    world.index.index([search_document(encode(stored(world, order_id)), "AWAITING_FULFILLMENT")])
    path = "/v1/fulfillment-orders"
    query = {"state": "AWAITING_PICK", "site": "DC"}
    got = world.http("fulfillment", "GET", path, claims=FLOOR_CLAIMS, query=query)
    found = [(row["id"], row["orderId"]) for row in got.body["fulfillmentOrders"]]
    assert found == [(fo_id, order_id)]
    world.settings.put_client(Client("store", COMPANY, sites=("BOS",)))
    got = world.http("fulfillment", "GET", path, claims=client("store", FLOOR))
    assert got.body["fulfillmentOrders"] == []
    got = world.http("fulfillment", "GET", path, claims=FLOOR_CLAIMS, query={"state": "LOST"})
    assert (got.status, got.body["code"]) == (400, "SEARCH_INVALID")


def test_the_event_of_the_warehouse_reaches_the_rule(world: World) -> None:
    """SHP-01: a payload as delivered, for an order that is not there."""
    got = world.answer(world.call("fulfillment", invocation("fulfillment", "ship")))
    assert (got.status, got.body["code"]) == (404, "ORDER_NOT_FOUND")


def payment(world: World, order_id: str, name: str, body: Any, **more: Any) -> Any:
    pay_id = stored(world, order_id).payments.tenders[0].id
    path = f"/v1/orders/{order_id}/payments/{pay_id}/{name}"
    headers = {"Idempotency-Key": more.pop("key", f"{name}-1")}
    more.setdefault("claims", user())
    return world.http("payments", "POST", path, body, headers=headers, **more)


def test_money_moves_once_per_key(world: World) -> None:
    """PAY-103, API-03: a manual capture and its repeat."""
    order_id = world.place()
    world.run(order_id)
    first = payment(world, order_id, "capture", {"amount": 1000})
    again = payment(world, order_id, "capture", {"amount": 1000})
    assert (first.status, again.headers["idempotent-replayed"]) == (200, "true")
    world.run(order_id)
    got = world.http("orders", "GET", f"/v1/orders/{order_id}")
    assert got.body["totals"]["captured"] == 1000
    other = payment(world, order_id, "capture", {"amount": 999})
    assert (other.status, other.body["code"]) == (409, "IDEMPOTENCY_MISMATCH")


def test_a_refund_needs_amount_and_reason(world: World) -> None:
    """REF-05, GEN-08: money needs a reason; more than was captured is refused by the rule."""
    order_id = world.place()
    world.run(order_id)
    got = payment(world, order_id, "refund", {"amount": 100})
    assert [(e["path"], e["code"]) for e in got.body["errors"]] == [("reason", "REQUIRED")]
    got = payment(world, order_id, "refund", {"amount": 0, "reason": "GOODWILL"})
    assert (got.status, got.body["errors"][0]["code"]) == (400, "OUT_OF_RANGE")
    got = payment(world, order_id, "refund", {"amount": 100, "reason": "GOODWILL"})
    assert (got.status, bool(got.body["reasons"])) == (422, True)


def test_another_means_of_payment(world: World) -> None:
    """PAY-07: attached for what is not covered; a card number in it is refused."""
    tender = {"method": "CARD", "token": "tok_ok", "limit": 4415}
    order_id = world.place(tenders=[tender])
    path = f"/v1/orders/{order_id}/payments"
    body = {"method": "GIFT_CARD", "token": "gift_1", "limit": 500}
    headers = {"Idempotency-Key": "p1"}
    assert world.http("payments", "POST", path, body, headers=headers).status == 200
    assert [t.method for t in stored(world, order_id).payments.tenders] == [
        "CARD",
        "GIFT_CARD",
    ]
    got = world.http(
        "payments", "POST", path, body | {"token": "4111111111111111"}, headers=headers
    )
    assert (got.status, got.body["code"]) == (422, "CARD_NUMBER")


def test_who_may_move_money(world: World) -> None:
    """SEC-03: agents and viewers do not, finance does; by its own id a payment needs its order."""
    order_id = world.place()
    world.run(order_id)
    for groups in ("[service_agent]", "[viewer warehouse]"):
        got = payment(world, order_id, "capture", {}, claims=user(groups=groups))
        assert (got.status, got.body["code"]) == (403, "NO_PERMISSION")
    pay_id = stored(world, order_id).payments.tenders[0].id
    headers, finance = {"Idempotency-Key": "c1"}, user(groups="[finance]")
    path = f"/v1/payments/{pay_id}/capture"
    got = world.http("payments", "POST", path, {"amount": 1}, headers=headers, claims=finance)
    assert (got.status, got.body["errors"][0]["path"]) == (400, "order")
    got = world.http(
        "payments", "POST", path, {"amount": 1}, headers=headers, claims=finance,
        query={"order": order_id},
    )  # fmt: skip
    assert got.status == 200
    path = path.replace(pay_id, "pay_unknown")
    got = world.http(
        "payments", "POST", path, {}, headers=headers, claims=finance, query={"order": order_id}
    )
    assert (got.status, got.body["code"]) == (404, "PAYMENT_NOT_FOUND")


def test_the_tasks_run_the_order_forward(world: World) -> None:
    """SAG-01: each task takes its step and names the next; once more changes nothing."""
    order_id = world.place()
    task = invocation("validate_order", "task") | {"orderId": order_id, "step": "VALIDATE"}
    for name, following in (("validate_order", "ALLOCATE"), ("allocate_order", "WAIT")):
        after = world.call(name, task)
        version = stored(world, order_id).version
        assert after == {**task, "step": following}
        assert world.call(name, task)["step"] == following
        assert stored(world, order_id).version == version
        task = after


def test_an_authorization_that_did_not_go_out_has_its_own_task(world: World) -> None:
    """SAG-01, GTW-03: validation sends it at once; where that fails, the order waits and goes on
    from there.
    """
    order_id = world.place()
    task = invocation("validate_order", "task") | {"orderId": order_id, "step": "VALIDATE"}
    world.gateway.down = True
    assert world.call("validate_order", task)["step"] == "WAIT"
    assert stored(world, order_id).payments.intents[0].state == "CREATED"
    world.gateway.down = False
    world.now += timedelta(seconds=6)
    assert world.call("authorize_order", task)["step"] == "ALLOCATE"
    assert world.call("authorize_order", task)["step"] == "ALLOCATE"


def test_settling_captures_what_shipped(world: World) -> None:
    """SAG-01: the last task of the happy path ends the segment as DONE."""
    order_id, fo_id = released(world)
    verb(world, order_id, fo_id, "pick", UNITS)
    verb(world, order_id, fo_id, "pack", PACKAGES)
    verb(world, order_id, fo_id, "ship", {"carrier": "UPS"})
    task = invocation("settle_order", "task") | {"orderId": order_id}
    assert world.call("settle_order", task)["step"] == "DONE"


def test_a_task_fails_under_the_names_the_workflow_knows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAG-01: the workflow retries by error name, so errors pass as they are."""

    def lose(*_: object) -> str:
        raise StockConflict("stock moved")

    with pytest.raises(NotFound):
        world.call("validate_order", invocation("validate_order", "task"))
    monkeypatch.setattr(type(world.steps), "run", lose)
    with pytest.raises(StockConflict):
        world.call("allocate_order", invocation("allocate_order", "task"))


def test_a_failure_becomes_an_action_item(world: World) -> None:
    """GEN-06: people see step and error; the cause's text is not copied."""
    order_id = world.place()
    task = invocation("report_failure", "task") | {"orderId": order_id}
    assert world.call("report_failure", task) is None
    record = stored(world, order_id)
    opened = [fact for fact in record.facts if fact.type == "action_item.opened"]
    assert [fact.data["type"] for fact in opened] == ["JOB_FAILED"]
    assert "AUTHORIZE" in opened[0].data["message"]
    assert "errorMessage" not in opened[0].data["message"]
    world.call("report_failure", task)
    assert len(stored(world, order_id).attention.items) == 1
