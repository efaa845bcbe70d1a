"""Moving units of lines between buckets, with the reservations behind them (LIN-06).

Every function returns a new line; what does not fit raises ValueError, since the decisions above
have checked it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oms.kernel.facts import Units
from oms.kernel.ids import derive
from oms.orders.model import Bucket, Line, Order, Reservation

LEAST_ADVANCED_FIRST = (
    Bucket.UNSOURCED, Bucket.BACKORDERED, Bucket.RESERVED, Bucket.ALLOCATED, Bucket.PICKED,
    Bucket.PACKED,
)  # fmt: skip
"""From which buckets units are canceled when the command names none (LIN-07)."""


def reservation_id(order_id: str, line_no: int, place: int) -> str:
    """The id of the promise at `place` (from 1) among those of a line; none ever leaves it."""
    return derive("rsv", order_id, line_no, place)


def change_line(order: Order, line_no: int, change: Callable[[Line], Line]) -> Order:
    """The order with one line changed; raises KeyError where there is no such line."""
    place, lines = order.place(line_no), order.lines
    return replace(order, lines=(*lines[:place], change(lines[place]), *lines[place + 1 :]))


def put_line(order: Order, changed: Line) -> Order:
    """The order with `changed` in the place of the line of its number."""
    return change_line(order, changed.line_no, lambda _: changed)


def move_units(order: Order, units: Units, source: Bucket, target: Bucket) -> Order:
    """Move the units of one line between buckets; the reservation stays as it is."""

    def moved(line: Line) -> Line:
        return replace(line, buckets=line.buckets.move(source, target, units.quantity))

    return change_line(order, units.line_no, moved)


def place_units(order: Order, units: Units, source: Bucket, site: str) -> Order:
    """Bind reserved (or unsourced) units to a site: the same reservation id goes on (RSV-03)."""

    def placed(line: Line) -> Line:
        moved = replace(line, buckets=line.buckets.move(source, Bucket.ALLOCATED, units.quantity))
        return change_reservation(moved, units, lambda r: _bound(r, site, units.quantity))

    return change_line(order, units.line_no, placed)


def unplace_units(order: Order, units: Units, source: Bucket, site: str) -> Order:
    """Give units back from a site to their pool, still promised (LIN-108)."""

    def unplaced(line: Line) -> Line:
        moved = replace(line, buckets=line.buckets.move(source, Bucket.RESERVED, units.quantity))
        return change_reservation(moved, units, lambda r: _placed(r, site, -units.quantity))

    return change_line(order, units.line_no, unplaced)


def end_units(
    order: Order, units: Units, source: Bucket, target: Bucket, site: str | None
) -> Order:
    """Consume or release units of a reservation while they change bucket (LIN-107, LIN-109).

    Reserved units of a site are those that wait there to be fetched.
    """

    def ended(line: Line) -> Line:
        moved = replace(line, buckets=line.buckets.move(source, target, units.quantity))
        fetched = source is Bucket.RESERVED
        gone = units.quantity if target is Bucket.SHIPPED else 0
        return change_reservation(
            moved, units, lambda r: _ended(r, site, units.quantity, fetched, gone)
        )

    return change_line(order, units.line_no, ended)


def change_reservation(
    line: Line, units: Units, change: Callable[[Reservation], Reservation]
) -> Line:
    """The line with the reservation that `units` names changed; others stay."""
    if units.reservation_id is None:
        return line
    return replace(
        line,
        reservations=tuple(
            change(reservation) if reservation.id == units.reservation_id else reservation
            for reservation in line.reservations
        ),
    )


def unplaced(reservation: Reservation) -> int:
    """Open units of a reservation that no site holds yet."""
    return reservation.open - sum(reservation.placed.values())


def owed_by(order: Order, line: Line) -> str:
    """The supply group that owes the backordered units of a line."""
    return line.backordered_in or order.pool[0]


def _bound(reservation: Reservation, site: str, quantity: int) -> Reservation:
    """Units go on an FO: first those that wait at the site already (RSV-03)."""
    there = min(quantity, reservation.fetched.get(site, 0))
    reservation = _unfetched(reservation, site, there)
    return _placed(reservation, site, quantity - there)


def _unfetched(reservation: Reservation, site: str, quantity: int) -> Reservation:
    left = reservation.fetched.get(site, 0) - quantity
    if left < 0:
        raise ValueError(f"reservation {reservation.id} has no {quantity} units to fetch at {site}")
    fetched = {code: n for code, n in {**reservation.fetched, site: left}.items() if n}
    return replace(reservation, fetched=fetched)


def _placed(reservation: Reservation, site: str, quantity: int) -> Reservation:
    placed = dict(reservation.placed)
    placed[site] = placed.get(site, 0) + quantity
    if placed[site] < 0 or sum(placed.values()) > reservation.open:
        raise ValueError(f"reservation {reservation.id} cannot place {quantity} at {site}")
    return replace(reservation, placed={code: n for code, n in placed.items() if n})


def _ended(
    reservation: Reservation, site: str | None, quantity: int, fetched: bool, consumed: int
) -> Reservation:
    if site is not None:
        if fetched:
            reservation = _unfetched(reservation, site, quantity)
        reservation = _placed(reservation, site, -quantity)
    elif unplaced(reservation) < quantity:
        raise ValueError(f"reservation {reservation.id} has no {quantity} unplaced units")
    left, gone = reservation.open - quantity, reservation.consumed + consumed
    return replace(reservation, open=left, consumed=gone)
