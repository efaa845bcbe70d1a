"""The orders API: place, read, act, search.

Cites API-01 to API-07, API-10, INT-04, EDT-03, VER-05, VER-06, PVW-01, EVT-02, EVT-03, GEN-12.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from oms.kernel.codec import encode
from oms.lifecycle.projection import search_document
from oms.lifecycle.record import OrderRecord

from tests.functions.world import (
    COMPANY,
    EVERYTHING,
    ORDERS,
    STAFF,
    World,
    client,
    invocation,
    user,
)

PATH = "/v1/orders"


def post(world: World, body: Any, key: str | None = "k1", **more: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return world.http("orders", "POST", PATH, body, headers=headers, **more)


def act(world: World, order_id: str, *actions: dict[str, Any], **more: Any) -> Any:
    body = {"actions": list(actions)}
    return world.http("orders", "POST", f"{PATH}/{order_id}/actions", body, **more)


def record(world: World, order_id: str) -> OrderRecord:
    found = world.orders.load(COMPANY, order_id)
    assert found is not None
    return found


def test_a_delivered_event_places_the_order(world: World) -> None:
    """API-11, ORD-100: 201, where to find it, its version, and the caller's own trace id."""
    got = world.answer(world.call("orders", invocation("orders", "place_order")))
    assert got.status == 201
    assert got.headers["location"] == f"/v1/orders/{got.body['id']}"
    assert got.headers["etag"] == '"1"'
    assert got.headers["x-correlation-id"] == "web-7f3a2b91c4"
    stored = record(world, got.body["id"])
    assert stored.correlation_id == "web-7f3a2b91c4"
    assert stored.order.external_number == "W-100042"
    assert [(line.sku, line.quantity, line.unit_price) for line in stored.order.lines] == [
        ("A", 2, 1000), ("B", 1, 2500),
    ]  # fmt: skip


def test_the_same_key_and_body_get_the_same_answer(world: World) -> None:
    """API-03, ACC-007: one order; the repeat says that it is one, however it is spelled."""
    body = world.order()
    first = post(world, body)
    again = post(world, None, raw=json.dumps(dict(reversed(body.items())), indent=3))
    assert (again.status, again.body) == (first.status, first.body)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert record(world, first.body["id"]).version == 1


def test_the_same_key_with_another_body_is_a_mismatch(world: World) -> None:
    """API-03."""
    post(world, world.order())
    got = post(world, world.order(priority=90))
    assert (got.status, got.body["code"]) == (409, "IDEMPOTENCY_MISMATCH")


def test_keys_are_scoped_by_client(world: World) -> None:
    """API-03: another client's equal key is another key."""
    post(world, world.order("W-1"))
    got = post(world, world.order("W-2"), claims=client(STAFF))
    assert got.status == 201


