"""Drafts over HTTP: entered bit by bit, parked, handed over, voided.

Cites ORD-01 (DRAFT), ORD-08, ORD-101, ORD-103, FLG-07, CSC-02, ACC-020, ACC-021, API-03.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from oms.action_items.model import ItemState
from oms.kernel.codec import encode, stamp
from oms.lifecycle.projection import search_document

from tests.functions.desk import (
    ANA,
    BOB,
    BOSS,
    PATH,
    act,
    allowed,
    begin,
    edit,
    entered,
    hold_cart,
    promised,
    read,
    reasons,
    stored,
    with_cart,
    without_channel,
)
from tests.functions.world import COMPANY, World


def test_a_draft_may_lack_everything_but_its_channel(world: World) -> None:
    """ORD-101, ORD-01, FLG-07: state DRAFT, a number of its own, locked by whoever began it."""
    got = begin(world)
    assert (got.body["state"], got.headers["location"]) == ("DRAFT", f"{PATH}/{got.body['id']}")
    view = read(world, got.body["id"])
    assert view["draft"]["lock"]["by"] == "id-ana"
    lacks = {finding["code"] for finding in view["order"]["findings"]}
    assert lacks == {"MISSING_CUSTOMER", "MISSING_LINES", "MISSING_METHOD"}
    assert promised(world, "A") == 0
    facts = [fact.type for fact in stored(world, got.body["id"]).facts]
    assert facts == ["order.drafted"]


def test_beginning_twice_with_one_key_is_one_draft(world: World) -> None:
    """API-03, ORD-101."""
    first, again = begin(world), begin(world)
    assert again.body == first.body
    assert again.headers["idempotent-replayed"] == "true"


def test_an_edit_replaces_what_was_entered_and_shows_its_total(world: World) -> None:
    """ORD-101, PAY-05: tokens are never shown, and stay when a tender comes back without."""
    order_id = begin(world).body["id"]
    assert act(world, order_id, edit(entered(world))).status == 200
    view = read(world, order_id)
    assert (view["state"], view["totals"]["ordered"]) == ("DRAFT", 4915)
    assert "tok_ok" not in json.dumps(view)
    content = view["draft"]["content"] | {"priority": 70}
    content.pop("entry")
    assert act(world, order_id, edit(content)).status == 200
    kept = stored(world, order_id).draft
    assert kept is not None
    assert (kept.content.priority, kept.content.tenders[0].token) == (70, "tok_ok")
    assert kept.content.entry == "CONSOLE"


def test_parked_edited_and_voided(world: World) -> None:
    """ACC-020, CSC-02, FLG-07: B sees A's lock and may only read; A's void frees what it held."""
    cart = hold_cart(world)
    order_id = begin(world, **without_channel(with_cart(world, cart))).body["id"]
    assert act(world, order_id, {"action": "park"}).status == 200
    assert read(world, order_id, BOB)["draft"]["lock"] is None
    act(world, order_id, edit(with_cart(world, cart)))
    seen = read(world, order_id, BOB)
    assert seen["draft"]["lock"]["by"] == "id-ana"
    assert reasons(seen, "editDraft") == ["LOCKED"]
    assert allowed(seen) == {"addNote"}
    refused = act(world, order_id, edit(entered(world)), claims=BOB)
    assert (refused.status, refused.body["code"]) == (422, "LOCKED")
    assert promised(world, "A") == 2
    voided = act(world, order_id, {"action": "void", "reason": "CALLER_HUNG_UP"})
    assert voided.body["state"] == "VOID"
    assert promised(world, "A") == 0
    types = [fact.type for fact in stored(world, order_id).facts]
    assert {"order.voided", "reservation.cart_released"} <= set(types)
    assert not {"editDraft", "submit", "park", "transfer", "void"} & allowed(read(world, order_id))


def test_transferred(world: World) -> None:
    """ACC-021, CSC-02: in B's queue, B is told, B may edit, and the item ends when B does."""
    order_id = begin(world, **without_channel(entered(world))).body["id"]
    given = act(world, order_id, {"action": "transfer", "agent": "id-bob", "reason": "language"})
    assert given.status == 200
    document = search_document(encode(stored(world, order_id)), "DRAFT")
    assert (document["agent"], document["state"]) == ("id-bob", "DRAFT")
    (told,), _ = world.items.open_items(COMPANY, 10, None)
    assert (told.type, told.owner, told.blocking) == ("DRAFT_TRANSFERRED", "id-bob", False)
    assert act(world, order_id, edit(entered(world)), claims=BOB).status == 200
    assert reasons(read(world, order_id, ANA), "editDraft") == ["LOCKED"]
    ended = world.items.get(COMPANY, told.id)
    assert ended is not None
    assert ended.state is ItemState.RESOLVED


