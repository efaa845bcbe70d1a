"""Setting, releasing, checking and timing out holds.

A hold stops the transactions it lists and nothing else (HLD-03); each is ended on its own, by id
(HLD-07). Whatever it blocked is tried again because the next automatic step is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment.facts import CancellationAnswered, CancellationAsked
from oms.holds.commands import ReleaseHold, SetHold
from oms.holds.facts import HoldDue, HoldReleased, HoldSet
from oms.holds.model import DueAction, Hold, Holds, Resolver, Scope, Transaction
from oms.holds.types import BACK_OFF, HOLD_TYPES, HoldType
from oms.kernel.context import Actor, Context
from oms.kernel.errors import Forbidden, Malformed, NotFound, Problem, Reason
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.orders.facts import OrderReceived, OrderVoided
from oms.payments.facts import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentPending,
)

ADMINISTRATOR = "admin"
SYSTEM = "SYSTEM:holds"
"""Owner of the holds that the product sets itself, so that no caller ends them as their owner."""


def set_hold(holds: Holds, command: SetHold, ctx: Context) -> Step[Holds]:
    """Put a hold; any number may stand on one record (HLD-01).

    The same command of the same cause sets it once. Raises `Malformed` for an unknown type, scope,
    transaction or due action, for a scope without its reference and for a past due time.
    """
    kind = HOLD_TYPES.get(command.type)
    if kind is None:
        raise _malformed("type", f"no hold type {command.type!r}")
    hold = _new(len(holds.holds), kind, command, ctx)
    if any(known.id == hold.id for known in holds.holds):
        return Step(holds)
    return _added(holds, hold)


def release(holds: Holds, command: ReleaseHold, ctx: Context) -> Step[Holds]:
    """Release one hold and leave the others (HLD-07); a released one stays as it is.

    Raises `NotFound` for an unknown id and `Forbidden` where the caller has none of the type's
    release roles (HLD-08).
    """
    hold = next((known for known in holds.holds if known.id == command.hold_id), None)
    if hold is None:
        raise NotFound("HOLD_NOT_FOUND", f"no hold {command.hold_id}")
    if hold.released_at is not None:
        return Step(holds)
    if not may_release(hold, ctx.actor):
        message = f"a {hold.type} hold is released by {hold.release_role or hold.owner}"
        raise Forbidden("NO_PERMISSION", message, reasons=[_no_permission(hold, message)])
    return _ended(holds, (hold,), command.reason, ctx)


def may_release(hold: Hold, actor: Actor) -> bool:
    """Whether `actor` may end this hold: the system, an administrator, its owner or its roles."""
    if actor.automatic or ADMINISTRATOR in actor.roles:
        return True
    roles = (hold.release_role or "").split(",")
    return actor.label == hold.owner or bool(actor.roles.intersection(roles))


def open_holds(holds: Holds) -> tuple[Hold, ...]:
    """Holds that still stop something."""
    return tuple(hold for hold in holds.holds if hold.released_at is None)


def blocks(
    holds: Holds, transaction: Transaction, scope_refs: Sequence[str] = ()
) -> tuple[Hold, ...]:
    """Open holds that stop `transaction` on the order or on one of the parts named by
    `scope_refs`: line numbers, FO ids, payment ids.
    """
    return tuple(
        hold
        for hold in open_holds(holds)
        if transaction in hold.blocks
        and (hold.scope is Scope.ORDER or hold.scope_ref in scope_refs)
    )


def blocked(holds: Holds) -> tuple[Transaction, ...]:
    """Union of what the open holds stop, in the order of `Transaction`; none: no hold (STA-06)."""
    stopped = {transaction for hold in open_holds(holds) for transaction in hold.blocks}
    return tuple(transaction for transaction in Transaction if transaction in stopped)


def hold_status(holds: Holds) -> str:
    """HELD while any hold is open, else NONE (STA-06)."""
    return "HELD" if open_holds(holds) else "NONE"


def tick(holds: Holds, ctx: Context, covered: bool) -> Step[Holds]:
    """Let time pass: timers end, checks run, due actions happen (HLD-05, HLD-06, SAG-05).

    `covered` is the named check of AUTO_CHECK holds: whether money covers what is open.
    """
    facts: list[Fact] = []
    for hold in open_holds(holds):
        if hold.resolver is Resolver.AUTO_CHECK and _reached(hold.next_check_at, ctx):
            step = _checked(holds, hold, ctx, covered)
        elif _reached(hold.due, ctx):
            step = _timed_out(holds, hold, ctx)
        else:
            continue
        holds = step.part
        facts.extend(step.facts)
    return Step(holds, tuple(facts))


def recheck(holds: Holds, ctx: Context, covered: bool) -> Step[Holds]:
    """Run the coverage check of every AUTO_CHECK hold now, without waiting for its time."""
    if not covered:
        return Step(holds)
    waiting = [hold for hold in open_holds(holds) if hold.resolver is Resolver.AUTO_CHECK]
    return _ended(holds, waiting, "covered", ctx)


def require_payment(holds: Holds, reason: str, ctx: Context) -> Step[Holds]:
    """Say that work waits for money (PAY-20); once is enough."""
    return _once(holds, SetHold("PAYMENT_REQUIRED", reason), ctx)


def next_due(holds: Holds) -> datetime | None:
    """The earliest time at which `tick` changes something."""
    moments = [
        moment
        for hold in open_holds(holds)
        for moment in (hold.due, hold.next_check_at)
        if moment is not None
    ]
    return min(moments, default=None)


def react(holds: Holds, fact: Fact, order_id: str, ctx: Context) -> Step[Holds]:
    """Hold a new order for the time of regret, one whose authorization failed or waits, and an FO
    of which units shall be canceled (CAN-04); look again at once when money came; end everything
    with the order (HLD-10).
    """
    match fact:
        case OrderReceived() if ctx.policy.remorse_minutes:
            due = ctx.now + timedelta(minutes=ctx.policy.remorse_minutes)
            return _once(holds, SetHold("REMORSE", "time to change one's mind", due=due), ctx)
        case PaymentDeclined(kind="AUTHORIZE") | PaymentPending(kind="AUTHORIZE"):
            reason = "the payment is not authorized"
            return _once(holds, SetHold("PAYMENT_REQUIRED", reason, handle=fact.intent_id), ctx)
        case PaymentAuthorized() | PaymentCaptured():
            return Step(_check_now(holds, ctx))
        case CancellationAsked():
            asked = SetHold(
                "CANCEL_REQUEST", "cancellation was asked for", Scope.FO.value, fact.record_id,
                handle=fact.request_id,
            )  # fmt: skip
            hold = _new(len(holds.holds), HOLD_TYPES[asked.type], asked, ctx)
            return _added(holds, replace(hold, owner=SYSTEM))
        case CancellationAnswered():
            standing = [h for h in open_holds(holds) if h.handle == fact.request_id]
            return _ended(holds, standing, f"answered: {fact.answer}", ctx)
        case OrderVoided(record_id=voided) if voided == order_id:
            return _ended(holds, open_holds(holds), "order voided", ctx)
        case _:
            return Step(holds)


def _once(holds: Holds, command: SetHold, ctx: Context) -> Step[Holds]:
    """A hold of the system's own; one of the type at a time is enough."""
    if any(hold.type == command.type for hold in open_holds(holds)):
        return Step(holds)
    hold = _new(len(holds.holds), HOLD_TYPES[command.type], command, ctx)
    return _added(holds, replace(hold, owner=SYSTEM))


