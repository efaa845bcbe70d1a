"""A credit that nobody uses: told about after a day, once, and over when it is used up.

Cites BIL-07, AIT-02, AIT-03.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oms.action_items.model import ActionItem

from tests.functions.desk import stored
from tests.functions.test_money import post, shipped
from tests.functions.world import COMPANY, World, invocation, user


def items(world: World, order_id: str) -> list[ActionItem]:
    """Items about unapplied credit, open or not."""
    opened = [
        str(fact.record_id)
        for fact in stored(world, order_id).facts
        if fact.type == "action_item.opened" and fact.data["type"] == "UNAPPLIED_CREDIT"
    ]
    found = [world.items.get(COMPANY, name) for name in opened]
    return [item for item in found if item is not None]


def tick(world: World, **later: int) -> None:
    world.now += timedelta(**later)
    world.call("deadlines", invocation("deadlines", "schedule"))


@pytest.mark.usefixtures("aws")
def test_an_open_credit_is_told_about_after_a_day(world: World) -> None:
    """BIL-07: not before 24 hours, once, with a refund of what is open as its fix; refunding it
    ends the item.
    """
    order_id, record = shipped(world)
    line = {"invoiceId": record.billing.invoices[0].id, "lineNo": 2, "quantity": 1}
    body: dict[str, Any] = {"kind": "RETURN", "reason": "BROKEN", "units": [line]}
    assert post(world, order_id, "credit-memos", body).status == 200
    memo = stored(world, order_id).billing.credit_memos[0]
    assert memo.applied == 0
    tick(world, hours=23)
    assert items(world, order_id) == []
    tick(world, hours=1)
    (item,) = items(world, order_id)
    payment = record.payments.tenders[0].id
    assert (item.record_type, item.record_id, item.blocking) == ("payment", payment, False)
    assert (item.data, item.cause_key) == ({"amount": str(memo.total)}, memo.id)
    tick(world, hours=24)
    assert [(known.count, known.state.open) for known in items(world, order_id)] == [(1, True)]
    got = world.http("administration", "GET", f"/v1/action-items/{item.id}", claims=user())
    fix = got.body["fixes"][0]["request"]
    assert fix["path"] == f"/v1/orders/{order_id}/payments/{payment}/refund"
    assert fix["body"]["amount"] == memo.total
    world.run(order_id)
    assert [known.state.value for known in items(world, order_id)] == ["RESOLVED"]
    assert stored(world, order_id).billing.credit_memos[0].applied == memo.total
