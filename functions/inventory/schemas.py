"""What channels, warehouses and planners ask of stock and say about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from oms_aws.shapes import (
    MAX_PAIRS,
    MAX_UNITS,
    Answer,
    Code,
    Day,
    LineNo,
    Name,
    Query,
    Shape,
    Short,
    Units,
    broken_rule,
)
from pydantic import Field, model_validator

Count = Annotated[int, Field(ge=0, le=MAX_UNITS)]
Signed = Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
Skus = Annotated[str, Field(min_length=1, max_length=4_000)]
Minutes = Annotated[int, Field(ge=1, le=60)]


class AvailabilityQuery(Query):
    """`skus`, separated by commas, at one `site` or in the pool of a `channel`."""

    skus: Skus
    channel: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    site: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class PairShape(Shape):
    """An item at a site or in the pool of a channel."""

    sku: Short
    channel: Code | None = None
    site: Code | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.channel is None) == (self.site is None):
            raise broken_rule("one_place", "either a channel or a site")
        return self


class AvailabilityBatch(Shape):
    """Up to 1,000 pairs (STK-19)."""

    pairs: Annotated[tuple[PairShape, ...], Field(min_length=1, max_length=MAX_PAIRS)]


class AvailabilityAnswer(Answer):
    """What may be promised, in the order asked; `ats` null with `unlimited` true has no end."""

    availability: list[dict[str, Any]]


class CartLineShape(Shape):
    """Units of an item in a cart."""

    line_no: LineNo
    sku: Short
    quantity: Units


class CartShape(Shape):
    """Units to hold for a cart; all or none unless `partial` (RSV-06)."""

    channel: Code
    lines: Annotated[tuple[CartLineShape, ...], Field(min_length=1, max_length=200)]
    partial: bool = False
    minutes: Minutes = 15

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if len({line.line_no for line in self.lines}) != len(self.lines):
            raise broken_rule("duplicate_line_no", "two lines have the same number")
        return self


class CartAnswer(Answer):
    """What is held until when, and what could not be had."""

    reservations: list[dict[str, Any]]
    short: list[dict[str, Any]]


class Extend(Shape):
    """Hold it that much longer."""

    minutes: Minutes = 15


class ReservationAnswer(Answer):
    """A reservation as it stands now."""

    id: str
    open: int


class ChangeShape(Shape):
    """Add `delta` units, or set `to` where `expected` is stored now (STK-14)."""

    delta: Signed | None = None
    to: Signed | None = None
    expected: Signed | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.delta is None) == (self.to is None):
            raise broken_rule("delta_or_to", "either `delta` or `to`")
        if self.delta is not None and self.expected is not None:
            raise broken_rule("delta_or_to", "`expected` goes with `to`")
        return self


class MovementShape(Shape):
    """What a person says about one position; what is left out stays as it is."""

    sku: Short
    site: Code
    reason: Name
    type: Literal["ADJUST", "COUNT", "RECEIPT", "RETURN"] = "ADJUST"
    on_hand: ChangeShape | None = None
    unavailable: Annotated[dict[Code, ChangeShape], Field(max_length=20)] = Field(
        default_factory=dict
    )
    on_order: ChangeShape | None = None
    in_transit: ChangeShape | None = None
    safety_sell: ChangeShape | None = None
    safety_source: ChangeShape | None = None
    suppressed: bool | None = None
    next_supply: Day | None = None


class MovementAnswer(Answer):
    """What moved, and the position after it."""

    movements: list[dict[str, Any]]
    level: dict[str, Any]


class FeedAnswer(Answer):
    """What became of the rows."""

    feed_id: str
    compared: int
    unchanged: int
    changed: int
    late: int
    repeated: int
    refused: list[dict[str, Any]]


class LevelsQuery(Query):
    """Positions of an item, at all sites or at one; without `sku` those of a site, page by page."""

    sku: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    site: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class LevelsAnswer(Answer):
    """Counters by item and site, promise counters by supply group; `cursor` where more follow."""

    sku: str | None = None
    levels: list[dict[str, Any]]
    counters: list[dict[str, Any]]
    cursor: str | None = None
