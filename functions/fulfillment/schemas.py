"""What fulfillers and warehouses send about a fulfillment order."""

from __future__ import annotations

from typing import Annotated, Any

from oms_aws.shapes import (
    MAX_PAGE,
    Answer,
    Code,
    LineNo,
    Long,
    Query,
    RecordId,
    Shape,
    Short,
    Units,
)
from pydantic import Field


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


class Pick(Shape):
    """Start picking; with lines, these units are picked."""

    lines: Annotated[tuple[LineUnits, ...], Field(max_length=500)] = ()


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


class Ship(Shape):
    """Hand packages to a carrier; no ids: all that are packed."""

    carrier: Short
    service: Short | None = None
    package_ids: Annotated[tuple[RecordId, ...], Field(max_length=100)] = ()
    tracking: Annotated[tuple[PackageTracking, ...], Field(max_length=100)] = ()


class OrderQuery(Query):
    """The order of the record: ids of parts do not name it."""

    order: Annotated[str, Field(min_length=1, max_length=64)]


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
