"""What callers ask of orders: place, command, read; and what workflow, webhooks and clock drive.

Every write is load, decide, commit under the version that was read. A conflict means that somebody
else was
first: load again and decide again, at most `ATTEMPTS` times, then say so (VER-04). Nothing is held
over a
call to a gateway (GEN-04): an intent is marked as sent, sent, and settled by a commit of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from oms.action_items.commands import ReopenItem
from oms.action_items.decisions import reopen, repeat_row, resolve_row
from oms.action_items.facts import (
    ActionItemReopened,
    ActionItemRepeated,
    ActionItemResolved,
)
from oms.action_items.model import ActionItem
from oms.action_items.ports import ActionItemStore
from oms.inventory.model import StockSnapshot
from oms.inventory.ports import StockStore
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import (
    AlreadyDone,
    Conflict,
    NotFound,
    OmsError,
    StockConflict,
    VersionConflict,
)
from oms.kernel.ids import derive
from oms.lifecycle import conflicts
from oms.lifecycle.acceptance import PREVIEWED, Acceptance, DraftStart
from oms.lifecycle.answers import Answer, given, kept
from oms.lifecycle.drafting import informed
from oms.lifecycle.engine import Outcome, conclude, decide
from oms.lifecycle.mapping import translated
from oms.lifecycle.moves import Draft
from oms.lifecycle.ports import Commit, Marker, Numbers, OrderStore
from oms.lifecycle.preview import outcome_of
from oms.lifecycle.record import Handled, OrderRecord, in_scope
from oms.lifecycle.state import state
from oms.lifecycle.stock import refuse_too_many, stock_write
from oms.lifecycle.view import summary
from oms.orders.commands import PlaceOrder
from oms.settings.ports import SettingsStore

ATTEMPTS = 8
"""With the waits between them, all end within two seconds (VER-04)."""
KEPT = timedelta(days=7)
"""How long an idempotency key is remembered (API-03)."""

HASH_DIGITS = 32
"""Hexadecimal digits of a body's hash that are kept and compared."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that the lifecycle talks to."""

    orders: OrderStore
    stock: StockStore
    settings: SettingsStore
    numbers: Numbers
    items: ActionItemStore
    clock: Callable[[], datetime]
    jitter: Callable[[int], None]


