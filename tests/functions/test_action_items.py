"""Working action items over HTTP and by the clock.

Cites AIT-01 (fixes), AIT-02, AIT-03 (operations, bulk), AIT-04 (overdue), AIT-05, FLG-02.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from oms.action_items import rows
from oms.action_items.facts import ActionItemOpened
from oms.action_items.model import ActionItem, ItemState
from oms.action_items.types import TYPES
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import VersionConflict
from oms.kernel.policy import Policy

from functions import openapi
from functions.administration.fixes import fixes_of
from tests.functions.doubles import FakeClient
from tests.functions.world import COMPANY, Got, World, invocation, open_item, user
from tests.simulation.merchant import START

ITEMS = "/v1/action-items"


def post(world: World, path: str, body: Any, function: str = "administration") -> Got:
    return world.http(
        function, "POST", path, body, claims=user("eva", "[admin]"),
        headers={"Idempotency-Key": f"k-{path}"},
    )  # fmt: skip


def row(world: World, item_id: str) -> ActionItem:
    found = world.items.get(COMPANY, item_id)
    assert found is not None
    return found


def declined(world: World) -> tuple[str, ActionItem]:
    """An order whose card was declined: alerted by a blocking item."""
    order_id = world.place(tenders=[{"method": "CARD", "token": "tok_decline_hard"}])
    world.run(order_id)
    (found,), _ = world.items.open_items(COMPANY, 10, None)
    assert (found.type, found.order_id) == ("PAYMENT_DECLINED", order_id)
    return order_id, found


# --- Fixes -------------------------------------------------------------------------------------


def _opened(type_: str) -> ActionItem:
    actor = Actor(ActorKind.USER, "ana", COMPANY)
    fact = ActionItemOpened(
        "act_1", type_, TYPES[type_].blocking, "payment", "pay_1", "int_1", "why", 1
    )
    return rows.row(fact, COMPANY, "ord_1", "T1", Context(START, actor, "c", Policy()))


@pytest.mark.parametrize("type_", TYPES)
def test_every_fix_is_a_request_the_api_takes(type_: str) -> None:
    """AIT-01, AIT-10: one to four of them, prefilled but for what only a person can know."""
    every = [operation for group in openapi.OPERATIONS.values() for operation in group]
    shown = fixes_of(_opened(type_))
    assert 1 <= len(shown) <= 4
    for fix in shown:
        request = fix["request"]
        (operation,) = [
            o for o in every
            if o.method == request["method"] and o.pattern.fullmatch(request["path"])
        ]  # fmt: skip
        assert operation.body is not None
        assert fix["preview"] is operation.preview or fix["command"] == "clear"
        samples: dict[str, Any] = {
            "group": "1", "amount": 1, "invoices": [], "method": "CARD", "token": "tok_ok",
            "address": {"country": "US", "postalCode": "02108"},
        }  # fmt: skip
        filled = {name: samples[name] for name in fix["needs"]}
        body = request["body"]
        body = {"actions": [body["actions"][0] | filled]} if "actions" in body else body | filled
        operation.body.model_validate_json(json.dumps(body))


def test_one_click_fixes_and_the_item_resolves_itself(world: World) -> None:
    """AIT-01 to AIT-03: the request as it is shown; a preview changes nothing; who resolved it."""
    order_id, item = declined(world)
    shown = world.http("administration", "GET", f"{ITEMS}/{item.id}", claims=user()).body
    assert (shown["cause"], shown["severity"], shown["team"]) == (item.cause, "HIGH", "service")
    fix = next(fix for fix in shown["fixes"] if fix["command"] == "addTender")
    path, body = fix["request"]["path"], fix["request"]["body"]
    assert fix["needs"] == ["method", "token"]
    body |= {"method": "CARD", "token": "tok_ok"}
    before = row(world, item.id)
    headers = {"Idempotency-Key": "fix"}
    preview = world.http(
        "payments", "POST", path, body, claims=user(), query={"dryRun": "true"}, headers=headers
    )
    assert (preview.status, row(world, item.id)) == (200, before)
    assert world.http("payments", "POST", path, body, claims=user(), headers=headers).status == 200
    world.run(order_id)
    after = row(world, item.id)
    assert (after.state, after.resolved_by) == (ItemState.RESOLVED, "WORKFLOW:workflow")
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    assert record.attention.items == ()


# --- Operations --------------------------------------------------------------------------------


def test_a_reopened_item_stops_automation_again(world: World) -> None:
    """AIT-03, FLG-02: with the order, in one write; due anew; twice is refused."""
    order_id, item = declined(world)
    assert post(world, f"{ITEMS}/{item.id}/clear", {"resolution": "called"}).status == 200
    world.now += timedelta(hours=1)
    got = post(world, f"{ITEMS}/{item.id}/reopen", {"reason": "still declined"})
    assert (got.status, got.body["state"]) == (200, "OPEN")
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    (reference,) = record.attention.items
    due = world.now + TYPES["PAYMENT_DECLINED"].due_in
    assert (reference.blocking, reference.due_at, row(world, item.id).due_at) == (True, due, due)
    assert record.facts[-1].type == "action_item.reopened"
    again = world.http(
        "administration", "POST", f"{ITEMS}/{item.id}/reopen", {"reason": "x"}, claims=user()
    )
    assert again.status == 422


def test_bulk_does_each_item_on_its_own(world: World) -> None:
    """AIT-03: everything but fixing; one refused item does not stop the others."""
    items = [open_item(world, world.place(f"W-{at}", lines=_one_unit(world)))[1] for at in range(3)]
    ids = [*items, "act_none", items[0]]

    def bulk(**work: Any) -> list[dict[str, Any]]:
        got = world.http(
            "administration", "POST", f"{ITEMS}/bulk", {"ids": ids, "work": work}, claims=user()
        )
        assert got.status == 200, got
        results: list[dict[str, Any]] = got.body["results"]
        assert [result["id"] for result in results] == ids[:4]
        assert results[3]["code"] == "ACTION_ITEM_NOT_FOUND"
        return results[:3]

    until = f"{world.now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    for work in (
        {"operation": "assign", "owner": "bo"}, {"operation": "take"},
        {"operation": "comment", "text": "hm"}, {"operation": "snooze", "until": until},
        {"operation": "clear", "resolution": "all done"},
        {"operation": "reopen", "reason": "not at all"},
    ):  # fmt: skip
        assert all(result["done"] for result in bulk(**work)), work
    assert [event.what for event in row(world, items[1]).history] == [
        "OPENED", "ASSIGNED", "ASSIGNED", "COMMENTED", "SNOOZED", "CLEARED", "REOPENED",
    ]  # fmt: skip
    assert [result["code"] for result in bulk(operation="reopen", reason="x")] == ["STATE"] * 3
    fixing = {"ids": ids, "work": {"operation": "fix"}}
    got = world.http("administration", "POST", f"{ITEMS}/bulk", fixing, claims=user())
    assert got.status == 400


def test_a_snoozed_item_is_open_again_when_its_time_has_come(world: World) -> None:
    """AIT-03."""
    _, item_id = open_item(world, world.place())
    until = {"until": "2026-03-01T11:00:00Z"}
    assert post(world, f"{ITEMS}/{item_id}/snooze", until).body["state"] == "SNOOZED"
    world.now += timedelta(hours=1)
    got = world.http("administration", "GET", f"{ITEMS}/{item_id}", claims=user())
    assert got.body["state"] == "OPEN"


def _one_unit(world: World) -> list[Any]:
    lines: list[Any] = world.order()["lines"][1:]
    return lines


# --- Overdue -----------------------------------------------------------------------------------


def test_overdue_items_go_to_the_team_lead_once_per_due_time(
    world: World, aws: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AIT-04: by the minute tick, priority up one level; a rival change waits for the next."""
    _, item = declined(world)
    tick = invocation("deadlines", "schedule")
    world.now = item.due_at - timedelta(minutes=1)
    world.call("deadlines", tick)
    assert row(world, item.id) == item
    world.now = item.due_at
    put = type(world.items).put
    monkeypatch.setattr(type(world.items), "put", _refuse)
    world.call("deadlines", tick)
    monkeypatch.setattr(type(world.items), "put", put)
    for _ in range(3):
        world.call("deadlines", tick)
    raised = row(world, item.id)
    assert (raised.owner, raised.priority) == ("service-lead", max(1, item.priority - 1))
    assert [event.what for event in raised.history].count("ESCALATED") == 1
    world.now = raised.due_at
    world.call("deadlines", tick)
    assert [event.what for event in row(world, item.id).history].count("ESCALATED") == 2
    cleared = post(world, f"{ITEMS}/{item.id}/clear", {"resolution": "paid by cash"})
    assert cleared.body["state"] == "CLEARED", "the order's own write meets the escalated row"


def _refuse(*_: Any) -> None:
    raise VersionConflict("somebody was faster")
