"""Configuration, items and rebuilds as administrators send and see them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from oms.inventory.model import BackorderPolicy
from oms.orders.model import TaxPolicy
from oms.settings.model import AttributeType, SiteType, Suppressed
from oms_aws.pages import Paged
from oms_aws.shapes import (
    MAX_UNITS,
    Answer,
    Attributes,
    Charge,
    Code,
    Currency,
    Day,
    Long,
    Moment,
    Name,
    Query,
    RecordId,
    Shape,
    Short,
    Tags,
    broken_rule,
)
from oms_aws.shapes_orders import Locale
from pydantic import Field, StringConstraints, model_validator

Codes = Annotated[tuple[Code, ...], Field(max_length=200)]
Mapped = Annotated[dict[Short, Short], Field(max_length=10_000)]
Degrees = Annotated[int, Field(ge=-180_000_000, le=180_000_000, description="millionths")]
Count = Annotated[int, Field(ge=0, le=MAX_UNITS)]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]
Endpoint = Annotated[str, StringConstraints(pattern=r"^https://[^\s]{1,500}$")]
Basis = Literal["TOTAL", "EXTRA"]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class SuppressionShape(Shape):
    """What a site is kept from, why, and from when until when (SIT-02)."""

    what: Suppressed
    reason: Name
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise broken_rule("until_after_since", "`until` is after `since`")
        return self


class SiteShape(Shape):
    """A place that holds or ships stock."""

    name: Name
    type: SiteType = SiteType.WAREHOUSE
    label: Name | None = None
    attention: Name | None = None
    country: Country = "US"
    postal_code: Short | None = None
    city: Short | None = None
    region: Short | None = None
    line1: Name | None = None
    phone: Short | None = None
    email: Name | None = None
    latitude: Degrees | None = None
    longitude: Degrees | None = None
    time_zone: Zone = "UTC"
    group: Code = "main"
    enabled: bool = True
    visible: bool = True
    default: bool = False
    suppress_sale: bool = False
    suppress_allocation: bool = False
    ships: bool = True
    offers_pickup: bool = False
    accepts_returns: bool = True
    priority: Annotated[int, Field(ge=0, le=1_000)] | None = None
    daily_capacity: Count | None = None
    lead_days: Annotated[int, Field(ge=0, le=365)] = 0
    assignment: Literal["AUTO", "MANUAL", "CLAIM", "REQUEST"] | None = None
    ships_hazmat: bool = True
    suppressions: Annotated[tuple[SuppressionShape, ...], Field(max_length=50)] = ()
    attributes: Attributes = Field(default_factory=dict)


class CompanyShape(Shape):
    """The company itself (ENT-10)."""

    name: Name
    currency: Currency
    locale: Locale = "en-US"
    time_zone: Zone = "UTC"
    active: bool = True


class LegalEntityShape(CompanyShape):
    """Whose invoices a channel's orders get (ENT-10)."""

    tax_ids: Annotated[dict[Code, Short], Field(max_length=50)] = Field(default_factory=dict)


class ChannelShape(Shape):
    """A source of orders with its mapping tables (INT-06)."""

    name: Name
    active: bool = True
    legal_entity: Code = "default"
    currency: Currency | None = None
    locale: Locale = "en-US"
    tax_policy: Literal["NET", "GROSS"] = TaxPolicy.NET.value
    pool: Annotated[tuple[Code, ...], Field(min_length=1, max_length=50)] = ("main",)
    tenders: Mapped = Field(default_factory=dict)
    gateways: Mapped = Field(default_factory=dict)
    methods: Mapped = Field(default_factory=dict)
    items: Mapped = Field(default_factory=dict)
    countries: Mapped = Field(default_factory=dict)
    reasons: Mapped = Field(default_factory=dict)
    webhook_url: Endpoint | None = None
    pricing_url: Endpoint | None = None
    test_mode: bool = True


class BackorderShape(Shape):
    """What a supply group may sell beyond its stock, in place of the item's own rule (BKO-01)."""

    policy: BackorderPolicy = BackorderPolicy.NONE
    limit: Count = 0
    basis: Basis = "TOTAL"
    since: Day | None = None
    until: Day | None = None