class Lifecycle:
    """Use cases on order records."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def place(
        self, actor: Actor, command: PlaceOrder, *, key: str, body_hash: str, correlation_id: str,
        expected_outcome: str | None = None,
    ) -> Answer:  # fmt: skip
        """Accept an order: 201 with its id once it is durable (ORD-100, API-03, API-04)."""
        acceptance = Acceptance(self._ports, actor, command, correlation_id)
        return self._take(acceptance, key, body_hash, expected_outcome)

    def begin(
        self, actor: Actor, command: PlaceOrder, *, key: str, body_hash: str, correlation_id: str
    ) -> Answer:
        """Begin an order that is entered bit by bit (ORD-101); otherwise as `place`."""
        return self._take(DraftStart(self._ports, actor, command, correlation_id), key, body_hash)

    def _take(
        self, acceptance: Acceptance, key: str, body_hash: str, expected_outcome: str | None = None
    ) -> Answer:
        actor = acceptance.ctx.actor
        scoped = f"{actor.id}#{key}"
        for attempt in range(ATTEMPTS):
            try:
                outcome = acceptance.decide(key)
                answer = acceptance.answer(outcome, expected_outcome)
            except OmsError:
                replay = self._replayed(actor.company, scoped, body_hash)
                if replay is None:
                    raise
                return replay
            expires = acceptance.ctx.now + KEPT
            digest, stored = body_hash[:HASH_DIGITS], kept(answer.body)
            marker = Marker(scoped, digest, answer.status, stored, expires)
            try:
                # What a rival moved once is in demand: read its counters as late as possible then.
                known = None if attempt else acceptance.stock
                self.commit(outcome, acceptance.ctx, marker=marker, known=known)
            except (VersionConflict, AlreadyDone, StockConflict) as lost:
                replay = self._replayed(actor.company, scoped, body_hash)
                if replay is not None:
                    return replay
                if isinstance(lost, VersionConflict):
                    acceptance.refuse_duplicate()
                self._ports.jitter(attempt)
            else:
                return answer
        raise Conflict("BUSY", "stock of these items is in great demand; try again")

    def preview(self, actor: Actor, command: PlaceOrder) -> Answer:
        """What an order offered now would come to; nothing is reserved or numbered (PVW-01)."""
        acceptance = Acceptance(self._ports, actor, command, "preview")
        outcome = acceptance.decide("preview", preview=True)
        acceptance.refuse_duplicate()
        answer = acceptance.answer(outcome, None)
        return Answer(200, answer.body | {"id": "$ord1", "number": PREVIEWED})

    def execute(
        self, actor: Actor, order_id: str, commands: Sequence[object], *, key: str | None = None,
        body_hash: str = "", expected_version: int | None = None, dry_run: bool = False,
        correlation_id: str = "", expected_outcome: str | None = None,
    ) -> Answer:  # fmt: skip
        """Apply commands to an order, all or none (EDT-03); `dry_run` stores nothing (PVW-01).

        `expected_version` is what the caller decided on: what changed since must not meet what the
        commands are about (VER-04). `expected_outcome` is the hash that a preview gave (PVW-03).
        """
        for attempt in range(ATTEMPTS):
            record = self.read(actor, order_id)
            replay = _handled(record, actor, key, body_hash)
            if replay is not None:
                return replay
            ctx = self._context(record, actor, key or f"{order_id}:{record.version}")
            ours = translated(self._ports, record, commands, ctx)
            known = informed(self._ports, record, ours, ctx)
            about = conflicts.names(record, known)
            conflicts.check(record, known, about, expected_version, ctx)
            outcome = decide(record, known, ctx)
            conflicts.check(record, known, outcome.touched, expected_version, ctx)
            told = outcome_of(record, outcome, ctx, expected_outcome)
            body = summary(outcome.record, ctx) | told
            if dry_run or outcome.record is record:
                return Answer(200, body, version=record.version)
            answer = Answer(200, body, version=outcome.record.version)
            outcome = _remember(outcome, actor, key, body_hash, answer, correlation_id, ctx)
            try:
                self.commit(outcome, ctx)
            except (VersionConflict, StockConflict):
                self._ports.jitter(attempt)
            else:
                return answer
        raise VersionConflict("the order keeps changing; read it again")

    def read(self, actor: Actor, order_id: str) -> OrderRecord:
        """The record as of now; another company's, channel's or site's order does not exist
        (INV-A5, ROL-02).
        """
        record = self._ports.orders.load(actor.company, order_id)
        if record is None or not in_scope(record, actor):
            raise NotFound("ORDER_NOT_FOUND", f"no order {order_id}")
        return record

    def change(
        self, company: str, order_id: str, kind: ActorKind, cause: str,
        decide_on: Callable[[Draft], None], wake: bool = False,
    ) -> OrderRecord:  # fmt: skip
        """Apply an internal decision under retries; returns the record as committed.

        `wake` has what comes next started from the stream, where nobody runs the order now.
        """
        for attempt in range(ATTEMPTS):
            record = self.read(Actor(kind, cause, company), order_id)
            actor = Actor(kind, kind.value.lower(), company)
            ctx = self._context(record, actor, f"{cause}:{record.version}")
            draft = Draft(record, ctx)
            decide_on(draft)
            outcome = conclude(record, draft, ctx)
            if outcome.record is record:
                return record
            if wake:
                outcome = replace(outcome, wake=outcome.step is not None)
            try:
                self.commit(outcome, ctx)
            except (VersionConflict, StockConflict):
                self._ports.jitter(attempt)
            else:
                return outcome.record
        raise VersionConflict("the order keeps changing; read it again")

    def context(self, record: OrderRecord, actor: Actor, cause: str) -> Context:
        """Time, actor and the policy of the record's channel."""
        return self._context(record, actor, cause)

    def _context(self, record: OrderRecord, actor: Actor, cause: str) -> Context:
        policy = self._ports.settings.policy(record.order.company, record.order.channel)
        return Context(self._ports.clock(), actor, cause, policy)

    def commit(
        self, outcome: Outcome, ctx: Context, decision: dict[str, Any] | None = None,
        marker: Marker | None = None, known: StockSnapshot | None = None,
    ) -> None:  # fmt: skip
        """Write an outcome with its stock, action items, marker and decision record."""
        record = outcome.record
        write = stock_write(self._ports, outcome, ctx, known)
        change = Commit(
            record, write, self._rows(outcome, ctx), marker, decision, state=state(record, ctx),
            step=outcome.step, wake=outcome.wake, due=outcome.due,
        )  # fmt: skip
        refuse_too_many(change)
        self._ports.orders.commit(change)

    def _rows(self, outcome: Outcome, ctx: Context) -> tuple[ActionItem, ...]:
        """Rows of action items that this change opens, counts again or ends (AIT-02)."""
        company = ctx.actor.company
        rows = {item.id: item for item in outcome.opened}
        fresh = frozenset(rows)
        for fact in outcome.facts:
            if not isinstance(fact, (ActionItemRepeated, ActionItemReopened, ActionItemResolved)):
                continue
            item = rows.get(fact.record_id) or self._ports.items.get(company, fact.record_id)
            if item is not None:
                rows[item.id] = _after(item, fact, ctx)
        return tuple(replace(r, version=1) if r.id in fresh else r for r in rows.values())

    def _replayed(self, company: str, key: str, body_hash: str) -> Answer | None:
        marker = self._ports.orders.marker(company, key)
        if marker is None or marker.expires_at <= self._ports.clock():
            return None
        _same_body(marker.body_hash, body_hash)
        return Answer(marker.status, given(marker.answer), replayed=True, version=1)


