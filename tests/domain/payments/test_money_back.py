"""Captures, refunds, voids and excess: PAY-30 to 36, REF-01, 02, 05, 06, PAY-108."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from oms.billing.commands import CreditUnits
from oms.kernel.errors import Malformed, Refused
from oms.kernel.policy import CaptureTiming, ExcessFunds, Policy
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import AddTender, CaptureFunds, Refund, RetryIntent, VoidPayment
from oms.payments.gateway import GatewayResult, Outcome, RequestKind
from oms.payments.model import IntentKind
from oms.payments.status import payment_state

from tests.domain.payments.bank import HARD, SOFT, UNKNOWN
from tests.domain.payments.desk import Desk, simple, types

CARD = NewTender("CARD", token="tok")
ON_ORDER = Policy(capture_timing=CaptureTiming.ON_ORDER)


def paid(amount: int) -> Desk:
    """A card order, shipped and captured."""
    desk = simple(amount).open(CARD).run()
    desk.ship((1, 1))
    return desk.run()


def test_overage_is_used_only_as_far_as_allowed() -> None:
    """PAY-30: authorized x (1 + overage), claims included; the rest is reported as missing."""
    for percent, claimed, missing in ((0, 1000, 300), (15, 1150, 150), (30, 1300, 0)):
        desk = simple(1000, policy=Policy(overcapture_percent=percent)).open(CARD).run()
        line = desk.lines[1]
        desk.lines[1] = replace(line, amounts=replace(line.amounts, goods=1300))
        facts = desk.ship((1, 1))
        assert desk.only(IntentKind.CAPTURE).amount == claimed
        lacks = [fact for fact in facts if fact.TYPE == "payment.funds_missing"]
        assert sum(getattr(fact, "amount", 0) for fact in lacks) == missing


def test_several_captures_until_the_authorization_is_used_up() -> None:
    """PAY-30: the next one is refused."""
    desk = simple(300, 300, 400).open(CARD).run()
    for line_no in (1, 2, 3):
        desk.ship((line_no, 1))
    assert [intent.amount for intent in desk.of(IntentKind.CAPTURE)] == [300, 300, 400]
    desk.run()
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.capture, CaptureFunds(desk.payments.tenders[0].id, 1))


def test_the_capture_is_the_invoice_not_the_authorization() -> None:
    """PAY-31: a short shipment is captured short."""
    desk = simple(200, quantity=4, gross=True).open(NewTender("CARD", token="tok")).run()
    desk.ship((1, 3))
    assert desk.only(IntentKind.CAPTURE).amount == 150
    desk.cancel(1, 1)
    desk.run()
    assert desk.captured() == [150]


def test_capture_failure_leaves_the_invoice_open_and_uncovers_the_rest() -> None:
    """PAY-32, PAY-20: HARD decline; the authorization covers nothing more; a new card fixes it."""
    desk = simple(600, 400).open(CARD).run()
    desk.ship((1, 1))
    facts = desk.exchange(desk.only(IntentKind.CAPTURE), HARD)
    assert types(facts) == {"payment.declined": 1}
    assert desk.money.amount_due == 600
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 0
    desk.do(payments.add_tender, AddTender("CARD", token="tok2"))
    desk.run()
    assert desk.captured() == [0, 600]
    assert desk.money.amount_due == 0
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 400
    assert types(tuple(desk.facts))["payment.recovered"] == 1


def test_capture_failure_can_be_retried() -> None:
    """PAY-32: *Retry* makes a new intent for the same invoice."""
    desk = simple(600).open(CARD).run()
    desk.ship((1, 1))
    failed = desk.only(IntentKind.CAPTURE)
    desk.exchange(failed, SOFT)
    desk.do(payments.retry, RetryIntent(failed.id))
    retried = desk.only(IntentKind.CAPTURE)
    assert (retried.amount, retried.invoice_id) == (600, failed.invoice_id)
    assert retried.id != failed.id
    desk.run()
    assert desk.money.amount_due == 0
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.retry, RetryIntent(failed.id))


def test_excess_is_refunded_by_itself() -> None:
    """PAY-33, AUTO: exactly unapplied - (open + due), once, however often the order shrinks."""
    desk = simple(9000, 3000, policy=ON_ORDER).open(CARD).run()
    desk.cancel(2, 1)
    desk.cancel(2, 0)
    assert desk.only(IntentKind.REFUND).amount == 3000
    desk.run()
    assert desk.money.unapplied == 9000


@pytest.mark.parametrize("excess", [ExcessFunds.OPTIONAL, ExcessFunds.OFF])
def test_excess_stays_until_somebody_decides(excess: ExcessFunds) -> None:
    """PAY-33: shown when nothing else is open; one refund of exactly that, without a memo."""
    policy = replace(ON_ORDER, excess_funds=excess)
    desk = simple(9000, 3000, policy=policy).open(CARD).run()
    assert types(desk.cancel(2, 1))["payment.surplus"] == 0
    facts = desk.ship((1, 1))
    assert desk.of(IntentKind.REFUND) == []
    assert types(facts)["payment.surplus"] == 0
    facts = desk.cancel(2, 0)
    assert [getattr(fact, "code", "") for fact in facts][-1] == "EXCESS_FUNDS"
    desk.do(payments.refund, Refund(desk.payments.tenders[0].id, 3000, "EXCESS"))
    desk.run()
    assert desk.billing.credit_memos == ()
    assert desk.money.unapplied == 0


def test_funds_promised_to_a_refund_pay_no_invoice() -> None:
    """PAY-33, REF-01: the order grows while the refund's result is unknown."""
    desk = simple(9000, 3000, policy=ON_ORDER).open(CARD).run()
    desk.cancel(2, 1)
    refund = desk.only(IntentKind.REFUND)
    desk.exchange(refund, answer=UNKNOWN)
    line = desk.lines[1]
    desk.lines[1] = replace(line, amounts=replace(line.amounts, goods=11000))
    desk.ship((1, 1))
    assert desk.money.amount_due == 2000
    desk.settle(refund, desk.bank.results[refund.id])
    assert desk.money.unapplied == 0
    assert desk.billing.payouts == ()


