"""Sites, channels, OAuth clients, mapping tables: configuration as data, scoped by company."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class SiteType(StrEnum):
    """What a site is (SIT-01)."""

    WAREHOUSE = "WAREHOUSE"
    STORE = "STORE"
    DROPSHIP_VENDOR = "DROPSHIP_VENDOR"
    VIRTUAL = "VIRTUAL"


@dataclass(frozen=True, slots=True)
class Site:
    """A place that holds or ships stock. Coordinates are millionths of a degree (integers,
    exact).
    """

    code: str
    name: str
    type: SiteType = SiteType.WAREHOUSE
    label: str | None = None
    attention: str | None = None
    country: str = "US"
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    line1: str | None = None
    phone: str | None = None
    email: str | None = None
    latitude: int | None = None
    longitude: int | None = None
    time_zone: str = "UTC"
    group: str = "main"
    enabled: bool = True
    visible: bool = True
    default: bool = False
    suppress_sale: bool = False
    suppress_allocation: bool = False
    ships: bool = True
    offers_pickup: bool = False
    accepts_returns: bool = True
    priority: int | None = None
    daily_capacity: int | None = None
    lead_days: int = 0
    assignment: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Company:
    """The tenant (ENT-10). A channel without a currency of its own sells in this one."""

    name: str
    currency: str
    locale: str = "en-US"
    time_zone: str = "UTC"
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """Whose invoices a channel's orders get (ENT-10); `tax_ids` by country or scheme."""

    code: str
    name: str
    currency: str
    locale: str = "en-US"
    time_zone: str = "UTC"
    tax_ids: dict[str, str] = field(default_factory=dict)
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Channel:
    """A source of orders and its mapping tables (ENT-11, INT-06)."""

    code: str
    name: str
    active: bool = True
    legal_entity: str = "default"
    currency: str | None = None
    locale: str = "en-US"
    tax_policy: str = "NET"
    pool: tuple[str, ...] = ("main",)
    tenders: dict[str, str] = field(default_factory=dict)
    gateways: dict[str, str] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    webhook_url: str | None = None
    pricing_url: str | None = None
    test_mode: bool = True
    version: int = 1


class AttributeType(StrEnum):
    """How values of an attribute are read and compared (ATT-01)."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    CHOICE = "CHOICE"
    MONEY = "MONEY"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A custom attribute of a type of record (ATT-01); `searchable` makes it criterion, facet and
    column (SEA-05).
    """

    id: str
    record_type: str
    label: str
    description: str | None = None
    type: AttributeType = AttributeType.STRING
    choices: tuple[str, ...] = ()
    searchable: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that records can carry (ATT-02)."""

    code: str
    label: str
    description: str | None = None
    color: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client: the company and channel it acts for, with roles."""

    id: str
    company: str
    channel: str | None = None
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
