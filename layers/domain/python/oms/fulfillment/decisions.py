"""Decisions on fulfillment orders, from allocation to shipment.

Each takes the part and a command that the policy table has let through. Quantities are guarded
here: picked never exceeds what the FO holds, packed never what is picked, shipped never what is
packed.
"""

from __future__ import annotations

from dataclasses import replace

from oms.fulfillment import commands, facts
from oms.fulfillment.confirmations import confirm
from oms.fulfillment.deadlines import next_due, tick
from oms.fulfillment.leaving import react, reject, short, take_back
from oms.fulfillment.model import (
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentType,
    PackedUnits,
)
from oms.fulfillment.packages import emptied, fill, open_package
from oms.fulfillment.pickup import arrive, extend, hand_over, ready
from oms.fulfillment.rows import each, picked_more, store, unpacked, unpicked
from oms.fulfillment.shipping import deliver, deliverable, notice, ship
from oms.fulfillment.sla import promise
from oms.fulfillment.starting import (
    accept,
    approve,
    approve_automatically,
    assign,
    release,
    release_ready,
    resume,
    suspend,
    unapproved,
    unassign,
)
from oms.fulfillment.states import ENDED, fo_state, moved
from oms.fulfillment.tracking import track
from oms.fulfillment.withdrawal import answer
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.ids import part_of
from oms.kernel.policy import ApprovalMode, Assignment

__all__ = [
    "accept", "allocate", "answer", "approve", "approve_automatically", "arrive", "assign",
    "confirm", "deliver", "deliverable", "extend", "file", "hand_over", "next_due", "notice",
    "pack", "pick", "react", "ready", "reject", "release", "release_ready", "resume", "ship",
    "short", "suspend", "take_back", "tick", "track", "unapproved", "unassign", "unpack", "unpick",
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
        fo = _created(planned, command, ctx, order_id, number, len(orders) + 1)
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


def pick(fulfillment: Fulfillment, command: commands.Pick, ctx: Context) -> Step[Fulfillment]:
    """Start picking, and record what was picked (FUL-105, LIN-105)."""
    fo, told = fulfillment.find(command.fo_id), list[Fact]()
    if fo.picking_at is None:
        fo = replace(fo, picking_at=ctx.now)
        told.append(facts.FulfillmentOrderPicking(fo.id))
    fo, picked = each(fo, (*command.lines, *_scanned(fo, command)), unpicked, picked_more)
    if picked:
        told.append(facts.UnitsPicked(fo.id, picked))
    return Step(store(fulfillment, fo), tuple(told))


def _scanned(fo: FulfillmentOrder, command: commands.Pick) -> list[PackedUnits]:
    """Lines of what was scanned; something else than the FO wants is refused (PCK-03)."""
    room = {row: unpicked(row) for row in fo.lines}
    found: list[PackedUnits] = []
    for scan in command.scans:
        left = scan.quantity
        for row in [row for row in fo.lines if row.sku == scan.sku]:
            units = min(left, room[row])
            if units:
                left, room[row] = left - units, room[row] - units
                found.append(PackedUnits(row.line_no, units))
        if left:
            text = f"{scan.sku} is not wanted here, or not that many"
            raise Refused.because("WRONG_SCAN", text, fo.id)
    return found


def unpick(fulfillment: Fulfillment, command: commands.Unpick, ctx: Context) -> Step[Fulfillment]:
    """Put picked units that are in no package back (PCK-09, LIN-106)."""
    fo, units = each(
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
        fo, fact = fill(fo, new)
        told.append(fact)
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (*told, *follows))


def unpack(fulfillment: Fulfillment, command: commands.Unpack, ctx: Context) -> Step[Fulfillment]:
    """Open a package again, as long as it has not left (PCK-09)."""
    fo = fulfillment.find(command.fo_id)
    package = open_package(fo, command.package_id)
    fo, units = emptied(fo, package.id)
    return Step(store(fulfillment, fo), (facts.UnitsUnpacked(fo.id, package.id, units),))


def file(
    fulfillment: Fulfillment, command: commands.FileFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """File a fulfilled FO (FUL-110)."""
    fo = replace(fulfillment.find(command.fo_id), filed_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderClosed(fo.id),))


def _created(
    planned: commands.PlannedFulfillment, command: commands.Allocate, ctx: Context, order_id: str,
    number: str, place: int,
) -> FulfillmentOrder:  # fmt: skip
    asks = ctx.policy.fulfillment_order_approval is not ApprovalMode.OFF
    lines = tuple(
        FulfillmentLine(
            row.line_no, row.item_id, row.sku, row.quantity, row.reservation_id, row.group
        )
        for row in planned.lines
    )
    return FulfillmentOrder(
        part_of("fo", order_id, place), f"{number}-F{place}", planned.site, planned.method,
        planned.group_id, ctx.now, planned.attempt, FulfillmentType(planned.type),
        Assignment(planned.assignment), lines, decision_id=command.decision_id, needs_approval=asks,
        filing=ctx.policy.fulfillment_order_filing, site_type=planned.site_type,
        ship_by=planned.ship_by or promise(ctx.now, ctx.policy.at(planned.site)),
        execution=planned.execution, release_from=planned.release_from,
        capacity_day=planned.capacity_day,
    )  # fmt: skip


def _units(fo: FulfillmentOrder) -> tuple[Units, ...]:
    return tuple(
        Units(row.line_no, row.item_id, row.quantity, row.reservation_id, row.group)
        for row in fo.lines
    )
