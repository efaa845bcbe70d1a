"""Decisions on fulfillment orders, from allocation to shipment.

Each takes the part and a command that the policy table has let through. Quantities are guarded
here: picked never
exceeds what the FO holds, packed never what is picked, shipped never what is packed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment import commands, facts
from oms.fulfillment.leaving import react, recall, reject, short, time_out
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
    Room,
    packed_more,
    picked_more,
    shipped_more,
    store,
    take,
    unpacked,
    unpicked,
)
from oms.fulfillment.states import fo_state, fulfilled, packed
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.ids import derive
from oms.kernel.policy import ApprovalMode

__all__ = [
    "allocate", "approve", "assign", "file", "next_due", "pack", "pick", "react", "reject",
    "release", "release_ready", "ship", "short", "tick", "unassign", "unpack",
]  # fmt: skip


def allocate(
    fulfillment: Fulfillment, command: commands.Allocate, ctx: Context, order_id: str, number: str
) -> Step[Fulfillment]:
    """Create the FOs of a plan (FUL-100); what stays without a site is told with its reason."""
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
    picked: list[Units] = []
    for row in command.lines:
        fo, taken = take(fo, row.line_no, row.quantity, unpicked, picked_more)
        picked += taken
    if picked:
        told.append(facts.UnitsPicked(fo.id, tuple(picked)))
    return Step(store(fulfillment, fo), tuple(told))


def pack(fulfillment: Fulfillment, command: commands.Pack, ctx: Context) -> Step[Fulfillment]:
    """Put picked units into packages (PCK-05)."""
    fo, told = fulfillment.find(command.fo_id), list[Fact]()
    if not command.packages:
        raise Malformed("NO_PACKAGE", "name at least one package",
                        [Problem("packages", "REQUIRED", "at least one")])  # fmt: skip
    for new in command.packages:
        fo, fact = _packed(fo, new)
        told.append(fact)
    if packed(fo):
        told.append(facts.FulfillmentOrderPacked(fo.id))
    return Step(store(fulfillment, fo), tuple(told))


def unpack(fulfillment: Fulfillment, command: commands.Unpack, ctx: Context) -> Step[Fulfillment]:
    """Open a package again, as long as it has not left (PCK-09)."""
    fo = fulfillment.find(command.fo_id)
    package = _package(fo, command.package_id)
    rest = tuple(p for p in fo.packages if p.id != package.id)
    fo = replace(fo, packages=rest)
    fo, units = _each(fo, package.contents, lambda row: row.packed - row.shipped, -1)
    fact = facts.UnitsUnpacked(fo.id, package.id, units)
    return Step(store(fulfillment, fo), (fact,))


def ship(fulfillment: Fulfillment, command: commands.Ship, ctx: Context) -> Step[Fulfillment]:
    """Hand packages to a carrier: one write with stock, invoice and capture intent (SHP-01)."""
    fo = _tracked(fulfillment.find(command.fo_id), command.tracking)
    packages = _leaving(fo, command.package_ids)
    shipment_id = derive("shp", fo.id, len(fo.shipments) + 1)
    units: list[Units] = []
    for package in packages:
        for content in package.contents:
            fo, taken = take(
                fo, content.line_no, content.quantity, lambda r: r.packed - r.shipped, shipped_more
            )
            units += taken
    fo = _with_shipment(fo, command, packages, shipment_id, ctx)
    numbers = fo.shipments[-1].tracking_numbers
    told: list[Fact] = [
        facts.ShipmentCreated(fo.id, shipment_id, fo.site, command.carrier, numbers, _merged(units))
    ]
    if fulfilled(fo):
        told.append(facts.FulfillmentOrderFulfilled(fo.id))
        if not fo.filing:
            told.append(facts.FulfillmentOrderClosed(fo.id))
    return Step(store(fulfillment, fo), tuple(told))


def file(
    fulfillment: Fulfillment, command: commands.FileFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """File a fulfilled FO (FUL-110)."""
    fo = replace(fulfillment.find(command.fo_id), filed_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderClosed(fo.id),))


def tick(fulfillment: Fulfillment, ctx: Context) -> Step[Fulfillment]:
    """Time out what nobody claims and recall what is late (FUL-104, FUL-112)."""
    told: list[Fact] = []
    for fo in fulfillment.orders:
        state, due = fo_state(fo), _due(fo, ctx)
        if due is None or due > ctx.now:
            continue
        if state == "AWAITING_ASSIGNMENT":
            step = time_out(fulfillment, fo, ctx)
        else:
            step = recall(fulfillment, fo, ctx)
            told.append(facts.FulfillmentOrderLate(fo.id, fo.site))
        fulfillment = step.part
        told += step.facts
    return Step(fulfillment, tuple(told))


def next_due(fulfillment: Fulfillment, ctx: Context) -> datetime | None:
    """When time alone changes an FO next (SAG-05)."""
    moments = (_due(fo, ctx) for fo in fulfillment.orders)
    return min((moment for moment in moments if moment is not None), default=None)


def _due(fo: FulfillmentOrder, ctx: Context) -> datetime | None:
    state = fo_state(fo)
    if state == "AWAITING_ASSIGNMENT" and fo.assignment is Assignment.CLAIM and fo.released_at:
        return fo.released_at + timedelta(hours=ctx.policy.claim_timeout_hours)
    if state == "AWAITING_PICK" and fo.released_at:
        return fo.released_at + timedelta(hours=ctx.policy.fulfill_timeout_hours)
    return None


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
        filing=ctx.policy.fulfillment_order_filing,
    )  # fmt: skip


def _units(fo: FulfillmentOrder) -> tuple[Units, ...]:
    return tuple(
        Units(row.line_no, row.item_id, row.quantity, row.reservation_id, row.group)
        for row in fo.lines
    )


def _packed(
    fo: FulfillmentOrder, new: commands.NewPackage
) -> tuple[FulfillmentOrder, facts.UnitsPacked]:
    fo, units = _each(fo, new.contents, unpacked, 1)
    package = Package(
        derive("pkg", fo.id, len(fo.packages) + 1, sum(row.packed for row in fo.lines)),
        new.contents, new.box, new.weight_grams, new.tracking_number,
    )  # fmt: skip
    fo = replace(fo, packages=(*fo.packages, package))
    return fo, facts.UnitsPacked(fo.id, package.id, units)


def _each(
    fo: FulfillmentOrder, contents: Sequence[PackedUnits], room: Room, sign: int
) -> tuple[FulfillmentOrder, tuple[Units, ...]]:
    units: list[Units] = []
    for content in contents:
        fo, taken = take(
            fo, content.line_no, content.quantity, room,
            lambda row, count: packed_more(row, sign * count),
        )  # fmt: skip
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
