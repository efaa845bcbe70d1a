"""Acceptance of money: the engine and the real local gateway, spoken to over HTTP by the adapter.

ACC-006, 040 to 044, 046, 048, 049, 051. Time is the merchant's; only the gateway lives in ours.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from oms.billing.commands import CreditAmount, CreditUnits, PostCredit
from oms.fulfillment.commands import ApproveFulfillment, NewPackage, Pack, Pick, Ship
from oms.fulfillment.model import PackedUnits
from oms.fulfillment.states import fo_state
from oms.kernel.errors import Refused
from oms.kernel.policy import ApprovalMode, Policy
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import state
from oms.lifecycle.view import statuses
from oms.orders.commands import NewTender
from oms.payments.commands import AddTender, Refund, RetryIntent
from oms.payments.gateway import Gateway, GatewayMetadata, GatewayRequest, RequestKind
from oms.payments.model import Intent, IntentKind, IntentState

from tests.contracts.gateway_harness import ServiceHarness, event_of, moved, new_id
from tests.simulation.merchant import COMPANY, Merchant

_serial = itertools.count(1)


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceHarness]:
    with ServiceHarness.running() as harness:
        yield harness


class Shop(Merchant):
    """The merchant with the gateway in another process."""

    def __init__(self, service: ServiceHarness) -> None:
        super().__init__()
        self.service = service
        self.speak(service.gateway)
        gateways = {"CARD": "test", "GIFT_CARD": "test"}
        web = self.settings.all_channels["web"]
        self.settings.all_channels["web"] = replace(web, gateways=gateways, currency=None)
        for sku in ("A", "B"):
            self.shelve(sku, DC=200)

    def speak(self, gateway: Gateway) -> None:
        """Use this adapter from now on."""
        self.steps = replace(self.steps, gateways={"test": gateway})

    def ship(self, order_id: str, *units: tuple[int, int], fo: int = 0) -> None:
        """Pick, pack and ship (line number, quantity) pairs of a fulfillment order."""
        fo_id = self.read(order_id).fulfillment.orders[fo].id
        rows = tuple(PackedUnits(line_no, count) for line_no, count in units)
        for command in (Pick(fo_id, rows), Pack(fo_id, (NewPackage(rows),)), Ship(fo_id, "UPS")):
            self.act(order_id, command)

    def hear(self, intent_id: str, at_least: int = 1) -> None:
        """Take in what the gateway has told about a key, newest first, each twice."""
        told = self.service.received(intent_id, at_least)[::-1]
        for webhook in told + told:
            event = event_of(self.service, webhook)
            self.steps.webhook(event, f"webhook:{event.event_id}", "test")

    def state(self, order_id: str) -> str:
        """The order's state."""
        record = self.read(order_id)
        return state(record, self.lifecycle.context(record, self.agent, "look"))

    def status(self, order_id: str) -> str:
        """The order's payment status."""
        record = self.read(order_id)
        context = self.lifecycle.context(record, self.agent, "look")
        return str(statuses(record, context)["paymentStatus"])

    def tick(self, order_id: str, **delta: float) -> OrderRecord:
        """Let time pass, as the clock does, and run on."""
        self.pass_time(**delta)
        self.steps.tick(COMPANY, order_id, f"tick:{self.read(order_id).version}")
        return self.run(order_id)


@pytest.fixture
def shop(service: ServiceHarness) -> Shop:
    return Shop(service)


def items(record: OrderRecord) -> list[str]:
    return [item.type for item in record.attention.items]


def only(record: OrderRecord, kind: IntentKind) -> Intent:
    (intent,) = [i for i in record.payments.intents if i.kind is kind]
    return intent


def place(shop: Shop, *lines: tuple[str, int, int], token: str = "tok_ok", **more: object) -> str:
    # The gateway remembers keys, so every order of this module has a number of its own.
    more.setdefault("external_number", f"M{next(_serial)}")
    return str(shop.place(*lines, token=token, **more).body["id"])


