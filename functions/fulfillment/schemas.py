"""What fulfillers and warehouses send about a fulfillment order."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from oms_aws.shapes import (
    MAX_PAGE,
    Answer,
    Charge,
    Code,
    Day,
    LineNo,
    Long,
    Moment,
    Name,
    Query,
    RecordId,
    Shape,
    Short,
    Units,
)
from pydantic import Field, StringConstraints

Millimeters = Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], Field(max_length=3)]
Url = Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$", max_length=500)]
Numbers = Annotated[tuple[Short, ...], Field(max_length=100)]


class Assign(Shape):
    """Who works on it."""

    assignee: Short


class RejectedUnits(Shape):
    """Units that will not ship from here, and why."""

    line_no: LineNo
    quantity: Units
    reason: Code


class Reject(Shape):
    """Reject the whole fulfillment order, or some units of it."""

    reason: Code
    lines: Annotated[tuple[RejectedUnits, ...], Field(max_length=500)] = ()
    note: Long | None = None


class LineUnits(Shape):
    """Units of a line."""

    line_no: LineNo
    quantity: Units


class Scan(Shape):
    """What a scanner read."""

    sku: Short
    quantity: Units = 1


class Pick(Shape):
    """Start picking; with lines or scans, these units are picked."""

    lines: Annotated[tuple[LineUnits, ...], Field(max_length=500)] = ()
    scans: Annotated[tuple[Scan, ...], Field(max_length=500)] = ()


class Unpick(Shape):
    """Picked units that go back to their place."""

    lines: Annotated[tuple[LineUnits, ...], Field(min_length=1, max_length=500)]


class ShortPick(Shape):
    """Units that are not there."""

    lines: Annotated[tuple[RejectedUnits, ...], Field(min_length=1, max_length=500)]
    note: Long | None = None


class NewPackage(Shape):
    """A package; weight in grams."""

    contents: Annotated[tuple[LineUnits, ...], Field(min_length=1, max_length=500)]
    box: Code | None = None
    weight_grams: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    tracking_number: Short | None = None
    dimensions: Millimeters = ()
    tracking_url: Url | None = None


class Pack(Shape):
    """Packages to close."""

    packages: Annotated[tuple[NewPackage, ...], Field(min_length=1, max_length=100)]


class Unpack(Shape):
    """A package to open again."""

    package_id: RecordId


class PackageTracking(Shape):
    """Tracking number of a package."""

    package_id: RecordId
    tracking_number: Short
    tracking_url: Url | None = None


class Ship(Shape):
    """Hand packages to a carrier; no ids: all that are packed."""

    carrier: Short
    service: Short | None = None
    package_ids: Annotated[tuple[RecordId, ...], Field(max_length=100)] = ()
    tracking: Annotated[tuple[PackageTracking, ...], Field(max_length=100)] = ()
    cost: Charge | None = None
    ship_date: Day | None = None
    notify: bool = True


class Notice(Shape):
    """Everything that remains has left; `lines` must then name all of it but the short ones."""

    carrier: Short
    service: Short | None = None
    tracking_numbers: Numbers = ()
    lines: Annotated[tuple[LineUnits, ...], Field(max_length=500)] = ()
    short_lines: Annotated[tuple[RejectedUnits, ...], Field(max_length=500)] = ()
    cost: Charge | None = None
    ship_date: Day | None = None
    notify: bool = True


class ShipNotice(Notice):
    """A ship notification."""


class NoticeRow(Notice):
    """A ship notification of one fulfillment order."""

    fo_id: RecordId


class ShipNotices(Shape):
    """Ship notifications of a file."""

    rows: Annotated[tuple[NoticeRow, ...], Field(min_length=1, max_length=50)]


class Confirm(Shape):
    """A warehouse's report under its message id; `version` rises with each report on the FO."""

    message_id: Short
    version: Annotated[int, Field(ge=1, le=10**9)]
    status: Literal["ACCEPTED", "PICKING", "SHORT", "PACKED", "SHIPPED", "CANCELED"]
    lines: Annotated[tuple[RejectedUnits, ...], Field(max_length=500)] = ()
    reason: Code | None = None
    note: Long | None = None
    carrier: Short | None = None
    service: Short | None = None
    tracking_numbers: Numbers = ()


class CarrierEvent(Shape):
    """What a carrier says, in its own words or in ours."""

    id: Short
    status: Short
    at: Moment
    place: Short | None = None


class Track(Shape):
    """Events of one parcel, named by its id or its tracking number."""

    events: Annotated[tuple[CarrierEvent, ...], Field(min_length=1, max_length=100)]
    package_id: RecordId | None = None
    tracking_number: Short | None = None


class Accept(Shape):
    """The fulfiller's word with its acceptance."""

    message: Long | None = None


class Ready(Shape):
    """Where the units wait."""

    bin: Short | None = None


class Arrive(Shape):
    """Where the customer waits, and in which vehicle."""

    place: Short | None = None
    vehicle: Short | None = None


class HandOver(Shape):
    """How the customer is known, and which units are wanted; none: all."""

    code: Short | None = None
    order_number: Short | None = None
    person: Name | None = None
    id_checked: bool = False
    signature: Name | None = None
    lines: Annotated[tuple[LineUnits, ...], Field(max_length=500)] = ()


class CancelAnswer(Shape):
    """The floor's answer; a denial needs its reason. Without an id it answers all that wait."""

    accept: bool
    request_id: RecordId | None = None
    reason: Name | None = None


class WithReason(Shape):
    """Why."""

    reason: Name


class PickLists(Shape):
    """Fulfillment orders to pick together."""

    ids: Annotated[tuple[RecordId, ...], Field(min_length=1, max_length=50)]


class ListQuery(Query):
    """Filters of the list; several values are separated by commas."""

    state: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    site: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class FulfillmentOrders(Answer):
    """Fulfillment orders with the order they belong to; `cursor` asks for the next page."""

    fulfillment_orders: list[dict[str, Any]]
    cursor: str | None


class FulfillmentOrderView(Answer):
    """A fulfillment order, its state and what may be done with it."""

    id: str
    order_id: str
    version: int
    state: str


class PickList(Answer):
    """What is to be picked, in the order of the bins."""

    fulfillment_order_id: str
    order_id: str
    rows: list[dict[str, Any]]


class PickListBatch(Answer):
    """Pick lists, and the ids of those that are not there for the caller."""

    pick_lists: list[dict[str, Any]]
    missing: list[str]


class NoticeResults(Answer):
    """One result for each row, in order."""

    results: list[dict[str, Any]]
