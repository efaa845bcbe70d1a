"""Random histories of an order's money: commands, answers, webhooks, crashes, in any order.

After every step `Desk.check` asserts INV-M1, M3, M5 and M7 (ACC-162); amounts are drawn so that
currencies with 0, 2 and 3 decimals run the same rules (INV-M6, ACC-051, TOT-01).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from oms.billing import decisions as billing
from oms.billing.commands import CreditUnits
from oms.kernel.errors import OmsError
from oms.kernel.money import Amounts
from oms.kernel.policy import CaptureTiming, ExcessFunds, Policy
from oms.orders.commands import NewTender
from oms.payments import decisions as payments
from oms.payments.commands import AddTender, CaptureFunds, Refund, RetryIntent, VoidPayment
from oms.payments.gateway import GatewayResult, Outcome, RequestKind
from oms.payments.model import Intent, IntentState

from tests.domain.payments.bank import HARD, PENDING, SOFT, UNKNOWN, UNREACHABLE
from tests.domain.payments.desk import Desk, OrderLine

SCALES = {"JPY": 1, "USD": 100, "KWD": 1000}


class MoneyFlow(RuleBasedStateMachine):
    """One order from acceptance to any end."""

    desk: Desk
    events = 0

    @initialize(
        currency=st.sampled_from(sorted(SCALES)),
        lines=st.lists(
            st.tuples(
                st.integers(1, 4), st.integers(1, 99), st.integers(0, 9), st.integers(0, 20)
            ),
            min_size=1, max_size=3,
        ),
        gift=st.none() | st.integers(1, 150),
        timing=st.sampled_from(CaptureTiming),
        excess=st.sampled_from(ExcessFunds),
        overcapture=st.sampled_from((0, 0, 15)),
        gross=st.booleans(),
    )  # fmt: skip
    def accept(
        self, currency: str, lines: list[tuple[int, int, int, int]], gift: int | None,
        timing: CaptureTiming, excess: ExcessFunds, overcapture: int, gross: bool,
    ) -> None:  # fmt: skip
        """An order of up to three lines, paid by card or by gift card and card."""
        scale = SCALES[currency]
        rows = {
            n: OrderLine(n, quantity, _amounts(price * scale, discount, quantity, tax))
            for n, (quantity, price, discount, tax) in enumerate(lines, start=1)
        }
        policy = Policy(capture_timing=timing, excess_funds=excess, overcapture_percent=overcapture)
        self.desk = Desk(rows, policy, gross, currency)
        tenders = [NewTender("CARD", token="tok")]
        if gift:
            tenders.insert(0, NewTender("GIFT_CARD", token="gift", limit=gift * scale))
        self.desk.open(*tenders)

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 9), quantity=st.integers(1, 4))
    def ship(self, pick: int, quantity: int) -> None:
        """Ship units of a line, if any are open."""
        line_no, left = self._open_line(pick)
        if left:
            self.desk.ship((line_no, min(left, quantity)))

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 9), quantity=st.integers(1, 2))
    def cancel(self, pick: int, quantity: int) -> None:
        """Cancel units of a line, if any are open."""
        line_no, left = self._open_line(pick)
        if left:
            self.desk.cancel(line_no, min(left, quantity))

    @precondition(lambda self: self.desk.due())
    @rule()
    def run(self) -> None:
        """The gateway works: everything due is sent and answered."""
        self.desk.run()

    @precondition(lambda self: self.desk.due())
    @rule()
    def run_and_ship(self) -> None:
        """A healthy stretch, so that histories get somewhere before they go wrong."""
        self.desk.run()
        line_no, left = self._open_line(self.events)
        if left:
            self.desk.ship((line_no, 1))

    @precondition(lambda self: self.desk.due())
    @rule(
        pick=st.integers(0, 9),
        plan=st.sampled_from((None, None, None, SOFT, HARD, PENDING)),
        answer=st.sampled_from((None, None, UNKNOWN, UNREACHABLE)),
    )
    def exchange(self, pick: int, plan: GatewayResult | None, answer: GatewayResult | None) -> None:
        """Send or look up; the gateway may refuse, and its answer may get lost."""
        due = self.desk.due()
        self.desk.exchange(due[pick % len(due)], plan, answer)

    @precondition(lambda self: self.desk.due())
    @rule(pick=st.integers(0, 9), reaches=st.booleans())
    def crash(self, pick: int, reaches: bool) -> None:
        """The worker dies between noting the call and its answer."""
        due = self.desk.due()
        intent = due[pick % len(due)]
        if intent.to_send:
            self.desk.mark(intent)
            if reaches:
                self.desk.bank.perform(self.desk.request(intent))

    @precondition(lambda self: self.desk.bank.results)
    @rule(pick=st.integers(0, 99), repeats=st.integers(1, 3), finish=st.booleans())
    def webhook(self, pick: int, repeats: int, finish: bool) -> None:
        """The gateway tells what it knows, late, early and again, under one event id or several."""
        intent = self._answered(pick)
        waiting = self.desk.bank.results[intent.id].outcome is Outcome.PENDING
        if finish and waiting:
            self.desk.bank.finish(self.desk.request(intent))
        self.events += 1
        for repeat in range(repeats):
            result = self.desk.bank.results[intent.id]
            self.desk.webhook(intent, result, f"evt-{self.events}-{repeat // 2}")

    @precondition(lambda self: self.desk.bank.results)
    @rule(pick=st.integers(0, 99))
    def repeat_answer(self, pick: int) -> None:
        """An answer arrives a second time; once settled it must change nothing."""
        intent = self._answered(pick)
        before = (self.desk.payments, self.desk.billing)
        self.desk.settle(intent, self.desk.bank.results[intent.id])
        if intent.state is IntentState.SUCCEEDED:
            assert (self.desk.payments, self.desk.billing) == before, "INV-M3"

    @rule(minutes=st.sampled_from((1, 20, 300, 1500, 12000)))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.desk.pass_time(timedelta(minutes=minutes))

    @rule(pick=st.integers(0, 9), quantity=st.integers(1, 3))
    def credit(self, pick: int, quantity: int) -> None:
        """Credit units of a posted invoice."""
        posted = [i for i in self.desk.billing.invoices if i.posted_at]
        if posted:
            invoice = posted[pick % len(posted)]
            line = invoice.lines[pick % len(invoice.lines)]
            self._try(lambda: self.desk.credit(CreditUnits(invoice.id, line.line_no, quantity)))

    @rule(pick=st.integers(0, 9), share=st.integers(1, 120))
    def refund(self, pick: int, share: int) -> None:
        """Refund part of what a tender took, or more than that."""
        tender = self.desk.payments.tenders[pick % len(self.desk.payments.tenders)]
        command = Refund(tender.id, tender.captured * share // 100, "KINDNESS")
        self._try(lambda: self.desk.do(payments.refund, command))

    @rule(pick=st.integers(0, 9), share=st.none() | st.integers(1, 120))
    def capture(self, pick: int, share: int | None) -> None:
        """Capture by hand."""
        tender = self.desk.payments.tenders[pick % len(self.desk.payments.tenders)]
        amount = None if share is None else tender.limit * share // 100
        self._try(lambda: self.desk.do(payments.capture, CaptureFunds(tender.id, amount)))

    @precondition(lambda self: self.desk.payments.intents)
    @rule(pick=st.integers(0, 99))
    def retry(self, pick: int) -> None:
        """Somebody presses *Retry*."""
        intents = self.desk.payments.intents
        command = RetryIntent(intents[pick % len(intents)].id)
        self._try(lambda: self.desk.do(payments.retry, command))

    @rule(capture=st.booleans(), method=st.sampled_from(("CARD", "CASH")))
    def add_tender(self, capture: bool, method: str) -> None:
        """Another means of payment for what is not covered."""
        command = AddTender(method, token="tok2", capture=capture)
        self._try(lambda: self.desk.do(payments.add_tender, command))

    @rule(pick=st.integers(0, 9))
    def void_payment(self, pick: int) -> None:
        """Drop a payment."""
        tender = self.desk.payments.tenders[pick % len(self.desk.payments.tenders)]
        self._try(lambda: self.desk.do(payments.void_payment, VoidPayment(tender.id, "WRONG")))

    @precondition(lambda self: self._settled())
    @rule(amount=st.integers(1, 5000), repeated=st.booleans())
    def orphan(self, amount: int, repeated: bool) -> None:
        """Money arrives that nobody asked for."""
        self.events += not repeated
        self.desk.bank.taken.setdefault(f"foreign-orphan-{self.events}", amount)
        amount = self.desk.bank.taken[f"foreign-orphan-{self.events}"]
        self.desk.foreign(RequestKind.CAPTURE, amount, f"orphan-{self.events}")

    @precondition(lambda self: self._settled() and self._open())
    @rule()
    def void_order(self) -> None:
        """The order is annulled, unless something shipped."""
        if not any(line.buckets.invoiced for line in self.desk.lines.values()):
            self.desk.void()

    def teardown(self) -> None:
        """In the end, the order's refunds are within its captures, and every key ran once."""
        if hasattr(self, "desk"):
            totals = payments.summary(self.desk.payments, self.desk.ctx)
            assert totals.refunded <= totals.captured, "REF-01"
            known = {i.id for i in self.desk.payments.intents}
            assert set(self.desk.bank.results) <= known, "every key sent belongs to an intent"
            net = billing.balances(self.desk.billing).net_paid
            assert net == totals.captured - totals.refunded, "LED-03"

    def _open(self) -> bool:
        return any(self._open_line(n)[1] for n in range(len(self.desk.lines)))

    def _settled(self) -> bool:
        """Whether the gateway has nothing to do, so that rare events come at rare moments."""
        return bool(self.desk.bank.results) and not self.desk.due()

    def _open_line(self, pick: int) -> tuple[int, int]:
        line = self.desk.lines[pick % len(self.desk.lines) + 1]
        return line.line_no, line.quantity - line.buckets.invoiced - line.buckets.canceled

    def _answered(self, pick: int) -> Intent:
        keys = sorted(self.desk.bank.results)
        return self.desk.payments.intent(keys[pick % len(keys)])

    def _try(self, act: object) -> None:
        before = (self.desk.payments, self.desk.billing)
        assert callable(act)
        try:
            act()
        except OmsError:
            assert (self.desk.payments, self.desk.billing) == before, "a refusal changes nothing"


