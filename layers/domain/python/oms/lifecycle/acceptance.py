"""Accepting an order: read what it needs, decide, and know what a lost race means.

Four reads and writes one after another: names, items, counters, and the commit, which finds out as
well whether the caller's key was used before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oms.billing.model import Billing
from oms.inventory.model import StockSnapshot
from oms.kernel.context import Actor, Context
from oms.kernel.errors import Conflict
from oms.kernel.ids import derive
from oms.lifecycle.answers import Answer
from oms.lifecycle.drafting import begin
from oms.lifecycle.engine import Outcome, conclude
from oms.lifecycle.entry import World, accept, look, selling_channel, tenders
from oms.lifecycle.moves import Draft
from oms.lifecycle.preview import outcome_of
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.view import summary
from oms.orders.commands import PlaceOrder

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports

PREVIEWED = "$number"
"""Stands for the number that an order would get."""


class Acceptance:
    """One offered order; `decide` may be called again after a lost race. `stock` is what it was
    last decided on.
    """

    def __init__(
        self, ports: Ports, actor: Actor, command: PlaceOrder, correlation_id: str
    ) -> None:
        self._channel = selling_channel(ports, actor, command.channel)
        policy = ports.settings.policy(actor.company, command.channel)
        self.ctx = Context(ports.clock(), actor, correlation_id, policy)
        self._ports = ports
        self._command = command
        self._correlation_id = correlation_id
        self._order_id = ""
        self._before: OrderRecord
        self.stock: StockSnapshot | None = None
        self._number = ""

    def decide(self, key: str, preview: bool = False) -> Outcome:
        """Decide on what stock says now; refusals raise and leave nothing behind. A preview takes
        no number.
        """
        company = self.ctx.actor.company
        self._number = PREVIEWED if preview else self._number
        self._order_id = self._order_id or self._identify(key)
        world = look(self._ports, company, self._command, self._channel, self.ctx.now)
        self.stock = world.snapshot
        self._number = self._number or self._next_number(company)
        before, draft = self._received(world)
        self._before = before
        return conclude(before, draft, self.ctx)

    def answer(self, outcome: Outcome, expected: str | None) -> Answer:
        """201 with where the order stands and what accepting it comes to.

        Raises `Conflict` OUTCOME_CHANGED where the caller `expected` another outcome (PVW-03).
        """
        told = outcome_of(self._before, outcome, self.ctx, expected)
        return Answer(201, summary(outcome.record, self.ctx) | told, version=1)

    def refuse_duplicate(self) -> None:
        """Raise DUPLICATE_ORDER when the natural key is taken (API-04)."""
        known = self._ports.orders.load(self.ctx.actor.company, self._order_id)
        if known is not None:
            raise Conflict(
                "DUPLICATE_ORDER",
                f"channel {self._command.channel} has placed this order before",
                existing_id=self._order_id,
            )

    def _received(self, world: World) -> tuple[OrderRecord, Draft]:
        step = accept(self._command, world, self._number, self._order_id, self.ctx)
        books = Billing(legal_entity=self._channel.legal_entity)
        before = OrderRecord(step.part, billing=books, correlation_id=self._correlation_id)
        draft = Draft(before, self.ctx)
        draft.note(step.facts)
        draft.take("payments", tenders(self._command, self._channel, step.part, self.ctx))
        return before, draft

    def _identify(self, key: str) -> str:
        natural = self._command.external_number
        company, channel = self.ctx.actor.company, self._command.channel
        if natural is None:
            return derive("ord", company, channel, "key", self.ctx.actor.id, key)
        return derive("ord", company, channel, natural)

    def _next_number(self, company: str) -> str:
        sequence = self._ports.numbers.next(company, "order")
        return f"{self.ctx.policy.number_prefix}{self.ctx.now:%y}-{sequence:06}"


class DraftStart(Acceptance):
    """One order that an agent begins to enter (ORD-101); nothing is promised yet."""

    def _received(self, world: World) -> tuple[OrderRecord, Draft]:
        draft = begin(self._command, world, self._number, self._order_id, self.ctx)
        before = OrderRecord(draft.order, correlation_id=self._correlation_id)
        draft.record = replace(draft.record, correlation_id=self._correlation_id)
        return before, draft
