"""One order's money at work: lines, payments, billing and the gateway, wired as in production.

`take` lets billing and payments react to every fact, in this order, until none is left, as the
lifecycle engine does; `check` asserts what must hold after every single step (INV-M1, M3, M5, M7).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from oms.billing import decisions as billing
from oms.billing.commands import CreditAmount, CreditUnits, PostCredit
from oms.billing.facts import InvoicePosted
from oms.billing.ledger import unapplied
from oms.billing.model import Billing, DocumentState
from oms.fulfillment.facts import FulfillmentOrderCreated, ShipmentCreated
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.money import Amounts
from oms.kernel.policy import Policy
from oms.orders.commands import NewTender
from oms.orders.facts import OrderVoided, UnitsCanceled
from oms.payments import decisions as payments
from oms.payments.balances import MoneyView, capturable, refundable
from oms.payments.commands import MarkSent, SettleIntent, TakeWebhook
from oms.payments.gateway import (
    GatewayMetadata,
    GatewayRequest,
    GatewayResult,
    Outcome,
    RequestKind,
    WebhookEvent,
)
from oms.payments.model import Intent, IntentKind, Payments

from tests.domain.payments.bank import Bank
from tests.domain.payments.lines import Counts as Counts
from tests.domain.payments.lines import OrderLine as OrderLine

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
ORDER = "ord_0000000000000000000000TEST"
GATEWAYS = {
    "CARD": "test", "WALLET": "test", "GIFT_CARD": "test", "STORE_CREDIT": "test",
    "BANK_TRANSFER": "test",
}  # fmt: skip
KINDS = tuple(IntentKind)


@dataclass
class Desk:
    """The order and its clock."""

    lines: dict[int, OrderLine]
    policy: Policy = field(default_factory=Policy)
    gross: bool = False
    currency: str = "USD"
    now: datetime = START
    actor: Actor = field(default_factory=lambda: Actor(ActorKind.USER, "ana", "acme"))
    payments: Payments = field(default_factory=Payments)
    billing: Billing = field(default_factory=Billing)
    bank: Bank = field(default_factory=Bank)
    facts: list[Fact] = field(default_factory=list)
    steps: int = 0
    shipments: int = 0
    released_value: int = 0

    @property
    def ctx(self) -> Context:
        """A new cause for each step."""
        return Context(self.now, self.actor, f"cause-{self.steps}", self.policy)

    @property
    def money(self) -> MoneyView:
        """As the lifecycle computes it: lines and ledger."""
        value = sum(line.value(self.gross) for line in self.lines.values())
        now = billing.balances(self.billing)
        invoiced = sum(invoice.total for invoice in self.billing.invoices)
        credited = sum(memo.total for memo in self.billing.credit_memos)
        total = value + invoiced - credited
        return MoneyView(value, now.ar, now.funds, now.credit, total, self.released_value)

    def open(self, *tenders: NewTender) -> Desk:
        """Accept the order with these means of payment."""
        total = sum(line.amounts.total(self.gross) for line in self.lines.values())
        self.take(payments.open_tenders(tenders, total, ORDER, self.currency, GATEWAYS, self.ctx))
        return self

    def take(self, step: Step[Any]) -> tuple[Fact, ...]:
        """Take a decision over and let everybody react; returns all facts of the step."""
        queue = self._adopt(step)
        done: list[Fact] = []
        while queue:
            fact = queue.pop(0)
            done.append(fact)
            self._lines(fact)
            queue += self._adopt(billing.react(self.billing, fact, self.ctx))
            queue += self._adopt(payments.react(self.payments, fact, self.money, self.ctx))
        self.facts += done
        self.steps += 1
        self.check()
        return tuple(done)

    def do(self, decision: Any, command: object) -> tuple[Fact, ...]:
        """A command on payments that needs the money view."""
        return self.take(decision(self.payments, command, self.ctx, self.money))

    def allocate(self, fo_id: str = "fo-1") -> None:
        """An FO over all open units."""
        units = tuple(
            Units(line.line_no, "item", line.quantity - line.buckets.canceled)
            for line in self.lines.values()
        )
        fact = FulfillmentOrderCreated(fo_id, "T1-F1", "dc", "STANDARD", "ground", 1, units, None)
        drafted = billing.draft(self.billing, fact, self.lines, self.ctx)
        self.take(Step(drafted.part, (fact,)))

    def ship(self, *units: tuple[int, int], fo_id: str = "fo-1") -> tuple[Fact, ...]:
        """Ship (line number, quantity) pairs."""
        self.shipments += 1
        rows = tuple(Units(line_no, "item", quantity) for line_no, quantity in units)
        fact = ShipmentCreated(fo_id, f"shp-{self.shipments}", "dc", "ups", (), rows)
        return self.take(billing.post(self.billing, fact, self.lines, self.gross, ORDER, self.ctx))

    def cancel(self, line_no: int, quantity: int) -> tuple[Fact, ...]:
        """Cancel units from the back of a line."""
        line = self.lines[line_no]
        counts = replace(line.buckets, canceled=line.buckets.canceled + quantity)
        self.lines[line_no] = replace(line, buckets=counts)
        fact = UnitsCanceled(ORDER, line_no, "item", quantity, "reserved", "CUSTOMER", 0)
        return self.take(Step(self.payments, (fact,)))

    def void(self) -> tuple[Fact, ...]:
        """Void the order: all open units canceled."""
        for line_no, line in self.lines.items():
            counts = replace(line.buckets, canceled=line.quantity - line.buckets.invoiced)
            self.lines[line_no] = replace(line, buckets=counts)
        return self.take(Step(self.payments, (OrderVoided(ORDER, "CUSTOMER"),)))

    def credit(
        self, *units: CreditUnits, kind: str = "RETURN", amounts: tuple[CreditAmount, ...] = ()
    ) -> tuple[Fact, ...]:
        """Post a credit memo."""
        command = PostCredit(kind, "CHANGED_MIND", units, amounts)
        return self.take(billing.credit(self.billing, command, self.ctx, ORDER))

    def due(self) -> tuple[Intent, ...]:
        """Intents to send or to look up now."""
        return payments.due(self.payments, self.ctx, KINDS)

    def request(self, intent: Intent) -> GatewayRequest:
        """As sent to the gateway."""
        return payments.request(self.payments, intent, "acme", ORDER)

    def mark(self, intent: Intent) -> None:
        """Note that it is being sent."""
        self.take(payments.mark_sent(self.payments, MarkSent((intent.id,)), self.ctx))

    def settle(
        self, intent: Intent, result: GatewayResult, *, lookup: bool = False
    ) -> tuple[Fact, ...]:
        """Take an answer over."""
        command = SettleIntent(intent.id, result, lookup)
        return self.take(payments.settle(self.payments, command, self.ctx))

    def exchange(
        self, intent: Intent, plan: GatewayResult | None = None, answer: GatewayResult | None = None
    ) -> tuple[Fact, ...]:
        """Send or look up; `plan` is what the gateway does, `answer` what reaches us instead."""
        if not intent.to_send:
            return self.settle(intent, answer or self.bank.lookup(intent.id), lookup=True)
        self.mark(intent)
        if answer is not None and answer.outcome is Outcome.UNREACHABLE:
            return self.settle(intent, answer)
        result = self.bank.perform(self.request(intent), plan)
        return self.settle(intent, answer or result)

    def run(self) -> Desk:
        """Send everything that is due until nothing is."""
        while self.due():
            for intent in self.due():
                self.exchange(intent)
        return self

    def webhook(self, intent: Intent, result: GatewayResult, event_id: str) -> tuple[Fact, ...]:
        """A webhook about a known intent."""
        event = WebhookEvent(
            event_id, RequestKind(intent.kind.value), result, intent.amount, self.currency,
            self.now, intent.id, intent.parent_reference,
            GatewayMetadata("acme", intent.payment_id, ORDER),
        )  # fmt: skip
        gateway = self.payments.tender(intent.payment_id).gateway or "test"
        command = TakeWebhook(event, gateway)
        return self.take(payments.take_webhook(self.payments, command, self.ctx))

    def foreign(
        self, kind: RequestKind, amount: int, event_id: str, parent: str | None = None
    ) -> tuple[Fact, ...]:
        """A webhook about money that nobody here asked for."""
        result = GatewayResult(Outcome.SUCCEEDED, f"foreign-{event_id}", amount)
        event = WebhookEvent(event_id, kind, result, amount, self.currency, self.now, None, parent)
        command = TakeWebhook(event, "test")
        return self.take(payments.take_webhook(self.payments, command, self.ctx))

    def pass_time(self, span: timedelta) -> tuple[Fact, ...]:
        """Let the clock go on."""
        self.now += span
        return self.take(payments.tick(self.payments, self.ctx))

    def only(self, kind: IntentKind) -> Intent:
        """The one intent of that kind that is not final."""
        (intent,) = (i for i in self.payments.intents if i.kind is kind and not i.state.final)
        return intent

    def of(self, kind: IntentKind) -> list[Intent]:
        """All intents of a kind."""
        return [intent for intent in self.payments.intents if intent.kind is kind]

    def captured(self) -> list[int]:
        """Captured per tender."""
        return [tender.captured for tender in self.payments.tenders]

    def refunded(self) -> list[int]:
        """Refunded per tender."""
        return [tender.refunded for tender in self.payments.tenders]

    def check(self) -> None:
        """What must hold after every step."""
        self._check_claims()
        self._check_ledger()
        self._check_bank()
        for invoice in self.billing.invoices:
            for line in invoice.lines if invoice.posted_at else ():
                left = billing.creditable(self.billing, invoice.id, line.line_no)
                assert left.product >= 0, "INV-M7"
                assert all(
                    getattr(left, f.name) >= 0
                    for f in fields(left)
                    if f.name not in ("goods", "adjustment")
                ), "INV-M7"

    def _check_claims(self) -> None:
        percent = self.policy.overcapture_percent
        for tender in self.payments.tenders:
            for held in tender.authorizations:
                allowed = held.amount * (100 + percent) // 100
                claimed = self._claimed(IntentKind.CAPTURE, held.reference)
                assert held.captured + claimed <= allowed, "INV-M1"
                left = capturable(self.payments, tender, held, percent)
                assert left <= allowed - held.captured - claimed, "PAY-30"
            for capture in tender.captures:
                claimed = self._claimed(IntentKind.REFUND, capture.reference)
                assert capture.refunded + claimed <= capture.amount, "REF-01"
                left = refundable(self.payments, tender, capture)
                assert left == capture.amount - capture.refunded - claimed, "REF-01"

    def _claimed(self, kind: IntentKind, parent: str) -> int:
        return sum(
            intent.claims
            for intent in self.of(kind)
            if intent.parent_reference == parent and not intent.state.final
        )

    def _check_ledger(self) -> None:
        causes = [entry.cause for entry in self.billing.ledger]
        assert len(causes) == len(set(causes)), "LED-04"
        assert all(sum(entry.postings.values()) == 0 for entry in self.billing.ledger), "LED-01"
        now = billing.balances(self.billing)
        opened = [i for i in self.billing.invoices if i.posted_at]
        assert now.ar == sum(i.total - i.applied for i in opened), "INV-M5: AR equals invoices"
        memos = self.billing.credit_memos
        assert now.credit == sum(m.total - m.applied for m in memos), "INV-M5: CREDIT equals memos"
        assert now.ar >= 0
        assert now.credit >= 0
        for tender in self.payments.tenders:
            cash = tender.captured - tender.refunded
            assert now.cash.get(tender.id, 0) == cash, "INV-M5: CASH equals payments"
        assert sum(unapplied(self.billing).values()) == now.funds, "INV-M5: FUNDS"
        for invoice in opened:
            applied = sum(a.amount for a in self.billing.applications if a.invoice_id == invoice.id)
            assert invoice.applied == applied <= invoice.total
            state = billing.invoice_state(invoice)
            assert (state is DocumentState.OPEN) == (applied != invoice.total)

    def _check_bank(self) -> None:
        """INV-M3: what we know of is what the gateway did, and it did nothing twice."""
        for tender in self.payments.tenders:
            for capture in tender.captures:
                if capture.reference in self.bank.taken:
                    assert capture.amount == self.bank.taken[capture.reference]
                    assert capture.refunded <= self.bank.given[capture.reference]
        for reference, held in self.bank.held.items():
            assert self.bank.used[reference] <= held

    def _adopt(self, step: Step[Any]) -> list[Fact]:
        if isinstance(step.part, Payments):
            self.payments = step.part
        else:
            self.billing = step.part
        return list(step.facts)

    def _lines(self, fact: Fact) -> None:
        if isinstance(fact, InvoicePosted):
            for line_no, quantity in fact.units:
                line = self.lines[line_no]
                counts = replace(line.buckets, invoiced=line.buckets.invoiced + quantity)
                self.lines[line_no] = replace(line, buckets=counts)


def simple(*values: int, quantity: int = 1, **more: Any) -> Desk:
    """A desk with one line per value, each of `quantity` units, without tax."""
    lines = {
        place: OrderLine(place, quantity, Amounts(goods=value))
        for place, value in enumerate(values, start=1)
    }
    return Desk(lines, **more)


def types(facts: tuple[Fact, ...]) -> Counter[str]:
    """How many facts of each type."""
    return Counter(fact.TYPE for fact in facts)
