"""Units that leave: by shipment, by ship notice, and what the carrier says of them afterwards
(SHP-01 to SHP-08).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from oms.fulfillment import commands, facts
from oms.fulfillment.leaving import short
from oms.fulfillment.model import (
    Fulfillment,
    FulfillmentOrder,
    FulfillmentType,
    Package,
    PackedUnits,
    Shipment,
)
from oms.fulfillment.packages import fill, open_package, waiting
from oms.fulfillment.rows import (
    by_line,
    each,
    held,
    picked_more,
    remaining,
    shipped_more,
    store,
    unpacked,
    unpicked,
    unshipped,
)
from oms.fulfillment.states import fo_state, moved
from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.ids import derive

NO_CARRIER = "VIRTUAL"
"""Carrier of what is not carried."""


def ship(fulfillment: Fulfillment, command: commands.Ship, ctx: Context) -> Step[Fulfillment]:
    """Hand packages to a carrier: one write with stock, invoice and capture intent (SHP-01)."""
    before = fulfillment.find(command.fo_id)
    fo, left = depart(before, command, ctx)
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (left, *follows))


def notice(
    fulfillment: Fulfillment, command: commands.ShipNotice, ctx: Context, allow_split: bool = True
) -> Step[Fulfillment]:
    """Everything that remains has left, in one write: picked and packed on the way (SHP-08).

    Refused with ASN_QUANTITY_MISMATCH where the notice does not account for each remaining unit.
    """
    told: tuple[Fact, ...] = ()
    _accounted(fulfillment.find(command.fo_id), command)
    if command.short_lines:
        missing = commands.ShortPick(command.fo_id, command.short_lines)
        step = short(fulfillment, missing, ctx, allow_split)
        fulfillment, told = step.part, step.facts
    before = fulfillment.find(command.fo_id)
    if not any(remaining(row) for row in before.lines):
        return Step(fulfillment, told)
    fo, more = _made_whole(before, command.tracking_numbers, ctx)
    order = commands.Ship(
        fo.id, command.carrier, command.service, cost=command.cost, ship_date=command.ship_date,
        notify=command.notify,
    )  # fmt: skip
    fo, left = depart(fo, order, ctx)
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (*told, *more, left, *follows))


def deliver(fulfillment: Fulfillment, fo_id: str, ctx: Context) -> Step[Fulfillment]:
    """A virtual FO fulfills itself: nobody has to confirm what no provider delivers (LIN-08)."""
    before = fulfillment.find(fo_id)
    units = held(before, unpicked)
    rows = tuple(
        replace(row, picked=row.quantity, packed=row.quantity, shipped=row.quantity)
        for row in before.lines
    )
    shipment = Shipment(derive("shp", before.id, 1), ctx.now, NO_CARRIER, None, (), ())
    fo = replace(before, lines=rows, shipments=(shipment,))
    left = facts.ShipmentCreated(fo.id, shipment.id, fo.site, NO_CARRIER, (), units)
    arrived = facts.ShipmentDelivered(fo.id, shipment.id, None, units)
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (left, arrived, *follows))


def deliverable(fulfillment: Fulfillment) -> tuple[FulfillmentOrder, ...]:
    """Released virtual FOs."""
    return tuple(
        fo
        for fo in fulfillment.orders
        if fo.type is FulfillmentType.VIRTUAL and fo_state(fo) == "AWAITING_PICK"
    )


def depart(
    fo: FulfillmentOrder, command: commands.Ship, ctx: Context
) -> tuple[FulfillmentOrder, facts.ShipmentCreated]:
    """Packages leave the building under one shipment."""
    fo = _tracked(fo, command.tracking)
    packages = _leaving(fo, command.package_ids)
    shipment_id = derive("shp", fo.id, len(fo.shipments) + 1)
    contents = [content for package in packages for content in package.contents]
    fo, units = each(fo, contents, unshipped, shipped_more)
    fo = _with_shipment(fo, command, packages, shipment_id, ctx)
    return fo, facts.ShipmentCreated(
        fo.id, shipment_id, fo.site, command.carrier, fo.shipments[-1].tracking_numbers,
        _merged(units), command.notify,
    )  # fmt: skip


def delivered(
    fo: FulfillmentOrder, shipment_id: str, ctx: Context, package_id: str | None = None,
    assumed: bool = False,
) -> tuple[FulfillmentOrder, list[Fact]]:  # fmt: skip
    """Parcels of a shipment arrived, each once (LIN-111); `package_id` means that one alone."""
    told: list[Fact] = []
    packages: list[Package] = []
    for package in fo.packages:
        meant = package.shipment_id == shipment_id and package_id in (None, package.id)
        if meant and package.delivered_at is None:
            package = replace(package, delivered_at=ctx.now)
            units = _contents(fo, package.contents)
            told.append(facts.ShipmentDelivered(fo.id, shipment_id, package.id, units, assumed))
        packages.append(package)
    return replace(fo, packages=tuple(packages)), told


def _accounted(fo: FulfillmentOrder, command: commands.ShipNotice) -> None:
    listed = Counter[int]()
    for row in command.lines:
        listed[row.line_no] += row.quantity
    for short_row in command.short_lines:
        listed[short_row.line_no] += short_row.quantity
    left = {row.line_no: row.quantity for row in by_line(fo, remaining)}
    if command.lines and listed != left:
        text = f"{left} units remain by line, {dict(listed)} are listed; report what is short"
        raise Refused.because("ASN_QUANTITY_MISMATCH", text, fo.id)


def _made_whole(
    fo: FulfillmentOrder, tracking_numbers: Sequence[str], ctx: Context
) -> tuple[FulfillmentOrder, list[Fact]]:
    """Pick and pack what nobody recorded, so that every remaining unit is in a package."""
    told: list[Fact] = []
    if fo.picking_at is None:
        fo = replace(fo, picking_at=ctx.now)
        told.append(facts.FulfillmentOrderPicking(fo.id))
    if rows := by_line(fo, unpicked):
        fo, units = each(fo, rows, unpicked, picked_more)
        told.append(facts.UnitsPicked(fo.id, units))
    if loose := by_line(fo, unpacked):
        first = next(iter(tracking_numbers), None)
        fo, fact = fill(fo, commands.NewPackage(loose, tracking_number=first))
        told.append(fact)
    return fo, told


def _tracked(fo: FulfillmentOrder, rows: Sequence[commands.Tracking]) -> FulfillmentOrder:
    named = {row.package_id: row for row in rows}
    for package_id in named:
        open_package(fo, package_id)
    packages = tuple(
        replace(
            package, tracking_number=named[package.id].tracking_number,
            tracking_url=named[package.id].tracking_url or package.tracking_url,
        ) if package.id in named else package
        for package in fo.packages
    )  # fmt: skip
    return replace(fo, packages=packages)


def _leaving(fo: FulfillmentOrder, wanted: Sequence[str]) -> tuple[Package, ...]:
    if wanted:
        return tuple(open_package(fo, package_id) for package_id in dict.fromkeys(wanted))
    found = waiting(fo)
    if not found:
        raise Refused.because("STATE", "nothing is packed", fo.id)
    return found


def _with_shipment(
    fo: FulfillmentOrder, command: commands.Ship, packages: Sequence[Package], shipment_id: str,
    ctx: Context,
) -> FulfillmentOrder:  # fmt: skip
    ids = tuple(package.id for package in packages)
    numbers = tuple(p.tracking_number for p in packages if p.tracking_number)
    shipment = Shipment(
        shipment_id, ctx.now, command.carrier, command.service, ids, numbers, command.cost,
        command.ship_date,
    )  # fmt: skip
    marked = tuple(replace(p, shipment_id=shipment_id) if p.id in ids else p for p in fo.packages)
    return replace(fo, packages=marked, shipments=(*fo.shipments, shipment))


def _contents(fo: FulfillmentOrder, contents: Sequence[PackedUnits]) -> tuple[Units, ...]:
    items = {row.line_no: row.item_id for row in fo.lines}
    return tuple(Units(row.line_no, items[row.line_no], row.quantity) for row in contents)


def _merged(units: Sequence[Units]) -> tuple[Units, ...]:
    sums: Counter[tuple[int, str, str | None, str | None]] = Counter()
    for row in units:
        sums[row.line_no, row.item_id, row.reservation_id, row.group] += row.quantity
    return tuple(
        Units(line_no, item_id, quantity, reservation_id, group)
        for (line_no, item_id, reservation_id, group), quantity in sums.items()
    )
