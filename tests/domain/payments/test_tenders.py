"""Tenders at acceptance and later: PAY-01 to 07, 10 to 15, 20, 21."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from oms.billing.commands import CreditUnits
from oms.fulfillment.facts import FulfillmentOrderReleased
from oms.kernel.codec import decode, encode
from oms.kernel.errors import Malformed, Refused
from oms.kernel.facts import Step
from oms.kernel.policy import CaptureTiming, Policy
from oms.orders.commands import NewTender
from oms.orders.facts import LineChanged
from oms.payments import decisions as payments
from oms.payments.commands import AddTender, Authorize, CaptureFunds
from oms.payments.model import IntentKind, IntentState, Payments
from oms.payments.status import label, payment_state

from tests.domain.payments.bank import HARD
from tests.domain.payments.desk import START, simple, types

CARD = NewTender("CARD", token="tok", brand="Visa", last_four="4242", expiry="12/27")
GIFT = NewTender("GIFT_CARD", token="gift", limit=3000)


def test_card_authorization_covers_what_earlier_tenders_leave() -> None:
    """PAY-10, PAY-11: drawn by draw order, not by the order in which they were sent."""
    desk = simple(12000).open(CARD, GIFT)
    asked = {desk.payments.tender(i.payment_id).method: i.amount for i in desk.payments.intents}
    assert asked == {"GIFT_CARD": 3000, "CARD": 9000}


def test_draw_order_can_be_overridden_per_order() -> None:
    """PAY-10: the gift card last."""
    gift = NewTender("GIFT_CARD", token="gift", limit=3000, draw_order=90)
    desk = simple(12000).open(gift, CARD)
    assert [(i.amount) for i in desk.payments.intents] == [12000]


@pytest.mark.parametrize("method", ["CARD", "WALLET", "GIFT_CARD", "STORE_CREDIT", "BANK_TRANSFER"])
def test_mapped_methods_are_authorized_at_their_gateway(method: str) -> None:
    """PAY-01, PAY-02: an authorization only; nothing is taken and nothing applied."""
    desk = simple(500).open(NewTender(method, token="t"))
    (intent,) = desk.payments.intents
    assert (intent.kind, intent.amount) == (IntentKind.AUTHORIZE, 500)
    assert desk.payments.tenders[0].gateway == "test"
    assert desk.billing.ledger == ()


@pytest.mark.parametrize("method", ["CASH", "CHECK", "EXTERNAL"])
def test_money_in_hand_is_recorded_without_a_gateway(method: str) -> None:
    """PAY-01, PAY-04: taken before the order came; bookkeeping, nothing external."""
    desk = simple(500).open(NewTender(method))
    assert desk.due() == ()
    assert desk.money.unapplied == 500
    state = payment_state(desk.payments, desk.payments.tenders[0], desk.now)
    assert state == "RECORDED"


def test_terms_and_cod_cover_without_money() -> None:
    """PAY-01, PAY-12: limits cover, nothing is asked and nothing posted."""
    desk = simple(700).open(NewTender("TERMS", limit=500), NewTender("COD", limit=200))
    assert desk.payments.intents == ()
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 700


def test_custom_method_without_gateway_moves_nothing() -> None:
    """PAY-01: any method name is kept; unmapped, it covers nothing."""
    desk = simple(700).open(NewTender("LOYALTY_POINTS", token="x"))
    assert desk.payments.tenders[0].method == "LOYALTY_POINTS"
    assert desk.payments.intents == ()
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 0


def test_a_new_method_needs_its_gateway_first() -> None:
    """PAY-01: UNMAPPED_CODE."""
    desk = simple(700).open()
    with pytest.raises(Malformed) as refusal:
        desk.do(payments.add_tender, AddTender("LOYALTY_POINTS"))
    assert refusal.value.code == "UNMAPPED_CODE"


def test_on_order_captures_after_the_authorization() -> None:
    """PAY-03, ON_ORDER: authorize and capture at acceptance."""
    desk = simple(900, policy=Policy(capture_timing=CaptureTiming.ON_ORDER)).open(CARD)
    assert [i.kind for i in desk.payments.intents] == [IntentKind.AUTHORIZE]
    desk.run()
    assert desk.captured() == [900]
    assert desk.money.unapplied == 900


def test_on_shipment_captures_nothing_before() -> None:
    """PAY-03, default."""
    desk = simple(900).open(CARD).run()
    assert desk.captured() == [0]
    desk.ship((1, 1))
    assert desk.only(IntentKind.CAPTURE).amount == 900


def test_on_release_captures_what_is_released() -> None:
    """PAY-03, ON_RELEASE: the value of released FOs, once."""
    desk = simple(600, 300, policy=Policy(capture_timing=CaptureTiming.ON_RELEASE)).open(CARD).run()
    desk.released_value = 600
    fact = FulfillmentOrderReleased("fo-1", "dc")
    desk.take(Step(desk.payments, (fact,)))
    desk.take(Step(desk.payments, (fact,)))
    assert desk.only(IntentKind.CAPTURE).amount == 600
    desk.run()
    desk.released_value = 0
    desk.ship((1, 1))
    assert desk.captured() == [600]
    assert desk.money.amount_due == 0


def test_without_authorization_at_acceptance_the_first_fulfillment_order_asks() -> None:
    """PAY-03: `order_authorization` off."""
    desk = simple(900, policy=Policy(order_authorization=False)).open(CARD)
    assert desk.payments.intents == ()
    desk.allocate()
    assert desk.only(IntentKind.AUTHORIZE).amount == 900
    desk.allocate("fo-2")
    assert desk.only(IntentKind.AUTHORIZE).amount == 900


def test_two_digit_years_are_20xx_and_wallets_read_as_cards() -> None:
    """PAY-05."""
    desk = simple(900).open(CARD, NewTender("WALLET", token="w", brand="Visa"))
    assert desk.payments.tenders[0].expiry == "12/2027"
    assert label(desk.payments.tenders[0]) == "Visa card ending 4242"
    assert label(desk.payments.tenders[1]) == "Visa card via wallet"


@pytest.mark.parametrize("number", ["4242424242424242", "4242 4242 4242 4242"])
def test_card_numbers_are_never_stored(number: str) -> None:
    """PAY-05."""
    with pytest.raises(Malformed) as refusal:
        simple(900).open(NewTender("CARD", token=number))
    assert refusal.value.code == "CARD_NUMBER"
    assert number not in str(refusal.value)
    desk = simple(900).open()
    with pytest.raises(Malformed):
        desk.do(payments.add_tender, AddTender("CARD", token=number))


def test_zero_value_orders_need_no_tender() -> None:
    """PAY-06: nothing is needed, nothing is asked even of a tender that is there."""
    assert simple(0).open().money.needed == 0
    assert simple(0).open(CARD).payments.intents == ()


def test_process_is_refused_once_the_need_is_reached() -> None:
    """PAY-07: by a new tender and by an authorization, asked for or held."""
    desk = simple(900).open(CARD)
    for _ in range(2):
        with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
            desk.do(payments.add_tender, AddTender("CARD", token="tok2"))
        with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
            desk.do(payments.authorize, Authorize(desk.payments.tenders[0].id))
        desk.run()


def test_new_payment_covers_the_shortfall_and_captures_if_asked() -> None:
    """PAY-07: *Authorize and capture*."""
    desk = simple(900).open(NewTender("CARD", token="tok", limit=400)).run()
    desk.do(payments.add_tender, AddTender("CARD", token="tok2", capture=True))
    desk.run()
    assert desk.captured() == [0, 500]


def test_capture_by_hand_stays_within_authorization_and_need() -> None:
    """PAY-07, PAY-30."""
    desk = simple(900).open(CARD).run()
    card = desk.payments.tenders[0].id
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.capture, CaptureFunds(card, 901))
    desk.do(payments.capture, CaptureFunds(card, 300))
    desk.do(payments.capture, CaptureFunds(card))
    desk.run()
    assert desk.captured() == [900]
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.capture, CaptureFunds(card))


def test_money_without_gateway_is_noted_when_it_comes() -> None:
    """PAY-04, PAY-12: cash on delivery uses its own limit up."""
    desk = simple(900).open(NewTender("COD"))
    desk.ship((1, 1))
    assert types(tuple(desk.facts))["payment.funds_missing"] == 0
    desk.do(payments.capture, CaptureFunds(desk.payments.tenders[0].id))
    assert desk.money.amount_due == 0
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 0


def test_coverage_counts_authorization_funds_credit_and_limits() -> None:
    """PAY-12: each part counts once; PENDING and UNKNOWN authorizations do not."""
    desk = simple(900).open(NewTender("CASH", limit=100), CARD, NewTender("TERMS", limit=250))
    assert payments.coverage(desk.payments, 100, 7, desk.ctx) == 100 + 7 + 250
    desk.run()
    assert payments.coverage(desk.payments, 100, 7, desk.ctx) == 100 + 7 + 250 + 800


def test_shortfall_is_what_the_upward_edit_asks() -> None:
    """PAY-13: the shortfall only, on the chosen tender, and it is not captured."""
    policy = Policy(capture_timing=CaptureTiming.ON_ORDER)
    desk = simple(900, policy=policy).open(CARD).run()
    line = simple(900, 350).lines[2]
    desk.lines[2] = line
    card = desk.payments.tenders[0].id
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        desk.do(payments.authorize, Authorize(card, 351))
    desk.do(payments.authorize, Authorize(card))
    assert desk.only(IntentKind.AUTHORIZE).amount == 350
    desk.run()
    assert desk.captured() == [900]


def test_editing_down_and_up_again_moves_no_money() -> None:
    """PAY-14, PAY-15, INV-M4: no refund, no void, and less is captured in the end."""
    desk = simple(900, 100).open(CARD).run()
    whole, before = dict(desk.lines), desk.payments
    for value in (40, 100):
        amounts = replace(whole[2].amounts, goods=value)
        desk.lines[2] = replace(whole[2], amounts=amounts)
        change = LineChanged("ord", 2, "price", None, str(value))
        desk.take(Step(desk.payments, (change,)))
    assert desk.payments == before
    desk.cancel(2, 1)
    assert desk.payments == before
    desk.ship((1, 1))
    desk.run()
    assert desk.captured() == [900]
    assert desk.of(IntentKind.REFUND) == []


def test_final_capture_releases_the_rest() -> None:
    """PAY-15: final exactly when no open units are left."""
    desk = simple(600, 400).open(CARD).run()
    desk.ship((1, 1))
    assert not desk.only(IntentKind.CAPTURE).final
    desk.run()
    desk.cancel(2, 0)
    assert desk.of(IntentKind.VOID) == []
    desk.ship((2, 1))
    last = desk.only(IntentKind.CAPTURE)
    assert last.final
    assert desk.request(last).final_capture
    desk.run()
    assert desk.payments.tenders[0].authorizations[0].void


def test_release_guard_uses_coverage_left_after_captures() -> None:
    """PAY-20: a captured and invoiced part neither covers nor is needed any more."""
    desk = simple(600, 400).open(CARD).run()
    desk.ship((1, 1))
    assert desk.money.needed == 1000
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 1000
    desk.run()
    assert desk.money.needed == 400
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 400


def test_authorizations_expire_and_stand_in_the_due_index() -> None:
    """PAY-21: 7 days unless the gateway names an end; then they cover nothing."""
    desk = simple(900).open(CARD).run()
    end = START + timedelta(days=7)
    assert payments.next_due(desk.payments) == end
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 900
    facts = desk.pass_time(timedelta(days=7))
    assert types(facts)["payment.authorization_expired"] == 1
    assert payments.coverage(desk.payments, 0, 0, desk.ctx) == 0
    assert payments.next_due(desk.payments) is None
    assert payment_state(desk.payments, desk.payments.tenders[0], desk.now) == "EXPIRED"
    desk.allocate()
    assert desk.only(IntentKind.AUTHORIZE).amount == 900


def test_states_of_a_payment_follow_its_amounts() -> None:
    """Payment states of the lifecycle, first match."""
    desk = simple(600, 400).open(CARD)
    states = [payment_state(desk.payments, desk.payments.tenders[0], desk.now)]

    def note() -> None:
        states.append(payment_state(desk.payments, desk.payments.tenders[0], desk.now))

    desk.run()
    note()
    desk.ship((1, 1))
    desk.run()
    note()
    desk.ship((2, 1))
    desk.run()
    note()
    for invoice in desk.billing.invoices:
        desk.credit(CreditUnits(invoice.id, invoice.lines[0].line_no, 1))
        desk.run()
        note()
    assert states == [
        "AWAITING_AUTHORIZATION", "AUTHORIZED", "PARTIALLY_CAPTURED", "CAPTURED",
        "PARTIALLY_REFUNDED", "REFUNDED",
    ]  # fmt: skip


def test_hard_decline_shows_as_declined() -> None:
    """Payment states of the lifecycle: DECLINED, nothing authorized or captured."""
    desk = simple(600).open(CARD)
    desk.exchange(desk.due()[0], HARD)
    assert payment_state(desk.payments, desk.payments.tenders[0], desk.now) == "DECLINED"


def test_payments_survive_storage() -> None:
    """Nothing is lost or changed by writing and reading the part."""
    desk = simple(600, 400).open(GIFT, CARD).run()
    desk.ship((1, 1))
    desk.run()
    assert decode(Payments, encode(desk.payments)) == desk.payments
    assert {i.state for i in desk.payments.intents} == {IntentState.SUCCEEDED}