class VendorShape(Shape):
    """Who sells the item to us; `cost` in minor units of the company's currency."""

    code: Code
    sku: Short
    cost: Charge | None = None
    lead_days: Annotated[int, Field(ge=0, le=365)] = 0


class ItemShape(Shape):
    """An item of the master; weights in grams, prices in minor units by currency."""

    name: Name
    kind: Code = "SIMPLE"
    state: Code = "ACTIVE"
    unique: bool = False
    barcodes: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    categories: Codes = ()
    channels: Codes = ()
    weight_grams: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    tax_code: Short | None = None
    unit_cost: Charge | None = None
    prices: Annotated[dict[Currency, Charge], Field(max_length=100)] = Field(default_factory=dict)
    hazmat: bool = False
    ship_alone: bool = False
    serial_required: bool = False
    final_sale: bool = False
    suppressed: bool = False
    backorder_policy: BackorderPolicy = BackorderPolicy.NONE
    backorder_limit: Count = 0
    backorder_basis: Basis = "TOTAL"
    backorder_since: Day | None = None
    backorder_until: Day | None = None
    backorder_groups: Annotated[dict[Code, BackorderShape], Field(max_length=50)] = Field(
        default_factory=dict
    )
    safety_sell: Count = 0
    safety_source: Count | None = None
    drop_ship: bool = False
    dimensions: Annotated[tuple[Count, ...], Field(max_length=3, description="millimeters")] = ()
    images: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    vendors: Annotated[tuple[VendorShape, ...], Field(max_length=50)] = ()
    return_policy: Short | None = None
    countries: Annotated[tuple[Country, ...], Field(max_length=250)] = ()
    tags: Tags = ()
    attributes: Attributes = Field(default_factory=dict)


class AttributeShape(Shape):
    """A custom attribute; `searchable` makes it criterion, facet and column of lists (SEA-05)."""

    label: Name
    description: Long | None = None
    type: AttributeType = AttributeType.STRING
    choices: Annotated[tuple[Short, ...], Field(max_length=500)] = ()
    searchable: bool = False


class TagShape(Shape):
    """A label that records can carry (ATT-02)."""

    label: Name
    description: Long | None = None
    color: Short | None = None


class ClientShape(Shape):
    """Whom an OAuth client acts for; its company is the caller's."""

    channel: Code | None = None
    roles: Codes = ()
    sites: Codes = ()


class SettingsShape(Shape):
    """Values set at one level, by setting name; what is left out is inherited."""

    values: Annotated[dict[Short, bool | int | str | None], Field(max_length=200)]


class ItemsQuery(Query):
    """SKUs, separated by commas."""

    skus: Annotated[str, Field(min_length=1, max_length=4_000)]


class StoppedQuery(Query):
    """Where a page of stopped orders goes on."""

    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class RerunShape(Shape):
    """The orders whose intake is run again."""

    order_ids: Annotated[tuple[RecordId, ...], Field(min_length=1, max_length=100)]


class Record(Answer):
    """A record of configuration."""

    version: int


class SiteList(Paged):
    """A page of sites by code."""

    sites: list[dict[str, Any]]


class LegalEntityList(Answer):
    """All legal entities by code."""

    legal_entities: list[dict[str, Any]]


class ChannelList(Paged):
    """A page of channels by code."""

    channels: list[dict[str, Any]]


class AttributeList(Answer):
    """All attribute definitions."""

    attributes: list[dict[str, Any]]


class TagList(Answer):
    """All tags."""

    tags: list[dict[str, Any]]


class ItemList(Answer):
    """The items found, and the SKUs nobody knows."""

    items: list[dict[str, Any]]
    missing: list[str]


class ClientAnswer(Answer):
    """An OAuth client."""

    id: str
    company: str


class SettingsAnswer(Answer):
    """What is set at this level, and what is effective here."""

    values: dict[str, Any]
    effective: dict[str, Any]


class RebuildAnswer(Answer):
    """A rebuild of the search index: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""

    id: str
    state: str


class StoppedList(Answer):
    """Orders that wait for a table of the channel, with the codes that stopped them."""

    orders: list[dict[str, Any]]
    cursor: str | None


class RerunAnswer(Answer):
    """What became of each order: RERUN, NOT_STOPPED, NOT_FOUND or the code of the refusal."""

    results: dict[str, str]


class OpenApi(Answer):
    """The description of this API."""

    openapi: str
