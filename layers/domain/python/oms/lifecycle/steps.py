"""The automatic steps that reach outside the record, as the workflow drives them.

Each step is re-entrant: it works from wherever the record stands, and a second run at any time
changes nothing
that the first one did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from oms.billing import decisions as billing
from oms.fulfillment import decisions as fulfillment
from oms.holds import decisions as holds
from oms.inventory.model import Item
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Refused, StockConflict, Unavailable, VersionConflict
from oms.lifecycle import drafting
from oms.lifecycle.dispatch import foreign
from oms.lifecycle.engine import conclude, drain
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.screening import NOTHING_SCREENED, Screening
from oms.lifecycle.sourcing import PORTION, Sourcing
from oms.lifecycle.state import SETTLING, backorders_due, covered, due_intents, next_step
from oms.lifecycle.stock import ONE_WRITE, rows
from oms.lifecycle.turns import Turns, always
from oms.lifecycle.use_cases import Lifecycle, Ports
from oms.orders.mapping import Codes
from oms.orders.model import NO_CURRENCY, Order
from oms.orders.totals import totals
from oms.orders.validation import validate
from oms.payments import decisions as payments
from oms.payments.commands import MarkSent, SettleIntent, TakeWebhook
from oms.payments.gateway import (
    DeclineClass,
    Gateway,
    GatewayRequest,
    GatewayResult,
    Outcome,
    WebhookEvent,
    may_serve,
)
from oms.payments.model import Intent, IntentKind

REPLANS = 3
"""How often a plan that lost the race for stock is made again (SRC-07)."""


REFUSED = GatewayResult(
    Outcome.DECLINED, decline_class=DeclineClass.HARD, code="gateway_not_allowed"
)
"""What is said of a gateway that does not exist, or that only plays while the order is live."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of an order's life that a workflow runs one after the other."""

    lifecycle: Lifecycle
    ports: Ports
    gateways: Mapping[str, Gateway]
    sourcing: Sourcing
    screening: Screening = NOTHING_SCREENED

    def run(self, company: str, order_id: str, step: str, cause: str) -> str:
        """Take one step; returns the next one, WAIT or DONE."""
        record = self._steps()[step](company, order_id, cause)
        ctx = self._context(record, cause)
        following = next_step(record, ctx)
        if following is not None:
            return following
        return "DONE" if record.order.reached in ("CLOSED", "VOID") else "WAIT"

    def next(self, record: OrderRecord, ctx: Context) -> str | None:
        """The step automation can take now, or None."""
        return next_step(record, ctx)

    def webhook(self, event: WebhookEvent, cause: str, gateway: str) -> OrderRecord:
        """Take a verified webhook of `gateway` into the order it names (GTW-07); raises `Refused`
        for an order that another system owns (ENT-14).
        """
        if event.metadata is None or event.metadata.order_id is None:
            raise Unavailable("ORPHAN_PAYMENT", "the webhook names no order")
        target = event.metadata

        def take(draft: Draft) -> None:
            reasons = foreign(draft.record)
            if reasons:
                raise Refused(reasons[0].code, reasons[0].message, reasons=reasons)
            part = draft.record.payments
            draft.take(
                "payments", payments.take_webhook(part, TakeWebhook(event, gateway), draft.ctx)
            )

        order_id = str(target.order_id)
        return self.lifecycle.change(target.company, order_id, ActorKind.GATEWAY, cause, take)

    def tick(self, company: str, order_id: str, cause: str) -> OrderRecord:
        """Let time pass for one order: holds, retries, deadlines (SAG-05)."""

        def pass_time(draft: Draft) -> None:
            record, ctx = draft.record, draft.ctx
            if record.due_at is not None and record.due_at <= ctx.now:
                draft.record = replace(record, due_at=None)
            draft.take("holds", holds.tick(record.holds, ctx, covered(record, ctx)))
            draft.take("payments", payments.tick(draft.record.payments, ctx))
            payable = payments.refundable_payment(draft.record.payments)
            draft.take("billing", billing.tick(draft.record.billing, payable, ctx))
            draft.take("fulfillment", fulfillment.tick(draft.record.fulfillment, ctx))
            drafting.tick(draft)

        return self.lifecycle.change(company, order_id, ActorKind.SYSTEM, cause, pass_time)

    def _steps(self) -> dict[str, Callable[[str, str, str], OrderRecord]]:
        return {
            "VALIDATE": self._validate,
            "AUTHORIZE": self._authorize,
            "ALLOCATE": self._allocate,
            "SETTLE": self._settle,
        }

    def _context(self, record: OrderRecord, cause: str) -> Context:
        actor = Actor(ActorKind.WORKFLOW, "workflow", record.order.company)
        return self.lifecycle.context(record, actor, cause)

    def _change(
        self, company: str, order_id: str, cause: str, decide_on: Callable[[Draft], None]
    ) -> OrderRecord:
        return self.lifecycle.change(company, order_id, ActorKind.WORKFLOW, cause, decide_on)

    def _validate(self, company: str, order_id: str, cause: str) -> OrderRecord:
        """Validate, and where nothing is wrong, note in the same write that funds are asked for."""

        def check(draft: Draft) -> None:
            if draft.order.validated:
                return
            self._remap(draft)
            methods = tuple(t.method for t in draft.record.payments.tenders)
            codes, items = self._known(draft.order)
            screened = self.screening.of(draft.order, draft.ctx)
            step = validate(draft.order, methods, draft.ctx, codes, items, screened)
            draft.take("order", step)

        return self._exchange(company, order_id, cause, (IntentKind.AUTHORIZE,), check)

    def _remap(self, draft: Draft) -> None:
        """Tenders whose code a corrected table translates now (INT-06, PAY-01), and those that
        could not be asked for anything before the order was valued (INT-05).
        """
        order, part = draft.order, draft.record.payments
        if not order.valued:
            return
        channel = self.ports.settings.channel(order.company, order.channel)
        if channel is not None and any(t.method in channel.tenders for t in part.tenders):
            total = totals(order).current
            codes, gateways = channel.tenders, channel.gateways
            draft.take("payments", payments.remap(part, codes, gateways, total, draft.ctx))
        if part.currency == NO_CURRENCY:
            part, total = draft.record.payments, totals(order).current
            draft.take("payments", payments.value(part, order.currency, total, draft.ctx))

    def _known(self, order: Order) -> tuple[Codes, Mapping[str, Item]]:
        """Mapping tables of the channel, and items that were unknown at acceptance (INT-06)."""
        channel = self.ports.settings.channel(order.company, order.channel)
        codes = (
            Codes()
            if channel is None
            else Codes(channel.methods, channel.countries, channel.gateways)
        )
        own = {} if channel is None else channel.items
        names = {row.sku: own.get(row.sku, row.sku) for row in order.lines if row.item_id is None}
        if not names:
            return codes, {}
        found = self.ports.stock.items_by_sku(order.company, tuple(set(names.values())))
        return codes, {sku: found[name] for sku, name in names.items() if name in found}

    def _authorize(self, company: str, order_id: str, cause: str) -> OrderRecord:
        return self._exchange(company, order_id, cause, (IntentKind.AUTHORIZE,))

    def _settle(self, company: str, order_id: str, cause: str) -> OrderRecord:
        return self._exchange(company, order_id, cause, SETTLING)

    def _exchange(
        self, company: str, order_id: str, cause: str, kinds: tuple[IntentKind, ...],
        first: Callable[[Draft], None] | None = None,
    ) -> OrderRecord:  # fmt: skip
        """Mark as sent, send, settle; a crash in between is resolved by looking the key up.

        `first` is decided in the write that marks; what was handed over is marked already.
        """
        claimed: list[tuple[Intent, bool]] = []

        def claim(draft: Draft) -> None:
            if first is not None:
                first(draft)
                drain(draft)
            claimed[:] = _claimed(draft, kinds)
            command = MarkSent(tuple(intent.id for intent, sending in claimed if sending))
            part = draft.record.payments
            draft.take("payments", payments.mark_sent(part, command, draft.ctx))

        record = self._change(company, order_id, f"{cause}:claim", claim)
        answers = [(i, sending, self._ask(record, i, sending)) for i, sending in claimed]

        def settle(draft: Draft) -> None:
            for intent, sending, result in answers:
                part = draft.record.payments
                command = SettleIntent(intent.id, result, lookup=not sending)
                draft.take("payments", payments.settle(part, command, draft.ctx))

        return self._change(company, order_id, f"{cause}:settle", settle) if answers else record

    def _ask(self, record: OrderRecord, intent: Intent, sending: bool) -> GatewayResult:
        order = record.order
        tender = next(t for t in record.payments.tenders if t.id == intent.payment_id)
        gateway = self.gateways.get(tender.gateway or "record-only")
        if gateway is None or not may_serve(gateway, live_order=self._live(order)):
            return REFUSED
        if not sending:
            return gateway.lookup(intent.id)
        request = payments.request(record.payments, intent, order.company, order.id)
        return _send(gateway, request)

    def _live(self, order: Order) -> bool:
        channel = self.ports.settings.channel(order.company, order.channel)
        return channel is not None and not channel.test_mode

    def _allocate(self, company: str, order_id: str, cause: str) -> OrderRecord:
        """Source the order; where it waits for supply, whoever waits with it comes in turn."""
        actor = Actor(ActorKind.WORKFLOW, "workflow", company)
        before = self.lifecycle.read(actor, order_id)
        if before.order.intake_progress is not None:
            return self._change(company, order_id, cause, self._promise)
        due = backorders_due(before, self.lifecycle.context(before, actor, cause))
        record = self.source(company, order_id, cause)
        for item_id in due:
            self.serve(company, item_id, cause)
        return self.lifecycle.read(actor, order_id) if due else record

    def _promise(self, draft: Draft) -> None:
        if draft.order.intake_progress is not None:
            self.sourcing.promise(draft)

    def serve(
        self, company: str, item_id: str, cause: str, time_left: Callable[[], bool] = always
    ) -> bool:
        """Give what landed of an item to those who wait for it, in the order of their queue
        (LIN-102, BKO-06); False where somebody is still to be tried.
        """
        return Turns(self, self.ports.stock, self.ports.settings, self.ports.clock).take(
            company, item_id, cause, time_left
        )

    def source(self, company: str, order_id: str, cause: str, turn: bool = False) -> OrderRecord:
        """Plan and create fulfillment orders in one commit (SRC-07); in its `turn` the order takes
        what it was waiting for first. Raises `StockConflict` when others were always faster.
        """
        actor, most, attempt = Actor(ActorKind.WORKFLOW, "workflow", company), PORTION, 0
        while attempt <= REPLANS:
            record = self.lifecycle.read(actor, order_id)
            ctx = self.lifecycle.context(record, actor, f"{cause}:{record.version}")
            draft = Draft(record, ctx)
            decision = self.sourcing.source(draft, turn, most)
            outcome = conclude(record, draft, ctx)
            if most > 1 and rows(outcome) > ONE_WRITE:
                most //= 2
                continue
            if outcome.record is record:
                return record
            if turn:
                # Nobody runs this order now; its stream image starts what comes next.
                outcome = replace(outcome, wake=outcome.step is not None)
            try:
                self.lifecycle.commit(outcome, ctx, decision)
            except (StockConflict, VersionConflict):
                self.ports.jitter(attempt)
                attempt += 1
            else:
                return outcome.record
        raise StockConflict("stock moves faster than plans are made; the next run tries again")


def _claimed(draft: Draft, kinds: tuple[IntentKind, ...]) -> list[tuple[Intent, bool]]:
    """Intents to call about now, and whether the call is the request itself."""
    record, ctx = draft.record, draft.ctx
    if kinds == (IntentKind.AUTHORIZE,) and next_step(record, ctx) != "AUTHORIZE":
        return []
    return [(i, payments.sends(i, ctx)) for i in due_intents(record, ctx, kinds)]


def _send(gateway: Gateway, request: GatewayRequest) -> GatewayResult:
    calls: dict[str, Callable[[GatewayRequest], GatewayResult]] = {
        "AUTHORIZE": gateway.authorize, "CAPTURE": gateway.capture,
        "REFUND": gateway.refund, "VOID": gateway.void,
    }  # fmt: skip
    return calls[request.kind.value](request)
