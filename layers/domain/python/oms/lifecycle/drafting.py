"""Drafts of orders within the lifecycle: entered, parked, handed over, submitted, voided.

What a command must know of channel, items and stock is read before the decision and travels with
it, so that preview, versions and idempotency are those of every other command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oms.billing.model import Billing
from oms.kernel.context import ActorKind, Context
from oms.kernel.facts import Step
from oms.lifecycle.entry import World, accept, look, selling_channel, tenders
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.orders import drafts
from oms.orders.cancellation import void
from oms.orders.commands import PlaceOrder, Void
from oms.orders.drafts import DraftWork
from oms.orders.facts import OrderDrafted
from oms.orders.model import Order

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports

ACTIONS: dict[type, str] = {
    drafts.EditDraft: "editDraft", drafts.SubmitDraft: "submit", drafts.ParkDraft: "park",
    drafts.TransferDraft: "transfer", drafts.BreakLock: "breakLock",
}  # fmt: skip
"""Action names of the commands on drafts."""

EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Informed:
    """An edit or a submission with what it must know."""

    command: drafts.EditDraft | drafts.SubmitDraft
    world: World


def informed(
    ports: Ports, record: OrderRecord, commands: Sequence[object], ctx: Context
) -> Sequence[object]:
    """The commands, those on drafts with what they must know; others as they are.

    Raises what `selling_channel` raises for the channel that an edit names.
    """
    if record.draft is None or not any(_asks(command) for command in commands):
        return commands
    content, found = record.draft.content, list[object]()
    for command in commands:
        if isinstance(command, drafts.EditDraft):
            content = command.content
        if isinstance(command, (drafts.EditDraft, drafts.SubmitDraft)):
            channel = selling_channel(ports, ctx.actor, content.channel)
            world = look(ports, ctx.actor.company, content, channel, ctx.now)
            found.append(Informed(command, world))
        else:
            found.append(command)
    return found


def begin(command: PlaceOrder, world: World, number: str, order_id: str, ctx: Context) -> Draft:
    """The record of a draft that an agent begins (ORD-101)."""
    agent = ctx.actor.id
    order = drafts.compute(command, world.channel, world.items, number, order_id, agent, ctx)
    work = drafts.start(command, world.carts(ctx), ctx)
    draft = Draft(OrderRecord(order, draft=work), ctx)
    draft.note([OrderDrafted(order_id, number, order.channel, agent)])
    return draft


def action_of(command: object) -> str:
    """The action name of a command on a draft."""
    return ACTIONS[type(command.command if isinstance(command, Informed) else command)]


def decide(draft: Draft, command: object) -> None:
    """Decide on a command on the draft of the record, which the policy table has let through."""
    work, order, ctx = _work(draft), draft.order, draft.ctx
    match command:
        case Informed(drafts.EditDraft() as edit, world):
            _edit(draft, work, edit, world)
        case Informed(drafts.SubmitDraft(), world):
            _submit(draft, work, world)
        case drafts.ParkDraft():
            _take(draft, order, drafts.park(work, order, ctx))
        case drafts.TransferDraft():
            _take(draft, order, drafts.transfer(work, order, command, ctx))
        case drafts.BreakLock():
            _take(draft, order, drafts.break_lock(work, order, command))
        case _:
            raise TypeError(f"{type(command).__name__} lacks what it must know")


def close(draft: Draft, reason: str) -> None:
    """A draft that was voided gives back its soft reservations (ORD-103); no draft, no effect."""
    work = draft.record.draft
    if work is not None:
        draft.record = replace(draft.record, draft=None)
        draft.note(drafts.released(work.carts, reason))


def tick(draft: Draft) -> None:
    """Void a draft that nobody has touched for long (ORD-08)."""
    work, ctx = draft.record.draft, draft.ctx
    due = None if work is None else drafts.expires_at(work, ctx)
    if due is not None and due <= ctx.now:
        draft.take("order", void(draft.order, Void(EXPIRED), ctx))
        close(draft, EXPIRED)


def _asks(command: object) -> bool:
    return isinstance(command, (drafts.EditDraft, drafts.SubmitDraft))


def _edit(draft: Draft, work: DraftWork, command: drafts.EditDraft, world: World) -> None:
    ctx, before = draft.ctx, draft.order
    step = drafts.edited(work, before, command, world.carts(ctx), ctx)
    entered = drafts.compute(
        step.part.content, world.channel, world.items, before.number, before.id, ctx.actor.id, ctx
    )
    _take(draft, _with_marks(entered, before), step)


def _submit(draft: Draft, work: DraftWork, world: World) -> None:
    """ORD-102: complete, and then exactly what acceptance of a placed order is."""
    ctx, before, content = draft.ctx, draft.order, work.content
    channel, items = world.channel, world.items
    drafts.refuse_incomplete(
        drafts.compute(content, channel, items, before.number, before.id, work.agent, ctx)
    )
    step = accept(content, world, before.number, before.id, ctx)
    agent = ctx.actor.id if ctx.actor.kind is ActorKind.USER else work.agent
    order = replace(_with_marks(step.part, before), received_at=ctx.now, agent=agent)
    books = Billing(legal_entity=channel.legal_entity)
    draft.record = replace(draft.record, order=order, billing=books, draft=None)
    draft.note(step.facts)
    draft.take("payments", tenders(content, channel, order, ctx))


def _take(draft: Draft, order: Order, step: Step[DraftWork]) -> None:
    order = replace(order, agent=step.part.agent)
    draft.record = replace(draft.record, order=order, draft=step.part)
    draft.note(step.facts)


def _with_marks(order: Order, before: Order) -> Order:
    """What people put on the draft beside its content stays."""
    return replace(order, notes=before.notes, flag=before.flag, received_at=before.received_at)


def _work(draft: Draft) -> DraftWork:
    if draft.record.draft is None:
        raise ValueError("the record has no draft")
    return draft.record.draft
