"""Versions over HTTP: ETag out, If-Match in, and what a conflict tells.

Cites VER-04, VER-05, VER-06, API-06.
"""

from __future__ import annotations

from tests.functions.test_orders import act
from tests.functions.world import World, user


def test_a_stale_version_is_a_conflict(world: World) -> None:
    """VER-05: the answer says what changed, who did it, how things stand and what still applies."""
    order_id = world.place()
    urgent, note = {"action": "setPriority", "priority": 90}, {"action": "addNote", "text": "x"}
    assert act(world, order_id, urgent, headers={"If-Match": '"1"'}, claims=user()).status == 200
    later = {"action": "setPriority", "priority": 10}
    cancel = {"action": "cancel", "reason": "R", "lines": [{"lineNo": 1, "quantity": 99}]}
    got = act(world, order_id, note, cancel, later, headers={"If-Match": '"1"'})
    assert (got.status, got.body["code"]) == (409, "VERSION_CONFLICT")
    assert (got.body["currentVersion"], got.body["current"]["version"]) == (2, 2)
    assert got.body["current"]["totals"]["current"] > 0
    (changed,) = got.body["changedScopes"]
    assert (changed["scope"], changed["version"], changed["by"]) == ("header", 2, "USER:id-ana")
    assert changed["at"].startswith("2026-03-01T10:00")
    assert got.body["mergeHint"] == [
        {"index": 0, "action": "addNote", "applies": True, "changedScopes": []},
        {
            "index": 1, "action": "cancel", "applies": False, "code": "QUANTITY_EXCEEDED",
            "changedScopes": [],
        },
        {"index": 2, "action": "setPriority", "applies": True, "changedScopes": ["header"]},
    ]  # fmt: skip
    assert act(world, order_id, later, headers={"If-Match": "*"}).status == 200
    got = act(world, order_id, later, headers={"If-Match": '"99"'})
    assert (got.status, got.body["code"]) == (409, "VERSION_CONFLICT")
    got = act(world, order_id, note, headers={"If-Match": "yesterday"})
    assert (got.status, got.body["errors"][0]["path"]) == (400, "If-Match")


def test_header_wide_actions_need_the_version(world: World) -> None:
    """VER-06: void and a change of customer answer 428 without If-Match."""
    order_id = world.place()
    void = {"action": "void", "reason": "TEST"}
    for action in (void, {"action": "complete", "customer": {"name": "Bo"}}):
        got = act(world, order_id, action)
        assert (got.status, got.body["code"]) == (428, "IF_MATCH_REQUIRED")
    got = act(world, order_id, void, headers={"If-Match": '"1"'})
    assert (got.status, got.body["state"]) == (200, "VOID")