def _amounts(price: int, discount: int, quantity: int, tax_percent: int) -> Amounts:
    goods = price * quantity
    off = goods * discount // 10 // 2
    tax = (goods - off) * tax_percent // 100
    return Amounts(
        goods=goods, adjustment=-off, shipping=price // 3, goods_tax=tax,
        shipping_tax=price // 3 * tax_percent // 100,
    )  # fmt: skip


TestMoneyFlow = MoneyFlow.TestCase
TestMoneyFlow.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def long_history(seed: int, length: int) -> MoneyFlow:
    """One long history: the same moves as above in proportions closer to life."""
    dice = random.Random(seed)
    flow = MoneyFlow()
    size = dice.randint(1, 3)
    flow.accept(
        dice.choice(sorted(SCALES)),
        [
            (dice.randint(1, 4), dice.randint(1, 99), dice.randint(0, 9), dice.randint(0, 20))
            for _ in range(size)
        ],
        dice.choice((None, dice.randint(1, 150))),
        dice.choice(list(CaptureTiming)),
        dice.choice(list(ExcessFunds)),
        dice.choice((0, 15)),
        dice.random() < 0.5,
    )
    for _ in range(length):
        _move(flow, dice)
    flow.teardown()
    return flow


def _move(flow: MoneyFlow, dice: random.Random) -> None:
    pick = dice.randint(0, 99)
    due, told = bool(flow.desk.due()), bool(flow.desk.bank.results)
    answers = (None, None, None, UNKNOWN, UNREACHABLE)
    plans = (None,) * 8 + (SOFT, HARD, PENDING)
    moves: list[tuple[int, bool, Callable[[], None]]] = [
        (30, due, lambda: flow.exchange(pick, dice.choice(plans), dice.choice(answers))),
        (5, due, flow.run),
        (5, due, lambda: flow.crash(pick, dice.random() < 0.5)),
        (12, flow._open(), lambda: flow.ship(pick, dice.randint(1, 2))),
        (4, flow._open(), lambda: flow.cancel(pick, 1)),
        (8, told, lambda: flow.webhook(pick, dice.randint(1, 3), dice.random() < 0.5)),
        (4, told, lambda: flow.repeat_answer(pick)),
        (12, True, lambda: flow.wait(dice.choice((1, 20, 300, 1500, 5000)))),
        (6, True, lambda: flow.credit(pick, dice.randint(1, 3))),
        (4, True, lambda: flow.refund(pick, dice.randint(1, 120))),
        (3, True, lambda: flow.capture(pick, dice.choice((None, 30, 110)))),
        (5, True, lambda: flow.retry(pick)),
        (5, True, lambda: flow.add_tender(pick % 2 == 0, dice.choice(("CARD", "CASH")))),
        (2, True, lambda: flow.void_payment(pick)),
        (1, told, lambda: flow.orphan(dice.randint(1, 5000), pick % 3 == 0)),
        (1, told, flow.void_order),
    ]
    able = [(weight, act) for weight, possible, act in moves if possible]
    (act,) = dice.choices([act for _, act in able], [weight for weight, _ in able])
    act()


@pytest.mark.parametrize("seed", range(120))
def test_long_histories_keep_every_balance(seed: int) -> None:
    """INV-M1, M3, M5, M6, M7, LED-01, LED-04: eighty moves, checked after each."""
    flow = long_history(seed, 80)
    for bank_key, calls in flow.desk.bank.calls.items():
        assert calls <= flow.desk.payments.intent(bank_key).attempts, "PAY-101: every call is noted"
