"""What previews promise about money, and that nothing else is done in its name.

Cites ACC-030, PVW-02, PVW-03, VER-01, ENT-36, API-03.
"""

from __future__ import annotations

import json

import pytest
from oms.kernel.errors import Conflict
from oms.kernel.policy import CaptureTiming, Policy
from oms.lifecycle.answers import given, kept
from oms.orders.commands import AddNote, Cancel, CancelLine, ChangeAddress
from oms.orders.totals import totals
from oms.payments.commands import Refund

from tests.simulation.merchant import BOSTON, Merchant
from tests.simulation.test_scopes import ELSEWHERE


@pytest.fixture
def merchant() -> Merchant:
    found = Merchant()
    found.settings.current = Policy(capture_timing=CaptureTiming.ON_ORDER)
    found.shelve("A", DC=20)
    found.shelve("B", DC=20)
    return found


def test_an_uncertain_call(merchant: Merchant) -> None:
    """ACC-030: the preview shows a refund of 12.34; another user credits the order first, and the
    submit that expects the preview's outcome refunds nothing.
    """
    order_id = merchant.place(("A", 1, 1234), ("B", 1, 5000)).body["id"]
    record = merchant.run(order_id)
    payment = record.payments.tenders[0]
    assert payment.captured == 6234
    drop = Cancel("CUSTOMER", (CancelLine(1),))
    preview = merchant.lifecycle.execute(merchant.agent, order_id, [drop], dry_run=True)
    (row,) = preview.body["outcome"]["money"]["perTender"]
    assert row == {"paymentId": payment.id, "requested": {"REFUND": 1234}}
    merchant.act(order_id, Refund(payment.id, 1000, "GOODWILL"))
    before = merchant.read(order_id)
    with pytest.raises(Conflict, match="OUTCOME_CHANGED") as changed:
        merchant.lifecycle.execute(
            merchant.agent, order_id, [drop], expected_outcome=preview.body["outcomeHash"]
        )
    assert merchant.read(order_id) == before
    merchant.lifecycle.execute(
        merchant.agent, order_id, [drop], expected_outcome=changed.value.more["outcomeHash"]
    )
    assert merchant.read(order_id).order.line(1).buckets.canceled == 1


def test_commercial_commands_leave_numbered_changes(merchant: Merchant) -> None:
    """VER-01, ENT-36: each with its delta; what is not commercial has none."""
    order_id = merchant.place(("A", 3, 1000), ("B", 1, 500)).body["id"]
    original = totals(merchant.read(order_id).order).current
    merchant.act(order_id, AddNote("hello"))
    merchant.act(order_id, ChangeAddress("1", BOSTON))
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 2),)), ChangeAddress("1", ELSEWHERE))
    merchant.act(order_id, Cancel("NO_STOCK", (CancelLine(1, 1),)))
    order = merchant.read(order_id).order
    first, second = order.changes
    assert (first.change_no, first.type, first.version, first.delta) == (1, "EDIT", 3, -2000)
    assert first.actions == ("cancel", "changeAddress")
    assert first.base == {"group:1": 1, "line:1": 1}
    assert (second.change_no, second.type, second.delta) == (2, "CANCEL", -1000)
    assert (second.requested_by, second.reason, second.status) == (
        "USER:ana", "NO_STOCK", "CONFIRMED",
    )  # fmt: skip
    assert second.base == {"line:1": 3}
    assert totals(order).current == original + first.delta + second.delta


def test_an_answer_is_kept_short_and_given_whole(merchant: Merchant) -> None:
    """API-03: what is stored for a repeat is smaller, and the repeat is the same, byte for byte."""
    placed = merchant.place(("A", 3, 1000), ("B", 1, 500))
    answers = [placed, merchant.act(placed.body["id"], Cancel("ALL"), AddNote("bye"))]
    for answer in answers:
        short = json.loads(json.dumps(kept(answer.body)))
        assert len(json.dumps(short)) < 0.85 * len(json.dumps(answer.body))
        assert json.dumps(given(short)) == json.dumps(answer.body)
