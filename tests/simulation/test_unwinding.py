"""What an annulled order gives back, and what an order says when money does not reach."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment.states import fo_state
from oms.holds.decisions import open_holds
from oms.inventory.commands import AdjustStock, Delta
from oms.inventory.use_cases import adjust_stock
from oms.kernel.context import Context
from oms.kernel.policy import CaptureTiming, ExcessFunds
from oms.orders.commands import Void
from oms.payments.commands import AddTender

from tests.simulation.merchant import Merchant


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


@pytest.mark.parametrize("excess", ExcessFunds)
def test_a_void_gives_back_all_that_was_taken(merchant: Merchant, excess: ExcessFunds) -> None:
    """ORD-118, SAG-04: whatever is done with excess otherwise, units on an FO included."""
    merchant.settings.current = replace(
        merchant.settings.current, capture_timing=CaptureTiming.ON_ORDER, excess_funds=excess
    )
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 3, 1000)).body["id"]
    (taken,) = merchant.run(order_id).payments.tenders
    assert (taken.captured, taken.refunded) == (3000, 0)
    merchant.act(order_id, Void("mistake"))
    (given,) = merchant.run(order_id).payments.tenders
    assert given.refunded == 3000


def test_work_that_money_does_not_cover_says_so(merchant: Merchant) -> None:
    """PAY-20, STA-10: the FO waits under PAYMENT_REQUIRED and goes on when money comes."""
    merchant.settings.current = replace(merchant.settings.current, order_authorization=False)
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000), token="tok_partial_auth").body["id"]
    record = merchant.run(order_id)
    assert [fo_state(fo) for fo in record.fulfillment.orders] == ["AWAITING_AUTHORIZATION"]
    assert [hold.type for hold in open_holds(record.holds)] == ["PAYMENT_REQUIRED"]
    merchant.act(order_id, AddTender("CARD", "tok_ok"))
    record = merchant.run(order_id)
    assert [fo_state(fo) for fo in record.fulfillment.orders] == ["AWAITING_PICK"]
    assert not open_holds(record.holds)


def test_counting_nothing_where_nothing_lies_answers(merchant: Merchant) -> None:
    """STK-14: a position that does not exist yet is one with zero units."""
    item_id = merchant.shelve("A", DC=5)
    ctx = Context(merchant.now, merchant.agent, "none", merchant.settings.current)
    command = AdjustStock(item_id, "BOS", "COUNTED", on_hand=Delta(0))
    done = adjust_stock(merchant.stock, command, {"DC": "main", "BOS": "main"}, ctx)
    assert (done.level.on_hand, done.journal.movements) == (0, ())
