"""Accepting an order: read what it needs, decide, and know what a lost race means.

Four reads and writes one after another at most: the key, the items, the counters, the commit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oms.inventory.model import StockSnapshot
from oms.kernel.context import Actor, Context
from oms.kernel.errors import Conflict, Forbidden, Refused
from oms.kernel.ids import derive
from oms.kernel.policy import StockPolicy
from oms.lifecycle.answers import Answer
from oms.lifecycle.engine import Outcome, conclude
from oms.lifecycle.moves import Draft
from oms.lifecycle.offers import stocked
from oms.lifecycle.preview import outcome_of
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.view import summary
from oms.orders.commands import NewTender, PlaceOrder
from oms.orders.intake import receive
from oms.orders.totals import totals
from oms.payments.decisions import open_tenders
from oms.settings.model import Channel

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports

PREVIEWED = "$number"
"""Stands for the number that an order would get."""

ENFORCING = ("API", "CONSOLE")
"""Entries that promise only what is there unless the channel says otherwise (INT-04)."""


class Acceptance:
    """One offered order; `decide` may be called again after a lost race."""

    def __init__(
        self, ports: Ports, actor: Actor, command: PlaceOrder, correlation_id: str
    ) -> None:
        if actor.channel not in (None, command.channel):
            raise Forbidden("CHANNEL_SCOPE", f"this client may not sell on {command.channel}")
        channel = ports.settings.channel(actor.company, command.channel)
        if channel is None or not channel.active:
            raise Refused.because("UNKNOWN_CHANNEL", f"no active channel {command.channel}")
        policy = ports.settings.policy(actor.company, command.channel)
        self.ctx = Context(ports.clock(), actor, correlation_id, policy)
        self._ports = ports
        self._command = command
        self._channel: Channel = channel
        self._correlation_id = correlation_id
        self._order_id = ""
        self._before: OrderRecord
        self._number = ""

    def decide(self, key: str, preview: bool = False) -> Outcome:
        """Decide on what stock says now; refusals raise and leave nothing behind. A preview takes
        no number.
        """
        company = self.ctx.actor.company
        self._number = PREVIEWED if preview else self._number
        self._order_id = self._order_id or self._identify(key)
        items = self._ports.stock.items_by_sku(company, self._skus())
        ids = tuple({item.id for item in items.values()})
        snapshot = self._read(ids, any(item.counts_levels for item in items.values()))
        now = self.ctx.now
        carts = {c.id: c for c in snapshot.carts.values() if c.open and c.expires_at > now}
        self._number = self._number or self._next_number(company)
        step = receive(
            self._command, self._channel, items,
            stocked(snapshot, self._channel.pool, self._site_groups(), now),
            self._number, self._order_id, self._stock_policy(), self.ctx, carts,
        )  # fmt: skip
        before = OrderRecord(step.part, correlation_id=self._correlation_id)
        draft = Draft(before, self.ctx)
        draft.note(step.facts)
        tenders = open_tenders(
            self._tenders(), totals(step.part).current, self._order_id,
            step.part.currency, self._channel.gateways, self.ctx,
        )  # fmt: skip
        draft.take("payments", tenders)
        self._before = before
        return conclude(before, draft, self.ctx)

    def answer(self, outcome: Outcome, expected: str | None) -> Answer:
        """201 with where the order stands and what accepting it comes to.

        Raises `Conflict` OUTCOME_CHANGED where the caller `expected` another outcome (PVW-03).
        """
        told = outcome_of(self._before, outcome, self.ctx, expected)
        return Answer(201, summary(outcome.record, self.ctx) | told, version=1)

    def _read(self, ids: tuple[str, ...], every_level: bool) -> StockSnapshot:
        """Counters of the pool, and levels where the customer fetches or a policy needs them."""
        sites = tuple({g.pickup_site for g in self._command.groups if g.pickup_site})
        company, pool = self.ctx.actor.company, self._channel.pool
        return self._ports.stock.read(
            company, ids, pool, None if every_level else sites, self._carts()
        )

    def _site_groups(self) -> dict[str, str]:
        company = self.ctx.actor.company
        return {site.code: site.group for site in self._ports.settings.sites(company)}

    def _tenders(self) -> tuple[NewTender, ...]:
        """Tenders under our method codes (PAY-01, INT-06)."""
        codes, tenders = self._channel.tenders, self._command.tenders
        return tuple(replace(t, method=codes.get(t.method, t.method)) for t in tenders)

    def _carts(self) -> tuple[str, ...]:
        return tuple({name for line in self._command.lines for name in line.reservation_ids})

    def refuse_duplicate(self) -> None:
        """Raise DUPLICATE_ORDER when the natural key is taken (API-04)."""
        known = self._ports.orders.load(self.ctx.actor.company, self._order_id)
        if known is not None:
            raise Conflict(
                "DUPLICATE_ORDER",
                f"channel {self._command.channel} has placed this order before",
                existing_id=self._order_id,
            )

    def _identify(self, key: str) -> str:
        natural = self._command.external_number
        company, channel = self.ctx.actor.company, self._command.channel
        if natural is None:
            return derive("ord", company, channel, "key", self.ctx.actor.id, key)
        return derive("ord", company, channel, natural)

    def _skus(self) -> tuple[str, ...]:
        return tuple({self._channel.items.get(line.sku, line.sku) for line in self._command.lines})

    def _stock_policy(self) -> StockPolicy:
        chosen = self.ctx.policy.stock_policy
        if chosen is not None:
            return chosen
        enforced = self._command.entry in ENFORCING
        return StockPolicy.ENFORCE if enforced else StockPolicy.ACCEPT

    def _next_number(self, company: str) -> str:
        sequence = self._ports.numbers.next(company, "order")
        return f"{self.ctx.policy.number_prefix}{self.ctx.now:%y}-{sequence:06}"
