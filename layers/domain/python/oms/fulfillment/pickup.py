"""Customers who come for their goods: ready, told, there, handed over, or never seen (PKP-01 to
PKP-04).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment import commands, facts
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, PackedUnits, Pickup
from oms.fulfillment.packages import dropped, fill
from oms.fulfillment.rows import by_line, remaining, store, unpacked, unpicked
from oms.fulfillment.shipping import delivered, depart
from oms.fulfillment.states import fo_state, moved
from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step

REMINDERS = (2, 5)
"""Days after which a customer who has not come is reminded."""

EXTENSION = timedelta(days=7)
NO_SHOW = "PICKUP_NO_SHOW"
CARRIER = "PICKUP"
"""Stands for the carrier of units that the customer takes home."""


def ready(fulfillment: Fulfillment, command: commands.MakeReady, ctx: Context) -> Step[Fulfillment]:
    """Stage every unit for the customer; what is picked and loose is packed (FUL-108)."""
    before = fulfillment.find(command.fo_id)
    if any(unpicked(row) for row in before.lines):
        raise Refused.because("STATE", "some units are not picked", before.id)
    fo, told = _packed(before, command.bin)
    days = timedelta(days=ctx.policy.at(fo.site).pickup_hold_days)
    known = fo.pickup or Pickup()
    until = known.hold_until or ctx.now + days
    pickup = replace(
        known, ready_at=ctx.now, hold_until=until, code=known.code or command.code,
        bin=command.bin or known.bin, notified_at=ctx.now,
    )  # fmt: skip
    fo, follows = moved(before, fo, ctx)
    fo = replace(fo, pickup=pickup)
    waits = facts.ReadyForPickup(fo.id, fo.site, stamp(until))
    told += [*follows, waits, facts.PickupNotice(fo.id, "READY")]
    return Step(store(fulfillment, fo), tuple(told))


def arrive(fulfillment: Fulfillment, command: commands.Arrive, ctx: Context) -> Step[Fulfillment]:
    """The customer waits outside; told again, the newest word counts."""
    fo = fulfillment.find(command.fo_id)
    pickup = replace(
        fo.pickup or Pickup(), arrived_at=ctx.now, place=command.place, vehicle=command.vehicle
    )
    fact = facts.PickupArrived(fo.id, fo.site)
    return Step(store(fulfillment, replace(fo, pickup=pickup)), (fact,))


def hand_over(
    fulfillment: Fulfillment, command: commands.HandOver, ctx: Context,
    order_number: str = "", persons: tuple[str, ...] = (),
) -> Step[Fulfillment]:  # fmt: skip
    """Units leave with the customer, shipped and delivered in one write; what is not wanted is
    canceled on the spot. `persons` are those the customer said may come.
    """
    before = fulfillment.find(command.fo_id)
    proof = _proof(before, command, order_number, persons)
    fo, told = _unwanted(before, command.lines, ctx)
    if not fo.lines:
        return Step(store(fulfillment, fo), tuple(told))
    fo, more = _packed(fo, None)
    told += more
    fo, left = depart(fo, commands.Ship(fo.id, CARRIER, notify=False), ctx)
    fo, arrived = delivered(fo, left.shipment_id, ctx)
    pickup = replace(fo.pickup or Pickup(), handed_over=proof, signature=command.signature)
    fo, follows = moved(before, replace(fo, pickup=pickup), ctx)
    handed = facts.HandedOver(fo.id, left.shipment_id, proof)
    return Step(store(fulfillment, fo), (*told, left, handed, *arrived, *follows))


def extend(
    fulfillment: Fulfillment, command: commands.ExtendPickup, ctx: Context
) -> Step[Fulfillment]:
    """Keep the units seven days longer, once (PKP-03)."""
    fo = fulfillment.find(command.fo_id)
    pickup = fo.pickup or Pickup()
    if pickup.extended or pickup.hold_until is None:
        raise Refused.because("STATE", "the time was extended before", fo.id)
    pickup = replace(pickup, extended=True, hold_until=pickup.hold_until + EXTENSION)
    fact = facts.PickupNotice(fo.id, "EXTENDED")
    return Step(store(fulfillment, replace(fo, pickup=pickup)), (fact,))


def tick(fulfillment: Fulfillment, before: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """Remind the customer, and give up on one who never came (PKP-03)."""
    pickup = before.pickup
    if pickup is None or not _waits(before) or min(_due(pickup), default=ctx.now) > ctx.now:
        return Step(fulfillment)
    if pickup.hold_until is not None and pickup.hold_until <= ctx.now:
        fo, told = dropped(before, by_line(before, remaining), NO_SHOW, ctx)
        fo, follows = moved(before, fo, ctx)
        told += [*follows, facts.PickupNotice(fo.id, "NO_SHOW")]
        return Step(store(fulfillment, fo), tuple(told))
    days = REMINDERS[pickup.reminders]
    fo = replace(before, pickup=replace(pickup, reminders=pickup.reminders + 1))
    reminded = Step(store(fulfillment, fo), (facts.PickupNotice(fo.id, "REMINDER", days),))
    more = tick(reminded.part, reminded.part.find(fo.id), ctx)
    return Step(more.part, reminded.facts + more.facts)


def moments(fo: FulfillmentOrder) -> Iterator[datetime]:
    """When time alone does something to the pickup."""
    if fo.pickup is not None and _waits(fo):
        yield from _due(fo.pickup)


def _waits(fo: FulfillmentOrder) -> bool:
    return fo_state(fo) == "READY_FOR_PICKUP"


def _due(pickup: Pickup) -> Iterator[datetime]:
    if pickup.hold_until is None or pickup.ready_at is None:
        return
    yield pickup.hold_until
    if pickup.reminders < len(REMINDERS):
        yield pickup.ready_at + timedelta(days=REMINDERS[pickup.reminders])


def _packed(fo: FulfillmentOrder, place: str | None) -> tuple[FulfillmentOrder, list[Fact]]:
    loose = by_line(fo, unpacked)
    if not loose:
        return fo, []
    fo, fact = fill(fo, commands.NewPackage(loose, place))
    return fo, [fact]


def _proof(
    fo: FulfillmentOrder, command: commands.HandOver, order_number: str, persons: tuple[str, ...]
) -> str:
    """How the customer is known (PKP-02); refused without one valid proof."""
    code = fo.pickup.code if fo.pickup else None
    if command.code is not None:
        if command.code == code:
            return "CODE"
        raise Refused.because("WRONG_PICKUP_CODE", "this is not the code of this pickup", fo.id)
    if not command.id_checked:
        text = "a pickup code, or an ID check with order number or named person, is needed"
        raise Refused.because("PROOF_REQUIRED", text, fo.id)
    if command.order_number is not None and command.order_number == order_number:
        return "ID"
    named = (command.person or "").casefold().strip()
    if named and named in {person.casefold().strip() for person in persons}:
        return "PERSON"
    raise Refused.because("WRONG_PERSON", "neither this order nor a person it names", fo.id)


def _unwanted(
    fo: FulfillmentOrder, wanted: tuple[PackedUnits, ...], ctx: Context
) -> tuple[FulfillmentOrder, list[Fact]]:
    """Cancel what the customer leaves at the counter (PKP-04)."""
    if not wanted:
        return fo, []
    held = {row.line_no: row.quantity for row in by_line(fo, remaining)}
    for row in wanted:
        held[row.line_no] = held.get(row.line_no, 0) - row.quantity
        if held[row.line_no] < 0:
            raise Refused.because("QUANTITY_EXCEEDED", f"fewer units of line {row.line_no}", fo.id)
    rest = [PackedUnits(line_no, units) for line_no, units in held.items() if units]
    return dropped(fo, rest, "CUSTOMER", ctx) if rest else (fo, [])
