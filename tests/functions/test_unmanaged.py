"""An order that another system owns: readable, and nothing else (ENT-14, ENT-39, ACC-011).

Taking it over is not built: who owns an order is said when it is placed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.desk import BOSS, act, begin, promised, read, stored
from tests.functions.doubles import FakeClient
from tests.functions.test_webhooks import webhook
from tests.functions.world import COMPANY, World, invocation


@pytest.fixture
def mirrored(world: World) -> str:
    """The id of a mirror of an order paid in cash and by card."""
    tenders = [
        {"method": "CASH", "limit": 100},
        {"method": "CARD", "token": "tok_ok"},
    ]
    return world.place("W-1", management="UNMANAGED", tenders=tenders)


@pytest.mark.usefixtures("inbox")
def test_money_that_reaches_a_mirror_is_for_people(world: World, mirrored: str) -> None:
    """ENT-14, PAY-35: the mirror books nothing of it."""
    metadata = {"company": COMPANY, "orderId": mirrored, "paymentId": "pay_1"}
    assert webhook(world, metadata=metadata).body["outcome"] == "ORPHAN"
    assert stored(world, mirrored).version == 1
    (item,) = world.items.open_items(COMPANY, 10, None)[0]
    assert item.type == "ORPHAN_PAYMENT"


ACTIONS: list[dict[str, Any]] = [
    {"action": "approve"}, {"action": "cancel", "reason": "x"}, {"action": "void", "reason": "x"},
    {"action": "complete"}, {"action": "resubmit"}, {"action": "setFlag", "flag": "RED"},
    {"action": "suspend", "reason": "x"}, {"action": "setPriority", "priority": 1},
    {"action": "addNote", "text": "x"}, {"action": "lock", "reason": "x"},
    {"action": "setHold", "type": "MANUAL", "reason": "x", "blocks": ["SHIP"]},
]  # fmt: skip


def test_a_mirror_moves_neither_stock_nor_money(world: World, mirrored: str) -> None:
    """ENT-14: no promise, no request to a gateway, no booking, no step of automation, ever."""
    world.run(mirrored)
    record = stored(world, mirrored)
    assert (promised(world, "A"), promised(world, "B")) == (0, 0)
    assert [line.reservations for line in record.order.lines] == [(), ()]
    assert record.payments.intents == ()
    assert record.billing.ledger == ()
    assert len(record.payments.tenders) == 2
    assert world.gateway.stats()["moved"] == {}
    assert record.due_at is None
    assert record.version == 1


def test_time_does_nothing_to_a_mirror(world: World, mirrored: str, aws: FakeClient) -> None:
    """ENT-14, SAG-05."""
    world.call("deadlines", invocation("deadlines", "schedule"))
    assert stored(world, mirrored).version == 1
    assert aws.named("start_execution") == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action["action"])
def test_every_command_on_a_mirror_is_refused(
    world: World, mirrored: str, action: dict[str, Any]
) -> None:
    """ENT-14, ACT-03: with the reason that is listed."""
    got = act(world, mirrored, action, claims=BOSS)
    assert (got.status, got.body["code"]) == (422, "ORDER_UNMANAGED")
    assert [reason["code"] for reason in got.body["reasons"]] == ["ORDER_UNMANAGED"]
    assert stored(world, mirrored).version == 1


def test_a_mirror_is_readable_and_allows_nothing(world: World, mirrored: str) -> None:
    """ENT-14, ACT-01: what may be done is listed as refused."""
    seen = read(world, mirrored)
    assert seen["order"]["management"] == "UNMANAGED"
    rows = [row for row in seen["allowedActions"] if row["action"] not in DRAFTS]
    assert {row["allowed"] for row in rows} == {False}
    assert {reason["code"] for row in rows for reason in row["reasons"]} == {"ORDER_UNMANAGED"}
    assert read(world, world.place("W-2"))["order"]["management"] == "MANAGED"


DRAFTS = {"editDraft", "submit", "park", "transfer", "breakLock"}


def test_a_draft_is_ours(world: World) -> None:
    """ORD-101: what an agent enters here is managed here."""
    got = begin(world)
    content = {"channel": "pos", "management": "UNMANAGED"}
    edit = {"action": "editDraft", "content": content}
    answer = act(world, got.body["id"], edit)
    assert answer.status == 400