def test_funds_that_pay_what_is_due_are_no_excess() -> None:
    """PAY-33: excess counts the receivable, too."""
    desk = simple(100).open(NewTender("TERMS"))
    desk.ship((1, 1))
    desk.foreign(RequestKind.CAPTURE, 160, "evt")
    assert payments.excess(desk.payments, desk.money) == 60


def test_nothing_captured_means_nothing_to_refund() -> None:
    """PAY-33, REF-06: canceling uncaptured units moves no money."""
    desk = simple(9000, 3000).open(CARD).run()
    desk.cancel(2, 1)
    assert desk.due() == ()


def test_canceling_the_last_open_unit_voids_the_authorizations() -> None:
    """REF-06: and nothing is refunded."""
    desk = simple(900, 100).open(CARD).run()
    desk.cancel(1, 1)
    assert desk.of(IntentKind.VOID) == []
    desk.cancel(2, 1)
    desk.run()
    assert desk.payments.tenders[0].authorizations[0].void
    assert desk.of(IntentKind.REFUND) == []
    assert types(tuple(desk.facts))["payment.voided"] == 1


def test_refund_without_return_stops_at_captured_less_refunded() -> None:
    """REF-01, REF-05, ACC-049: 80.00 captured, 30.00 + 50.00 refunded, not a cent more."""
    desk = paid(8000)
    card = desk.payments.tenders[0].id
    desk.do(payments.refund, Refund(card, 3000, "KINDNESS"))
    desk.run()
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.refund, Refund(card, 5001, "KINDNESS"))
    facts = desk.do(payments.refund, Refund(card, 5000, "KINDNESS"))
    assert types(facts)["credit_memo.posted"] == 1
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.refund, Refund(card, 1, "KINDNESS"))
    desk.run()
    assert desk.refunded() == [8000]
    assert {memo.kind for memo in desk.billing.credit_memos} == {"GOODWILL"}
    assert desk.money.open_credit == 0


def test_refund_needs_a_reason_and_obeys_the_limit() -> None:
    """REF-05."""
    desk = paid(8000)
    card = desk.payments.tenders[0].id
    with pytest.raises(Malformed):
        desk.do(payments.refund, Refund(card, 1, " "))
    desk.actor = replace(desk.actor, money_limit=1000)
    with pytest.raises(Refused, match="LIMIT_EXCEEDED"):
        desk.do(payments.refund, Refund(card, 1001, "KINDNESS"))
    desk.do(payments.refund, Refund(card, 1000, "KINDNESS"))


def test_refunds_under_way_are_claims() -> None:
    """REF-01: an unknown refund cannot be made a second time."""
    desk = paid(8000)
    card = desk.payments.tenders[0].id
    desk.do(payments.refund, Refund(card, 5000, "KINDNESS"))
    desk.exchange(desk.only(IntentKind.REFUND), answer=UNKNOWN)
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.refund, Refund(card, 3001, "KINDNESS"))


