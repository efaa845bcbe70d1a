"""What callers do with stock: read, decide, write; decide again where somebody was faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from oms.inventory.adjustments import adjust
from oms.inventory.availability import available_at, available_in
from oms.inventory.carts import CartPromise, Shortage, cart_cause, extend_cart, release_cart
from oms.inventory.carts import reserve_cart as decide_cart
from oms.inventory.commands import AdjustStock, ReserveCart
from oms.inventory.model import (
    ITEM_STATES,
    KINDS,
    CartReservation,
    InventoryLevel,
    Item,
    Journal,
    PromiseCounter,
    StockSnapshot,
)
from oms.inventory.ports import StockStore
from oms.inventory.statuses import AvailabilityStatus, availability_status
from oms.kernel.context import Context
from oms.kernel.errors import AlreadyDone, Malformed, NotFound, Problem, StockConflict

T = TypeVar("T")
ATTEMPTS = 8
MAX_PAIRS = 1000


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What an adjustment moved, and the position after it."""

    journal: Journal
    level: InventoryLevel


@dataclass(frozen=True, slots=True)
class Pair:
    """A question for availability: an item in a pool of groups, or at one site for pickup."""

    item_id: str
    pool: tuple[str, ...] = ()
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """`ats` None means unlimited, `status` puts it in one word (ITM-05). `as_of` is the sequence of
    the counters it was read from, and `next_supply` the earliest date known on which units come.
    """

    pair: Pair
    ats: int | None
    as_of: int
    next_supply: str | None = None
    status: AvailabilityStatus = AvailabilityStatus.OUT_OF_STOCK


def adjust_stock(
    store: StockStore, command: AdjustStock, site_groups: Mapping[str, str], ctx: Context
) -> Adjusted:
    """Adjust, count or receive at one position; a repeated cause changes nothing (STK-14).

    Raises what `adjust` raises; `StockConflict` when the position never came to rest.
    """
    company = ctx.actor.company

    def attempt() -> Adjusted:
        snapshot = store.read(company, [command.item_id], sorted({*site_groups.values()}))
        if command.item_id not in snapshot.items:
            raise NotFound("ITEM_UNKNOWN", f"there is no item {command.item_id}")
        done = store.journal(company, ctx.cause_id)
        if done is None:
            write = adjust(command, snapshot, site_groups, ctx.cause_id, ctx)
            store.write(company, write)
            done = write.journal
        key = (command.item_id, command.site)
        fresh = store.read(company, [command.item_id], (), [command.site])
        nothing = InventoryLevel(*key, site_groups[command.site])
        return Adjusted(done, fresh.levels.get(key, nothing))

    return again(attempt)


def availability(
    store: StockStore, pairs: Sequence[Pair], site_groups: Mapping[str, str], ctx: Context,
    hidden: frozenset[str] = frozenset(),
) -> tuple[Availability, ...]:  # fmt: skip
    """What may be promised of up to 1,000 pairs, in their order (STK-19); nothing of what lies at
    the `hidden` sites (SIT-02).

    Raises `Malformed` for more pairs.
    """
    if len(pairs) > MAX_PAIRS:
        problem = Problem("pairs", "TOO_MANY", f"at most {MAX_PAIRS} are answered at once")
        raise Malformed("TOO_MANY", problem.message, [problem])
    groups = {group for pair in pairs for group in pair.pool}
    groups |= {site_groups.get(pair.site, "") for pair in pairs if pair.site} - {""}
    item_ids = sorted({pair.item_id for pair in pairs})
    read = store.read(ctx.actor.company, item_ids, sorted(groups))
    snapshot = replace(read, hidden=hidden)
    return tuple(_answer(snapshot, pair, site_groups, ctx) for pair in pairs)


def reserve_cart(
    store: StockStore, command: ReserveCart, ctx: Context, hidden: frozenset[str] = frozenset()
) -> CartPromise:
    """Hold units for a cart; a repeated client id gives what it held the first time (RSV-06).

    Raises `Conflict` OUT_OF_STOCK, `Malformed`, or `StockConflict` after too many lost races.
    """
    company = ctx.actor.company
    cause = cart_cause(ctx, command.client_id)

    def attempt() -> CartPromise:
        done = store.journal(company, cause)
        if done is not None:
            return _before(store, command, done, ctx)
        item_ids = sorted({line.item_id for line in command.lines})
        groups = sorted({group for line in command.lines for group in line.pool})
        snapshot = replace(store.read(company, item_ids, groups), hidden=hidden)
        promise = decide_cart(command, snapshot, ctx)
        if promise.write is not None:
            store.write(company, promise.write)
        return promise

    return again(attempt)


