"""Intents and the gateway's answers: PAY-100 to 108, GTW-01, 03 to 07."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from oms.kernel.errors import Refused
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import (
    AddTender,
    CaptureFunds,
    Refund,
    RetryIntent,
)
from oms.payments.gateway import GatewayResult, Outcome
from oms.payments.model import IntentKind, IntentState

from tests.domain.payments.bank import HARD, PENDING, SOFT, UNKNOWN, UNREACHABLE
from tests.domain.payments.desk import Desk, simple, types

CARD = NewTender("CARD", token="tok")
NEVER = GatewayResult(Outcome.NEVER_SEEN)


def shipped() -> Desk:
    """A card order of 2,000 whose capture is due."""
    desk = simple(2000).open(CARD).run()
    desk.ship((1, 1))
    return desk


def test_claims_block_rivals_until_they_are_decided() -> None:
    """PAY-100, PAY-30: while a capture is CREATED, SENT or UNKNOWN its amount is taken."""
    desk = simple(600, 400).open(CARD).run()
    card = desk.payments.tenders[0].id
    desk.ship((1, 1))
    intent = desk.only(IntentKind.CAPTURE)
    for answer in (None, UNKNOWN):
        with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
            desk.do(payments.capture, CaptureFunds(card, 401))
        if answer is None:
            desk.exchange(intent, answer=UNKNOWN)
    assert desk.payments.intent(intent.id).state is IntentState.UNKNOWN
    desk.do(payments.capture, CaptureFunds(card, 400))


def test_sending_is_noted_before_the_call_and_uses_one_key() -> None:
    """PAY-101, GTW-01: the intent id is the idempotency key; the attempt is logged."""
    desk = simple(900).open(CARD)
    intent = desk.due()[0]
    desk.mark(intent)
    marked = desk.payments.intent(intent.id)
    assert (marked.state, marked.attempts, marked.sent_at) == (IntentState.SENT, 1, desk.now)
    assert desk.due() == ()
    request = desk.request(marked)
    assert request.intent_id == intent.id
    assert request.metadata.payment_id == desk.payments.tenders[0].id
    assert desk.request(intent) == request


def test_a_crash_after_sending_is_looked_up_not_sent_again() -> None:
    """GTW-01, GTW-04: SENT without an answer is due for a lookup."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    desk.mark(intent)
    desk.bank.perform(desk.request(intent))
    desk.pass_time(timedelta(seconds=30))
    (again,) = desk.due()
    assert not again.to_send
    desk.exchange(again)
    assert desk.captured() == [2000]
    assert desk.bank.calls[intent.id] == 1