def test_refunds_go_back_in_reverse_draw_order() -> None:
    """REF-02: card, external, store credit, gift card; each up to captured - refunded."""
    tenders = [
        NewTender("GIFT_CARD", token="g", limit=100),
        NewTender("STORE_CREDIT", token="s", limit=100),
        NewTender("CHECK", limit=100, draw_order=30),
        CARD,
    ]
    desk = simple(400).open(*tenders).run()
    desk.ship((1, 1))
    desk.run()
    assert desk.captured() == [100, 100, 100, 100]
    seen = []
    for quantity in (150, 150, 100):
        from oms.billing.commands import CreditAmount

        invoice = desk.billing.invoices[0]
        amount = CreditAmount(invoice.id, 1, "PRODUCT", quantity)
        desk.credit(kind="APPEASEMENT", amounts=(amount,))
        desk.run()
        seen.append(desk.refunded())
    assert seen == [[0, 0, 50, 100], [0, 100, 100, 100], [100, 100, 100, 100]]


def test_refund_order_can_be_overridden_per_tender() -> None:
    """REF-02: the gift card first."""
    gift = NewTender("GIFT_CARD", token="g", limit=100, refund_order=1)
    desk = simple(400).open(gift, CARD).run()
    desk.ship((1, 1))
    desk.run()
    desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1))
    desk.run()
    assert desk.refunded() == [100, 300]
    first = desk.of(IntentKind.REFUND)[0]
    assert first.payment_id == desk.payments.tenders[0].id


def test_credit_reduces_the_receivable_before_it_is_refunded() -> None:
    """REF-02, BIL-07: an open invoice on terms is credited, no money moves."""
    desk = simple(1000).open(NewTender("TERMS"))
    desk.ship((1, 1))
    desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1))
    assert desk.money.amount_due == 0
    assert desk.of(IntentKind.REFUND) == []


def test_channel_money_is_refunded_by_the_channel() -> None:
    """REF-07: asked for, and settled by its confirmation."""
    desk = simple(1000).open(NewTender("EXTERNAL", reference="amz-1"))
    desk.ship((1, 1))
    facts = desk.credit(CreditUnits(desk.billing.invoices[0].id, 1, 1))
    assert types(facts)["refund.requested"] == 1
    assert desk.refunded() == [0]
    assert desk.due() == ()
    desk.settle(desk.only(IntentKind.REFUND), GatewayResult(Outcome.SUCCEEDED, "amz-r", 1000))
    assert desk.refunded() == [1000]
    assert desk.money.open_credit == 0


def test_captured_payments_cannot_be_voided() -> None:
    """PAY-36, PAY-108: captured money must be refunded instead."""
    desk = paid(900)
    with pytest.raises(Refused, match="STATE"):
        desk.do(payments.void_payment, VoidPayment(desk.payments.tenders[0].id, "WRONG"))


def test_voided_payment_covers_nothing_and_is_dropped_at_the_gateway() -> None:
    """PAY-108: remaining coverage is recomputed at once."""
    desk = simple(900).open(CARD).run()
    desk.do(payments.void_payment, VoidPayment(desk.payments.tenders[0].id, "WRONG"))
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 0
    assert desk.only(IntentKind.VOID).amount == 900
    facts = desk.exchange(desk.only(IntentKind.VOID))
    assert types(facts)["payment.voided"] == 1
    assert payment_state(desk.payments, desk.payments.tenders[0], desk.now) == "VOIDED"
    with pytest.raises(Refused, match="STATE"):
        desk.do(payments.void_payment, VoidPayment(desk.payments.tenders[0].id, "WRONG"))


def test_void_waits_for_a_request_under_way() -> None:
    """PAY-36: whether money was taken is not known."""
    desk = simple(900).open(CARD).run()
    desk.ship((1, 1))
    desk.exchange(desk.only(IntentKind.CAPTURE), answer=UNKNOWN)
    with pytest.raises(Refused, match="INTENT_UNKNOWN"):
        desk.do(payments.void_payment, VoidPayment(desk.payments.tenders[0].id, "WRONG"))


def test_void_of_a_recorded_payment_opens_its_invoices_again() -> None:
    """PAY-36, BIL-105: a bounced check; PAID goes back to OPEN with its balance."""
    desk = simple(900).open(NewTender("CHECK"))
    desk.ship((1, 1))
    assert desk.money.amount_due == 0
    facts = desk.do(payments.void_payment, VoidPayment(desk.payments.tenders[0].id, "BOUNCED"))
    assert types(facts)["invoice.reopened"] == 1
    assert desk.money.amount_due == 900
    assert desk.money.unapplied == 0
    assert desk.billing.invoices[0].applied == 0


def test_lapsed_authorization_is_tried_when_goods_are_gone() -> None:
    """PAY-31, PAY-32: shipped on a lapsed authorization; the gateway decides, and its decline is
    what people see.
    """
    desk = simple(900).open(CARD).run()
    desk.pass_time(timedelta(days=8))
    facts = desk.ship((1, 1))
    assert desk.only(IntentKind.CAPTURE).amount == 900
    assert types(facts)["payment.funds_missing"] == 0
