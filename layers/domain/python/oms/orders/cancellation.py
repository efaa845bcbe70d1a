"""Cancellation: units by bucket, each by its own reservation id (CAN-01 to CAN-04, LIN-07,
LIN-110).
"""

from __future__ import annotations

from dataclasses import replace

from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step, Units
from oms.orders import commands, facts
from oms.orders.model import Bucket, Line, Order
from oms.orders.totals import lost_value
from oms.orders.units import end_units, move_units, owed_by, put_line, unplaced

AT_ONCE = (Bucket.UNSOURCED, Bucket.BACKORDERED, Bucket.RESERVED)


def cancel(order: Order, command: commands.Cancel, ctx: Context) -> Step[Order]:
    """Cancel the named units, or every open one; all of it or nothing.

    Units on an FO leave it by `CancellationRequested`, on which fulfillment acts in the same
    commit; where the floor has begun on them it is asked (CAN-04), unless a channel's customer
    cancels, whose time is then over (CAN-08).
    """
    return _cancel(order, command, ask=ctx.actor.channel is None)


def _cancel(order: Order, command: commands.Cancel, ask: bool) -> Step[Order]:
    wanted = command.lines or tuple(
        commands.CancelLine(line.line_no) for line in order.lines if line.buckets.open
    )
    if not wanted:
        raise Refused.because("STATE", "nothing is open")
    found: list[Fact] = []
    for row in wanted:
        order, more = _cancel_line(order, row, command.reason, ask=ask)
        found += more
    if order.intake_done_at is None and not any(line.buckets.active for line in order.lines):
        # Nothing is left that could lack anything: the next check lets the order close (ORD-07).
        order = replace(order, validated=False)
    return Step(order, tuple(found))


def void(order: Order, command: commands.Void, ctx: Context) -> Step[Order]:
    """Annul the order: every unit canceled, every effect undone by id (ORD-118)."""
    if any(line.buckets.shipped for line in order.lines):
        raise Refused.because("ALREADY_SHIPPED", "units have shipped; return them instead")
    found: tuple[Fact, ...] = ()
    if any(line.buckets.open for line in order.lines):
        step = _cancel(order, commands.Cancel(command.reason), ask=False)
        order, found = step.part, step.facts
    order = replace(order, voided_at=ctx.now)
    return Step(order, (*found, facts.OrderVoided(order.id, command.reason)))


def cancel_held(order: Order, scope: str, scope_ref: str | None, reason: str) -> Step[Order]:
    """A hold on the order or on a line ran out: its units go, as far as nobody picks them yet
    (HLD-06).
    """
    found: list[Fact] = []
    for line in order.lines:
        units = cancelable(line)
        if units and (scope == "ORDER" or (scope, scope_ref) == ("LINE", str(line.line_no))):
            row = commands.CancelLine(line.line_no, units)
            order, more = _cancel_line(order, row, reason, where_possible=True)
            found += more
    return Step(order, tuple(found))


def cancelable(line: Line) -> int:
    """Units of the line that nobody has picked (EDT-01)."""
    return line.buckets.open - line.buckets.picked - line.buckets.packed


def _cancel_line(
    order: Order, row: commands.CancelLine, reason: str, where_possible: bool = False,
    ask: bool = False,
) -> tuple[Order, list[Fact]]:  # fmt: skip
    line = _checked(order, row, ask)
    left = line.buckets.open if row.quantity is None else row.quantity
    found: list[Fact] = []
    for bucket in AT_ONCE:
        units = min(left, getattr(line.buckets, bucket.value))
        if units:
            left -= units
            order, more = _from_bucket(order, line.line_no, bucket, units, reason)
            found += more
    if left:
        units = Units(line.line_no, str(line.item_id), left)
        found.append(facts.CancellationRequested(order.id, (units,), reason, where_possible, ask))
    order, more = _stop_waiting(order, line.line_no)
    return order, [*found, *more]


