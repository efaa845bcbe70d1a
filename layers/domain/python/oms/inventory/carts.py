"""Soft reservations of carts: promised like any other, but only for some minutes (RSV-04).

Their expiry is decided when the counter is read or written, by the minute they share with other
carts in `PromiseCounter.soft`. No job has to run for an expired unit to be sold again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from oms.inventory.availability import available
from oms.inventory.commands import CartLine, ReserveCart
from oms.inventory.draft import Draft, Note
from oms.inventory.model import CartReservation, MovementType, StockSnapshot, StockWrite
from oms.kernel.context import Context
from oms.kernel.errors import Conflict, Malformed, Problem, Refused
from oms.kernel.ids import derive

MAX_MINUTES = 60
MAX_EXTENSIONS = 3


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that got fewer units than it wanted; `got` is all that was left."""

    line_no: int
    wanted: int
    got: int


@dataclass(frozen=True, slots=True)
class CartPromise:
    """What a cart request got, and the write that makes it so; None where nothing is written."""

    reservations: tuple[CartReservation, ...]
    short: tuple[Shortage, ...] = ()
    write: StockWrite | None = None


def cart_cause(ctx: Context, client_id: str) -> str:
    """Cause id of a cart request: one per caller and client id."""
    return f"cart:{ctx.actor.id}:{client_id}"


def reserve_cart(command: ReserveCart, snapshot: StockSnapshot, ctx: Context) -> CartPromise:
    """Hold the units line by line, at the pool's groups in order (RSV-03).

    Lines that share an item see what the lines before took (RSV-07). Raises `Conflict` OUT_OF_STOCK
    with a problem per short line unless the request is partial, `Malformed` for quantities or times
    that make no sense.
    """
    _check(command)
    draft = Draft(snapshot, ctx.now, {})
    until = _whole_minute(ctx.now + timedelta(minutes=command.minutes))
    got: list[CartReservation] = []
    short: list[Shortage] = []
    for line in sorted(command.lines, key=lambda line: line.line_no):
        held = list(_hold(draft, snapshot, line, command.client_id, until, ctx))
        units = sum(reservation.quantity for reservation in held)
        if units < line.quantity:
            short.append(Shortage(line.line_no, line.quantity, units))
        got += held
    if short and not command.partial:
        raise Conflict("OUT_OF_STOCK", "not every line can be reserved", _problems(short))
    write = draft.finish(cart_cause(ctx, command.client_id), ctx) if got else None
    return CartPromise(tuple(got), tuple(short), write)


def release_cart(
    carts: Iterable[CartReservation], snapshot: StockSnapshot, cause_id: str, ctx: Context
) -> StockWrite | None:
    """Give back what the reservations still hold, by id; None where that is nothing (RSV-09)."""
    draft = Draft(snapshot, ctx.now, {})
    alive = [cart for cart in carts if cart.alive(ctx.now)]
    for cart in alive:
        draft.end(Note(MovementType.RELEASE, cart.id, "RELEASED"), cart, "RELEASED")
    return draft.finish(cause_id, ctx) if alive else None


def extend_cart(
    cart: CartReservation, minutes: int, snapshot: StockSnapshot, cause_id: str, ctx: Context
) -> CartPromise:
    """Hold the same units for `minutes` from now, at most three times (RSV-04).

    Raises `Refused` EXPIRED, or EXTENDED_TOO_OFTEN.
    """
    _check_minutes(minutes)
    if not cart.alive(ctx.now):
        raise Refused.because("EXPIRED", "the reservation holds nothing any more", cart.id)
    if cart.extended >= MAX_EXTENSIONS:
        raise Refused.because("EXTENDED_TOO_OFTEN", "it was extended three times", cart.id)
    draft = Draft(snapshot, ctx.now, {})
    draft.end(Note(MovementType.RELEASE, cart.id, "EXTENDED"), cart, "RELEASED")
    until = max(cart.expires_at, _whole_minute(ctx.now + timedelta(minutes=minutes)))
    longer = replace(cart, expires_at=until, extended=cart.extended + 1)
    draft.hold(Note(MovementType.RESERVE, cart.id, "EXTENDED"), longer)
    return CartPromise((longer,), write=draft.finish(cause_id, ctx))


def _hold(
    draft: Draft,
    snapshot: StockSnapshot,
    line: CartLine,
    client_id: str,
    until: datetime,
    ctx: Context,
) -> Iterable[CartReservation]:
    missing = line.quantity
    for group in line.pool:
        counter = draft.counter(line.item_id, group)
        levels = snapshot.levels_of(line.item_id, group)
        hidden = snapshot.hidden_of(levels)
        left = available(counter, snapshot.items.get(line.item_id), ctx.now, levels, hidden)
        units = missing if left is None else min(missing, left)
        if units > 0:
            missing -= units
            reservation = derive("rsv", "cart", ctx.actor.id, client_id, line.line_no, group)
            cart = CartReservation(
                reservation, ctx.actor.label, client_id, line.line_no, line.item_id, group,
                units, units, until,
            )  # fmt: skip
            draft.hold(Note(MovementType.RESERVE, reservation), cart)
            yield cart


def _check(command: ReserveCart) -> None:
    _check_minutes(command.minutes)
    numbers = [line.line_no for line in command.lines]
    if not numbers or len(set(numbers)) < len(numbers):
        raise Malformed("LINES", "lines are missing or share a number")
    if any(line.quantity < 1 for line in command.lines):
        raise Malformed("QUANTITY", "a quantity of at least 1 is expected")


def _check_minutes(minutes: int) -> None:
    if not 1 <= minutes <= MAX_MINUTES:
        raise Malformed("MINUTES", f"1 to {MAX_MINUTES} minutes are expected")


def _problems(short: Iterable[Shortage]) -> list[Problem]:
    return [
        Problem(f"lines.{one.line_no}", "OUT_OF_STOCK", f"{one.got} of {one.wanted} left")
        for one in short
    ]


def _whole_minute(moment: datetime) -> datetime:
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + timedelta(minutes=1)
