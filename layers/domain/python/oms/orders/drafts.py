"""A draft: an order while an agent still enters it, and whose it is (ORD-101 to ORD-103, FLG-07).

The draft keeps what was entered as it came; the order beside it is computed from that, with what
submission would lack as its findings. Nothing is promised before the order is submitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from oms.kernel.context import Context
from oms.kernel.errors import Problem, Reason, Refused
from oms.kernel.facts import Fact, Step
from oms.orders import facts
from oms.orders.commands import NewTender, PlaceOrder
from oms.orders.intake import ChannelView, ItemView, compose
from oms.orders.mapping import Codes
from oms.orders.model import Customer, Finding, Order
from oms.orders.totals import totals
from oms.orders.validation import errors

MANAGERS = frozenset({"service_manager", "admin"})
"""Roles that may break the lock of an agent."""

ACTIONS = ("editDraft", "submit", "park", "transfer", "breakLock")
OTHERS = ("void", "addNote", "setFlag")
"""What is possible on a draft besides its own actions."""

UNLOCKED = ("addNote", "breakLock")
"""What the lock of another agent does not stop (FLG-06)."""


@dataclass(frozen=True, slots=True)
class EditDraft:
    """Replace what was entered; a tender sent back without its token keeps it (PAY-05)."""

    content: PlaceOrder


@dataclass(frozen=True, slots=True)
class SubmitDraft:
    """Make the draft an order (ORD-102)."""


@dataclass(frozen=True, slots=True)
class ParkDraft:
    """Leave the call for later; anybody may go on with it (CSC-02)."""


@dataclass(frozen=True, slots=True)
class TransferDraft:
    """Hand the call to another agent, by user id (CSC-02)."""

    agent: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BreakLock:
    """End the lock of an agent who is not there (FLG-07)."""

    reason: str


@dataclass(frozen=True, slots=True)
class HeldCart:
    """A soft reservation that a line of the draft names."""

    id: str
    item_id: str
    group: str


@dataclass(frozen=True, slots=True)
class DraftWork:
    """What was entered, by which agent, and when last; a parked draft is in nobody's hands."""

    content: PlaceOrder
    agent: str
    touched_at: datetime
    parked: bool = False
    carts: tuple[HeldCart, ...] = ()


class EntryView(ChannelView, Protocol):
    """What a draft needs of the channel: its tender codes and gateways, too."""

    @property
    def tenders(self) -> Mapping[str, str]: ...
    @property
    def gateways(self) -> Mapping[str, str]: ...


def holder(work: DraftWork, ctx: Context) -> str | None:
    """The agent whose lock is on the draft now, or None (FLG-07)."""
    return None if work.parked or ctx.now >= lock_ends(work, ctx) else work.agent


def lock_ends(work: DraftWork, ctx: Context) -> datetime:
    """When the lock lapses unless the agent does something."""
    return work.touched_at + timedelta(minutes=ctx.policy.draft_lock_minutes)


def expires_at(work: DraftWork, ctx: Context) -> datetime | None:
    """When an untouched draft is voided; None: never (ORD-08)."""
    days = ctx.policy.draft_expiry_days
    return work.touched_at + timedelta(days=days) if days else None


def refusals(order: Order, work: DraftWork | None, action: str, ctx: Context) -> tuple[Reason, ...]:
    """Every reason that forbids `action` on a draft, or a draft's action on an order (ACT-02)."""
    if work is None:
        return (Reason("STATE", "the order is not a draft", order.id),)
    if action not in (*ACTIONS, *OTHERS):
        return (Reason("STATE", "the order is a draft; submit it first", order.id),)
    found = list(_unsubmittable(order)) if action == "submit" else []
    held = holder(work, ctx)
    if action == "breakLock":
        return tuple(_unbreakable(order, held, ctx))
    if held not in (None, ctx.actor.id) and action not in UNLOCKED and not ctx.actor.automatic:
        found.append(Reason("LOCKED", f"{held} is editing the draft", order.id))
    return tuple(found)


def compute(
    content: PlaceOrder, channel: EntryView, items: Mapping[str, ItemView], number: str,
    order_id: str, agent: str, ctx: Context,
) -> Order:  # fmt: skip
    """The order as it would be, with what submission would lack as its findings."""
    order = compose(content, channel, items, number, order_id, ctx)
    order = replace(order, submitted_at=None, reached="DRAFT", agent=agent)
    return replace(order, findings=tuple(_lacking(order, content, channel, ctx)))


def start(content: PlaceOrder, carts: Sequence[HeldCart], ctx: Context) -> DraftWork:
    """The draft of an agent who begins it (ORD-101)."""
    return DraftWork(content, ctx.actor.id, ctx.now, carts=tuple(carts))