def test_a_lock_lapses_without_activity(world: World) -> None:
    """FLG-07: `service.draftLockMinutes`, 30 unless set; the other agent then has the draft."""
    order_id = begin(world).body["id"]
    world.now += timedelta(minutes=29)
    assert reasons(read(world, order_id, BOB), "editDraft") == ["LOCKED"]
    world.now += timedelta(minutes=1)
    assert reasons(read(world, order_id, BOB), "editDraft") == []
    assert act(world, order_id, edit(entered(world)), claims=BOB).status == 200
    assert read(world, order_id)["draft"]["lock"]["by"] == "id-bob"
    world.settings.put_settings(COMPANY, "COMPANY", {"service.draftLockMinutes": 5})
    world.now += timedelta(minutes=5)
    assert read(world, order_id)["draft"]["lock"] is None


def test_a_manager_may_break_a_lock(world: World) -> None:
    """FLG-07: an agent may not, and there must be a lock."""
    order_id = begin(world).body["id"]
    verb = {"action": "breakLock", "reason": "shift is over"}
    refused = act(world, order_id, verb, claims=BOB)
    assert (refused.status, refused.body["code"]) == (422, "NO_PERMISSION")
    assert act(world, order_id, verb, claims=BOSS).status == 200
    assert read(world, order_id)["draft"]["lock"] is None
    assert reasons(read(world, order_id, BOSS), "breakLock") == ["STATE"]


@pytest.mark.parametrize(("days", "setting"), [(30, None), (7, 7)])
def test_an_untouched_draft_is_voided_by_the_clock(
    world: World, days: int, setting: int | None
) -> None:
    """ORD-08, ORD-103: `orders.draftExpiryDays` after it was last touched, with what it held."""
    if setting:
        world.settings.put_settings(COMPANY, "COMPANY", {"orders.draftExpiryDays": setting})
    order_id = begin(world, **without_channel(entered(world))).body["id"]
    world.now += timedelta(days=1)
    act(world, order_id, {"action": "park"})
    world.now += timedelta(days=days) - timedelta(seconds=1)
    assert world.orders.due(world.now, 10) == ()
    world.now += timedelta(seconds=1)
    assert world.orders.due(world.now, 10) == ((COMPANY, order_id),)
    world.steps.tick(COMPANY, order_id, "tick")
    record = stored(world, order_id)
    assert read(world, order_id)["state"] == "VOID"
    assert record.draft is None
    assert world.orders.due(world.now + timedelta(days=99), 10) == ()


def test_an_expired_draft_gives_back_a_cart_that_still_holds(world: World) -> None:
    """ORD-103, RSV-09: one that expired before gives nothing back a second time."""
    order_id = begin(world).body["id"]
    cart = hold_cart(world)
    act(world, order_id, edit(with_cart(world, cart)))
    held = world.stock.carts[COMPANY, cart]
    late = replace(held, expires_at=held.expires_at + timedelta(days=60))
    counter = world.stock.counters[COMPANY, held.item_id, "main"]
    soft = {stamp(late.expires_at): held.open}
    world.stock.carts[COMPANY, cart] = late
    world.stock.counters[COMPANY, held.item_id, "main"] = replace(counter, soft=soft)
    world.now += timedelta(days=30)
    world.steps.tick(COMPANY, order_id, "tick")
    assert promised(world, "A") == 0
    world.steps.tick(COMPANY, order_id, "again")
    assert promised(world, "A") == 0


def test_an_edit_gives_back_the_carts_it_drops(world: World) -> None:
    """ORD-101, RSV-09."""
    order_id = begin(world).body["id"]
    cart = hold_cart(world)
    act(world, order_id, edit(with_cart(world, cart)))
    assert promised(world, "A") == 2
    act(world, order_id, edit(entered(world)))
    assert promised(world, "A") == 0


def test_nothing_else_happens_to_a_draft(world: World) -> None:
    """ORD-101, ACT-02: what is listed as not allowed is refused with the same reason."""
    order_id = begin(world, **without_channel(entered(world))).body["id"]
    assert allowed(read(world, order_id)) == {
        "editDraft", "submit", "park", "transfer", "void", "addNote", "setFlag",
    }  # fmt: skip
    for body in ({"action": "approve"}, {"action": "suspend", "reason": "x"},
                 {"action": "setPriority", "priority": 1}):  # fmt: skip
        got = act(world, order_id, body)
        assert (got.status, got.body["code"]) == (422, "STATE"), body
    assert world.orders.due(world.now + timedelta(days=29), 10) == ()


def test_a_draft_with_discounts_but_no_lines_is_no_fault(world: World) -> None:
    """ORD-101: an order discount waits for the lines it is shared over."""
    discount = [{"kind": "MANUAL", "amount": -100}]
    order_id = begin(world, adjustments=discount, statedTotal=0).body["id"]
    assert act(world, order_id, edit(entered(world, adjustments=discount))).status == 200
    assert read(world, order_id)["totals"]["ordered"] == 4815
