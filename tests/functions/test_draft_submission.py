"""From draft to order: what submission asks for, and that it is acceptance (ORD-102, ORD-100).

Cites ORD-102, INT-04, RSV-05, PAY-01, API-04, PVW-01.
"""

from __future__ import annotations

from dataclasses import replace

from oms.settings.model import Channel

from tests.functions.desk import (
    ANA,
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
from tests.functions.world import COMPANY, World, client, user

DORA = user("dora", "[service_manager]")


def test_submission_names_everything_that_is_missing(world: World) -> None:
    """ORD-102: customer, address, lines, method, tenders; the draft stays as it is."""
    order_id = begin(world).body["id"]
    got = act(world, order_id, {"action": "submit"})
    assert (got.status, got.body["code"]) == (422, "STATE")
    assert {r["ref"] for r in got.body["reasons"]} == {"customer", "lines", "groups"}
    assert "submit" not in allowed(read(world, order_id))
    bare = entered(world, tenders=[], groups=[{"id": "1", "method": "STANDARD"}])
    act(world, order_id, edit(bare))
    lacks = [finding["code"] for finding in read(world, order_id)["order"]["findings"]]
    assert lacks == ["MISSING_ADDRESS", "MISSING_TENDER"]
    assert act(world, order_id, {"action": "submit"}).status == 422
    assert read(world, order_id)["state"] == "DRAFT"


def test_what_went_missing_since_the_last_edit_refuses_the_submission(world: World) -> None:
    """ORD-102: the draft is computed again with what the channel and the items are now."""
    order_id = begin(world, **without_channel(entered(world))).body["id"]
    known = world.settings.channel(COMPANY, "pos")
    assert known is not None
    stricter = replace(known, methods={"ground": "EXPRESS"}, version=known.version + 1)
    world.settings.put_channel(COMPANY, stricter)
    got = act(world, order_id, {"action": "submit"})
    assert (got.status, got.body["code"]) == (422, "DRAFT_INCOMPLETE")
    assert [(e["path"], e["code"]) for e in got.body["errors"]] == [
        ("groups[0].method", "UNMAPPED_CODE")
    ]


def test_tenders_must_cover_the_draft_unless_there_are_terms(world: World) -> None:
    """ORD-102: coverage or terms."""
    short = [{"method": "CARD", "token": "tok_ok", "limit": 100}]
    order_id = begin(world, **without_channel(entered(world, tenders=short))).body["id"]
    got = act(world, order_id, {"action": "submit"})
    assert [reason["code"] for reason in got.body["reasons"]] == ["NOT_COVERED"]
    terms = entered(world, tenders=[*short, {"method": "TERMS"}])
    assert act(world, order_id, edit(terms), {"action": "submit"}).status == 200


def test_a_submitted_draft_is_a_placed_order(world: World) -> None:
    """ORD-102, ORD-100: reserved, authorized and shipped like one; it keeps number and notes."""
    got = begin(world, **without_channel(entered(world)))
    order_id, number = got.body["id"], got.body["number"]
    act(world, order_id, {"action": "addNote", "text": "call back"})
    answer = act(world, order_id, {"action": "submit"})
    assert (answer.status, answer.body["state"]) == (200, "RECEIVED")
    record = stored(world, order_id)
    assert record.draft is None
    assert (record.order.number, record.order.agent) == (number, "id-ana")
    assert [note.text for note in record.order.notes] == ["call back"]
    assert promised(world, "A") == 2
    world.run(order_id)
    assert read(world, order_id)["state"] == "AWAITING_FULFILLMENT"
    received = [fact for fact in stored(world, order_id).facts if fact.type == "order.received"]
    assert len(received) == 1
    assert reasons(read(world, order_id), "editDraft") == ["STATE"]


def test_a_short_line_refuses_the_submission_and_leaves_the_draft(world: World) -> None:
    """ORD-102, INT-04: the stock policy of the console is ENFORCE."""
    content = entered(world)
    content["lines"][0]["quantity"] = 11
    order_id = begin(world, **without_channel(content)).body["id"]
    got = act(world, order_id, {"action": "submit"})
    assert (got.status, got.body["code"]) == (409, "OUT_OF_STOCK")
    assert read(world, order_id)["state"] == "DRAFT"
    assert promised(world, "B") == 0


def test_the_soft_reservations_of_a_draft_become_firm(world: World) -> None:
    """ORD-102, RSV-05: no second unit for the same line."""
    cart = hold_cart(world)
    order_id = begin(world, **without_channel(with_cart(world, cart))).body["id"]
    assert promised(world, "A") == 2
    act(world, order_id, {"action": "submit"})
    assert promised(world, "A") == 2
    assert stored(world, order_id).order.lines[0].buckets.reserved == 2


def test_an_external_number_is_taken_for_ever_and_stays(world: World) -> None:
    """API-04: by a draft, too."""
    shop = client()
    content = world.order("W-9")
    order_id = begin(world, shop, channel="web", externalNumber="W-9").body["id"]
    got = world.http(
        "orders", "POST", PATH, content, headers={"Idempotency-Key": "other"}, claims=shop
    )
    assert (got.status, got.body["code"]) == (409, "DUPLICATE_ORDER")
    moved = act(world, order_id, edit(content | {"externalNumber": "W-10"}), claims=shop)
    assert (moved.status, moved.body["code"]) == (422, "STATE")
    assert act(world, order_id, edit(content), {"action": "submit"}, claims=shop).status == 200


def test_the_channel_may_change_until_submission(world: World) -> None:
    """ORD-102: the order is placed on the channel named last; an unknown one is refused."""
    order_id = begin(world, **without_channel(entered(world))).body["id"]
    assert act(world, order_id, edit(entered(world, channel="web"))).status == 200
    refused = act(world, order_id, edit(entered(world, channel="nowhere")))
    assert (refused.status, refused.body["code"]) == (422, "UNKNOWN_CHANNEL")
    act(world, order_id, {"action": "submit"})
    assert stored(world, order_id).order.channel == "web"


def test_the_preview_of_a_submission_reserves_nothing(world: World) -> None:
    """PVW-01."""
    order_id = begin(world, **without_channel(entered(world))).body["id"]
    got = world.http(
        "orders", "POST", f"{PATH}/{order_id}/actions", {"actions": [{"action": "submit"}]},
        claims=ANA, query={"dryRun": "true"},
    )  # fmt: skip
    assert (got.status, got.body["state"]) == (200, "RECEIVED")
    assert read(world, order_id)["state"] == "DRAFT"
    assert promised(world, "A") == 0


def test_an_unmapped_tender_is_missing_data_of_a_draft(world: World) -> None:
    """PAY-01, ORD-102: our code counts once the channel's table translates it."""
    content = entered(world, tenders=[{"method": "visa", "token": "tok_ok"}])
    order_id = begin(world, **without_channel(content)).body["id"]
    findings = read(world, order_id)["order"]["findings"]
    assert [finding["code"] for finding in findings] == ["UNMAPPED_CODE"]
    known = world.settings.channel(COMPANY, "pos")
    assert isinstance(known, Channel)
    world.settings.put_channel(COMPANY, corrected(known))
    assert act(world, order_id, edit(content), {"action": "submit"}).status == 200


def corrected(channel: Channel) -> Channel:
    return replace(channel, tenders={"visa": "CARD"}, version=channel.version + 1)


def test_whoever_submits_a_draft_does_not_approve_it(world: World) -> None:
    """APV-02: the request is of the agent who submitted, not of the one who began; repeating an
    approval is no error and changes nothing (ORD-109), though it is not listed (ACT-01).
    """
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.orderApproval": "MANUAL"})
    tenders = [{"method": "TERMS"}]
    order_id = begin(world, BOSS, **without_channel(entered(world, tenders=tenders))).body["id"]
    act(world, order_id, {"action": "transfer", "agent": "id-dora"}, claims=BOSS)
    act(world, order_id, edit(entered(world, tenders=tenders)), claims=DORA)
    assert act(world, order_id, {"action": "submit"}, claims=DORA).status == 200
    world.run(order_id)
    (asked,) = stored(world, order_id).approvals.requests
    assert asked.requested_by == "USER:id-dora"
    got = act(world, order_id, {"action": "approve"}, claims=DORA)
    assert (got.status, got.body["code"]) == (422, "NO_PERMISSION")
    assert act(world, order_id, {"action": "approve"}, claims=BOSS).body["version"] > 0
    version = stored(world, order_id).version
    assert "approve" not in allowed(read(world, order_id))
    assert act(world, order_id, {"action": "approve"}, claims=DORA).status == 200
    assert stored(world, order_id).version == version