def edited(
    work: DraftWork, order: Order, command: EditDraft, carts: Sequence[HeldCart], ctx: Context
) -> Step[DraftWork]:
    """Take over what was entered; the agent who does has the lock from now on.

    Reservations that no line names any more are given back. Raises `Refused` where the channel or
    the external number of an order that has one would change: they are its identity (API-04).
    """
    content = command.content
    before = work.content
    if before.external_number and (before.channel, before.external_number) != (
        content.channel, content.external_number,
    ):  # fmt: skip
        raise Refused.because("STATE", "channel and external number stay as they are", order.id)
    kept = {cart.id for cart in carts}
    dropped = [cart for cart in work.carts if cart.id not in kept]
    tenders = _with_tokens(content.tenders, before.tenders)
    after = DraftWork(
        replace(
            content, tenders=tenders, external_number=before.external_number, entry=before.entry
        ),
        ctx.actor.id, ctx.now, carts=tuple(carts),
    )  # fmt: skip
    told = facts.OrderChanged(order.id, "draft.content", None, None, None)
    return Step(after, (told, *released(dropped, "EDITED")))


def park(work: DraftWork, order: Order, ctx: Context) -> Step[DraftWork]:
    """Leave the call in the agent's queue (CSC-02)."""
    if work.parked:
        return Step(work)
    told = facts.OrderChanged(order.id, "draft.parked", "false", "true", None)
    return Step(replace(work, agent=ctx.actor.id, parked=True, touched_at=ctx.now), (told,))


def transfer(
    work: DraftWork, order: Order, command: TransferDraft, ctx: Context
) -> Step[DraftWork]:
    """Put the call into another agent's queue; that ends the lock (CSC-02, FLG-07)."""
    given = replace(work, agent=command.agent, parked=True, touched_at=ctx.now)
    told = facts.DraftTransferred(order.id, work.agent, command.agent, command.reason)
    return Step(given, (told,))


def break_lock(work: DraftWork, order: Order, command: BreakLock) -> Step[DraftWork]:
    """A manager ends the lock; the draft stays in the queue of its agent (FLG-07)."""
    told = facts.OrderChanged(order.id, "draft.lock", work.agent, None, command.reason)
    return Step(replace(work, parked=True), (told,))


def released(carts: Sequence[HeldCart], reason: str) -> tuple[Fact, ...]:
    """Soft reservations given back by id (ORD-103, RSV-09)."""
    return tuple(facts.CartReleased(c.id, c.item_id, c.group, reason) for c in carts)


def refuse_incomplete(order: Order) -> None:
    """Raise `Refused` DRAFT_INCOMPLETE naming each field that submission lacks (ORD-102)."""
    if order.findings:
        problems = [Problem(f.path, f.code, f.message) for f in order.findings]
        text = "the draft lacks what an order needs"
        raise Refused("DRAFT_INCOMPLETE", text, problems, list(_unsubmittable(order)))


def _unsubmittable(order: Order) -> Iterator[Reason]:
    for finding in order.findings:
        code = finding.code if finding.code == "NOT_COVERED" else "STATE"
        yield Reason(code, finding.message, finding.path)


def _unbreakable(order: Order, held: str | None, ctx: Context) -> Iterator[Reason]:
    if held is None:
        yield Reason("STATE", "nobody is editing the draft", order.id)
    if not MANAGERS & ctx.actor.roles:
        yield Reason("NO_PERMISSION", "this is for a manager", order.id)


def _lacking(
    order: Order, content: PlaceOrder, channel: EntryView, ctx: Context
) -> Iterator[Finding]:
    if content.customer == Customer():
        yield _error("MISSING_CUSTOMER", "customer", "the order needs a customer")
    if not content.lines:
        yield _error("MISSING_LINES", "lines", "the order needs a line")
    if not content.groups:
        yield _error("MISSING_METHOD", "groups", "the order needs a delivery method")
    methods = [channel.tenders.get(t.method, t.method) for t in content.tenders]
    yield from errors(
        order, methods, ctx, Codes(channel.methods, channel.countries, channel.gateways)
    )
    limits = [tender.limit for tender in content.tenders]
    bounded = [limit for limit in limits if limit is not None]
    if limits and len(bounded) == len(limits) and sum(bounded) < totals(order).ordered:
        yield _error("NOT_COVERED", "tenders", "the tenders do not cover the order")


def _error(code: str, path: str, message: str) -> Finding:
    return Finding(code, "ERROR", path, message)


def _with_tokens(given: Sequence[NewTender], known: Sequence[NewTender]) -> tuple[NewTender, ...]:
    """Readers never see a token, so a tender that came back without it keeps it."""
    found = []
    for place, tender in enumerate(given):
        old = known[place] if place < len(known) else None
        same = old is not None and (old.method, old.last_four) == (tender.method, tender.last_four)
        token = old.token if old is not None and same and tender.token is None else tender.token
        found.append(replace(tender, token=token))
    return tuple(found)
