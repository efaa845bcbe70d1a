"""Answers nobody waited for any more, and money nobody asked for: GTW-07, 09, PAY-34, PAY-35."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.action_items import decisions as action_items
from oms.action_items.model import Attention
from oms.action_items.reactions import openings
from oms.billing.commands import CreditAmount
from oms.kernel.errors import NotFound
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import (
    AddTender,
    MarkSent,
    Refund,
    RetryIntent,
    SettleIntent,
    TakeWebhook,
)
from oms.payments.facts import RefundedTwice
from oms.payments.gateway import GatewayResult, Outcome, RequestKind, WebhookEvent
from oms.payments.model import IntentKind, IntentState

from tests.domain.payments.bank import HARD, PENDING, SOFT
from tests.domain.payments.desk import ORDER, Desk, simple, types

CARD = NewTender("CARD", token="tok")
NEVER = GatewayResult(Outcome.NEVER_SEEN)


def shipped() -> Desk:
    """A card order of 2,000 whose capture is due."""
    desk = simple(2000).open(CARD).run()
    desk.ship((1, 1))
    return desk


def test_late_success_after_giving_up_is_recorded_and_shown() -> None:
    """GTW-09, PAY-34: never refunded silently; one surplus, one click."""
    desk = shipped()
    first = desk.only(IntentKind.CAPTURE)
    desk.exchange(first, PENDING)
    desk.pass_time(timedelta(hours=72))
    desk.do(payments.add_tender, AddTender("CASH"))
    assert desk.money.amount_due == 0
    facts = desk.settle(first, desk.bank.finish(desk.request(first)))
    assert types(facts)["payment.surplus"] == 1
    assert desk.money.unapplied == 2000
    assert desk.of(IntentKind.REFUND) == []
    desk.cancel(1, 0)
    assert desk.of(IntentKind.REFUND) == []
    card = desk.payments.tenders[0].id
    desk.do(payments.refund, Refund(card, 2000, "PAID_TWICE"))
    desk.run()
    assert desk.refunded() == [2000, 0]
    assert desk.billing.credit_memos == ()


def test_a_refund_that_happens_twice_is_owed_back_and_shown() -> None:
    """GTW-09, INV-M5: the ledger says what really moved, and what the customer owes."""
    desk = shipped().run()
    capture = desk.payments.tenders[0].captures[0]
    amount = CreditAmount(desk.billing.invoices[0].id, 1, "PRODUCT", 700)
    desk.credit(kind="APPEASEMENT", amounts=(amount,))
    first = desk.only(IntentKind.REFUND)
    desk.exchange(first, PENDING)
    desk.pass_time(timedelta(hours=72))
    desk.do(payments.retry, RetryIntent(first.id))
    desk.run()
    assert desk.money.open_credit == 0
    facts = desk.settle(first, desk.bank.finish(desk.request(first)))
    assert types(facts)["payment.refunded_twice"] == 1
    assert desk.refunded() == [1400]
    assert desk.bank.given[capture.reference] == 1400
    assert (desk.money.open_credit, desk.money.unapplied) == (0, -700)
    (twice,) = [fact for fact in facts if isinstance(fact, RefundedTwice)]
    (item,) = [o for fact in facts for o in openings(fact, ORDER) if o.type == "REFUNDED_TWICE"]
    card = desk.payments.tenders[0].id
    assert (item.subject_type, item.subject_id, item.cause_key) == ("payment", card, first.id)
    assert item.data == {"amount": "700"} == {"amount": str(twice.amount)}
    step = action_items.react(Attention(), twice, ORDER, desk.ctx)
    assert [(known.type, known.blocking) for known in step.part.items] == [
        ("REFUNDED_TWICE", False)
    ]


def test_late_success_cancels_the_retry_that_was_not_sent() -> None:
    """GTW-09, INV-M1: the retry would take the money a second time."""
    desk = shipped()
    first = desk.only(IntentKind.CAPTURE)
    desk.exchange(first, SOFT)
    desk.pass_time(timedelta(hours=4))
    retry = desk.only(IntentKind.CAPTURE)
    assert retry.retry_of == first.id
    facts = desk.settle(first, GatewayResult(Outcome.SUCCEEDED, "ref", 2000))
    assert types(facts)["payment.intent_canceled"] == 1
    assert desk.payments.intent(retry.id).state is IntentState.CANCELED
    assert desk.captured() == [2000]


def test_money_nobody_asked_for_is_an_orphan() -> None:
    """PAY-34, PAY-35, ACC-048: paid twice; the surplus goes back to the second tender only."""
    desk = shipped().run()
    facts = desk.foreign(RequestKind.CAPTURE, 2000, "evt-x")
    assert types(facts) == {"payment.orphan": 1, "payment.surplus": 1}
    assert desk.money.unapplied == 2000
    assert desk.foreign(RequestKind.CAPTURE, 2000, "evt-x") == ()
    desk.bank.taken["foreign-evt-x"] = 2000
    second = desk.payments.tenders[1]
    assert second.orphan
    assert payments.excess(desk.payments, desk.money) == 2000
    desk.cancel(1, 0)
    assert desk.of(IntentKind.REFUND) == []
    desk.do(payments.refund, Refund(second.id, 2000, "PAID_TWICE"))
    desk.run()
    assert desk.refunded() == [0, 2000]
    assert desk.money.unapplied == 0


def test_a_void_that_is_refused_is_not_asked_for_again() -> None:
    """REF-06, GTW-05: what cannot be voided is gone; the order does not ask for ever."""
    desk = simple(1000).open(NewTender("CARD", token="tok")).run()
    desk.cancel(1, 1)
    desk.exchange(desk.only(IntentKind.VOID), HARD)
    assert desk.due() == ()
    assert [held.lapsed for held in desk.payments.tenders[0].authorizations] == [True]


def test_a_second_event_about_the_same_foreign_money_posts_nothing() -> None:
    """GTW-07, LED-04: recognized by its reference even under another event id."""
    desk = shipped().run()
    desk.foreign(RequestKind.CAPTURE, 500, "evt-x")
    result = GatewayResult(Outcome.SUCCEEDED, "foreign-evt-x", 500)
    event = WebhookEvent("evt-y", RequestKind.CAPTURE, result, 500, "USD", desk.now)
    command = TakeWebhook(event, "test")
    assert desk.take(payments.take_webhook(desk.payments, command, desk.ctx)) == ()
    assert desk.money.unapplied == 500


def test_refund_made_elsewhere_enters_the_books() -> None:
    """GTW-07: done in the gateway's own console, noted on the capture it refers to."""
    desk = shipped().run()
    capture = desk.payments.tenders[0].captures[0]
    desk.bank.given[capture.reference] = 300
    facts = desk.foreign(RequestKind.REFUND, 300, "evt-r", capture.reference)
    assert types(facts) == {"payment.orphan": 1}
    assert desk.refunded() == [300]
    assert desk.money.unapplied == -300
    assert desk.foreign(RequestKind.REFUND, 300, "evt-r", capture.reference) == ()


def test_unknown_intents_are_not_settled() -> None:
    """An answer without its intent is a mistake of the caller."""
    desk = simple(900).open(CARD)
    command = SettleIntent("int_none", HARD)
    with pytest.raises(NotFound):
        payments.settle(desk.payments, command, desk.ctx)


def test_a_rival_worker_marks_nothing_twice() -> None:
    """PAY-101: what is SENT is not marked or counted again."""
    desk = simple(900).open(CARD)
    intent = desk.due()[0]
    desk.mark(intent)
    before = desk.payments
    step = payments.mark_sent(before, MarkSent((intent.id,)), desk.ctx)
    assert step.part == before
