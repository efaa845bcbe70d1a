"""Repeats and previews of the commands that are not on orders.

Cites API-03, INV-A1, PVW-01, PVW-02, PVW-03.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from oms.lifecycle.ports import Marker
from oms_aws import http_keys, wiring
from oms_aws.http import ANONYMOUS

from functions import openapi
from tests.functions.doubles import Letters
from tests.functions.test_previews import DRY, PARTS
from tests.functions.world import COMPANY, World, open_item, user

ADMIN = user("eva", "[admin]")
CART = {"channel": "web", "lines": [{"lineNo": 1, "sku": "A", "quantity": 2}]}
MOVE = {"sku": "A", "site": "DC", "reason": "count", "onHand": {"delta": 3}}
FEED = {"feedId": "f1", "rows": [{"site": "DC", "sku": "A", "kind": "SNAPSHOT", "quantity": 7}]}
SITE = {"name": "New York"}
COMMANDS: dict[str, tuple[str, str, str, Any]] = {
    "cart": ("inventory", "POST", "/v1/reservations", CART),
    "movement": ("inventory", "POST", "/v1/inventory/movements", MOVE),
    "feed": ("inventory", "POST", "/v1/inventory/snapshots", FEED),
    "site": ("administration", "PUT", "/v1/sites/NYC", SITE),
    "item": ("administration", "PUT", "/v1/items/NEW", {"name": "New"}),
    "channel": ("administration", "PUT", "/v1/channels/b2b", {"name": "B2B"}),
    "settings": ("administration", "PUT", "/v1/settings", {"values": {}}),
    "client": ("administration", "PUT", "/v1/settings/clients/c9", {"roles": ["viewer"]}),
}


def call(world: World, name: str, body: Any = None, **headers: str) -> Any:
    function, method, path, usual = COMMANDS[name]
    return world.http(function, method, path, body or usual, claims=ADMIN, headers=headers)


def stored(world: World) -> Any:
    """Everything that a command could have written."""
    parts = (world.stock, world.settings, world.items)
    return [copy.deepcopy(vars(part)) for part in parts]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_repeat_gets_the_first_answer(world: World, name: str) -> None:
    """API-03, INV-A1: same key and body, same answer and nothing more; another body is refused."""
    first = call(world, name, **{"Idempotency-Key": "k"})
    assert first.status in (200, 201), first
    after = stored(world)
    again = call(world, name, **{"Idempotency-Key": "k"})
    assert (again.status, again.body, stored(world)) == (first.status, first.body, after)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers.get("etag") == first.headers.get("etag")
    other = copy.deepcopy(COMMANDS[name][3]) | _difference(name)
    got = call(world, name, other, **{"Idempotency-Key": "k"})
    assert (got.status, got.body["code"]) == (409, "IDEMPOTENCY_MISMATCH")


def _difference(name: str) -> dict[str, Any]:
    others: dict[str, dict[str, Any]] = {
        "cart": {"minutes": 9}, "movement": {"reason": "other"}, "feed": {"feedId": "f2"},
        "settings": {"values": {"orders.filing": True}}, "client": {"roles": []},
    }  # fmt: skip
    return others.get(name, {"name": "Other"})


@pytest.mark.parametrize("name", COMMANDS)
def test_a_preview_writes_nothing_and_foresees(world: World, name: str) -> None:
    """PVW-01 to PVW-03: the submit comes to the same outcome, and to no other than expected."""
    function, method, path, body = COMMANDS[name]
    before = stored(world)
    seen = world.http(function, method, path, body, claims=ADMIN, query=DRY)
    assert (seen.status, seen.body["outcome"].keys()) == (200, PARTS)
    assert stored(world) == before
    wrong = {"Idempotency-Key": "k", "Expected-Outcome": "0" * 64}
    got = call(world, name, **wrong)
    assert (got.status, got.body["code"], stored(world)) == (409, "OUTCOME_CHANGED", before)
    right = wrong | {"Expected-Outcome": seen.body["outcomeHash"]}
    done = call(world, name, **right)
    assert (done.body["outcome"], done.status) == (seen.body["outcome"], done.status)
    assert done.status in (200, 201)


def test_items_and_letters_preview_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """PVW-01."""
    _, item_id = open_item(world, world.place())
    letters = Letters([])
    monkeypatch.setattr(wiring, "dead_letters", lambda: letters)
    before = stored(world)
    calls = {
        f"/v1/action-items/{item_id}/take": {},
        f"/v1/action-items/{item_id}/comment": {"text": "x"},
        f"/v1/action-items/{item_id}/clear": {"resolution": "done"},
        "/v1/intake/dead-letters/l1/discard": {"handle": "h"},
    }  # fmt: skip
    for path, body in calls.items():
        got = world.http("administration", "POST", path, body, claims=ADMIN, query=DRY)
        assert (got.status, got.body["outcome"].keys()) == (200, PARTS), path
    assert stored(world) == before


def test_the_second_of_two_at_once_gets_the_answer_of_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API-03, INV-A1: it lost the write, waits, and finds the answer; one effect."""
    first = call(world, "site", **{"Idempotency-Key": "k"})
    (marker,) = (m for m in world.orders._markers.values() if m.key.endswith("#k"))
    looks = [None, None, marker]
    look: Callable[[str, str], Marker | None] = lambda *_: looks.pop(0)  # noqa: E731
    monkeypatch.setattr(world.orders, "marker", look)
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    body, headers = SITE, {"Idempotency-Key": "k", "If-Match": '"9"'}
    again = world.http(
        "administration", "PUT", "/v1/sites/NYC", body, claims=ADMIN, headers=headers
    )
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert waits == [http_keys.WAITS[0]]
    assert sum(http_keys.WAITS) == pytest.approx(2)


def test_an_answer_is_forgotten_after_seven_days(world: World) -> None:
    """API-03: the key is then a new one."""
    call(world, "cart", **{"Idempotency-Key": "k"})
    world.now += http_keys.KEPT
    got = call(world, "cart", {**CART, "minutes": 9}, **{"Idempotency-Key": "k"})
    assert got.status in (200, 201)
    assert len([key for key in world.orders._markers if key[0] == COMPANY]) == 1


WITHOUT_KEY = {
    "getPickLists", "putCustomer", "approveCustomer", "fileCustomer", "suspendCustomer",
    "resumeCustomer", "blockCustomer", "unblockCustomer", "putAttribute", "putTag",
    "startSearchRebuild", "replayStreamFailures", "putCompany", "putLegalEntity",
}  # fmt: skip
"""Their effect is the same however often they come; none of them moves money or units."""
WITHOUT_PREVIEW = {
    "draftOrder", "createPaymentLink", "adoptPayment", "importShipNotices", "createCustomer",
    "rerunStoppedOrders", *WITHOUT_KEY,
}  # fmt: skip


def test_every_command_takes_keys_and_previews() -> None:
    """API-03, PVW-01: no POST or PUT is left out but reads, and calls that need no token: they are
    known by the signature or the link they come with. The exceptions are named, and no more join.
    """
    reads = {"batchGetOrders", "batchAvailability"}
    every = [o for group in openapi.OPERATIONS.values() for o in group]
    changing = [o for o in every if o.method in ("POST", "PUT") and o.name not in reads]
    commands = [o for o in changing if o.scope != ANONYMOUS]
    assert {o.name for o in commands if o.key.value == "NONE"} <= WITHOUT_KEY
    assert {o.name for o in commands if not o.preview} <= WITHOUT_PREVIEW