def test_success_posts_once_whatever_is_repeated() -> None:
    """PAY-102, GTW-01, LED-04, ACC-043: 100 answers and 10 webhooks, one posting."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    desk.exchange(intent)
    result = desk.bank.results[intent.id]
    after = desk.billing
    for repeat in range(100):
        assert desk.settle(intent, result) == ()
        if repeat % 10 == 0:
            assert desk.webhook(intent, result, f"evt-{repeat}") == ()
    assert desk.billing == after
    assert [entry.cause for entry in after.ledger].count(intent.id) == 1
    assert desk.captured() == [2000]


def test_decline_releases_the_claim() -> None:
    """PAY-103, GTW-05: HARD is not tried again."""
    desk = simple(900).open(CARD)
    intent = desk.due()[0]
    facts = desk.exchange(intent, HARD)
    assert types(facts) == {"payment.declined": 1}
    assert desk.payments.intent(intent.id).claims == 0
    assert payments.next_due(desk.payments) is None
    desk.pass_time(timedelta(days=5))
    assert desk.due() == ()


def test_soft_declines_are_tried_after_4_24_and_48_hours() -> None:
    """GTW-05: three more attempts, each under a key of its own, if nobody acts."""
    desk = simple(900).open(CARD)
    start, hours = desk.now, []
    desk.exchange(desk.due()[0], SOFT)
    while (moment := payments.next_due(desk.payments)) is not None:
        hours.append((moment - start) / timedelta(hours=1))
        desk.pass_time(moment - desk.now)
        desk.exchange(desk.due()[0], SOFT)
    assert hours == [4, 24, 48]
    assert len({intent.id for intent in desk.payments.intents}) == 4


def test_a_soft_decline_is_left_alone_once_somebody_acts() -> None:
    """GTW-05: another card takes its place, and the old problem is reported as over."""
    desk = simple(900).open(CARD)
    desk.exchange(desk.due()[0], SOFT)
    desk.do(payments.add_tender, AddTender("CARD", token="tok2"))
    desk.run()
    assert types(tuple(desk.facts))["payment.recovered"] == 1
    desk.pass_time(timedelta(hours=5))
    assert desk.due() == ()


def test_success_of_a_retry_ends_the_problems_of_all_tries() -> None:
    """GTW-05: every declined try of the same refund is reported as over, once."""
    desk = shipped().run()
    card = desk.payments.tenders[0].id
    desk.do(payments.refund, Refund(card, 100, "LATE"))
    for hours in (4, 20):
        desk.exchange(desk.only(IntentKind.REFUND), SOFT)
        desk.pass_time(timedelta(hours=hours))
    facts = desk.exchange(desk.only(IntentKind.REFUND))
    over = {getattr(f, "intent_id", "") for f in facts if f.TYPE == "payment.recovered"}
    assert over == {intent.id for intent in desk.of(IntentKind.REFUND)[:2]}


def test_pending_is_polled_and_then_declined() -> None:
    """PAY-104, PAY-106, GTW-06: every 15 minutes up to 72 hours, the claim kept."""
    desk = simple(900).open(CARD)
    intent = desk.due()[0]
    facts = desk.exchange(intent, PENDING)
    assert types(facts) == {"payment.pending": 1}
    assert payments.next_due(desk.payments) == desk.now + timedelta(minutes=15)
    desk.pass_time(timedelta(minutes=15))
    assert desk.exchange(desk.due()[0]) == ()
    assert desk.payments.intent(intent.id).claims == 900
    assert types(desk.pass_time(timedelta(hours=71))) == {}
    assert types(desk.pass_time(timedelta(hours=1))) == {"payment.declined": 1}
    assert desk.payments.intent(intent.id).state is IntentState.FAILED


def test_time_out_is_looked_up_and_found() -> None:
    """PAY-105, PAY-106, GTW-04, ACC-042: UNKNOWN, claimed, found, one capture in the ledger."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    facts = desk.exchange(intent, answer=UNKNOWN)
    assert types(facts) == {"payment.unknown": 1}
    unknown = desk.payments.intent(intent.id)
    assert (unknown.state, unknown.claims) == (IntentState.UNKNOWN, 2000)
    assert desk.due() == ()
    desk.pass_time(timedelta(seconds=30))
    desk.exchange(desk.due()[0])
    assert desk.captured() == [2000]
    assert sum("FUNDS" in e.postings and e.cause == intent.id for e in desk.billing.ledger) == 1


def test_lookups_follow_their_schedule_and_end_in_an_alert() -> None:
    """GTW-04: 30 s, 2 min, 10 min, 1 h, 6 h, 24 h; then PAYMENT_UNKNOWN, the claim still held."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    start, seconds = desk.now, []
    desk.exchange(intent, answer=UNKNOWN)
    facts: tuple[object, ...] = ()
    while (moment := desk.payments.intent(intent.id).next_at) is not None:
        seconds.append(int((moment - start).total_seconds()))
        desk.pass_time(moment - desk.now)
        facts = desk.settle(desk.due()[0], UNREACHABLE, lookup=True)
    assert seconds == [30, 120, 600, 3600, 21600, 86400]
    (fact,) = facts
    assert getattr(fact, "lookups_exhausted", None) is True
    assert desk.payments.intent(intent.id).claims == 2000
    desk.do(payments.retry, RetryIntent(intent.id))
    assert not desk.due()[0].to_send
    desk.exchange(desk.due()[0])
    assert desk.captured() == [2000]


def test_never_seen_is_sent_again_under_the_same_key() -> None:
    """GTW-04: the state does not go back, the key does not change."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    desk.mark(intent)
    desk.pass_time(timedelta(seconds=30))
    desk.settle(intent, NEVER, lookup=True)
    (again,) = desk.due()
    assert again.id == intent.id
    assert again.to_send
    assert again.state is IntentState.UNKNOWN
    desk.exchange(again)
    assert desk.captured() == [2000]