def test_an_unreachable_gateway(shop: Shop) -> None:
    """ACC-040, GTW-03: three retries, an alert, *Resubmit*, one authorization, no alert."""
    with shop.service.down():
        order_id = place(shop, ("A", 1, 1000))
        record = shop.run(order_id)
        for seconds in (5, 30, 120):
            assert items(record) == []
            record = shop.tick(order_id, seconds=seconds)
        assert items(record) == ["GATEWAY_UNREACHABLE"]
        intent = only(record, IntentKind.AUTHORIZE)
        assert (intent.state, intent.attempts) == (IntentState.CREATED, 4)
    shop.act(order_id, RetryIntent(intent.id))
    record = shop.run(order_id)
    held = [held.amount for tender in record.payments.tenders for held in tender.authorizations]
    assert (held, items(record), bool(record.fulfillment.orders)) == ([1000], [], True)
    assert moved(shop.service, intent.id) is not None


def test_an_expired_card_at_capture(shop: Shop) -> None:
    """ACC-041, PAY-32, PAY-20, SHP-03, WFL-14: it ships, the rest waits, a new card pays both."""
    shop.settings.current = Policy(fulfillment_order_approval=ApprovalMode.MANUAL)
    shop.shelve("C", BOS=5)
    order_id = place(shop, ("A", 1, 1000), ("C", 1, 700), token="tok_capture_expired_card")
    first, _ = shop.run(order_id).fulfillment.orders
    shop.act(order_id, ApproveFulfillment(first.id))
    number = 1 if first.site == "DC" else 2
    shop.ship(order_id, (number, 1))
    shipped = shop.read(order_id).fulfillment.orders[0]
    assert fo_state(shipped) in ("FULFILLED", "CLOSED"), "shipping does not wait for the gateway"
    record = shop.run(order_id)
    invoice = next(i for i in record.billing.invoices if i.posted_at)
    assert (invoice.applied, items(record)) == (0, ["CAPTURE_FAILED"])
    shop.settings.current = Policy()
    record = shop.run(order_id)
    assert record.fulfillment.orders[1].released_at is None
    shop.act(order_id, AddTender("CARD", "tok_ok"))
    record = shop.run(order_id)
    invoice = next(i for i in record.billing.invoices if i.posted_at)
    assert (invoice.applied, items(record)) == (invoice.total, [])
    assert record.fulfillment.orders[1].released_at is not None


def test_a_capture_that_times_out(shop: Shop) -> None:
    """ACC-042, GTW-04: UNKNOWN keeps its claim; the lookup finds it; the ledger shows it once."""
    order_id = place(shop, ("A", 1, 1000), token="tok_timeout_then_ok_on_capture")
    shop.run(order_id)
    shop.ship(order_id, (1, 1))
    shop.speak(shop.service.hasty)
    record = shop.run(order_id)
    intent = only(record, IntentKind.CAPTURE)
    assert (intent.state, intent.claims) == (IntentState.UNKNOWN, 1000)
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        shop.act(order_id, AddTender("CARD", "tok_ok", capture=True))
    record = shop.tick(order_id, seconds=31)
    cash = [e for e in record.billing.ledger if any(a.startswith("CASH") for a in e.postings)]
    assert [entry.cause for entry in cash] == [intent.id]
    assert shop.state(order_id) == "CLOSED"


def test_a_hundred_deliveries_and_ten_webhooks(shop: Shop) -> None:
    """ACC-043, GTW-01, LED-04: in parallel and in any order; money moves and is posted once."""
    order_id = place(shop, ("A", 1, 1000))
    shop.run(order_id)
    shop.ship(order_id, (1, 1))
    intent = only(shop.read(order_id), IntentKind.CAPTURE)
    commit, turn = shop.orders.commit, threading.Lock()

    def one_at_a_time(change: object) -> None:
        with turn:
            commit(change)  # type: ignore[arg-type]

    shop.orders.commit = one_at_a_time  # type: ignore[method-assign]
    request = GatewayRequest(
        RequestKind.CAPTURE, intent.id, 1000, "USD",
        GatewayMetadata(COMPANY, intent.payment_id, order_id),
        parent_reference=intent.parent_reference, final_capture=intent.final,
    )  # fmt: skip

    def deliver(number: int) -> None:
        if number % 2:
            shop.steps.run(COMPANY, order_id, "SETTLE", f"run-{number}")
        else:
            shop.service.gateway.capture(request)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(deliver, range(100)))
    shop.service.replay(intent.id, 10)
    told = shop.service.received(intent.id, 10)
    random.Random(7).shuffle(told)
    for webhook in told:
        shop.steps.webhook(event_of(shop.service, webhook), "webhook", "test")
    record = shop.run(order_id)
    found = moved(shop.service, intent.id)
    assert found is not None
    assert (found["amount"], found["times"]) == (1000, 1)
    assert [e.cause for e in record.billing.ledger].count(intent.id) == 1
    assert (record.payments.tenders[0].captured, shop.state(order_id)) == (1000, "CLOSED")


