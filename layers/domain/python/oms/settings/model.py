"""Sites, channels, OAuth clients, mapping tables: configuration as data, scoped by company."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SiteType(StrEnum):
    """What a site is (SIT-01)."""

    WAREHOUSE = "WAREHOUSE"
    STORE = "STORE"
    DROPSHIP_VENDOR = "DROPSHIP_VENDOR"
    VIRTUAL = "VIRTUAL"


class Suppressed(StrEnum):
    """What a site is kept from for a time (SIT-02)."""

    SALE = "SALE"
    ALLOCATION = "ALLOCATION"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why and how long a site is kept from something; without `since` at once, without `until` for
    good.
    """

    what: Suppressed
    reason: str
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force; `until` itself is outside."""
        begun = self.since is None or self.since <= now
        return begun and (self.until is None or now < self.until)


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
    ships_hazmat: bool = True
    suppressions: tuple[Suppression, ...] = ()
    version: int = 1

    def suppressed(self, what: Suppressed, now: datetime) -> Suppression | None:
        """What keeps it from that now, the longest first; None: nothing does."""
        flags = {
            Suppressed.SALE: self.suppress_sale, Suppressed.ALLOCATION: self.suppress_allocation,
        }  # fmt: skip
        always = (Suppression(what, ""),) if flags[what] else ()
        own = [one for one in self.suppressions if one.what is what and one.holds(now)]
        endless = [one for one in own if one.until is None]
        timed = sorted((one for one in own if one.until), key=lambda one: str(one.until))
        return next(iter([*always, *endless, *reversed(timed)]), None)


def hiding(sites: Iterable[Site], now: datetime) -> frozenset[str]:
    """Codes of the sites whose stock is not for sale now (SIT-02)."""
    return frozenset(site.code for site in sites if site.suppressed(Suppressed.SALE, now))


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