def test_connection_refused_is_sent_again_three_times() -> None:
    """GTW-03: 5 s, 30 s, 2 min with the same key; then an alert, and *Resubmit* continues it."""
    desk = simple(900).open(CARD)
    intent = desk.due()[0]
    waits: list[int] = []
    for _ in range(4):
        facts = desk.exchange(desk.due()[0], answer=UNREACHABLE)
        kept = desk.payments.intent(intent.id)
        assert kept.state is IntentState.CREATED
        if kept.next_at:
            waits.append(int((kept.next_at - desk.now).total_seconds()))
            desk.pass_time(kept.next_at - desk.now)
    assert waits == [5, 30, 120]
    assert types(facts) == {"payment.unreachable": 1}
    assert desk.due() == ()
    desk.do(payments.retry, RetryIntent(intent.id))
    facts = desk.exchange(desk.due()[0])
    assert types(facts)["payment.recovered"] == 1
    assert list(desk.bank.results) == [intent.id]


def test_refused_connection_after_a_time_out_proves_nothing() -> None:
    """GTW-03, GTW-04: the first attempt may have arrived, so the intent stays UNKNOWN."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    desk.exchange(intent, answer=UNKNOWN)
    desk.pass_time(timedelta(seconds=30))
    desk.settle(intent, NEVER, lookup=True)
    desk.mark(intent)
    assert desk.payments.intent(intent.id).state is IntentState.UNKNOWN
    desk.settle(intent, UNREACHABLE)
    kept = desk.payments.intent(intent.id)
    assert kept.state is IntentState.UNKNOWN
    assert not kept.unsent


RESULTS = (UNKNOWN, PENDING, HARD, GatewayResult(Outcome.SUCCEEDED, "ref", 2000))


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_results_in_any_order_end_the_same(order: tuple[int, ...]) -> None:
    """GTW-07, GTW-09: states move forward only, and success wins over an earlier decline."""
    desk = shipped()
    intent = desk.only(IntentKind.CAPTURE)
    desk.mark(intent)
    rank = {"SENT": 1, "PENDING": 2, "UNKNOWN": 2}
    reached = 1
    for place in order:
        desk.webhook(intent, RESULTS[place], f"evt-{place}")
        now = rank.get(desk.payments.intent(intent.id).state, 3)
        assert now >= reached
        reached = now
    assert desk.payments.intent(intent.id).state is IntentState.SUCCEEDED
    assert desk.captured() == [2000]
    assert desk.money.amount_due == 0


def test_webhook_before_the_answer_and_repeated_event_ids() -> None:
    """GTW-07: the first one settles; the same event id is ignored altogether."""
    desk = simple(900).open(CARD)
    intent = desk.due()[0]
    desk.mark(intent)
    result = desk.bank.perform(desk.request(intent))
    assert types(desk.webhook(intent, result, "evt"))["payment.authorized"] == 1
    before = desk.payments
    desk.webhook(intent, HARD, "evt")
    assert desk.payments == before
    assert desk.settle(intent, result) == ()


def test_unsent_claims_are_canceled_with_the_order() -> None:
    """PAY-107: CREATED is given up; what was sent is not, and is dropped when it succeeds."""
    desk = simple(900).open(CARD)
    desk.void()
    assert desk.payments.intents[0].state is IntentState.CANCELED
    late = simple(900).open(CARD)
    intent = late.due()[0]
    late.mark(intent)
    late.void()
    assert late.payments.intent(intent.id).state is IntentState.SENT
    late.settle(intent, late.bank.perform(late.request(intent)))
    late.run()
    assert late.payments.tenders[0].authorizations[0].void


def test_void_of_an_order_drops_authorizations_and_returns_funds() -> None:
    """REF-06, PAY-15: authorized card is voided, cash is refunded."""
    desk = simple(900).open(NewTender("CASH", limit=200), CARD).run()
    desk.void()
    desk.run()
    assert desk.refunded() == [200, 0]
    assert desk.payments.tenders[1].authorizations[0].void
    assert desk.money.unapplied == 0