def release_reservation(store: StockStore, reservation_id: str, ctx: Context) -> CartReservation:
    """Give a cart's reservation back; again, or after its end, it changes nothing (RSV-09).

    Raises `NotFound`.
    """
    company = ctx.actor.company

    def attempt() -> CartReservation:
        cart, snapshot = _cart(store, reservation_id, ctx)
        write = release_cart([cart], snapshot, f"release:{cart.id}:{cart.version}", ctx)
        if write is None:
            return cart
        store.write(company, write)
        return _cart(store, reservation_id, ctx)[0]

    return again(attempt)


def extend_reservation(
    store: StockStore, reservation_id: str, minutes: int, ctx: Context
) -> CartReservation:
    """Hold a cart's reservation longer, at most three times (RSV-04).

    Raises `NotFound`, or what `extend_cart` raises.
    """
    company = ctx.actor.company

    def attempt() -> CartReservation:
        cart, snapshot = _cart(store, reservation_id, ctx)
        cause = f"extend:{cart.id}:{cart.version}"
        promise = extend_cart(cart, minutes, snapshot, cause, ctx)
        if promise.write is not None:
            store.write(company, promise.write)
        return promise.reservations[0]

    return again(attempt)


def store_item(store: StockStore, item: Item, ctx: Context) -> None:
    """Create an item, or replace version `item.version - 1` of it; a new sku is one more name of it
    and its id stays (ITM-02).

    Raises `Malformed` for an unknown kind or state, `VersionConflict`, `Conflict` SKU_TAKEN.
    """
    for path, value, known in (("kind", item.kind, KINDS), ("state", item.state, ITEM_STATES)):
        if value not in known:
            problem = Problem(path, "UNKNOWN_VALUE", f"one of {', '.join(sorted(known))}")
            raise Malformed("UNKNOWN_VALUE", f"{path} {value!r} is not known", [problem])
    store.put_item(ctx.actor.company, item)


def again(attempt: Callable[[], T]) -> T:
    """Run until no other writer was faster; a cause that was written before ends the loop at its
    own second look.

    Raises `StockConflict` when every attempt lost.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except (StockConflict, AlreadyDone):
            continue
    return attempt()


def _cart(
    store: StockStore, reservation_id: str, ctx: Context
) -> tuple[CartReservation, StockSnapshot]:
    company = ctx.actor.company
    found = store.read(company, (), (), (), [reservation_id]).carts.get(reservation_id)
    if found is None:
        raise NotFound("RESERVATION_UNKNOWN", f"there is no reservation {reservation_id}")
    return found, store.read(company, [found.item_id], [found.group])


def _before(store: StockStore, command: ReserveCart, done: Journal, ctx: Context) -> CartPromise:
    ids = {m.reservation_id for m in done.movements if m.reservation_id is not None}
    carts = store.read(ctx.actor.company, (), (), (), sorted(ids)).carts
    kept = tuple(sorted(carts.values(), key=lambda cart: (cart.line_no, cart.id)))
    got = {line.line_no: 0 for line in command.lines}
    for cart in kept:
        got[cart.line_no] = got.get(cart.line_no, 0) + cart.quantity
    short = tuple(
        Shortage(line.line_no, line.quantity, got[line.line_no])
        for line in command.lines
        if got[line.line_no] < line.quantity
    )
    return CartPromise(kept, short)


def _answer(
    snapshot: StockSnapshot, pair: Pair, site_groups: Mapping[str, str], ctx: Context
) -> Availability:
    groups = pair.pool if pair.site is None else (site_groups.get(pair.site, ""),)
    counters = [
        snapshot.counters.get((pair.item_id, group)) or PromiseCounter(pair.item_id, group)
        for group in groups
    ]
    levels = [level for group in groups for level in snapshot.levels_of(pair.item_id, group)]
    here = [level for level in levels if pair.site in (None, level.site)]
    if pair.site is None:
        ats = available_in(snapshot, pair.item_id, groups, ctx.now)
    elif here and pair.site not in snapshot.hidden:
        item = snapshot.items.get(pair.item_id)
        hidden = snapshot.hidden_of(levels)
        ats = available_at(here[0], counters[0], item, ctx.now, levels, hidden)
    else:
        ats = 0
    seen = levels if pair.site is None else here
    status = availability_status(snapshot, pair.item_id, counters, seen, ats, ctx.now)
    return Availability(pair, ats, sum(c.version for c in counters), _earliest(here), status)


def _earliest(levels: Iterable[InventoryLevel]) -> str | None:
    dates = [level.next_supply for level in levels if level.next_supply and level.on_order > 0]
    return min(dates, default=None)
