"""Decisions on fulfillment orders, from allocation to shipment.

Each takes the part and a command that the policy table has let through. Quantities are guarded
here: picked never exceeds what the FO holds, packed never what is picked, shipped never what is
packed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from oms.fulfillment import commands, facts
from oms.fulfillment.deadlines import next_due, tick
from oms.fulfillment.leaving import emptied, react, reject, short
from oms.fulfillment.model import (
    Assignment,
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentType,
    Package,
    PackedUnits,
    Shipment,
)
from oms.fulfillment.rows import (
    Change,
    Room,
    held,
    packed_more,
    picked_more,
    shipped_more,
    store,
    take,
    unpacked,
    unpicked,
    unshipped,
)
from oms.fulfillment.sla import PROMISE
from oms.fulfillment.states import ENDED, fo_state, moved
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.ids import derive
from oms.kernel.policy import ApprovalMode

NO_CARRIER = "VIRTUAL"
"""Carrier of what is not carried."""

__all__ = [
    "allocate", "approve", "assign", "deliver", "deliverable", "file", "next_due", "pack", "pick",
    "react", "reject", "release", "release_ready", "ship", "short", "tick", "unassign", "unpack",
    "unpick",
]  # fmt: skip


def allocate(
    fulfillment: Fulfillment, command: commands.Allocate, ctx: Context, order_id: str, number: str
) -> Step[Fulfillment]:
    """Create the FOs of a plan (FUL-100); what stays without a site is told with its reason.

    A decision whose FOs are open was carried out before: nothing happens (SRC-07).
    """
    done = {fo.decision_id for fo in fulfillment.orders if fo_state(fo) not in ENDED}
    if command.decision_id in done:
        return Step(fulfillment)
    told: list[Fact] = []
    orders = list(fulfillment.orders)
    for planned in command.plan:
        fo = _created(planned, command, ctx, order_id, f"{number}-F{len(orders) + 1}")
        orders.append(fo)
        told.append(
            facts.FulfillmentOrderCreated(
                fo.id, fo.number, fo.site, fo.type.value, fo.method, fo.attempt, _units(fo),
                fo.decision_id,
            )
        )  # fmt: skip
    if command.waits:
        told.append(facts.LinesWaiting(order_id, command.waits, command.decision_id))
    return Step(replace(fulfillment, orders=tuple(orders)), tuple(told))


def approve(
    fulfillment: Fulfillment, command: commands.ApproveFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """Approve an FO (FUL-101); release follows when money covers it."""
    fo = replace(fulfillment.find(command.fo_id), approved_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderApproved(fo.id),))


def release_ready(fulfillment: Fulfillment) -> tuple[FulfillmentOrder, ...]:
    """FOs that only wait for their coverage."""
    return tuple(fo for fo in fulfillment.orders if fo_state(fo) == "AWAITING_AUTHORIZATION")


def release(fulfillment: Fulfillment, command: commands.Release, ctx: Context) -> Step[Fulfillment]:
    """Send the FO to the floor (FUL-102); with AUTO assignment somebody has it at once."""
    fo = replace(fulfillment.find(command.fo_id), released_at=ctx.now)
    told: list[Fact] = [facts.FulfillmentOrderReleased(fo.id, fo.site)]
    if fo.assignment is Assignment.AUTO:
        fo = replace(fo, assignee="AUTO", assigned_at=ctx.now)
        told.append(facts.FulfillmentOrderAssigned(fo.id, "AUTO"))
    return Step(store(fulfillment, fo), tuple(told))


def assign(fulfillment: Fulfillment, command: commands.Assign, ctx: Context) -> Step[Fulfillment]:
    """Give the FO to a worker, or let a store claim it (FUL-103)."""
    fo = fulfillment.find(command.fo_id)
    if fo.assignee == command.assignee:
        return Step(fulfillment)
    fo = replace(fo, assignee=command.assignee, assigned_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderAssigned(fo.id, command.assignee),))


def unassign(
    fulfillment: Fulfillment, command: commands.Unassign, ctx: Context
) -> Step[Fulfillment]:
    """Give an FO that is not picking back to the queue."""
    fo = replace(fulfillment.find(command.fo_id), assignee=None, assigned_at=None)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderAssigned(fo.id, ""),))


def pick(fulfillment: Fulfillment, command: commands.Pick, ctx: Context) -> Step[Fulfillment]:
    """Start picking, and record what was picked (FUL-105, LIN-105)."""
    fo, told = fulfillment.find(command.fo_id), list[Fact]()
    if fo.picking_at is None:
        fo = replace(fo, picking_at=ctx.now)
        told.append(facts.FulfillmentOrderPicking(fo.id))
    fo, picked = _each(fo, command.lines, unpicked, picked_more)
    if picked:
        told.append(facts.UnitsPicked(fo.id, picked))
    return Step(store(fulfillment, fo), tuple(told))


def unpick(fulfillment: Fulfillment, command: commands.Unpick, ctx: Context) -> Step[Fulfillment]:
    """Put picked units that are in no package back (PCK-09, LIN-106)."""
    fo, units = _each(
        fulfillment.find(command.fo_id), command.lines, unpacked, lambda r, n: picked_more(r, -n)
    )
    return Step(store(fulfillment, fo), (facts.UnitsUnpicked(fo.id, units),))


def pack(fulfillment: Fulfillment, command: commands.Pack, ctx: Context) -> Step[Fulfillment]:
    """Put picked units into packages (PCK-05)."""
    before, told = fulfillment.find(command.fo_id), list[Fact]()
    fo = before
    if not command.packages:
        raise Malformed("NO_PACKAGE", "name at least one package",
                        [Problem("packages", "REQUIRED", "at least one")])  # fmt: skip
    for new in command.packages:
        fo, fact = _packed(fo, new)
        told.append(fact)
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (*told, *follows))


def unpack(fulfillment: Fulfillment, command: commands.Unpack, ctx: Context) -> Step[Fulfillment]:
    """Open a package again, as long as it has not left (PCK-09)."""
    fo = fulfillment.find(command.fo_id)
    package = _package(fo, command.package_id)
    fo, units = emptied(fo, package.id)
    return Step(store(fulfillment, fo), (facts.UnitsUnpacked(fo.id, package.id, units),))


def ship(fulfillment: Fulfillment, command: commands.Ship, ctx: Context) -> Step[Fulfillment]:
    """Hand packages to a carrier: one write with stock, invoice and capture intent (SHP-01)."""
    before = fulfillment.find(command.fo_id)
    fo = _tracked(before, command.tracking)
    packages = _leaving(fo, command.package_ids)
    shipment_id = derive("shp", fo.id, len(fo.shipments) + 1)
    contents = [content for package in packages for content in package.contents]
    fo, units = _each(fo, contents, unshipped, shipped_more)
    fo = _with_shipment(fo, command, packages, shipment_id, ctx)
    numbers = fo.shipments[-1].tracking_numbers
    left = facts.ShipmentCreated(
        fo.id, shipment_id, fo.site, command.carrier, numbers, _merged(units)
    )
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (left, *follows))


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
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (left, *follows))


def deliverable(fulfillment: Fulfillment) -> tuple[FulfillmentOrder, ...]:
    """Released virtual FOs."""
    return tuple(
        fo
        for fo in fulfillment.orders
        if fo.type is FulfillmentType.VIRTUAL and fo_state(fo) == "AWAITING_PICK"
    )


def file(
    fulfillment: Fulfillment, command: commands.FileFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """File a fulfilled FO (FUL-110)."""
    fo = replace(fulfillment.find(command.fo_id), filed_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderClosed(fo.id),))


def _created(
    planned: commands.PlannedFulfillment, command: commands.Allocate, ctx: Context, order_id: str,
    number: str,
) -> FulfillmentOrder:  # fmt: skip
    asks = ctx.policy.fulfillment_order_approval is not ApprovalMode.OFF
    lines = tuple(
        FulfillmentLine(
            row.line_no, row.item_id, row.sku, row.quantity, row.reservation_id, row.group
        )
        for row in planned.lines
    )
    return FulfillmentOrder(
        derive("fo", order_id, number), number, planned.site, planned.method, planned.group_id,
        ctx.now, planned.attempt, FulfillmentType(planned.type), Assignment(planned.assignment),
        lines, decision_id=command.decision_id, needs_approval=asks,
        filing=ctx.policy.fulfillment_order_filing, site_type=planned.site_type,
        ship_by=planned.ship_by or ctx.now + PROMISE,
    )  # fmt: skip


def _units(fo: FulfillmentOrder) -> tuple[Units, ...]:
    return tuple(
        Units(row.line_no, row.item_id, row.quantity, row.reservation_id, row.group)
        for row in fo.lines
    )


def _packed(
    fo: FulfillmentOrder, new: commands.NewPackage
) -> tuple[FulfillmentOrder, facts.UnitsPacked]:
    if not new.contents:
        raise Malformed("EMPTY_PACKAGE", "a package holds at least one unit",
                        [Problem("packages", "REQUIRED", "contents")])  # fmt: skip
    fo, units = _each(fo, new.contents, unpacked, packed_more)
    package = Package(
        derive("pkg", fo.id, fo.packages_made + 1), new.contents, new.box,
        new.weight_grams, new.tracking_number,
    )  # fmt: skip
    fo = replace(fo, packages=(*fo.packages, package), packages_made=fo.packages_made + 1)
    return fo, facts.UnitsPacked(fo.id, package.id, units)


def _each(
    fo: FulfillmentOrder, rows: Sequence[PackedUnits], room: Room, change: Change
) -> tuple[FulfillmentOrder, tuple[Units, ...]]:
    units: list[Units] = []
    for row in rows:
        fo, taken = take(fo, row.line_no, row.quantity, room, change)
        units += taken
    return fo, tuple(units)


def _package(fo: FulfillmentOrder, package_id: str) -> Package:
    for package in fo.packages:
        if package.id == package_id and package.shipment_id is None:
            return package
    raise Refused.because("STATE", f"no open package {package_id}", fo.id)


def _tracked(fo: FulfillmentOrder, rows: Sequence[commands.Tracking]) -> FulfillmentOrder:
    numbers = {row.package_id: row.tracking_number for row in rows}
    for package_id in numbers:
        _package(fo, package_id)
    packages = tuple(
        replace(p, tracking_number=numbers.get(p.id, p.tracking_number)) for p in fo.packages
    )
    return replace(fo, packages=packages)


def _leaving(fo: FulfillmentOrder, wanted: Sequence[str]) -> tuple[Package, ...]:
    if wanted:
        return tuple(_package(fo, package_id) for package_id in dict.fromkeys(wanted))
    found = tuple(package for package in fo.packages if package.shipment_id is None)
    if not found:
        raise Refused.because("STATE", "nothing is packed", fo.id)
    return found


def _with_shipment(
    fo: FulfillmentOrder, command: commands.Ship, packages: Sequence[Package], shipment_id: str,
    ctx: Context,
) -> FulfillmentOrder:  # fmt: skip
    ids = tuple(package.id for package in packages)
    numbers = tuple(p.tracking_number for p in packages if p.tracking_number)
    shipment = Shipment(shipment_id, ctx.now, command.carrier, command.service, ids, numbers)
    marked = tuple(replace(p, shipment_id=shipment_id) if p.id in ids else p for p in fo.packages)
    return replace(fo, packages=marked, shipments=(*fo.shipments, shipment))


def _merged(units: Sequence[Units]) -> tuple[Units, ...]:
    sums: Counter[tuple[int, str, str | None, str | None]] = Counter()
    for row in units:
        sums[row.line_no, row.item_id, row.reservation_id, row.group] += row.quantity
    return tuple(
        Units(line_no, item_id, quantity, reservation_id, group)
        for (line_no, item_id, reservation_id, group), quantity in sums.items()
    )
