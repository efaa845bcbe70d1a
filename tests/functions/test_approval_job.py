"""The approval job: it approves after its delay, its stop is noticed, its restart approves once.

Cites ACC-004, APV-04, APV-05, WFL-02, WFL-14.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.action_items.model import ActionItem
from oms.lifecycle.stalls import item_id

from tests.functions.desk import BOSS, act, read, stored
from tests.functions.doubles import FakeClient
from tests.functions.world import COMPANY, World, invocation

JOB = {"workflow.orderApproval": "JOB", "workflow.approvalJobDelayMinutes": 10}


def pass_minutes(world: World, minutes: int) -> None:
    """The clock ticks every minute."""
    for _ in range(minutes):
        world.now += timedelta(minutes=1)
        world.call("deadlines", invocation("deadlines", "schedule"))


def stall(world: World) -> ActionItem | None:
    return world.items.get(COMPANY, item_id(COMPANY))


def arrive(world: World, number: int, sku: str = "A") -> str:
    customer = {"email": f"c{number}@example.com"}
    lines = [{"sku": sku, "quantity": 1, "unitPrice": 1000}]
    tenders = [{"method": "TERMS"}]
    order_id = world.place(f"W-{number}", customer=customer, tenders=tenders, lines=lines)
    world.run(order_id)
    return order_id


@pytest.mark.usefixtures("aws")
def test_a_stopped_job_is_noticed_and_its_restart_approves_each_once(world: World) -> None:
    """ACC-004, APV-05: forty orders in half an hour, none approved, one item, then all of them."""
    world.shelve("C", 200)
    world.settings.put_settings(COMPANY, "COMPANY", {**JOB, "workflow.approvalJob": False})
    waiting = []
    for number in range(40):
        waiting.append(arrive(world, number, "C"))
        if number % 4:
            pass_minutes(world, 1)
    assert {read(world, name)["state"] for name in waiting} == {"AWAITING_APPROVAL"}
    found = stall(world)
    assert found is not None
    assert found.state.open
    assert (found.type, found.blocking, found.history[0].what) == (
        "AUTOMATION_STALLED", False, "OPENED",
    )  # fmt: skip
    assert len(found.history) == 1
    world.settings.put_settings(COMPANY, "COMPANY", JOB)
    pass_minutes(world, 17)
    assert "AWAITING_APPROVAL" not in {read(world, name)["state"] for name in waiting}
    for name in waiting:
        types = [fact.type for fact in stored(world, name).facts]
        assert types.count("order.approved") == 1
    ended = stall(world)
    assert ended is not None
    assert not ended.state.open


@pytest.mark.usefixtures("aws")
def test_a_job_that_runs_is_no_stall(world: World) -> None:
    """APV-04, APV-05: approved after the delay, not before, by the system."""
    world.settings.put_settings(COMPANY, "COMPANY", JOB)
    order_id = arrive(world, 1)
    pass_minutes(world, 9)
    assert read(world, order_id)["state"] == "AWAITING_APPROVAL"
    pass_minutes(world, 1)
    assert stored(world, order_id).order.approval.value == "SYSTEM_APPROVED"
    assert stall(world) is None


def test_a_stopped_job_does_not_keep_the_clock_busy(world: World, aws: FakeClient) -> None:
    """APV-05, SAG-05: each waiting order is looked at once in an interval."""
    world.settings.put_settings(COMPANY, "COMPANY", {**JOB, "workflow.approvalJob": False})
    order_id = arrive(world, 1)
    version = stored(world, order_id).version
    pass_minutes(world, 30)
    assert stored(world, order_id).version - version == 5
    assert aws.named("start_execution") == []


@pytest.mark.usefixtures("aws")
def test_a_second_stop_is_reported_anew(world: World) -> None:
    """APV-05: with what happened before still to be read."""
    world.settings.put_settings(COMPANY, "COMPANY", {**JOB, "workflow.approvalJob": False})
    arrive(world, 1)
    pass_minutes(world, 30)
    world.settings.put_settings(COMPANY, "COMPANY", JOB)
    pass_minutes(world, 15)
    world.settings.put_settings(COMPANY, "COMPANY", {**JOB, "workflow.approvalJob": False})
    arrive(world, 2)
    pass_minutes(world, 30)
    found = stall(world)
    assert found is not None
    assert [event.what for event in found.history] == ["OPENED", "RESOLVED", "OPENED"]
    assert found.state.open


@pytest.mark.usefixtures("aws")
def test_turning_manual_approval_off_releases_what_waits(world: World) -> None:
    """WFL-14: no later than the order has waited, at most an hour, and with no event of its own;
    until then it costs a look after ever longer times, not one a minute.
    """
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.orderApproval": "MANUAL"})
    order_id = arrive(world, 1)
    version = stored(world, order_id).version
    pass_minutes(world, 180)
    assert read(world, order_id)["state"] == "AWAITING_APPROVAL"
    assert stored(world, order_id).version - version <= 7
    world.settings.put_settings(COMPANY, "COMPANY", {})
    pass_minutes(world, 61)
    record = stored(world, order_id)
    assert record.order.approval.value == "SYSTEM_APPROVED"
    assert [asked.state for asked in record.approvals.requests] == ["SYSTEM_APPROVED"]


@pytest.mark.usefixtures("aws")
def test_a_higher_amount_releases_soon_what_has_waited_briefly(world: World) -> None:
    """WFL-14, APV-04: the rule no longer matches an order that waits by it."""
    rules = {"workflow.orderApproval": "RULES", "workflow.orderApprovalAbove": 1}
    world.settings.put_settings(COMPANY, "COMPANY", rules)
    order_id = arrive(world, 1)
    assert read(world, order_id)["state"] == "AWAITING_APPROVAL"
    world.settings.put_settings(
        COMPANY, "COMPANY", rules | {"workflow.orderApprovalAbove": 100_000}
    )
    pass_minutes(world, 6)
    assert stored(world, order_id).order.approval.value == "SYSTEM_APPROVED"


@pytest.mark.usefixtures("aws")
def test_a_suspended_order_that_waits_is_not_looked_at(world: World) -> None:
    """FLG-02, SAG-05: nothing but its resumption moves it, so the clock leaves it alone."""
    world.settings.put_settings(COMPANY, "COMPANY", {"workflow.orderApproval": "MANUAL"})
    order_id = arrive(world, 1)
    act(world, order_id, {"action": "suspend", "reason": "asked to"}, claims=BOSS)
    version = stored(world, order_id).version
    pass_minutes(world, 120)
    assert stored(world, order_id).version == version
    world.settings.put_settings(COMPANY, "COMPANY", {})
    act(world, order_id, {"action": "resume", "reason": "fine"}, claims=BOSS)
    assert stored(world, order_id).order.approval.value == "SYSTEM_APPROVED"