def test_a_key_is_required_to_place(world: World) -> None:
    """API-03."""
    got = post(world, world.order(), key=None)
    assert (got.status, got.body["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")


def test_an_external_number_is_unique_in_its_channel(world: World) -> None:
    """API-04, ACC-008: the second create names the first order."""
    first = post(world, world.order())
    second = post(world, world.order(), key="k2")
    assert (second.status, second.body["code"]) == (409, "DUPLICATE_ORDER")
    assert second.body["existingId"] == first.body["id"]


def test_short_stock_refuses_with_what_is_left(world: World) -> None:
    """INT-04, ACC-010: 409 per line."""
    body = world.order()
    body["lines"][0]["quantity"] = 11
    got = post(world, body)
    assert (got.status, got.body["code"]) == (409, "OUT_OF_STOCK")
    assert [error["code"] for error in got.body["errors"]] == ["OUT_OF_STOCK"]
    assert "10" in got.body["errors"][0]["message"]


def test_the_entry_tells_people_from_channels(world: World) -> None:
    """INT-04: what an agent enters comes from the console."""
    by_agent = post(world, world.order(), claims=user())
    by_shop = post(world, world.order("W-2"), key="k2")
    entries = [record(world, got.body["id"]).order.entry for got in (by_agent, by_shop)]
    assert entries == ["CONSOLE", "API"]


def test_company_and_channel_come_from_the_token(world: World) -> None:
    """API-02, GEN-12: a body cannot name the company, and a client not another's channel."""
    got = post(world, world.order(company="zeta"))
    assert (got.status, got.body["errors"][0]["code"]) == (400, "UNKNOWN_FIELD")
    got = post(world, world.order(channel="pos"))
    assert (got.status, got.body["code"]) == (403, "CHANNEL_SCOPE")
    order_id = world.place()
    for claims in (client("rival"), user(**{"custom:company": "zeta"})):
        got = world.http("orders", "GET", f"{PATH}/{order_id}", claims=claims)
        assert got.status == 404


@pytest.mark.parametrize(
    ("claims", "status", "code"),
    [
        ({}, 401, "UNAUTHENTICATED"),
        ({"sub": "x", "scope": EVERYTHING}, 401, "UNAUTHENTICATED"),
        (client("stranger"), 403, "UNKNOWN_CLIENT"),
        (client(scope=ORDERS.replace("oms/orders.write", "")), 403, "NO_PERMISSION"),
        (user(groups="[viewer]"), 403, "NO_PERMISSION"),
        (user(groups=""), 403, "NO_PERMISSION"),
        (user(groups="[warehouse finance]"), 403, "NO_PERMISSION"),
    ],
)
def test_who_may_not_place(world: World, claims: dict[str, str], status: int, code: str) -> None:
    """API-02, SEC-03: no token, an unknown client, a missing scope, a role without it."""
    got = post(world, world.order(), claims=claims)
    assert (got.status, got.body["code"]) == (status, code)


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"lines": []}, "lines", "TOO_FEW"),
        ({"lines": None}, "lines", "WRONG_TYPE"),
        ({"color": "red"}, "color", "UNKNOWN_FIELD"),
        ({"currency": "usd"}, "currency", "INVALID_FORMAT"),
        ({"priority": 101}, "priority", "OUT_OF_RANGE"),
        ({"priority": "50"}, "priority", "WRONG_TYPE"),
        ({"priority": 50.5}, "priority", "WRONG_TYPE"),
        ({"type": "FAX"}, "type", "UNKNOWN_VALUE"),
        ({"placedAt": "2026-03-01T10:00:00"}, "placedAt", "INVALID"),
        ({"requestedDate": "2026-02-30"}, "requestedDate", "INVALID"),
        ({"lines.0.quantity": 0}, "lines[0].quantity", "OUT_OF_RANGE"),
        ({"lines.0.unitPrice": -1}, "lines[0].unitPrice", "OUT_OF_RANGE"),
        ({"lines.1.unitPrice": True}, "lines[1].unitPrice", "WRONG_TYPE"),
        ({"lines.1.lineNo": 1}, "", "DUPLICATE_LINE_NO"),
        ({"lines.1.group": "9"}, "", "UNKNOWN_GROUP"),
        ({"lines.0.unitPrice": 10**15}, "", "TOTAL_OUT_OF_RANGE"),
        ({"lines.0.taxes.0.component": "AIR"}, "lines[0].taxes[0].component", "UNKNOWN_VALUE"),
        ({"tenders.0.expiry": "13/29"}, "tenders[0].expiry", "INVALID_FORMAT"),
    ],
)
def test_each_wrong_field_is_named(
    world: World, change: dict[str, Any], path: str, code: str
) -> None:
    """API-05: 400 with path, code and message; the value itself is not repeated."""
    body = world.order()
    for name, value in change.items():
        target: Any = body
        *way, last = name.split(".")
        for part in way:
            target = target[int(part)] if part.isdigit() else target[part]
        target[last] = value
    got = post(world, body)
    assert (got.status, got.body["code"]) == (400, "INVALID_REQUEST")
    assert [(error["path"], error["code"]) for error in got.body["errors"]] == [(path, code)]


