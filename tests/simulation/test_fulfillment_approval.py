"""Approval of fulfillment orders by its switch (WFL-04, WFL-14, APV-04, FUL-101)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment.commands import ApproveFulfillment
from oms.fulfillment.states import fo_state
from oms.kernel.policy import ApprovalMode

from tests.simulation.merchant import COMPANY, Merchant


@pytest.fixture
def merchant() -> Merchant:
    found = Merchant()
    found.shelve("A", DC=9)
    return found


def placed(merchant: Merchant, mode: ApprovalMode, above: int | None = None) -> str:
    merchant.settings.current = replace(
        merchant.settings.current, fulfillment_order_approval=mode,
        fulfillment_order_approval_above=above,
    )  # fmt: skip
    order_id = str(merchant.place(("A", 2, 1000)).body["id"])
    merchant.run(order_id)
    return order_id


def state(merchant: Merchant, order_id: str) -> str:
    return fo_state(merchant.read(order_id).fulfillment.orders[0])


def approvals(merchant: Merchant, order_id: str) -> int:
    facts = merchant.orders.facts(COMPANY, order_id, 0)
    return sum(fact.type == "fulfillment_order.approved" for fact in facts)


def test_off_asks_nobody(merchant: Merchant) -> None:
    """WFL-04."""
    assert state(merchant, placed(merchant, ApprovalMode.OFF)) != "AWAITING_APPROVAL"


@pytest.mark.parametrize(("above", "waits"), [(None, False), (2000, False), (1999, True)])
def test_rules_ask_above_their_band(merchant: Merchant, above: int | None, waits: bool) -> None:
    """APV-04: the value of the fulfillment order, not of a part of it, counts."""
    order_id = placed(merchant, ApprovalMode.RULES, above)
    assert (state(merchant, order_id) == "AWAITING_APPROVAL") is waits


def test_manual_waits_for_a_person(merchant: Merchant) -> None:
    """WFL-04, FUL-101: and then goes on by itself."""
    order_id = placed(merchant, ApprovalMode.MANUAL)
    merchant.pass_time(days=2)
    merchant.steps.tick(COMPANY, order_id, "tick")
    assert state(merchant, order_id) == "AWAITING_APPROVAL"
    merchant.act(order_id, ApproveFulfillment(merchant.read(order_id).fulfillment.orders[0].id))
    merchant.run(order_id)
    assert state(merchant, order_id) not in ("AWAITING_APPROVAL", "AWAITING_AUTHORIZATION")


def test_the_job_approves_once_after_its_delay(merchant: Merchant) -> None:
    """APV-04, APV-05: it stands in the due-index until then."""
    order_id = placed(merchant, ApprovalMode.JOB)
    merchant.pass_time(minutes=29)
    assert merchant.orders.due(merchant.now, 10) == ()
    merchant.pass_time(minutes=1)
    assert merchant.orders.due(merchant.now, 10) == ((COMPANY, order_id),)
    for tick in ("first", "second"):
        merchant.steps.tick(COMPANY, order_id, tick)
    assert state(merchant, order_id) != "AWAITING_APPROVAL"
    assert approvals(merchant, order_id) == 1


def test_turning_the_switch_off_releases_what_waits(merchant: Merchant) -> None:
    """WFL-14: with the next thing that happens to the order."""
    order_id = placed(merchant, ApprovalMode.MANUAL)
    merchant.settings.current = replace(
        merchant.settings.current, fulfillment_order_approval=ApprovalMode.OFF
    )
    merchant.steps.tick(COMPANY, order_id, "tick")
    assert state(merchant, order_id) != "AWAITING_APPROVAL"
    assert approvals(merchant, order_id) == 1
