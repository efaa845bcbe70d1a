"""Stock: what may be promised, what carts hold, what moved, what is where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from oms.inventory import use_cases
from oms.inventory.commands import AdjustStock, CartLine, Delta, ReserveCart, Set
from oms.inventory.feed_use_cases import load_feed
from oms.inventory.model import CartReservation, Item, MovementType
from oms.inventory.ports import StockStore
from oms.inventory.rehearsal import Rehearsal
from oms.inventory.reports import FeedReport
from oms.kernel.codec import camel, encode, stamp
from oms.kernel.context import Actor, Context
from oms.kernel.errors import Forbidden, Malformed, NotFound, Problem
from oms_aws import stock_calls, telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply
from oms_aws.http_actor import INVENTORY_READ, INVENTORY_WRITE, ORDERS_WRITE
from oms_aws.shapes import MAX_PAIRS, Bare
from oms_aws.shapes_inventory import FeedShape

from functions.inventory import schemas


def availability(call: Call) -> Reply:
    """What may be promised of a few items at one place."""
    query: schemas.AvailabilityQuery = call.query
    skus = list(dict.fromkeys(sku for sku in query.skus.split(",") if sku))
    if len(skus) > MAX_PAIRS:
        raise _malformed("skus", "TOO_MANY", f"at most {MAX_PAIRS} at once")
    channel = query.channel if query.site is None else None
    if query.site is None and channel is None:
        channel = call.actor.channel
    if (query.site is None) == (channel is None):
        raise _malformed("channel", "REQUIRED", "either a channel or a site")
    return _available(call, [(sku, channel, query.site) for sku in skus])


def availability_batch(call: Call) -> Reply:
    """What may be promised of many pairs (STK-19)."""
    batch: schemas.AvailabilityBatch = call.body
    return _available(call, [(pair.sku, pair.channel, pair.site) for pair in batch.pairs])


def reserve(call: Call) -> Reply:
    """Hold units for a cart; the idempotency key names the request."""
    cart: schemas.CartShape = call.body
    ctx = _context(call)
    items = _items(call.actor, [line.sku for line in cart.lines])
    pool = _pool(call.actor, cart.channel)
    lines = tuple(
        CartLine(line.line_no, items[line.sku].id, line.quantity, pool) for line in cart.lines
    )
    command = ReserveCart(call.key or "", lines, cart.partial, cart.minutes)
    hidden = stock_calls.hidden_sites(call.actor.company)
    promise = use_cases.reserve_cart(_stock(call), command, ctx, hidden)
    if not call.dry_run:
        telemetry.count("CartsReserved")
    short = [encode(short) for short in promise.short]
    return Reply(
        {"reservations": [_reservation(held) for held in promise.reservations], "short": short},
        200 if call.dry_run else 201,
        outcome={
            "stock": [_promised("RESERVE", held) for held in promise.reservations],
            "messages": [{"code": "OUT_OF_STOCK", **row} for row in short],
        },
    )


def extend(call: Call) -> Reply:
    """Hold a reservation longer."""
    body: schemas.Extend = call.body
    held = use_cases.extend_reservation(
        _stock(call), call.path["reservationId"], body.minutes, _context(call)
    )
    return Reply(_reservation(held), outcome={"stock": [_promised("EXTEND", held)]})


def release(call: Call) -> Reply:
    """Give a reservation back."""
    held = use_cases.release_reservation(_stock(call), call.path["reservationId"], _context(call))
    return Reply(_reservation(held), outcome={"stock": [_promised("RELEASE", held)]})


def move(call: Call) -> Reply:
    """Adjust, count or receive at one position."""
    body: schemas.MovementShape = call.body
    if call.actor.sites and body.site not in call.actor.sites:
        raise Forbidden("SITE_SCOPE", f"{body.site} is not among the caller's sites")
    item = _items(call.actor, [body.sku])[body.sku]
    groups = stock_calls.site_groups(call.actor.company)
    command = _adjustment(body, item)
    adjusted = use_cases.adjust_stock(_stock(call), command, groups, _context(call))
    movements = [encode(movement) for movement in adjusted.journal.movements]
    answer = {"movements": movements, "level": _spelled(adjusted.level)}
    return Reply(answer, outcome={"stock": movements})


def load(call: Call) -> Reply:
    """Load an inventory feed."""
    feed: FeedShape = call.body
    company = call.actor.company
    groups = stock_calls.site_groups(company)
    ctx = stock_calls.context(call.actor, f"feed:{feed.feed_id}")
    report = _report(load_feed(_stock(call), feed.feed_id, feed.commands(), groups, ctx))
    counts = {name: value for name, value in report.items() if isinstance(value, int)}
    return Reply(report, outcome={"next_statuses": counts, "messages": report["refused"]})


def feed_report(call: Call) -> Reply:
    """What became of a feed."""
    report = wiring.stock().report(call.actor.company, call.path["feedId"])
    if report is None:
        raise NotFound("FEED_NOT_FOUND", f"no feed {call.path['feedId']}")
    return Reply(_report(report))


def levels(call: Call) -> Reply:
    """Counters of an item, or of the items at a site."""
    query: schemas.LevelsQuery = call.query
    if query.sku is None and query.site is None:
        raise _malformed("sku", "REQUIRED", "a sku, a site or both")
    company, cursor = call.actor.company, None
    if query.sku is not None:
        ids = [_items(call.actor, [query.sku])[query.sku].id]
    else:
        ids = list(
            wiring.stock().items_at(company, query.site or "", query.cursor or "", query.limit)
        )
        cursor = ids[-1] if len(ids) == query.limit else None
    groups = sorted(set(stock_calls.site_groups(company).values()))
    sites = None if query.site is None else [query.site]
    found = wiring.stock().read(company, ids, groups, sites)
    return Reply(
        {
            "sku": query.sku,
            "levels": [
                {"sku": found.items[level.item_id].sku, **_spelled(level)}
                for _, level in sorted(found.levels.items())
            ],
            "counters": [_spelled(counter) for _, counter in sorted(found.counters.items())],
            "cursor": cursor,
        }
    )


def _stock(call: Call) -> StockStore:
    """Stock, or for a preview stock that nothing is written to (PVW-01)."""
    return Rehearsal(wiring.stock()) if call.dry_run else wiring.stock()


def _promised(effect: str, held: CartReservation) -> dict[str, Any]:
    return {
        "effect": effect, "lineNo": held.line_no, "itemId": held.item_id, "group": held.group,
        "quantity": held.quantity, "open": held.open,
    }  # fmt: skip


def _available(call: Call, wanted: Sequence[tuple[str, str | None, str | None]]) -> Reply:
    actor = call.actor
    known = wiring.stock().items_by_sku(actor.company, [sku for sku, _, _ in wanted])
    pairs = [
        use_cases.Pair(known[sku].id if sku in known else "", _pool(actor, channel), site)
        for sku, channel, site in wanted
    ]
    groups = stock_calls.site_groups(actor.company)
    hidden = stock_calls.hidden_sites(actor.company)
    answers = use_cases.availability(wiring.stock(), pairs, groups, _context(call), hidden)
    rows = [
        {
            "sku": sku, "channel": channel, "site": site, "ats": 0 if sku not in known else one.ats,
            "unlimited": sku in known and one.ats is None, "known": sku in known,
            "nextSupply": one.next_supply, "asOf": one.as_of, "status": one.status.value,
        }
        for (sku, channel, site), one in zip(wanted, answers, strict=True)
    ]  # fmt: skip
    return Reply({"availability": rows})


def _pool(actor: Actor, code: str | None) -> tuple[str, ...]:
    if code is None:
        return ()
    if actor.channel not in (None, code):
        raise Forbidden("CHANNEL_SCOPE", f"this client may not sell on {code}")
    channel = wiring.settings().channel(actor.company, code)
    if channel is None:
        raise _malformed("channel", "UNKNOWN_CHANNEL", f"no channel {code}")
    return channel.pool


def _items(actor: Actor, skus: Iterable[str]) -> dict[str, Item]:
    wanted = list(dict.fromkeys(skus))
    found = wiring.stock().items_by_sku(actor.company, wanted)
    missing = [sku for sku in wanted if sku not in found]
    if missing:
        problems = [Problem("sku", "UNKNOWN_SKU", f"no item {sku}") for sku in missing]
        raise Malformed("UNKNOWN_SKU", "some items are not known", problems)
    return found


def _context(call: Call) -> Context:
    cause = f"{call.actor.id}#{call.key}" if call.key else call.correlation_id
    return stock_calls.context(call.actor, cause)


def _adjustment(body: schemas.MovementShape, item: Item) -> AdjustStock:
    return AdjustStock(
        item.id, body.site, body.reason, MovementType(body.type), _change(body.on_hand),
        {reason: c for reason, shape in body.unavailable.items() if (c := _change(shape))},
        _change(body.on_order), _change(body.in_transit), _change(body.safety_sell),
        _change(body.safety_source), body.suppressed,
        None if body.next_supply is None else body.next_supply.isoformat(),
    )  # fmt: skip


def _change(shape: schemas.ChangeShape | None) -> Delta | Set | None:
    if shape is None:
        return None
    if shape.delta is not None:
        return Delta(shape.delta)
    return Set(shape.to or 0, shape.expected)


def _reservation(held: CartReservation) -> dict[str, Any]:
    return {
        "id": held.id, "lineNo": held.line_no, "itemId": held.item_id, "group": held.group,
        "quantity": held.quantity, "open": held.open, "expiresAt": stamp(held.expires_at),
        "ended": held.ended,
    }  # fmt: skip


def _report(report: FeedReport) -> dict[str, Any]:
    return _spelled(report)


def _spelled(value: Any) -> dict[str, Any]:
    """A record with all its fields: readers of counters should not have to know defaults."""
    return {camel(f.name): encode(getattr(value, f.name)) for f in fields(value)}


def _malformed(path: str, code: str, message: str) -> Malformed:
    return Malformed(code, message, [Problem(path, code, message)])


OPERATIONS = (
    Operation(
        "getAvailability", "GET", "/v1/availability", INVENTORY_READ,
        "What may be promised of a few items", availability, {200: schemas.AvailabilityAnswer},
        query=schemas.AvailabilityQuery,
    ),
    Operation(
        "batchAvailability", "POST", "/v1/availability:batch", INVENTORY_READ,
        "What may be promised of many items", availability_batch,
        {200: schemas.AvailabilityAnswer}, body=schemas.AvailabilityBatch,
    ),
    Operation(
        "reserveCart", "POST", "/v1/reservations", ORDERS_WRITE, "Hold units for a cart", reserve,
        {200: schemas.CartAnswer, 201: schemas.CartAnswer}, body=schemas.CartShape,
        key=Key.REQUIRED, preview=True, remembered=True,
    ),
    Operation(
        "extendReservation", "POST", "/v1/reservations/{reservationId}/extend", ORDERS_WRITE,
        "Hold units longer", extend, {200: schemas.ReservationAnswer}, body=schemas.Extend,
        key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "releaseReservation", "POST", "/v1/reservations/{reservationId}/release", ORDERS_WRITE,
        "Give held units back", release, {200: schemas.ReservationAnswer}, body=Bare,
        key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "moveStock", "POST", "/v1/inventory/movements", INVENTORY_WRITE,
        "Adjust, count or receive at one position", move, {200: schemas.MovementAnswer},
        body=schemas.MovementShape, key=Key.REQUIRED, preview=True, remembered=True,
    ),
    Operation(
        "loadSnapshot", "POST", "/v1/inventory/snapshots", INVENTORY_WRITE,
        "Load rows of an inventory feed", load, {200: schemas.FeedAnswer}, body=FeedShape,
        key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "getFeedReport", "GET", "/v1/inventory/snapshots/{feedId}", INVENTORY_READ,
        "What became of a feed", feed_report, {200: schemas.FeedAnswer},
    ),
    Operation(
        "listLevels", "GET", "/v1/inventory/levels", INVENTORY_READ,
        "Counters of an item, or of the items at a site",
        levels, {200: schemas.LevelsAnswer}, query=schemas.LevelsQuery,
    ),
)  # fmt: skip