def test_a_pending_payment(shop: Shop) -> None:
    """ACC-044, GTW-06: held with its units reserved; the webhook lets it go on."""
    order_id = place(shop, ("A", 2, 1000), token="tok_pending_then_ok")
    record = shop.run(order_id)
    assert [h.type for h in record.holds.holds if not h.released_at] == ["PAYMENT_REQUIRED"]
    assert (record.order.lines[0].buckets.reserved, record.fulfillment.orders) == (2, ())
    intent = only(record, IntentKind.AUTHORIZE)
    shop.service.settle()
    shop.hear(intent.id, 2)
    record = shop.run(order_id)
    assert [h for h in record.holds.holds if not h.released_at] == []
    assert record.fulfillment.orders


def test_a_pending_payment_that_fails(shop: Shop) -> None:
    """ACC-044, GTW-05: canceled after the grace time, and the units are free."""
    order_id = place(shop, ("A", 2, 1000), token="tok_pending_then_fail")
    record = shop.run(order_id)
    shop.service.settle()
    shop.hear(only(record, IntentKind.AUTHORIZE).id, 2)
    assert "PAYMENT_DECLINED" in items(shop.run(order_id))
    record = shop.tick(order_id, hours=73)
    buckets = record.order.lines[0].buckets
    assert (buckets.canceled, buckets.reserved) == (2, 0)
    assert sum(counter.promised for counter in shop.stock.counters.values()) == 0


@pytest.mark.parametrize("mapped", ["test", "nowhere"])
def test_a_gateway_that_may_not_serve(shop: Shop, mapped: str) -> None:
    """GTW-02, PAY-01: a live order refuses a test gateway, and one that does not exist."""
    web = shop.settings.all_channels["web"]
    live = replace(web, test_mode=False, gateways={"CARD": mapped})
    shop.settings.all_channels["web"] = live
    record = shop.run(place(shop, ("A", 1, 1000)))
    assert items(record) == ["PAYMENT_DECLINED"]
    assert moved(shop.service, only(record, IntentKind.AUTHORIZE).id) is None


def test_two_tenders(shop: Shop) -> None:
    """ACC-046, PAY-10, REF-02: draws 30 + 40 and 50; refunds card 60, then card 30 + gift 20."""
    tenders = (NewTender("GIFT_CARD", "tok_ok_gift", limit=3000), NewTender("CARD", "tok_ok"))
    order_id = place(shop, ("A", 1, 7000), ("B", 1, 5000), tenders=tenders)
    shop.run(order_id)
    shop.ship(order_id, (1, 1))
    record = shop.run(order_id)
    assert [tender.captured for tender in record.payments.tenders] == [3000, 4000]
    shop.ship(order_id, (2, 1))
    record = shop.run(order_id)
    assert [tender.captured for tender in record.payments.tenders] == [3000, 9000]
    one, two = (i.id for i in record.billing.invoices if i.posted_at)
    for invoice, line_no, amount, refunded in (
        (one, 1, 6000, [0, 6000]), (two, 2, 5000, [2000, 9000]),
    ):  # fmt: skip
        part = CreditAmount(invoice, line_no, "PRODUCT", amount)
        shop.act(order_id, PostCredit("APPEASEMENT", "LATE", amounts=(part,)))
        record = shop.run(order_id)
        assert [tender.refunded for tender in record.payments.tenders] == refunded
    assert shop.state(order_id) == "CLOSED"


