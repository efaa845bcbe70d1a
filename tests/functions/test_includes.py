"""What a read adds on demand, of one order and of many.

Cites API-07, ACT-01, PAY-05.
"""

from __future__ import annotations

from tests.functions.world import World


def test_an_order_with_all_it_has(world: World) -> None:
    """API-07, ACT-01: actions of every part, lines, ledger and timeline at the top."""
    order_id = world.place()
    world.run(order_id)
    plain = world.http("orders", "GET", f"/v1/orders/{order_id}").body
    assert not plain.keys() & {"lines", "ledger", "timeline"}
    names = "lines,allowedActions,ledger,timeline"
    got = world.http("orders", "GET", f"/v1/orders/{order_id}", query={"include": names}).body
    (tender,) = got["payments"]["tenders"]
    assert "token" not in tender
    parts = [*got["lines"], tender, *got["fulfillment"]["orders"], *got["payments"]["intents"]]
    assert all(part["allowedActions"] for part in parts)
    cancel = next(a for a in got["lines"][0]["allowedActions"] if a["action"] == "cancel")
    assert (cancel["allowed"], cancel["maxQuantity"], cancel["requiresReason"]) == (True, 2, True)
    assert [fact["orderSeq"] for fact in got["timeline"]] == list(range(1, got["seq"] + 1))
    assert got["ledger"] == got["billing"].get("ledger", [])


def test_a_batch_and_what_nobody_can_add(world: World) -> None:
    """API-07: the same for several orders; an unknown name is refused."""
    order_id = world.place()
    body = {"ids": [order_id], "include": ["lines"]}
    got = world.http("orders", "POST", "/v1/orders:batchGet", body).body
    assert [line["lineNo"] for line in got["orders"][0]["lines"]] == [1, 2]
    got = world.http("orders", "GET", f"/v1/orders/{order_id}", query={"include": "secrets"})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "include")