def test_the_published_limits_hold(world: World) -> None:
    """API-10: 5,000 lines, 500 actions, 500 ids; one more is refused."""
    line = {"sku": "A", "quantity": 1, "unitPrice": 1}
    got = post(world, world.order(lines=[line] * 5_001))
    assert got.body["errors"][0]["code"] == "TOO_MANY"
    order_id = world.place()
    note = {"action": "addNote", "text": "x"}
    assert act(world, order_id, *[note] * 500).status == 200
    assert act(world, order_id, *[note] * 501).body["errors"][0]["code"] == "TOO_MANY"
    for count, status in ((500, 200), (501, 400)):
        ids = [f"ord_{n}" for n in range(count)]
        got = world.http("orders", "POST", f"{PATH}:batchGet", {"ids": ids})
        assert got.status == status


def test_reading_an_order(world: World) -> None:
    """API-06, ACT-01: version, ETag, computed status, allowed actions; no token of the gateway."""
    order_id = world.place()
    got = world.http("orders", "GET", f"{PATH}/{order_id}")
    assert (got.status, got.headers["etag"]) == (200, '"1"')
    assert got.body["version"] == 1
    assert got.body["state"] == "RECEIVED"
    assert {
        "action": "cancel", "allowed": True, "maxQuantity": 3, "maxAmount": None,
        "requiresApproval": False, "requiresReason": True, "reasons": [],
    } in got.body["allowedActions"]  # fmt: skip
    assert got.body["payments"]["tenders"][0]["lastFour"] == "1111"
    assert "tok_ok" not in json.dumps(got.body)
    chosen = world.http("orders", "GET", f"{PATH}/{order_id}", query={"fields": "state,totals"})
    assert sorted(chosen.body) == ["id", "state", "totals", "version"]
    empty = world.http("orders", "GET", f"{PATH}/{order_id}", query={"fields": "fulfillment"})
    assert empty.body["fulfillment"] == {}
    wrong = world.http("orders", "GET", f"{PATH}/{order_id}", query={"fields": "state,mood"})
    assert (wrong.status, wrong.body["errors"][0]["path"]) == (400, "fields")
    unknown = world.http("orders", "GET", f"{PATH}/{order_id}", query={"mood": "1"})
    assert (unknown.status, unknown.body["errors"][0]["code"]) == (400, "UNKNOWN_FIELD")


def test_a_batch_tells_found_from_missing(world: World) -> None:
    """API-10: every id is answered for, once."""
    order_id = world.place()
    got = world.http("orders", "POST", f"{PATH}:batchGet", {"ids": ["ord_x", order_id, order_id]})
    assert [order["id"] for order in got.body["orders"]] == [order_id]
    assert (got.body["missing"], got.body["unread"]) == (["ord_x"], [])


def test_a_batch_leaves_what_does_not_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """API-10: an answer never outgrows what a function may answer."""
    from functions.orders import routes

    monkeypatch.setattr(routes, "BATCH_BYTES", 100)
    ids = [world.place("W-1"), world.place("W-2"), world.place("W-3")]
    got = world.http("orders", "POST", f"{PATH}:batchGet", {"ids": ids})
    assert [order["id"] for order in got.body["orders"]] == ids[:1]
    assert got.body["unread"] == ids[1:]


def test_actions_apply_together(world: World) -> None:
    """EDT-03: one version for the list; the caller's key makes it happen once."""
    order_id = world.place()
    actions = (
        {"action": "cancel", "reason": "CUSTOMER_REQUEST", "lines": [{"lineNo": 1, "quantity": 1}]},
        {"action": "setTags", "tags": ["vip"]},
        {"action": "setFlag", "flag": "RED"},
        {"action": "setFlag", "flag": None},
    )
    headers = {"Idempotency-Key": "a1"}
    first = act(world, order_id, *actions, headers=headers)
    again = act(world, order_id, *actions, headers=headers)
    assert (first.status, first.body["version"], first.headers["etag"]) == (200, 2, '"2"')
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    order = record(world, order_id).order
    assert (order.line(1).buckets.canceled, order.tags, order.flag) == (1, ("vip",), None)


def test_a_refused_action_stops_all_and_is_named(world: World) -> None:
    """EDT-03, ACT-03: 422 with the place of the action and the reason codes."""
    order_id = world.place()
    got = act(world, order_id, {"action": "addNote", "text": "x"}, {"action": "approve"})
    assert got.status == 422
    assert got.body["errors"][0]["path"] == "actions[1]"
    assert got.body["reasons"][0]["code"] == "STATE"
    assert record(world, order_id).order.notes == ()