def _after(
    item: ActionItem, fact: ActionItemRepeated | ActionItemReopened | ActionItemResolved,
    ctx: Context,
) -> ActionItem:  # fmt: skip
    if isinstance(fact, ActionItemRepeated):
        return repeat_row(item, fact.count, ctx)
    if isinstance(fact, ActionItemReopened):
        return reopen(item, ReopenItem(item.id, fact.reason), ctx)
    return resolve_row(item, fact.resolution, ctx.actor.label, fact.cleared, ctx)


def _handled(record: OrderRecord, actor: Actor, key: str | None, body_hash: str) -> Answer | None:
    for handled in record.handled if key else ():
        if handled.key == f"{actor.id}#{key}":
            _same_body(handled.body_hash, body_hash)
            return Answer(handled.status, given(handled.answer), True, record.version)
    return None


def _same_body(known: str, given: str) -> None:
    if known[:HASH_DIGITS] != given[:HASH_DIGITS]:
        raise Conflict("IDEMPOTENCY_MISMATCH", "this key was used with another body")


def _remember(
    outcome: Outcome, actor: Actor, key: str | None, body_hash: str, answer: Answer,
    correlation_id: str, ctx: Context,
) -> Outcome:  # fmt: skip
    record = outcome.record
    handled = tuple(known for known in record.handled if known.at > ctx.now - KEPT)
    if key:
        digest, stored = body_hash[:HASH_DIGITS], kept(answer.body)
        entry = Handled(f"{actor.id}#{key}", digest, ctx.now, answer.status, stored)
        handled = (*handled, entry)
    known = correlation_id or record.correlation_id
    return replace(outcome, record=replace(record, handled=handled, correlation_id=known))


def order_id(company: str, channel: str, external_number: str) -> str:
    """The id that channel and external number give an order, for ever (API-04)."""
    return derive("ord", company, channel, external_number)
