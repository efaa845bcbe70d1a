"""What carriers say of parcels, in one language and in whatever order it comes (SHP-06)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment import commands, facts
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, Package, TrackingEvent
from oms.fulfillment.rows import store
from oms.fulfillment.shipping import delivered
from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step

FAILURES = ("EXCEPTION", "LOST", "DAMAGED", "RETURN_TO_SENDER")
"""Events that a person must see."""

STATUSES = (
    "LABEL_CREATED", "PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "EXCEPTION",
    "DELAYED", "RETURN_TO_SENDER", "LOST", "DAMAGED",
)  # fmt: skip
WORDS = {
    "PRE_TRANSIT": "LABEL_CREATED", "INFO_RECEIVED": "LABEL_CREATED", "MANIFEST": "LABEL_CREATED",
    "OC": "LABEL_CREATED", "M": "LABEL_CREATED", "ACCEPTED": "PICKED_UP", "PU": "PICKED_UP",
    "COLLECTED": "PICKED_UP", "P": "PICKED_UP", "TRANSIT": "IN_TRANSIT", "IT": "IN_TRANSIT",
    "DEPARTED": "IN_TRANSIT", "ARRIVED": "IN_TRANSIT", "I": "IN_TRANSIT", "DP": "IN_TRANSIT",
    "AR": "IN_TRANSIT", "OD": "OUT_FOR_DELIVERY", "WITH_COURIER": "OUT_FOR_DELIVERY",
    "O": "OUT_FOR_DELIVERY", "DL": "DELIVERED", "D": "DELIVERED", "DE": "EXCEPTION",
    "FAILED_ATTEMPT": "EXCEPTION", "FAILURE": "EXCEPTION", "X": "EXCEPTION", "SE": "EXCEPTION",
    "DELAY": "DELAYED", "DY": "DELAYED", "RETURNED": "RETURN_TO_SENDER", "RS": "RETURN_TO_SENDER",
    "MISSING": "LOST", "DAMAGE": "DAMAGED",
}  # fmt: skip
"""Words of carriers for the same events; ours stand for themselves."""


def normalized(word: str, path: str) -> str:
    """The status a carrier's word stands for; raises `Malformed` for one nobody knows."""
    name = word.strip().upper().replace(" ", "_").replace("-", "_")
    status = name if name in STATUSES else WORDS.get(name)
    if status is None:
        text = f"statuses are {', '.join(STATUSES)}"
        raise Malformed("UNKNOWN_STATUS", text, [Problem(path, "UNKNOWN_STATUS", text)])
    return status


def track(fulfillment: Fulfillment, command: commands.Track, ctx: Context) -> Step[Fulfillment]:
    """Store the events that are new, by their id; a delivery counts once, and bad news only while
    the parcel has not arrived.
    """
    fo = fulfillment.find(command.fo_id)
    package = _package(fo, command)
    known = {event.id for event in package.events}
    fresh: dict[str, TrackingEvent] = {}
    for place, event in enumerate(command.events):
        status = normalized(event.status, f"events[{place}].status")
        if event.id not in known:
            fresh[event.id] = TrackingEvent(event.id, status, event.at, event.place)
    if not fresh:
        return Step(fulfillment)
    new = sorted(fresh.values(), key=lambda event: (event.at, event.id))
    events = tuple(sorted((*package.events, *new), key=lambda event: (event.at, event.id)))
    fo = _put(fo, replace(package, events=events))
    told = [_told(fo, package, event) for event in new]
    fo, more = _follow(fo, package, events, new, ctx)
    return Step(store(fulfillment, fo), (*told, *more))


def tick(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """Parcels without news for long are taken as delivered (LIN-111)."""
    told: list[Fact] = []
    for package in fo.packages:
        due = _assumed_at(fo, package, ctx)
        if due is not None and due <= ctx.now:
            fo, more = delivered(fo, str(package.shipment_id), ctx, package.id, assumed=True)
            told += more
    return Step(store(fulfillment, fo), tuple(told)) if told else Step(fulfillment)


def moments(fo: FulfillmentOrder, ctx: Context) -> Iterator[datetime]:
    """When parcels of the FO are taken as delivered."""
    for package in fo.packages:
        due = _assumed_at(fo, package, ctx)
        if due is not None:
            yield due


def _follow(
    fo: FulfillmentOrder, package: Package, events: tuple[TrackingEvent, ...],
    new: list[TrackingEvent], ctx: Context,
) -> tuple[FulfillmentOrder, list[Fact]]:  # fmt: skip
    shipment_id = str(package.shipment_id)
    arrivals = [event.at for event in events if event.status == "DELIVERED"]
    told: list[Fact] = [
        facts.DeliveryFailed(fo.id, shipment_id, package.id, event.status)
        for event in new
        if event.status in FAILURES and not any(event.at <= at for at in arrivals)
    ]
    if arrivals:
        fo, arrived = delivered(fo, shipment_id, ctx, package.id)
        told = [*arrived, *told]
    return fo, told


def _package(fo: FulfillmentOrder, command: commands.Track) -> Package:
    for package in fo.packages:
        by_id = package.id == command.package_id
        by_number = command.tracking_number is not None and (
            package.tracking_number == command.tracking_number
        )
        if package.shipment_id is not None and (by_id or by_number):
            return package
    raise Refused.because("UNKNOWN_PARCEL", "no shipped package has this id or number", fo.id)


def _put(fo: FulfillmentOrder, changed: Package) -> FulfillmentOrder:
    rows = tuple(changed if package.id == changed.id else package for package in fo.packages)
    return replace(fo, packages=rows)


def _told(fo: FulfillmentOrder, package: Package, event: TrackingEvent) -> Fact:
    return facts.ShipmentTracked(
        fo.id, str(package.shipment_id), package.id, event.id, event.status, stamp(event.at)
    )


def _assumed_at(fo: FulfillmentOrder, package: Package, ctx: Context) -> datetime | None:
    """Only where nothing bad was said of the parcel."""
    shipped = next((s.at for s in fo.shipments if s.id == package.shipment_id), None)
    if shipped is None or package.delivered_at is not None:
        return None
    if any(event.status in FAILURES for event in package.events):
        return None
    return shipped + timedelta(days=ctx.policy.at(fo.site).assume_delivered_days)
