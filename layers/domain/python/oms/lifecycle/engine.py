"""Deciding on an order record: command, reactions, automatic moves, numbered facts.

    command -> the capability's decision -> facts
            -> every capability reacts to each fact, until none is left
            -> automatic moves that need nothing from outside (finish intake, approve, release)
            -> what changed in the computed state becomes facts, too
    all of it one version of the record, one write, or a refusal and nothing.

Nothing here knows a clock, a store or a gateway; a preview is this without the write (GEN-05).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oms.action_items import decisions as action_items
from oms.action_items.facts import ActionItemOpened
from oms.action_items.model import ActionItem
from oms.billing.decisions import numbered
from oms.inventory.capacity import SlotChange
from oms.inventory.decisions import StockEffect, effects
from oms.inventory.queue import Waiting
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.errors import OmsError, Problem
from oms.kernel.facts import Fact, StoredFact
from oms.kernel.ids import derive
from oms.lifecycle import scopes
from oms.lifecycle.automation import advance
from oms.lifecycle.capacity import slot_changes
from oms.lifecycle.changes import with_change
from oms.lifecycle.dispatch import handle
from oms.lifecycle.moves import Draft
from oms.lifecycle.reactions import react
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import SETTLING, due_intents, index_due, next_due, next_step, state
from oms.lifecycle.waiting import joined
from oms.orders.decisions import mark_waits, state_facts
from oms.orders.model import Lane
from oms.payments.commands import MarkSent
from oms.payments.decisions import mark_sent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision comes to; `facts` empty means that nothing changed and nothing is to be
    written. `touched` are the scopes that its commands were about.
    """

    record: OrderRecord
    facts: tuple[Fact, ...]
    effects: tuple[StockEffect, ...]
    opened: tuple[ActionItem, ...]
    step: str | None
    wake: bool
    due: datetime | None
    touched: frozenset[str] = frozenset()
    joined: tuple[Waiting, ...] = ()
    slots: tuple[SlotChange, ...] = ()


def decide(record: OrderRecord, commands: Sequence[object], ctx: Context) -> Outcome:
    """Apply an action list: all of it as one version, or the refusal of the first that fails
    (EDT-03).
    """
    draft = Draft(record, ctx)
    for place, command in enumerate(commands):
        try:
            attempt(draft, command)
        except OmsError as refusal:
            if len(commands) > 1:
                path = f"actions[{place}]"
                refusal.problems = (Problem(path, refusal.code, refusal.detail), *refusal.problems)
            raise
    return conclude(record, draft, ctx)


def attempt(draft: Draft, command: object) -> None:
    """Let one command and all reactions to it take effect on `draft`, or raise what refuses it."""
    prior = draft.record
    handle(draft, command)
    draft.touched |= scopes.touched(command, prior, draft.record)
    if draft.queue:
        draft.took.append(command)
    drain(draft)


def conclude(before: OrderRecord, draft: Draft, ctx: Context) -> Outcome:
    """Run reactions and automation to their end and number what happened."""
    drain(draft)
    while advance(draft):
        drain(draft)
    draft.note(state_facts(_known_state(before, ctx), state(draft.record, ctx), draft.order, ctx))
    drain(draft)
    draft.record = replace(draft.record, order=mark_waits(draft.order, ctx))
    books = numbered(draft.record.billing, draft.order.number)
    draft.record = replace(draft.record, order=with_change(before, draft, ctx), billing=books)
    facts, touched = tuple(draft.done), frozenset(draft.touched)
    if not facts and draft.record == before:
        return Outcome(before, (), (), (), None, False, None, touched)
    _hand_over(draft)
    step = next_step(draft.record, ctx)
    due = index_due(draft.record.due_at, step, next_due(draft.record, ctx), ctx)
    draft.record = replace(draft.record, due_at=due)
    record = _numbered(before, draft.record, facts, ctx)
    sites = {fo.id: fo.site for fo in record.fulfillment.orders}
    return Outcome(
        record, facts, effects(facts, sites, _fetched(before)), _rows(record, facts, ctx), step,
        wake=step is not None and not ctx.actor.automatic, due=due,
        touched=touched,
        joined=joined(before, record),
        slots=slot_changes(before.fulfillment, record.fulfillment, ctx.now),
    )  # fmt: skip


def _fetched(before: OrderRecord) -> dict[tuple[str, str], int]:
    """Units that were reserved where they will be fetched, by reservation and site (RSV-03)."""
    return {
        (reservation.id, site): units
        for line in (before.order.lines if before.version else ())
        for reservation in line.reservations
        for site, units in reservation.fetched.items()
    }


def drain(draft: Draft) -> None:
    """Let everybody react to what is queued, and to what comes of it."""
    while draft.queue:
        fact = draft.queue.pop(0)
        draft.done.append(fact)
        react(draft, fact)


def _hand_over(draft: Draft) -> None:
    """Note as sent what a command makes due: the segment that its commit starts sends it at once.

    This saves the write before the call, not its safety: the intent is stored first, its id is the
    key, and what is never answered is looked up (GTW-01, GTW-04). Other lanes start too late for
    that.
    """
    record, ctx = draft.record, draft.ctx
    live = draft.order.lane is Lane.LIVE and not ctx.actor.automatic
    if live and next_step(record, ctx) == "SETTLE":
        ids = tuple(intent.id for intent in due_intents(record, ctx, SETTLING) if intent.to_send)
        command = MarkSent(ids, handed=True)
        draft.take("payments", mark_sent(record.payments, command, ctx))


def _known_state(record: OrderRecord, ctx: Context) -> str:
    return "" if record.version == 0 else state(record, ctx)


def _numbered(
    before: OrderRecord, after: OrderRecord, facts: Sequence[Fact], ctx: Context
) -> OrderRecord:
    version = before.version + 1
    stored = tuple(
        _stored(fact, before.seq + place, version, after, ctx)
        for place, fact in enumerate(facts, start=1)
    )
    return replace(
        after, version=version, seq=before.seq + len(facts), facts=before.facts + stored,
        scopes=scopes.moved(before, after, version), updated_at=ctx.now, updated_by=ctx.actor.label,
    )  # fmt: skip


def _stored(fact: Fact, seq: int, version: int, record: OrderRecord, ctx: Context) -> StoredFact:
    data = encode(fact)
    del data["recordId"]
    return StoredFact(
        derive("fct", record.order.id, seq), fact.TYPE, fact.RECORD, fact.record_id, seq, version,
        ctx.now, ctx.actor.label, ctx.cause_id, data,
    )  # fmt: skip


def _rows(record: OrderRecord, facts: Sequence[Fact], ctx: Context) -> tuple[ActionItem, ...]:
    order = record.order
    return tuple(
        action_items.row(fact, order.company, order.id, order.number, ctx)
        for fact in facts
        if isinstance(fact, ActionItemOpened)
    )
