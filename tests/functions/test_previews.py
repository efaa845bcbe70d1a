"""Previews over HTTP: what a command would come to, and only what was expected takes place.

Cites PVW-01, PVW-02, PVW-03, INV-A3.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.test_orders import act, post, record
from tests.functions.world import World, user

PARTS = {
    "messages", "money", "stock", "tax", "nextStatuses", "allocationPlan", "notifications",
    "approvals", "allowedAfter",
}  # fmt: skip
MONEY = {"before", "after", "delta", "perComponent", "perTender", "documents"}
DRY = {"dryRun": "true"}


def cancel(quantity: int = 1) -> dict[str, Any]:
    return {"action": "cancel", "reason": "R", "lines": [{"lineNo": 1, "quantity": quantity}]}


def foreseen(got: Any) -> tuple[Any, Any]:
    """Outcome and hash of an answer."""
    return got.body["outcome"], got.body["outcomeHash"]


def test_preview_and_submit_give_the_same_outcome(world: World) -> None:
    """PVW-02, PVW-03, INV-A3: one shape, byte for byte, with symbols for what would be new."""
    order_id = world.place()
    hold = {"action": "setHold", "type": "MANUAL", "reason": "look", "blocks": ["EDIT"]}
    note = {"action": "addNote", "text": "call back"}
    preview = act(world, order_id, cancel(), hold, note, query=DRY)
    assert record(world, order_id).version == 1
    outcome, digest = foreseen(preview)
    assert (outcome.keys(), outcome["money"].keys()) == (PARTS, MONEY)
    money = outcome["money"]
    assert money["delta"]["current"] == money["after"]["current"] - money["before"]["current"] < 0
    assert money["perComponent"]["goods"] == -1000
    assert outcome["stock"] == [
        {
            "effect": "RELEASE", "itemId": record(world, order_id).order.line(1).item_id,
            "group": "main", "site": None, "quantity": 1,
        }
    ]  # fmt: skip
    assert {"line.canceled", "note.added", "hold.set"} <= set(outcome["notifications"])
    assert "void" in outcome["allowedAfter"]
    headers = {"Idempotency-Key": "k", "Expected-Outcome": digest}
    submitted = act(world, order_id, cancel(), hold, note, headers=headers)
    assert submitted.status == 200
    assert foreseen(submitted) == (outcome, digest)
    assert preview.headers["etag"] == '"1"'
    again = act(world, order_id, cancel(), hold, note, headers=headers)
    assert (again.body, again.headers["idempotent-replayed"]) == (submitted.body, "true")


def test_a_changed_outcome_is_refused_and_nothing_happens(world: World) -> None:
    """PVW-03: somebody else was there first, and the answer says what would happen now."""
    order_id = world.place()
    outcome, digest = foreseen(act(world, order_id, {"action": "cancel", "reason": "R"}, query=DRY))
    assert act(world, order_id, cancel(), claims=user()).status == 200
    before = record(world, order_id)
    got = act(
        world, order_id, {"action": "cancel", "reason": "R"}, headers={"Expected-Outcome": digest}
    )
    assert (got.status, got.body["code"]) == (409, "OUTCOME_CHANGED")
    assert got.body["outcome"]["money"]["before"] != outcome["money"]["before"]
    assert got.body["outcomeHash"] != digest
    assert record(world, order_id) == before


def test_a_hash_has_its_form(world: World) -> None:
    """PVW-03."""
    got = act(world, world.place(), cancel(), headers={"Expected-Outcome": "soon"})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "Expected-Outcome")


def test_placing_can_be_previewed(world: World) -> None:
    """PVW-01: prices and promises, with nothing reserved, numbered or stored."""
    body = world.order()
    before = dict(world.stock.counters)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.numbers, "next", lambda *_: pytest.fail("a number was taken"))
        preview = post(world, body, key=None, query=DRY)
    assert (preview.status, world.stock.counters) == (200, before)
    assert (preview.body["id"], preview.body["number"]) == ("$ord1", "$number")
    outcome, digest = foreseen(preview)
    assert outcome["money"]["delta"]["current"] == outcome["money"]["after"]["current"] > 0
    assert [row["units"] for row in outcome["allocationPlan"]] == [
        {"reserved": 2}, {"reserved": 1},
    ]  # fmt: skip
    headers = {"Idempotency-Key": "k1", "Expected-Outcome": digest}
    placed = world.http("orders", "POST", "/v1/orders", body, headers=headers)
    assert (placed.status, foreseen(placed)) == (201, (outcome, digest))
    again = world.http("orders", "POST", "/v1/orders", body, headers=headers)
    assert again.body == placed.body
    taken = post(world, body, key=None, query=DRY)
    assert (taken.status, taken.body["existingId"]) == (409, placed.body["id"])


def test_a_preview_of_placing_is_refused_as_placing_is(world: World) -> None:
    """PVW-01: what is short is short."""
    body = world.order()
    body["lines"][0]["quantity"] = 11
    got = post(world, body, key=None, query=DRY)
    assert (got.status, got.body["code"]) == (409, "OUT_OF_STOCK")


@pytest.mark.parametrize("verb", ["pick", "short"])
def test_the_floor_and_payments_preview_too(world: World, verb: str) -> None:
    """PVW-01: every command on a part of an order."""
    order_id = world.place()
    world.run(order_id)
    stored = record(world, order_id)
    fo, payment = stored.fulfillment.orders[0], stored.payments.tenders[0]
    lines = [{"lineNo": 1, "quantity": 1} | ({"reason": "NOT_FOUND"} if verb == "short" else {})]
    path = f"/v1/orders/{order_id}/fulfillment-orders/{fo.id}/{verb}"
    seen = world.http("fulfillment", "POST", path, {"lines": lines}, query=DRY)
    assert (seen.status, seen.body["outcome"].keys()) == (200, PARTS)
    path = f"/v1/orders/{order_id}/payments/{payment.id}/void"
    seen = world.http("payments", "POST", path, {"reason": "R"}, query=DRY)
    assert seen.body["outcome"]["money"]["perTender"]
    assert record(world, order_id) == stored