def _check_now(holds: Holds, ctx: Context) -> Holds:
    changed = tuple(
        replace(hold, next_check_at=ctx.now)
        if hold.released_at is None and hold.resolver is Resolver.AUTO_CHECK else hold
        for hold in holds.holds
    )  # fmt: skip
    return Holds(changed)


def _new(place: int, kind: HoldType, command: SetHold, ctx: Context) -> Hold:
    resolver = kind.resolver
    if command.type == "CUSTOMER_REQUEST" and command.due is not None:
        resolver = Resolver.TIMER
    automatic = resolver is Resolver.AUTO_CHECK
    return Hold(
        id=_identity(place, command, ctx),
        type=kind.code,
        scope=_scope(kind, command),
        blocks=_blocks(kind, command),
        resolver=resolver,
        owner=ctx.actor.label,
        reason=command.reason,
        set_at=ctx.now,
        scope_ref=command.scope_ref,
        quantity=command.quantity,
        next_check_at=ctx.now + BACK_OFF[0] if automatic else None,
        due=_due(kind, command, ctx),
        due_action=_due_action(kind, resolver, command),
        release_role=",".join(kind.release_roles) or None,
        handle=command.handle,
        note=command.note,
    )


def _identity(place: int, command: SetHold, ctx: Context) -> str:
    """With a handle of its owner the owner's name for the hold counts, else its place."""
    name = command.handle if command.handle is not None else str(place)
    scope = (command.scope, command.scope_ref or "")
    return derive("hld", ctx.cause_id, ctx.actor.label, command.type, *scope, name)


