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
    test_mode: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client: the company and channel it acts for, with roles."""

    id: str
    company: str
    channel: str | None = None
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