def _stop_waiting(order: Order, line_no: int) -> tuple[Order, list[Fact]]:
    """A line with nothing left to source neither waits nor stands still (SRC-43)."""
    line = order.line(line_no)
    if line.buckets.waiting:
        return order, []
    order = put_line(order, replace(line, wait=None, suspended=False))
    if not line.suspended:
        return order, []
    return order, [facts.LineChanged(order.id, line_no, "suspended", "true", "false", "CANCELED")]


def _checked(order: Order, row: commands.CancelLine, ask: bool) -> Line:
    try:
        line = order.line(row.line_no)
    except KeyError:
        text = f"no line {row.line_no}"
        raise Malformed("UNKNOWN_PART", text, [Problem("lineNo", "UNKNOWN", text)]) from None
    buckets = line.buckets
    quantity = buckets.open if row.quantity is None else row.quantity
    if not buckets.open:
        code = "ALREADY_SHIPPED" if buckets.shipped else "STATE"
        raise Refused.because(code, f"line {row.line_no} has no open unit", str(row.line_no))
    if not 0 < quantity <= buckets.open:
        text = f"{buckets.open} units of line {row.line_no} are open"
        raise Refused.because("QUANTITY_EXCEEDED", text, str(row.line_no))
    if quantity > cancelable(line) and not ask:
        text = f"units of line {row.line_no} are picked"
        raise Refused.because("PICKING_STARTED", text, str(row.line_no))
    return line


def _from_bucket(
    order: Order, line_no: int, bucket: Bucket, quantity: int, reason: str
) -> tuple[Order, list[Fact]]:
    line = order.line(line_no)
    found: list[Fact] = []
    if bucket is Bucket.RESERVED:
        order, found = release_reserved(order, line, quantity, Bucket.CANCELED, reason)
    else:
        units = Units(line_no, str(line.item_id), quantity)
        order = move_units(order, units, bucket, Bucket.CANCELED)
    if bucket is Bucket.BACKORDERED and line.item_id:
        found.append(
            facts.BackorderReleased(
                order.id, line_no, line.item_id, owed_by(order, line), quantity, reason,
                line.buckets.backordered - quantity,
            )
        )  # fmt: skip
    worth = lost_value(line, order.line(line_no), order.gross)
    canceled = facts.UnitsCanceled(
        order.id, line_no, line.item_id, quantity, bucket.value, reason, worth
    )
    return order, [*found, canceled]


def release_reserved(
    order: Order, line: Line, quantity: int, target: Bucket, reason: str
) -> tuple[Order, list[Fact]]:
    """Give `quantity` promised units of a line back, the latest promise first, each by its own
    reservation id (CAN-02); raises ValueError where fewer are promised.
    """
    found: list[Fact] = []
    for reservation in reversed(line.reservations):
        for site, held in ((None, unplaced(reservation)), *reservation.fetched.items()):
            units = min(quantity, held)
            if not units:
                continue
            quantity -= units
            name, item_id, group = reservation.id, reservation.item_id, reservation.group
            moved = Units(line.line_no, item_id, units, name, group)
            order = end_units(order, moved, Bucket.RESERVED, target, site)
            found.append(
                facts.ReservationReleased(name, line.line_no, item_id, group, units, site, reason)
            )
    if quantity:
        raise ValueError(f"{quantity} reserved units of line {line.line_no} have no reservation")
    return order, found


def let_wait(order: Order, line_no: int, units: int, allowed: bool, reason: str) -> Step[Order]:
    """Promised units that are not there wait for supply (STK-15): nothing is lost, and where the
    item's policy does not `allow` it, somebody is told.
    """
    line = order.line(line_no)
    order, told = release_reserved(order, line, units, Bucket.BACKORDERED, reason)
    released = [fact for fact in told if isinstance(fact, facts.ReservationReleased)]
    owes = owed_by(order, line) if line.buckets.backordered else released[0].group
    line = replace(order.line(line_no), backordered_in=owes)
    fact = facts.UnitsBackordered(
        order.id, line_no, str(line.item_id), owes, units, short=not allowed
    )
    return Step(put_line(order, line), (*told, fact))
