"""The promise of stock to the lines of an order: at acceptance, in chunks after it, and when supply
lands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from oms.kernel.errors import Conflict, Problem
from oms.kernel.facts import Fact, Step
from oms.kernel.policy import StockPolicy
from oms.orders.facts import BackorderReleased, ReservationCreated, UnitsBackordered
from oms.orders.model import Bucket, Line, Order, Reservation
from oms.orders.shelf import Shelf, Stocked
from oms.orders.units import owed_by, reservation_id

ONE_TRANSACTION = 80
"""Lines whose promise fits into the write that accepts the order; the rest follows in chunks."""

ROWS_OF_WAITING = 2
"""What a line that must wait adds to the write: its place in the queue and an action item."""


def reserve(order: Order, shelf: Shelf, places: Sequence[int], refuse: bool = False) -> Step[Order]:
    """Promise the lines at `places` as far as one write reaches; the order keeps how far it came.

    With `refuse` the lines beyond are looked at as well, so that nothing is accepted that is short
    now: raises `Conflict` OUT_OF_STOCK with one problem per line.
    """
    if shelf.policy is StockPolicy.SKIP:
        return Step(replace(order, intake_progress=None))
    facts, lines, short = list[Fact](), list(order.lines), list[Problem]()
    room, left = _Room(), list[int]()
    for place in places:
        line = lines[place]
        if not _loose(line) or not shelf.promises(order, line):
            continue
        promised = list(_promise(order, line, shelf))
        after = _apply(line, promised)
        if refuse and after.buckets.unsourced and shelf.policy is StockPolicy.ENFORCE:
            short.append(_short(place, line, line.buckets.unsourced - after.buckets.unsourced))
        if left or not room.take(after):
            left.append(place)
            continue
        lines[place] = after
        facts.extend(promised)
    if short:
        raise Conflict("OUT_OF_STOCK", "not everything is in stock", short)
    made = replace(order, lines=tuple(lines), intake_progress=min(left, default=None))
    return Step(made, tuple(facts))


def promise_next(order: Order, stocked: Stocked, policy: StockPolicy) -> Step[Order]:
    """Promise the next lines of an order that is taken in chunks (ORD-09). It is accepted: a line
    that has become short since is not refused but keeps waiting.
    """
    places, more = _next(order)
    step = reserve(order, Shelf(stocked, policy), places)
    progress = step.part.intake_progress
    if progress is None and more is not None and policy is not StockPolicy.SKIP:
        progress = more
    return Step(replace(step.part, intake_progress=progress), step.facts)


def next_lines(order: Order) -> tuple[Line, ...]:
    """The lines whose promise is due next, as many as one write can hold."""
    return tuple(order.lines[place] for place in _next(order)[0])


def _next(order: Order) -> tuple[list[int], int | None]:
    """Places of the next lines to promise, and of the one after them."""
    start = order.intake_progress or 0
    places = [n for n, line in enumerate(order.lines[start:], start) if _loose(line)]
    more = places[ONE_TRANSACTION] if len(places) > ONE_TRANSACTION else None
    return places[:ONE_TRANSACTION], more


def reserve_rest(
    order: Order, stocked: Stocked, policy: StockPolicy, only: Collection[int]
) -> Step[Order]:
    """Promise units of the lines `only` names that are still unsourced; what is short waits on."""
    places = [place for place, line in enumerate(order.lines) if line.line_no in only]
    step = reserve(order, Shelf(stocked, policy), places)
    return Step(replace(step.part, intake_progress=order.intake_progress), step.facts)


def serve_backorders(order: Order, stocked: Stocked) -> Step[Order]:
    """Promise units that wait for supply from what has landed, line by line (LIN-102).

    `stocked` counts what the order may take: supply that nobody holds, others' waiting included.
    """
    shelf = Shelf(stocked, StockPolicy.ENFORCE)
    facts, lines = list[Fact](), list[Line]()
    for line in order.lines:
        served = list(_serve(order, line, shelf)) if line.buckets.backordered else []
        lines.append(_apply(line, served))
        facts.extend(served)
    return Step(replace(order, lines=tuple(lines)), tuple(facts))


def _serve(order: Order, line: Line, shelf: Shelf) -> Iterator[Fact]:
    item_id, left = str(line.item_id), line.buckets.backordered
    owed, made = owed_by(order, line), len(line.reservations)
    for group, site in shelf.places(order, line):
        taken = shelf.take(item_id, group, site, left)
        if not taken:
            continue
        left -= taken
        made += 1
        name = reservation_id(order.id, line.line_no, made)
        yield ReservationCreated(
            name, line.line_no, item_id, group, taken, Bucket.BACKORDERED.value, site
        )
        yield BackorderReleased(order.id, line.line_no, item_id, owed, taken, "SUPPLIED", left)


@dataclass(slots=True)
class _Room:
    """What one write holds: a counter and a fact of every line, and rows of lines that wait."""

    used: int = 0

    def take(self, line: Line) -> bool:
        """Make room for a line; False where it does not fit any more."""
        if self.used >= ONE_TRANSACTION:
            return False
        waits = line.buckets.unsourced + line.buckets.backordered
        self.used += 1 + (ROWS_OF_WAITING if waits else 0)
        return True


def _loose(line: Line) -> bool:
    return line.item_id is not None and line.buckets.unsourced > 0 and not line.suspended


def _promise(order: Order, line: Line, shelf: Shelf) -> Iterator[Fact]:
    item_id, wanted = str(line.item_id), line.buckets.unsourced
    places, made = shelf.places(order, line), len(line.reservations)
    for converted in _convert(order, line, shelf, wanted):
        wanted -= converted.quantity
        made += 1
        yield converted
    for group, site in places:
        taken = shelf.take(item_id, group, site, wanted)
        if taken:
            wanted -= taken
            made += 1
            name = reservation_id(order.id, line.line_no, made)
            yield ReservationCreated(name, line.line_no, item_id, group, taken, site=site)
    owed = places[0][0] if places else order.pool[0]
    allowed = shelf.backorder(item_id, owed, wanted)
    if allowed:
        yield UnitsBackordered(order.id, line.line_no, item_id, owed, allowed)
    if wanted > allowed and shelf.policy is StockPolicy.ACCEPT:
        rest = wanted - allowed
        yield UnitsBackordered(order.id, line.line_no, item_id, owed, rest, short=True)


def _apply(line: Line, promised: list[Fact]) -> Line:
    buckets, reservations, owed = line.buckets, list(line.reservations), line.backordered_in
    for fact in promised:
        if isinstance(fact, ReservationCreated):
            buckets = buckets.move(Bucket(fact.from_bucket), Bucket.RESERVED, fact.quantity)
            placed = {} if fact.site is None else {fact.site: fact.quantity}
            reservations.append(
                Reservation(
                    fact.record_id, fact.item_id, fact.group, fact.quantity, fact.quantity,
                    placed, placed,
                )
            )  # fmt: skip
        elif isinstance(fact, UnitsBackordered):
            buckets = buckets.move(Bucket.UNSOURCED, Bucket.BACKORDERED, fact.quantity)
            owed = fact.group
    wait = None if promised else line.wait
    return replace(
        line, buckets=buckets, reservations=tuple(reservations), wait=wait, backordered_in=owed
    )


def _convert(order: Order, line: Line, shelf: Shelf, wanted: int) -> Iterator[ReservationCreated]:
    """Units that the customer's cart holds already; what it holds beyond is free again."""
    sites, made = dict(shelf.places(order, line)), len(line.reservations)
    for cart in shelf.carts.get(line.line_no, ()):
        if cart.item_id != line.item_id or cart.group not in sites:
            continue
        site = sites[cart.group]
        taken = shelf.fits(cart.item_id, site, min(wanted, cart.open))
        if taken <= 0:
            continue
        wanted -= taken
        if site is not None:
            shelf.use(cart.item_id, cart.group, site, taken)
        made += 1
        name = reservation_id(order.id, line.line_no, made)
        yield ReservationCreated(
            name, line.line_no, cart.item_id, cart.group, taken, site=site, converted_from=cart.id
        )


def _short(place: int, line: Line, left: int) -> Problem:
    path = f"lines[{place}].quantity"
    return Problem(path, "OUT_OF_STOCK", f"{left} of {line.quantity} units of {line.sku} are left")
