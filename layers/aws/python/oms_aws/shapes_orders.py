"""The order as a channel places it: one shape for the API and the intake queue (INT-01)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from oms.kernel.money import MAX_AMOUNT
from oms.orders.commands import PlaceOrder
from oms.orders.model import (
    AdjustmentKind,
    DeliveryType,
    Lane,
    Management,
    OrderType,
    TaxPolicy,
)
from pydantic import Field, StringConstraints, model_validator

from oms_aws.shapes import (
    MAX_LINES,
    Amount,
    Attributes,
    Charge,
    Code,
    Currency,
    Day,
    LineNo,
    Long,
    Moment,
    Name,
    RecordId,
    Shape,
    Short,
    Tags,
    Units,
    broken_rule,
    to_command,
)

Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
LastFour = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
Expiry = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])/[0-9]{2}([0-9]{2})?$")]


class AddressShape(Shape):
    """A postal address; `country` as the channel writes it, its mapping table applies (INT-06)."""

    country: Code
    postal_code: Short | None = None
    city: Short | None = None
    region: Short | None = None
    line1: Name | None = None
    line2: Name | None = None
    name: Name | None = None
    company: Name | None = None
    phone: Short | None = None
    email: Name | None = None


class CustomerShape(Shape):
    """Who ordered."""

    code: Short | None = None
    name: Name | None = None
    company_name: Name | None = None
    email: Name | None = None
    phone: Short | None = None


class ReturnPolicyShape(Shape):
    """What the customer was told about returning a line."""

    window_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    final_sale: bool = False
    restocking_fee_percent: Annotated[int, Field(ge=0, le=100)] | None = None


class GroupShape(Shape):
    """Lines that share destination and method."""

    id: Code
    method: Code
    type: DeliveryType = DeliveryType.SHIP
    address: AddressShape | None = None
    pickup_site: Code | None = None
    pickup_persons: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    requested_date: Day | None = None
    instructions: Long | None = None
    gift_message: Long | None = None
    gift_wrap: bool = False
    gift_receipt: bool = False
    shipping: Charge = 0
    handling: Charge = 0
    shipping_tax: Charge = 0
    handling_tax: Charge = 0


class AdjustmentShape(Shape):
    """A signed price adjustment; discounts are negative."""

    kind: AdjustmentKind
    amount: Amount
    code: Short | None = None
    reason: Name | None = None


class TaxShape(Shape):
    """Tax of one component of a line; `rate` in millionths."""

    component: Literal["PRODUCT", "SHIPPING", "HANDLING", "FEE"]
    amount: Charge
    rate: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    jurisdiction: Short | None = None


class LineShape(Shape):
    """A line as the channel priced it; without a price the order is incomplete (INT-05)."""

    sku: Short
    quantity: Units
    unit_price: Charge | None = None
    name: Name | None = None
    line_no: LineNo | None = None
    group: Code | None = None
    list_price: Charge | None = None
    adjustments: Annotated[tuple[AdjustmentShape, ...], Field(max_length=50)] = ()
    taxes: Annotated[tuple[TaxShape, ...], Field(max_length=50)] = ()
    fee: Charge = 0
    promised_date: Day | None = None
    ship_together: Code | None = None
    kit_parent: LineNo | None = None
    source: Short | None = None
    return_policy: ReturnPolicyShape | None = None
    reservation_ids: Annotated[tuple[RecordId, ...], Field(max_length=20)] = ()
    attributes: Attributes = Field(default_factory=dict)


class TenderShape(Shape):
    """A means of payment: gateway token, brand, last four and expiry, nothing else (PAY-05)."""

    method: Code
    token: Name | None = None
    limit: Charge | None = None
    brand: Short | None = None
    last_four: LastFour | None = None
    expiry: Expiry | None = None
    reference: Short | None = None
    draw_order: Annotated[int, Field(ge=0, le=100)] | None = None
    refund_order: Annotated[int, Field(ge=0, le=100)] | None = None


class OrderShape(Shape):
    """A complete, already priced order."""

    channel: Code
    currency: Currency | None = None
    lines: Annotated[tuple[LineShape, ...], Field(min_length=1, max_length=MAX_LINES)]
    external_number: Short | None = None
    type: OrderType = OrderType.WEB
    lane: Lane = Lane.LIVE
    management: Management = Management.MANAGED
    customer: CustomerShape = CustomerShape()
    locale: Locale | None = None
    tax_policy: TaxPolicy | None = None
    placed_at: Moment | None = None
    requested_date: Day | None = None
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    bill_to: AddressShape | None = None
    groups: Annotated[tuple[GroupShape, ...], Field(max_length=100)] = ()
    adjustments: Annotated[tuple[AdjustmentShape, ...], Field(max_length=50)] = ()
    tenders: Annotated[tuple[TenderShape, ...], Field(max_length=20)] = ()
    stated_total: Charge | None = None
    allow_split: bool | None = None
    allow_combine: bool | None = None
    instructions: Long | None = None
    tags: Tags = ()
    attributes: Attributes = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        groups = {group.id for group in self.groups}
        if len(groups) != len(self.groups):
            raise broken_rule("duplicate_group", "two delivery groups have the same id")
        if any(line.group not in groups for line in self.lines if line.group is not None):
            raise broken_rule("unknown_group", "a line names a delivery group that is not there")
        numbers = [line.line_no for line in self.lines if line.line_no is not None]
        if len(set(numbers)) != len(numbers):
            raise broken_rule("duplicate_line_no", "two lines have the same number")
        known = {line.line_no or place for place, line in enumerate(self.lines, start=1)}
        if any(line.kit_parent not in known for line in self.lines if line.kit_parent is not None):
            raise broken_rule("unknown_line", "a line names a kit line that is not there")
        if _bound(self) > MAX_AMOUNT:
            raise broken_rule("total_out_of_range", f"the order is worth more than {MAX_AMOUNT}")
        return self

    def command(self, entry: str) -> PlaceOrder:
        """The command to place this order; `entry` says how it came: API, CONSOLE or QUEUE."""
        return to_command(PlaceOrder, self, entry=entry, currency=self.currency)


class DraftShape(OrderShape):
    """An order as far as an agent has entered it: everything but the channel may still lack."""

    lines: Annotated[tuple[LineShape, ...], Field(max_length=MAX_LINES)] = ()

    @model_validator(mode="after")
    def _ours(self) -> Self:
        if self.management is not Management.MANAGED:
            raise broken_rule("draft_unmanaged", "what is entered here is managed here")
        return self


def _bound(order: OrderShape) -> int:
    """More than any sum that can be formed of the order's amounts."""
    value = _size(order.adjustments)
    for line in order.lines:
        value += line.quantity * max(line.unit_price or 0, line.list_price or 0) + line.fee
        value += _size(line.adjustments) + _size(line.taxes)
    for group in order.groups:
        value += group.shipping + group.handling + group.shipping_tax + group.handling_tax
    return value


def _size(parts: Iterable[AdjustmentShape | TaxShape]) -> int:
    return sum(abs(part.amount) for part in parts)
