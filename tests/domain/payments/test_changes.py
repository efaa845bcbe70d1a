"""Other methods, customers, payment links, gateways that share references: PAY-07, 41, GTW-07."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.kernel.errors import Malformed, NotFound, Refused
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import (
    AddTender,
    AttachCustomer,
    CreateLink,
    DetachCustomer,
    PayByLink,
    ReplaceMethod,
    TakeWebhook,
)
from oms.payments.gateway import GatewayResult, Outcome, RequestKind, WebhookEvent
from oms.payments.model import IntentKind, IntentState

from tests.domain.payments.bank import HARD, UNKNOWN
from tests.domain.payments.desk import Desk, simple, types

CARD = NewTender("CARD", token="tok")


def test_the_old_method_goes_when_the_new_one_holds_its_funds() -> None:
    """PAY-07: the old authorization covers until then, and is voided after."""
    desk = simple(1000, 500).open(CARD).run()
    old = desk.payments.tenders[0].id
    desk.do(payments.replace_method, ReplaceMethod(old, "tok2"))
    assert desk.only(IntentKind.AUTHORIZE).amount == 1500
    assert not desk.of(IntentKind.VOID)
    desk.run()
    first, second = desk.payments.tenders
    assert [held.void for held in first.authorizations] == [True]
    assert (second.replaces, second.token, second.limit) == (old, "tok2", 1500)
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 1500
    desk.ship((1, 1), (2, 1))
    desk.run()
    assert desk.captured() == [0, 1500]


def test_a_declined_replacement_uncovers_nothing() -> None:
    """PAY-07, PAY-12: the old authorization is still there, and pays."""
    desk = simple(1000).open(CARD).run()
    desk.do(payments.replace_method, ReplaceMethod(desk.payments.tenders[0].id, "tok2"))
    desk.exchange(desk.only(IntentKind.AUTHORIZE), HARD)
    assert payments.shortfall(desk.payments, desk.money, desk.ctx) == 0
    desk.ship((1, 1))
    desk.run()
    assert desk.captured() == [1000, 0]


def test_a_declined_method_is_replaced_for_all_that_is_missing() -> None:
    """PAY-07: a replacement after a decline asks what nobody covers."""
    desk = simple(1000).open(CARD)
    desk.exchange(desk.only(IntentKind.AUTHORIZE), HARD)
    desk.do(payments.replace_method, ReplaceMethod(desk.payments.tenders[0].id, "tok2"))
    desk.run()
    assert payments.shortfall(desk.payments, desk.money, desk.ctx) == 0


def test_what_is_under_way_or_paid_is_not_replaced() -> None:
    """PAY-07, PAY-30."""
    desk = simple(1000).open(CARD)
    command = ReplaceMethod(desk.payments.tenders[0].id, "tok2")
    desk.exchange(desk.only(IntentKind.AUTHORIZE), answer=UNKNOWN)
    with pytest.raises(Refused, match="INTENT_UNKNOWN"):
        desk.do(payments.replace_method, command)
    desk = simple(1000).open(CARD).run()
    desk.ship((1, 1))
    desk.run()
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.replace_method, command)
    with pytest.raises(NotFound):
        desk.do(payments.replace_method, ReplaceMethod("pay_x", "tok2"))
    with pytest.raises(Malformed, match="CARD_NUMBER"):
        simple(5).open(CARD).do(
            payments.replace_method, ReplaceMethod(command.payment_id, "4111111111111111")
        )


def test_recorded_payments_have_no_method_to_replace() -> None:
    """PAY-04: there is no gateway to ask."""
    desk = simple(1000).open(NewTender("CHECK"))
    with pytest.raises(Refused, match="STATE"):
        desk.do(payments.replace_method, ReplaceMethod(desk.payments.tenders[0].id, "tok2"))


def test_a_payment_gets_and_loses_its_customer() -> None:
    """PAY-04, PAY-07, ENT-18: said once, not told as personal data."""
    desk = simple(1000).open(CARD).run()
    payment_id = desk.payments.tenders[0].id
    attach = AttachCustomer(payment_id, "C-7")
    assert types(desk.do(payments.attach_customer, attach)) == {"payment.changed": 1}
    assert desk.do(payments.attach_customer, attach) == ()
    assert desk.payments.tenders[0].customer == "C-7"
    desk.do(payments.detach_customer, DetachCustomer(payment_id))
    assert [tender.customer for tender in desk.payments.tenders] == [None]
    with pytest.raises(NotFound):
        desk.do(payments.attach_customer, AttachCustomer("pay_x", "C-7"))


def test_the_gateway_of_a_new_payment_must_exist() -> None:
    """PAY-01, PAY-07: a custom method works where a gateway serves it."""
    desk = simple(1000).open()
    for command in (AddTender("POINTS"), AddTender("CARD", gateway="nowhere")):
        with pytest.raises(Malformed, match="UNMAPPED_CODE"):
            desk.do(payments.add_tender, command)
    desk.do(payments.add_tender, AddTender("POINTS", "tok", gateway="test", customer="C-1"))
    tender = desk.payments.tenders[0]
    assert (tender.method, tender.gateway, tender.customer) == ("POINTS", "test", "C-1")


def linked(desk: Desk) -> PayByLink:
    """A link for what is missing, and a card to pay it with."""
    desk.do(payments.create_link, CreateLink("hash"))
    return PayByLink("hash", "CARD", "tok3")


def test_a_link_is_used_up_by_an_authorization() -> None:
    """PAY-41: the shortfall only, once; a second use is refused."""
    desk = simple(1000, 500).open(NewTender("CARD", token="tok", limit=1100)).run()
    pay = linked(desk)
    desk.do(payments.pay_by_link, pay)
    assert desk.only(IntentKind.AUTHORIZE).amount == 400
    with pytest.raises(Refused, match="INTENT_UNKNOWN"):
        desk.do(payments.pay_by_link, pay)
    desk.run()
    assert types(tuple(desk.facts))["payment.link_used"] == 1
    assert payments.shortfall(desk.payments, desk.money, desk.ctx) == 0
    with pytest.raises(Refused, match="LINK_USED"):
        desk.do(payments.pay_by_link, pay)


def test_a_declined_card_leaves_the_link_open() -> None:
    """PAY-41: used up on success only."""
    desk = simple(1000).open()
    pay = linked(desk)
    desk.do(payments.pay_by_link, pay)
    desk.exchange(desk.only(IntentKind.AUTHORIZE), HARD)
    desk.do(payments.pay_by_link, pay)
    desk.run()
    assert desk.payments.links[0].used_at == desk.now


def test_links_end_after_three_days_and_need_a_shortfall() -> None:
    """PAY-41: 72 hours, to the second; nothing is asked for where nothing is missing."""
    desk = simple(1000).open()
    pay = linked(desk)
    desk.pass_time(timedelta(hours=72))
    with pytest.raises(Refused, match="LINK_EXPIRED"):
        desk.do(payments.pay_by_link, pay)
    with pytest.raises(NotFound, match="LINK_NOT_FOUND"):
        desk.do(payments.pay_by_link, PayByLink("other", "CARD", "tok"))
    paid = simple(1000).open(CARD).run()
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        paid.do(payments.create_link, CreateLink("hash"))


def test_a_link_takes_no_promise_to_pay() -> None:
    """PAY-41: what no gateway authorizes would cover the order for nothing."""
    desk = simple(1000).open()
    pay = linked(desk)
    for method in ("CASH", "TERMS", "CHECK"):
        with pytest.raises(Refused, match="STATE"):
            desk.do(payments.pay_by_link, PayByLink(pay.token_hash, method, "tok"))


def foreign(desk: Desk, gateway: str, reference: str, currency: str = "USD") -> None:
    """Unknown money at a gateway."""
    result = GatewayResult(Outcome.SUCCEEDED, reference, 500)
    event_id = f"evt-{gateway}-{reference}"
    event = WebhookEvent(event_id, RequestKind.CAPTURE, result, 500, currency, desk.now)
    desk.take(payments.take_webhook(desk.payments, TakeWebhook(event, gateway), desk.ctx))


def test_two_gateways_may_use_the_same_references() -> None:
    """GTW-07, PAY-35: a reference names money of its own gateway only."""
    desk = simple(1000).open(CARD).run()
    foreign(desk, "test", "cap_1")
    foreign(desk, "other", "cap_1")
    assert desk.money.unapplied == 1000
    orphans = desk.payments.tenders[1:]
    assert [(t.gateway, t.captured) for t in orphans] == [("test", 500), ("other", 500)]


def test_another_gateway_cannot_settle_our_intent() -> None:
    """GTW-07: the intent waits for the gateway it was sent to."""
    desk = simple(1000).open(CARD)
    intent = desk.only(IntentKind.AUTHORIZE)
    result = GatewayResult(Outcome.SUCCEEDED, "aut_9", 1000)
    event = WebhookEvent("evt", RequestKind.AUTHORIZE, result, 1000, "USD", desk.now, intent.id)
    desk.take(payments.take_webhook(desk.payments, TakeWebhook(event, "other"), desk.ctx))
    assert desk.payments.intent(intent.id).state is IntentState.CREATED
    assert desk.payments.tenders[0].authorizations == ()


def test_unknown_money_in_another_currency_stays_outside() -> None:
    """TOT-06: one order, one currency."""
    desk = simple(1000).open(CARD).run()
    with pytest.raises(Refused, match="CURRENCY_MISMATCH"):
        foreign(desk, "test", "cap_1", "EUR")