def test_a_preview_changes_nothing(world: World) -> None:
    """PVW-01: `dryRun=true` answers as the command would and writes nothing."""
    order_id = world.place()
    void = {"action": "void", "reason": "TEST"}
    got = act(world, order_id, void, query={"dryRun": "true"})
    assert (got.status, got.body["state"]) == (200, "VOID")
    assert record(world, order_id).version == 1
    got = act(world, order_id, void, query={"dryRun": "maybe"})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "dryRun")


def test_consumers_can_fill_a_gap(world: World) -> None:
    """EVT-02, EVT-03: facts after a sequence, gapless, in their envelope, page by page."""
    order_id = world.place()
    act(world, order_id, {"action": "addNote", "text": "secret"})
    path = f"{PATH}/{order_id}/events"
    every = world.http("orders", "GET", path).body
    numbers = [event["orderSeq"] for event in every["events"]]
    assert numbers == list(range(1, record(world, order_id).seq + 1))
    assert every["next"] is None
    first = every["events"][0]
    assert {
        "id", "type", "company", "recordType", "recordId", "orderId", "orderSeq", "version",
        "occurredAt", "actor", "causeId", "data", "schemaVersion",
    } <= first.keys()  # fmt: skip
    assert (first["company"], first["orderId"], first["type"]) == (
        COMPANY,
        order_id,
        "order.received",
    )
    found: list[Any] = []
    page: dict[str, Any] = {"next": 0}
    while page["next"] is not None:
        query = {"after": str(page["next"]), "limit": "2"}
        page = world.http("orders", "GET", path, query=query).body
        found += page["events"]
    assert found == every["events"]
    assert "secret" not in json.dumps(every)
    assert "Alvarez" not in json.dumps(every)
    timeline = world.http("orders", "GET", f"{PATH}/{order_id}", query={"include": "timeline"})
    assert timeline.body["timeline"] == every["events"]


def test_search_keeps_to_company_and_channel(world: World) -> None:
    """SEA-01, API-07: criteria, pages, and only what the caller may see."""
    for number in ("W-1", "W-2", "W-3"):
        stored = record(world, world.place(number))
        world.index.index([search_document(encode(stored), "RECEIVED")])
    got = world.http("orders", "GET", PATH, query={"externalNumber": "W-2"})
    assert [order["externalNumber"] for order in got.body["orders"]] == ["W-2"]
    page = world.http("orders", "GET", PATH, query={"limit": "2"}).body
    assert (len(page["orders"]), page["total"]) == (2, {"value": 3, "exact": True})
    rest = world.http("orders", "GET", PATH, query={"limit": "2", "cursor": page["cursor"]}).body
    assert (len(rest["orders"]), rest["cursor"]) == (1, None)
    assert world.http("orders", "GET", PATH, claims=client("rival")).body["orders"] == []
    assert world.http("orders", "GET", PATH, query={"limit": "201"}).status == 400
    assert world.http("orders", "GET", PATH, query={"limit": "250"}, claims=user()).status == 200
    got = world.http("orders", "GET", PATH, query={"mood": "good"})
    assert (got.status, got.body["code"]) == (400, "SEARCH_INVALID")


def test_an_order_shows_every_counter_stage_and_step(world: World) -> None:
    """LIN-01, STA-01, STA-02, ORD-03: readers need no defaults."""
    order_id = world.place()
    world.run(order_id)
    body = world.http("orders", "GET", f"/v1/orders/{order_id}").body
    line = body["order"]["lines"][0]
    assert sum(line["buckets"][name] for name in (
        "unsourced", "backordered", "reserved", "allocated", "picked", "packed", "shipped",
        "canceled",
    )) == line["quantity"]  # fmt: skip
    assert (line["minStage"], line["maxStage"], line["returnStatus"]) == (
        "ALLOCATED", "ALLOCATED", "NONE",
    )  # fmt: skip
    assert body["steps"] == {"names": ["Complete", "Allocate", "Fulfill", "Settle"],
                             "current": "Fulfill"}  # fmt: skip
