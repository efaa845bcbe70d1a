"""What stores, warehouses and fulfillers do over HTTP beyond pick, pack and ship.

Cites FUL-02, FUL-04, FUL-05, FUL-07, FUL-08, FUL-10, FUL-11, PCK-01, PCK-03, PCK-09, PKP-01 to
PKP-04, SHP-06, SHP-08, CAN-04, SET-01, ACC-104, ACC-105.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from oms.fulfillment.model import FulfillmentOrder
from oms.inventory.use_cases import store_item
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.policy import Policy
from oms_aws import counters

from tests.functions.test_work import FLOOR_CLAIMS, PACKAGES, UNITS, released, stored, verb
from tests.functions.world import COMPANY, Got, World, user
from tests.simulation.merchant import SITES

ALONE = "/v1/fulfillment-orders"
AGENT = user("ana", "[service_manager]")


def fo_of(world: World, order_id: str) -> FulfillmentOrder:
    return stored(world, order_id).fulfillment.orders[-1]


def seen(world: World, fo_id: str) -> dict[str, Any]:
    got = world.http("fulfillment", "GET", f"{ALONE}/{fo_id}", claims=FLOOR_CLAIMS)
    assert got.status == 200
    return dict(got.body)


def site_settings(world: World, **values: Any) -> Got:
    path, body = (
        "/v1/settings/sites/DC",
        {"values": {k.replace("_", "."): v for k, v in values.items()}},
    )
    return world.http("administration", "PUT", path, body)


def collected(world: World) -> tuple[str, str]:
    """An order that the customer comes for, picked at the store; its FO."""
    world.settings.put_site(COMPANY, replace(SITES[1], offers_pickup=True, version=2))
    world.shelve("P", 5, "BOS")
    group = {"id": "1", "method": "PICKUP", "type": "PICKUP", "pickupSite": "BOS"}
    body = world.order("W-9")
    line = {"sku": "P", "name": "P", "quantity": 2, "unitPrice": 1000}
    order_id = world.place(
        "W-9", groups=[group], lines=[line], tenders=body["tenders"], adjustments=[],
        statedTotal=None,
    )  # fmt: skip
    world.run(order_id)
    fo_id = fo_of(world, order_id).id
    assert verb(world, order_id, fo_id, "claim").status == 200
    units = {"lines": [{"lineNo": 1, "quantity": 2}]}
    assert verb(world, order_id, fo_id, "pick", units).status == 200
    return order_id, fo_id


def test_an_fo_shows_what_its_floor_must_know(world: World) -> None:
    """FUL-05, FUL-07, FUL-08: actions with reasons, promise, age, time, color, wishes."""
    order_id, fo_id = released(world)
    note = {"action": "addNote", "text": "ring twice", "visibility": "FULFILLER"}
    path = f"/v1/orders/{order_id}/actions"
    world.http("orders", "POST", path, {"actions": [note, note | {"visibility": "INTERNAL"}]})
    body = seen(world, fo_id)
    assert body["notes"] == ["ring twice"]
    assert body["orderNumber"] == stored(world, order_id).order.number
    assert (body["sla"]["color"], body["sla"]["ageSeconds"], body["execution"]) == (
        "GREEN", 0, "CONSOLE",
    )  # fmt: skip
    assert body["shipBy"] > body["sla"]["dueAt"]
    allowed = {row["action"]: row["allowed"] for row in body["allowedActions"]}
    assert (allowed["pick"], allowed["handOver"], allowed["shipNotice"]) == (True, False, True)
    reasons = {row["action"]: row["reasons"] for row in body["allowedActions"]}
    assert reasons["ship"][0]["code"] == "STATE"


def test_a_hold_is_named_in_the_refusal(world: World) -> None:
    """FUL-10: hold with name."""
    order_id, fo_id = released(world)
    hold = {"action": "setHold", "type": "MANUAL", "reason": "x", "blocks": ["PICK"]}
    world.http("orders", "POST", f"/v1/orders/{order_id}/actions", {"actions": [hold]})
    got = verb(world, order_id, fo_id, "pick", UNITS)
    assert (got.status, got.body["code"]) == (422, "HELD")
    assert "MANUAL" in got.body["detail"]


def test_a_pick_list_is_by_bin(world: World) -> None:
    """PCK-01, FUL-08: what is left to pick, with bin, image, barcodes, attributes."""
    order_id, fo_id = released(world)
    for sku, bin_ in (("A", "Z-1"), ("B", "A-1")):
        item = world.stock.items_by_sku(COMPANY, [sku])[sku]
        placed = replace(
            item, attributes={"bin": "far", "bin:DC": bin_}, barcodes=("400",), version=2
        )
        actor = Actor(ActorKind.SYSTEM, "t", COMPANY)
        store_item(world.stock, placed, Context(world.now, actor, "t", Policy()))
    verb(world, order_id, fo_id, "pick", {"lines": [{"lineNo": 1, "quantity": 1}]})
    got = world.http("fulfillment", "GET", f"{ALONE}/{fo_id}/pick-list", claims=FLOOR_CLAIMS)
    rows = [(r["bin"], r["sku"], r["quantity"], r["barcodes"]) for r in got.body["rows"]]
    assert rows == [("A-1", "B", 1, ["400"]), ("Z-1", "A", 1, ["400"])]
    batch = {"ids": [fo_id, "fo_nobody-1"]}
    got = world.http("fulfillment", "POST", f"{ALONE}/pick-lists", batch, claims=FLOOR_CLAIMS)
    assert [row["fulfillmentOrderId"] for row in got.body["pickLists"]] == [fo_id]
    assert got.body["missing"] == ["fo_nobody-1"]


def test_a_wrong_scan_is_refused(world: World) -> None:
    """PCK-03."""
    order_id, fo_id = released(world)
    got = verb(world, order_id, fo_id, "pick", {"scans": [{"sku": "C"}]})
    assert (got.status, got.body["code"]) == (422, "WRONG_SCAN")
    headers = {"Idempotency-Key": "pick-2"}
    got = verb(world, order_id, fo_id, "pick", {"scans": [{"sku": "A"}]}, headers=headers)
    assert got.status == 200
    assert fo_of(world, order_id).lines[0].picked == 1


def test_picked_units_go_back(world: World) -> None:
    """PCK-09: unpick and unpack, until it left."""
    order_id, fo_id = released(world)
    verb(world, order_id, fo_id, "pick", UNITS)
    one = {"lines": [{"lineNo": 1, "quantity": 1}]}
    assert verb(world, order_id, fo_id, "unpick", one).status == 200
    assert fo_of(world, order_id).lines[0].picked == 1
    got = verb(world, order_id, fo_id, "unpick", {"lines": []})
    assert got.status == 400


def test_a_fulfiller_accepts_its_request(world: World) -> None:
    """FUL-02, FUL-03, FUL-04, SET-01: by a setting of the site."""
    got = site_settings(world, fulfillment_execution="FULFILLER")
    assert got.body["effective"]["fulfillment.execution"] == "FULFILLER"
    order_id, fo_id = released(world)
    request = seen(world, fo_id)["request"]
    assert request["id"].startswith("req_")
    got = verb(world, order_id, fo_id, "accept", {"message": "by noon"})
    assert got.status == 200
    body = seen(world, fo_id)
    assert (body["request"]["answer"], body["request"]["reply"]) == ("ACCEPT", "by noon")
    assert (body["state"], body["assignee"]) == ("AWAITING_PICK", FLOOR_CLAIMS["client_id"])


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("workflow_orderApproval", "OFF", "WRONG_LEVEL"),
        ("fulfillment_execution", "MAGIC", "INVALID_VALUE"),
        ("fulfillment_magic", 1, "UNKNOWN_SETTING"),
    ],
)
def test_a_site_sets_only_what_is_its_own(world: World, name: str, value: Any, code: str) -> None:
    """SET-01."""
    got = site_settings(world, **{name: value})
    assert (got.status, got.body["errors"][0]["code"]) == (400, code)
    got = world.http("administration", "PUT", "/v1/settings/sites/NOWHERE", {"values": {}})
    assert got.status == 404


def test_an_agent_asks_and_the_floor_answers(world: World) -> None:
    """CAN-04, ACC-105: request over the order, answer over the fulfillment order."""
    order_id, fo_id = released(world)
    verb(world, order_id, fo_id, "pick", UNITS)
    cancel = {"actions": [{"action": "cancel", "reason": "CUSTOMER",
                           "lines": [{"lineNo": 1, "quantity": 1}]}]}  # fmt: skip
    path = f"/v1/orders/{order_id}/actions"
    got = world.http("orders", "POST", path, cancel)
    assert (got.status, got.body["code"]) == (422, "PICKING_STARTED")
    assert world.http("orders", "POST", path, cancel, claims=AGENT).status == 200
    body = seen(world, fo_id)
    (request,) = body["cancelRequests"]
    assert [hold["type"] for hold in body["holds"]] == ["CANCEL_REQUEST"]
    got = verb(world, order_id, fo_id, "pack", PACKAGES)
    assert (got.status, got.body["code"]) == (422, "HELD")
    answer = {"accept": False, "requestId": request["id"]}
    got = verb(world, order_id, fo_id, "cancel-answer", answer)
    assert (got.status, got.body["code"]) == (400, "REASON_REQUIRED")
    answer = {"action": "answerCancellation", "foId": fo_id, "accept": True}
    assert world.http("orders", "POST", path, {"actions": [answer]}, claims=AGENT).status == 200
    assert stored(world, order_id).order.line(1).buckets.canceled == 1
    assert seen(world, fo_id)["holds"] == []


def test_a_customer_collects(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """PKP-01, PKP-02: the floor asks for a code that it cannot read; a hand-over needs a key."""
    monkeypatch.setattr(counters, "pickup_code", lambda: "424242")
    order_id, fo_id = collected(world)
    got = verb(world, order_id, fo_id, "ready", {"bin": "A-7"})
    assert got.status == 200, got.body
    body = seen(world, fo_id)
    assert (body["state"], body["pickup"]["bin"]) == ("READY_FOR_PICKUP", "A-7")
    assert "code" not in body["pickup"]
    order = world.http("orders", "GET", f"/v1/orders/{order_id}", claims=AGENT).body
    assert order["fulfillment"]["orders"][0]["pickup"]["code"] == "424242"
    assert verb(world, order_id, fo_id, "arrive", {"place": "bay 3"}).status == 200
    extend = {"actions": [{"action": "extendPickup", "foId": fo_id}]}
    got = world.http("orders", "POST", f"/v1/orders/{order_id}/actions", extend, claims=AGENT)
    assert got.status == 200, got.body
    assert verb(world, order_id, fo_id, "extend").body["code"] == "STATE"
    got = verb(world, order_id, fo_id, "hand-over", {"code": "1"})
    assert (got.status, got.body["code"]) == (422, "WRONG_PICKUP_CODE")
    path = f"{ALONE}/{fo_id}/hand-over"
    got = world.http("fulfillment", "POST", path, {"code": "424242"}, claims=FLOOR_CLAIMS)
    assert (got.status, got.body["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    headers = {"Idempotency-Key": "h2"}
    got = verb(world, order_id, fo_id, "hand-over", {"code": "424242"}, headers=headers)
    assert (got.status, got.body["fulfillmentStatus"]) == (200, "DELIVERED")
    again = verb(world, order_id, fo_id, "hand-over", {"code": "424242"}, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"


def test_a_warehouse_reports(world: World) -> None:
    """FUL-11: idempotent by message id, in any order by version; no key is needed."""
    order_id, fo_id = released(world)
    path = f"{ALONE}/{fo_id}/confirm"
    shipped = {"messageId": "m4", "version": 4, "status": "SHIPPED", "carrier": "UPS",
               "trackingNumbers": ["1Z9"]}  # fmt: skip
    for message in (shipped, shipped, {"messageId": "m1", "version": 1, "status": "PICKING"}):
        got = world.http("fulfillment", "POST", path, message, claims=FLOOR_CLAIMS)
        assert (got.status, got.body["fulfillmentStatus"]) == (200, "SHIPPED"), got.body
    assert len(fo_of(world, order_id).shipments) == 1


def test_a_file_of_notices_is_taken_row_by_row(world: World) -> None:
    """SHP-08, ACC-104: a mismatch ships nothing and stops no other row; the file counts once."""
    first, fo_id = released(world)
    second = world.place("W-2", customer={"code": "C-2", "name": "Bo Berg"})
    world.run(second)
    other = fo_of(world, second).id
    rows = [
        {"foId": other, "carrier": "UPS", "lines": [{"lineNo": 1, "quantity": 1}]},
        {"foId": fo_id, "carrier": "UPS", "trackingNumbers": ["1Z9"], "notify": False},
        {"foId": "fo_nobody-1", "carrier": "UPS"},
    ]

    def send() -> Any:
        headers = {"Idempotency-Key": "asn-1"}
        return world.http(
            "fulfillment", "POST", f"{ALONE}/ship-notices", {"rows": rows}, claims=FLOOR_CLAIMS,
            headers=headers,
        )  # fmt: skip

    got = send()
    assert [(row["accepted"], row.get("code")) for row in got.body["results"]] == [
        (False, "ASN_QUANTITY_MISMATCH"), (True, None), (False, "FULFILLMENT_ORDER_NOT_FOUND"),
    ]  # fmt: skip
    assert fo_of(world, second).shipments == ()
    assert [s.tracking_numbers for s in fo_of(world, first).shipments] == [("1Z9",)]
    assert send().body["results"][1]["accepted"] is True
    assert len(fo_of(world, first).shipments) == 1
    record = stored(world, first)
    assert [i.total for i in record.billing.invoices if i.posted_at] == [4915]


def test_carrier_events_are_taken_by_tracking_number(world: World) -> None:
    """SHP-06: in the carrier's words, each once; a word nobody knows is named."""
    order_id, fo_id = released(world)
    verb(world, order_id, fo_id, "ship-notice", {"carrier": "UPS", "trackingNumbers": ["1Z9"]})
    event = {"id": "e1", "status": "dl", "at": "2026-03-02T10:00:00Z"}

    def track(*events: dict[str, Any]) -> Any:
        body = {"events": events, "trackingNumber": "1Z9"}
        path = f"{ALONE}/{fo_id}/track"
        return world.http("fulfillment", "POST", path, body, claims=FLOOR_CLAIMS)

    got = track(event | {"status": "beamed"})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "events[0].status")
    assert track(event).body["fulfillmentStatus"] == "DELIVERED"
    version = stored(world, order_id).version
    assert track(event).body["version"] == version
    assert seen(world, fo_id)["packages"][0]["events"][0]["status"] == "DELIVERED"


def test_an_fo_stands_still_alone(world: World) -> None:
    """FUL-05: suspend and resume."""
    order_id, fo_id = released(world)
    assert verb(world, order_id, fo_id, "suspend", {"reason": "roof"}).status == 200
    got = verb(world, order_id, fo_id, "pick", UNITS)
    assert (got.status, got.body["code"]) == (422, "SUSPENDED")
    assert verb(world, order_id, fo_id, "resume", {"reason": "dry"}).status == 200
    assert (
        verb(world, order_id, fo_id, "pick", UNITS, headers={"Idempotency-Key": "2"}).status == 200
    )
