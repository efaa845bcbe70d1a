"""An order's life in as few writes as its safety allows: what is saved must lose nothing.

Cites GTW-01, GTW-03, GTW-04, GTW-07, PAY-101, PAY-107, INT-03, SAG-05, FLG-02.
"""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from oms.kernel.errors import Conflict
from oms.orders.commands import Cancel, Resume, Suspend
from oms.orders.model import Lane
from oms.payments.model import Intent, IntentKind, IntentState

from tests.simulation.merchant import COMPANY, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything


@pytest.fixture
def merchant() -> Merchant:
    merchant = Merchant()
    merchant.shelve("A", DC=9)
    return merchant


def shipped(merchant: Merchant, **changes: Any) -> str:
    """An order of which all has left the building; nobody has run its settlement yet."""
    order_id = str(merchant.place(("A", 2, 1000), **changes).body["id"])
    merchant.run(order_id)
    ship_everything(merchant, order_id)
    return order_id


def capture_of(merchant: Merchant, order_id: str) -> Intent:
    intents = merchant.read(order_id).payments.intents
    return next(intent for intent in intents if intent.kind is IntentKind.CAPTURE)


def captured(merchant: Merchant) -> list[int]:
    """What the gateway really took, by intent."""
    moved = merchant.gateway.stats()["moved"].values()
    return [row["amount"] for row in moved if row["kind"] == "CAPTURE"]


def test_eight_writes_take_an_order_from_accepted_to_closed(merchant: Merchant) -> None:
    """Accepted, validated and sent, authorized, allocated, picked, packed, shipped, captured."""
    order_id = shipped(merchant)
    record = merchant.run(order_id)
    assert (record.order.reached, record.version) == ("CLOSED", 8)
    healthy(merchant, order_id)


def test_the_shipment_hands_its_capture_over(merchant: Merchant) -> None:
    """PAY-101, GTW-01: the intent is stored as sent before the call, with a time to look it up."""
    order_id = shipped(merchant)
    intent = capture_of(merchant, order_id)
    assert (intent.state, intent.attempts, intent.handed) == (IntentState.SENT, 1, True)
    assert captured(merchant) == []
    record = merchant.run(order_id)
    assert record.order.reached == "CLOSED"
    done = capture_of(merchant, order_id)
    assert (done.state, done.attempts, done.handed) == (IntentState.SUCCEEDED, 1, False)


def test_a_capture_that_nobody_sent_is_found_and_sent_once(merchant: Merchant) -> None:
    """GTW-04: no segment came; the tick has it looked up, never seen, and sent under its key."""
    order_id = shipped(merchant)
    merchant.pass_time(seconds=31)
    assert merchant.orders.due(merchant.now, 10) == ((COMPANY, order_id),)
    merchant.steps.tick(COMPANY, order_id, "tick")
    assert merchant.run(order_id).order.reached == "CLOSED"
    assert captured(merchant) == [2000]
    healthy(merchant, order_id)


