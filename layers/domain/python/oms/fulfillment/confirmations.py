"""What a warehouse system reports, in whatever order and however often it arrives (FUL-11).

A report says how far the work is, so it implies every step before it: a report that overtook
others does their part too, and those find it done when they come.
"""

from __future__ import annotations

from dataclasses import replace

from oms.fulfillment import commands, facts
from oms.fulfillment.leaving import reject, short
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, FulfillmentType
from oms.fulfillment.packages import fill
from oms.fulfillment.rows import by_line, each, picked_more, store, unpacked, unpicked
from oms.fulfillment.shipping import notice
from oms.fulfillment.starting import assign
from oms.fulfillment.states import ENDED, fo_state, moved
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step

REMEMBERED = 20
"""Message ids kept; an older one is known by its version."""

STATUSES = ("ACCEPTED", "PICKING", "SHORT", "PACKED", "SHIPPED", "CANCELED")
IMPLIES = {"PICKING": "pick", "PACKED": "pack", "SHIPPED": "ship"}
"""The action whose stops (holds, suspension, alerts) stop the report, too."""


def confirm(
    fulfillment: Fulfillment, command: commands.Confirm, ctx: Context, allow_split: bool = True
) -> Step[Fulfillment]:
    """Bring the FO as far as the report says; one that is known, overtaken or about work that has
    ended changes nothing.
    """
    fo = fulfillment.find(command.fo_id)
    if not news(fo, command):
        return Step(fulfillment)
    step = _assigned(fulfillment, fo, command, ctx)
    more = _reached(step.part, command, ctx, allow_split)
    fo = more.part.find(command.fo_id)
    noted = replace(
        fo, confirmed=command.version, messages=(*fo.messages, command.message_id)[-REMEMBERED:]
    )
    return Step(store(more.part, noted), step.facts + more.facts)


def news(fo: FulfillmentOrder, command: commands.Confirm) -> bool:
    """Whether the report says something that is neither known nor overtaken by events."""
    known = command.message_id in fo.messages or command.version <= fo.confirmed
    return not known and fo_state(fo) not in ENDED


def _assigned(
    fulfillment: Fulfillment, fo: FulfillmentOrder, command: commands.Confirm, ctx: Context
) -> Step[Fulfillment]:
    if fo_state(fo) != "AWAITING_ASSIGNMENT" or command.status == "CANCELED":
        return Step(fulfillment)
    return assign(fulfillment, commands.Assign(fo.id, command.assignee), ctx)


def _reached(
    fulfillment: Fulfillment, command: commands.Confirm, ctx: Context, allow_split: bool
) -> Step[Fulfillment]:
    match command.status:
        case "ACCEPTED":
            return Step(fulfillment)
        case "PICKING":
            return _picking(fulfillment, command, ctx)
        case "SHORT":
            missing = commands.ShortPick(command.fo_id, command.lines, command.note)
            return short(fulfillment, missing, ctx, allow_split)
        case "PACKED":
            return _packed(fulfillment, command, ctx)
        case "SHIPPED":
            return _shipped(fulfillment, command, ctx, allow_split)
        case "CANCELED":
            return _canceled(fulfillment, command, ctx)
        case _:
            problem = Problem("status", "UNKNOWN_STATUS", f"statuses are {', '.join(STATUSES)}")
            raise Malformed("UNKNOWN_STATUS", problem.message, [problem])


def _picking(
    fulfillment: Fulfillment, command: commands.Confirm, ctx: Context
) -> Step[Fulfillment]:
    fo = fulfillment.find(command.fo_id)
    if fo.picking_at is not None:
        return Step(fulfillment)
    fo = replace(fo, picking_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderPicking(fo.id),))


def _packed(fulfillment: Fulfillment, command: commands.Confirm, ctx: Context) -> Step[Fulfillment]:
    started = _picking(fulfillment, command, ctx)
    before = fo = started.part.find(command.fo_id)
    told: list[Fact] = [*started.facts]
    if rows := by_line(fo, unpicked):
        fo, units = each(fo, rows, unpicked, picked_more)
        told.append(facts.UnitsPicked(fo.id, units))
    if loose := by_line(fo, unpacked):
        number = next(iter(command.tracking_numbers), None)
        fo, fact = fill(fo, commands.NewPackage(loose, tracking_number=number))
        told.append(fact)
    fo, follows = moved(before, fo, ctx)
    return Step(store(started.part, fo), (*told, *follows))


def _shipped(
    fulfillment: Fulfillment, command: commands.Confirm, ctx: Context, allow_split: bool
) -> Step[Fulfillment]:
    if fulfillment.find(command.fo_id).type is FulfillmentType.PICKUP:
        text = "the customer comes for it: hand it over"
        raise Refused.because("STATE", text, command.fo_id)
    left = commands.ShipNotice(
        command.fo_id, command.carrier or "UNKNOWN", command.service, command.tracking_numbers,
        short_lines=command.lines,
    )  # fmt: skip
    return notice(fulfillment, left, ctx, allow_split)


def _canceled(
    fulfillment: Fulfillment, command: commands.Confirm, ctx: Context
) -> Step[Fulfillment]:
    """The warehouse gives the work back: the same as a rejection (SRC-40)."""
    refused = commands.RejectFulfillment(
        command.fo_id, command.reason or "", command.lines, command.note
    )
    return reject(fulfillment, refused, ctx)
