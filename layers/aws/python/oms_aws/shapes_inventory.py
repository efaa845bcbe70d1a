"""Inventory feeds: one shape for the API and the queue (FED-01)."""

from __future__ import annotations

from typing import Annotated, Literal

from oms.inventory.commands import FeedRow
from pydantic import Field

from oms_aws.shapes import MAX_UNITS, Code, Moment, RecordId, Shape, Short, to_command

MAX_ROWS = 500
Count = Annotated[int, Field(ge=0, le=MAX_UNITS)]
Signed = Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]


class FeedRowShape(Shape):
    """A SNAPSHOT sets what is on hand as of a time or sequence, a DELTA adds to it."""

    site: Code
    sku: Short
    kind: Literal["SNAPSHOT", "DELTA"]
    quantity: Signed
    as_of: Moment | None = None
    sequence: Annotated[int, Field(ge=0, le=10**15)] | None = None
    row_id: RecordId | None = None
    reason: Short | None = None
    unavailable: Annotated[dict[Code, Count], Field(max_length=20)] | None = None
    safety_sell: Count | None = None
    on_order: Count | None = None


class FeedShape(Shape):
    """Rows of a feed; sending the same feed again changes nothing."""

    feed_id: RecordId
    rows: Annotated[tuple[FeedRowShape, ...], Field(min_length=1, max_length=MAX_ROWS)]

    def commands(self) -> tuple[FeedRow, ...]:
        """The rows as commands."""
        return tuple(to_command(FeedRow, row) for row in self.rows)