def test_paid_twice(shop: Shop) -> None:
    """ACC-048, PAY-34, STA-04: OVERPAID, one item; the surplus goes back to the second tender."""
    order_id = place(shop, ("A", 1, 2000))
    shop.run(order_id)
    shop.ship(order_id, (1, 1))
    shop.run(order_id)
    assert shop.status(order_id) == "PAID"
    metadata = GatewayMetadata(COMPANY, "pay_elsewhere", order_id)
    asked = GatewayRequest(
        RequestKind.AUTHORIZE, new_id(), 2000, "USD", metadata, payment_token="tok_ok"
    )
    held = shop.service.gateway.authorize(asked)
    taken = GatewayRequest(
        RequestKind.CAPTURE, new_id(), 2000, "USD", metadata, parent_reference=held.reference
    )
    shop.service.gateway.capture(taken)
    shop.hear(taken.intent_id)
    shop.hear(asked.intent_id)
    record = shop.run(order_id)
    assert (shop.status(order_id), items(record)) == ("OVERPAID", ["OVERPAID"])
    second = record.payments.tenders[1]
    item = shop.items.get(COMPANY, record.attention.items[0].id)
    assert item is not None
    assert item.fixes[0].arguments == {"paymentId": second.id, "amount": "2000"}
    shop.act(order_id, Refund(second.id, 2000, "PAID_TWICE"))
    record = shop.run(order_id)
    assert [tender.refunded for tender in record.payments.tenders] == [0, 2000]
    assert (shop.status(order_id), "OVERPAID" in items(record)) == ("PARTIALLY_REFUNDED", False)


def test_refund_without_return(shop: Shop) -> None:
    """ACC-049, REF-01, REF-05: 30.00 and 50.00 of 80.00, then not a cent."""
    order_id = place(shop, ("A", 1, 8000))
    shop.run(order_id)
    shop.ship(order_id, (1, 1))
    tender = shop.run(order_id).payments.tenders[0].id
    shop.act(order_id, Refund(tender, 3000, "LATE"))
    shop.run(order_id)
    shop.act(order_id, Refund(tender, 5000, "LATE"))
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        shop.act(order_id, Refund(tender, 1, "LATE"))
    record = shop.run(order_id)
    assert record.payments.tenders[0].refunded == 8000
    with pytest.raises(Refused, match="BALANCE_EXCEEDED"):
        shop.act(order_id, Refund(tender, 1, "LATE"))
    assert {memo.kind for memo in record.billing.credit_memos} == {"GOODWILL"}


@pytest.mark.parametrize(("stated", "state_now"), [(10000, "RECEIVED"), (9900, "INCOMPLETE")])
def test_a_total_that_differs(shop: Shop, stated: int, state_now: str) -> None:
    """ACC-006, TOT-04: three minor units are rounding, 1.03 are not."""
    order_id = place(shop, ("A", 1, 10003), stated_total=stated)
    rounding = [a.amount for a in shop.read(order_id).order.adjustments]
    shop.steps.run(COMPANY, order_id, "VALIDATE", "validate")
    record = shop.read(order_id)
    assert shop.state(order_id) in (state_now, "AWAITING_ALLOCATION")
    assert rounding == ([-3] if stated == 10000 else [])
    assert ("TOTAL_MISMATCH" in items(record)) is (stated != 10000)


@pytest.mark.parametrize(("currency", "unit"), [("JPY", 1), ("USD", 100), ("KWD", 1000)])
def test_the_same_flow_in_every_exponent(shop: Shop, currency: str, unit: int) -> None:
    """ACC-051, TOT-01, INV-M6: shipped in parts and credited in parts, integers to the last."""
    price = 333 * unit + (unit > 1)
    order_id = place(shop, ("A", 3, price), currency=currency)
    shop.run(order_id)
    for _ in range(3):
        shop.ship(order_id, (1, 1))
        shop.run(order_id)
    record = shop.read(order_id)
    assert record.payments.tenders[0].captured == 3 * price
    for invoice in [i.id for i in record.billing.invoices if i.posted_at]:
        shop.act(order_id, PostCredit("RETURN", "BROKEN", (CreditUnits(invoice, 1, 1),)))
        record = shop.run(order_id)
    assert record.payments.tenders[0].refunded == 3 * price
    amounts = [n for entry in record.billing.ledger for n in entry.postings.values()]
    assert all(type(amount) is int for amount in amounts)
    assert (sum(amounts), shop.state(order_id)) == (0, "CLOSED")