def test_a_capture_whose_answer_was_lost_with_its_sender_moves_money_once(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GTW-01, GTW-04, INV-M3: sent, then the segment died; the next ones find what happened."""
    order_id = shipped(merchant)

    def die(*_: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(merchant.orders, "commit", die)
        with pytest.raises(RuntimeError):
            merchant.run(order_id)
    assert captured(merchant) == [2000]
    merchant.pass_time(seconds=31)
    assert merchant.run(order_id).order.reached == "CLOSED"
    assert captured(merchant) == [2000]
    healthy(merchant, order_id)


def test_two_segments_that_find_one_capture_send_one_key(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GTW-01: the second sends the same key again and moves nothing."""
    order_id = shipped(merchant)
    whole = merchant.gateway.capture

    def overtaken(request: Any) -> Any:
        monkeypatch.setattr(merchant.gateway, "capture", whole)
        merchant.run(order_id)
        return whole(request)

    monkeypatch.setattr(merchant.gateway, "capture", overtaken)
    assert merchant.run(order_id).order.reached == "CLOSED"
    assert captured(merchant) == [2000]
    healthy(merchant, order_id)


def test_an_unreachable_gateway_leaves_a_handed_capture_unsent(merchant: Merchant) -> None:
    """GTW-03: back to CREATED, tried again after 5 seconds under the same key."""
    order_id = shipped(merchant)
    merchant.gateway.down = True
    merchant.run(order_id)
    intent = capture_of(merchant, order_id)
    assert (intent.state, intent.unsent, intent.handed) == (IntentState.CREATED, True, False)
    merchant.gateway.down = False
    merchant.pass_time(seconds=6)
    assert merchant.run(order_id).order.reached == "CLOSED"
    assert captured(merchant) == [2000]


def test_a_suspended_order_sends_nothing_that_was_handed_over(merchant: Merchant) -> None:
    """FLG-02: not before it is resumed, however long that takes."""
    order_id = shipped(merchant)
    merchant.act(order_id, Suspend("look first"))
    merchant.run(order_id)
    assert captured(merchant) == []
    merchant.act(order_id, Resume("looked"))
    assert merchant.run(order_id).order.reached == "CLOSED"
    assert captured(merchant) == [2000]


def test_other_lanes_do_not_hand_over(merchant: Merchant) -> None:
    """INT-03: their segments start when their queue gets to them, not when an answer is due."""
    order_id = shipped(merchant, lane=Lane.BACKLOG)
    assert capture_of(merchant, order_id).state is IntentState.CREATED


def test_a_void_is_handed_over_as_well(merchant: Merchant) -> None:
    """CAN-01, REF-06: canceling everything gives the authorization back in one write less."""
    order_id = str(merchant.place(("A", 1, 1000)).body["id"])
    version = merchant.run(order_id).version
    merchant.act(order_id, Cancel("CUSTOMER"))
    record = merchant.run(order_id)
    assert all(held.void for held in record.payments.tenders[0].authorizations)
    assert record.version == version + 2
    healthy(merchant, order_id)


def test_a_webhook_that_tells_nothing_new_writes_nothing(merchant: Merchant) -> None:
    """GTW-07: answer and webhook carry the same result, and the first has told it."""
    order_id = shipped(merchant)
    closed = merchant.run(order_id)
    merchant.pass_time(minutes=1)
    merchant.deliver_webhooks()
    assert merchant.read(order_id) == closed


def test_the_due_index_is_left_alone_while_an_order_moves_on(merchant: Merchant) -> None:
    """SAG-05: an entry moves when the order comes to rest, or when something is due earlier."""
    moments: list[datetime | None] = []
    commit = merchant.orders.commit

    def watched(change: Any) -> None:
        commit(change)
        moments.append(change.due)

    merchant.orders.commit = watched  # type: ignore[method-assign]
    order_id = shipped(merchant)
    merchant.run(order_id)
    assert moments[0] == moments[1] == moments[2]
    assert moments[3] == moments[4] == moments[5]
    moved = sum(before != after for before, after in zip([None, *moments], moments, strict=False))
    assert moved == 4


def test_an_entry_that_came_too_early_is_moved_by_the_tick(merchant: Merchant) -> None:
    """SAG-05: the tick finds nothing to do, and finds nothing the next minute either."""
    order_id = str(merchant.place(("A", 1, 1000), token="tok_pending_then_ok").body["id"])
    merchant.run(order_id)
    merchant.pass_time(minutes=1)
    for key in merchant.orders.due(merchant.now, 10):
        merchant.steps.tick(*key, "tick")
    assert merchant.orders.due(merchant.now, 10) == ()


def test_accepting_asks_four_things_one_after_the_other(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ORD-100: names and items, counters, commit; the key is looked at only when that fails."""
    asked: list[str] = []
    for owner, name in (
        (merchant.stock, "items_by_sku"), (merchant.stock, "read"), (merchant.orders, "marker"),
        (merchant.orders, "commit"),
    ):  # fmt: skip
        whole = getattr(owner, name)

        def watched(*given: Any, name: str = name, whole: Any = whole, **more: Any) -> Any:
            asked.append(name)
            return whole(*given, **more)

        monkeypatch.setattr(owner, name, watched)
    merchant.place(("A", 1, 1000))
    assert asked == ["items_by_sku", "read", "commit"]


def test_a_lost_race_is_decided_anew_on_what_is_there_then(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RSV-02, VER-04: stock that moved between reading and writing costs an attempt, no unit."""
    commit = merchant.orders.commit

    def overtaken(change: Any) -> None:
        monkeypatch.setattr(merchant.orders, "commit", commit)
        merchant.place(("A", 4, 1000))
        commit(change)

    monkeypatch.setattr(merchant.orders, "commit", overtaken)
    order_id = str(merchant.place(("A", 5, 1000)).body["id"])
    assert merchant.read(order_id).order.lines[0].buckets.reserved == 5
    assert [counter.promised for counter in merchant.stock.counters.values()] == [9]


def test_a_repeated_offer_is_answered_as_before_although_nothing_is_left(
    merchant: Merchant,
) -> None:
    """API-03, ACC-007: a refusal is told only to those who were not accepted before."""
    first = merchant.place(("A", 9, 1000))
    merchant._count = itertools.count(1)
    again = merchant.place(("A", 9, 1000))
    assert (again.replayed, again.body["id"]) == (True, first.body["id"])
    with pytest.raises(Conflict, match="OUT_OF_STOCK"):
        merchant.place(("A", 9, 1000))