def _scope(kind: HoldType, command: SetHold) -> Scope:
    try:
        scope = Scope(command.scope)
    except ValueError:
        raise _malformed("scope", f"no scope {command.scope!r}") from None
    if scope not in kind.scopes:
        raise _malformed("scope", f"{kind.code} is not put on {scope}")
    if (scope is Scope.ORDER) != (command.scope_ref is None):
        raise _malformed("scopeRef", "the order has none, every other scope names its record")
    return scope


def _blocks(kind: HoldType, command: SetHold) -> tuple[Transaction, ...]:
    if kind.blocks:
        return kind.blocks
    try:
        chosen = tuple(dict.fromkeys(Transaction(name) for name in command.blocks))
    except ValueError:
        raise _malformed("blocks", f"only {', '.join(Transaction)} can be stopped") from None
    if not chosen:
        raise _malformed("blocks", f"a {kind.code} hold names what it stops")
    return chosen


def _due(kind: HoldType, command: SetHold, ctx: Context) -> datetime | None:
    if command.due is not None:
        if command.due <= ctx.now:
            raise _malformed("due", "a hold cannot be due before it is set")
        return command.due
    if kind.resolver is Resolver.TIMER:
        raise _malformed("due", f"a {kind.code} hold names the time at which it ends")
    return None if kind.due_in is None else ctx.now + kind.due_in


def _due_action(kind: HoldType, resolver: Resolver, command: SetHold) -> DueAction:
    if resolver is Resolver.TIMER:
        return DueAction.RELEASE
    if command.due_action is None:
        return kind.due_action
    try:
        return DueAction(command.due_action)
    except ValueError:
        raise _malformed("dueAction", f"one of {', '.join(DueAction)}") from None


def _added(holds: Holds, hold: Hold) -> Step[Holds]:
    blocked_names = tuple(transaction.value for transaction in hold.blocks)
    fact = HoldSet(hold.id, hold.type, hold.scope.value, hold.scope_ref, blocked_names, hold.reason)
    return Step(Holds((*holds.holds, hold)), (fact,))


def _ended(
    holds: Holds, ending: Iterable[Hold], reason: str, ctx: Context, lapsed: bool = False
) -> Step[Holds]:
    ids = {hold.id for hold in ending}
    rows, facts = [], []
    for hold in holds.holds:
        if hold.id in ids:
            facts.append(HoldReleased(hold.id, hold.type, reason))
            hold = replace(
                hold, released_at=ctx.now, released_by=ctx.actor.label, release_reason=reason,
                lapsed=lapsed, next_check_at=None,
            )  # fmt: skip
        rows.append(hold)
    return Step(Holds(tuple(rows)), tuple(facts))


def _checked(holds: Holds, hold: Hold, ctx: Context, covered: bool) -> Step[Holds]:
    if covered:
        return _ended(holds, (hold,), "covered", ctx)
    if _reached(hold.due, ctx):
        return _timed_out(holds, hold, ctx)
    checks = hold.checks + 1
    wait = BACK_OFF[min(checks, len(BACK_OFF) - 1)]
    return Step(_with(holds, replace(hold, checks=checks, next_check_at=ctx.now + wait)))


def _timed_out(holds: Holds, hold: Hold, ctx: Context) -> Step[Holds]:
    """RELEASE and CANCEL end the hold, CANCEL together with the held units; ESCALATE keeps it."""
    action = hold.due_action
    due = HoldDue(hold.id, hold.type, action.value, hold.scope.value, hold.scope_ref)
    if action is DueAction.ESCALATE:
        return Step(_with(holds, replace(hold, due=None)), (due,))
    ended = _ended(holds, (hold,), f"due: {action}", ctx, lapsed=True)
    return Step(ended.part, (due, *ended.facts))


def _with(holds: Holds, changed: Hold) -> Holds:
    return Holds(tuple(changed if hold.id == changed.id else hold for hold in holds.holds))


def _reached(moment: datetime | None, ctx: Context) -> bool:
    return moment is not None and moment <= ctx.now


def _malformed(path: str, message: str) -> Malformed:
    return Malformed("INVALID_HOLD", message, [Problem(path, "INVALID_HOLD", message)])


def _no_permission(hold: Hold, message: str) -> Reason:
    return Reason("NO_PERMISSION", message, hold.id)
