"""The closed vocabularies of orders: types, policies, lanes, buckets, origins, approvals."""

from __future__ import annotations

from enum import StrEnum


class OrderType(StrEnum):
    """Where the order was taken."""

    WEB = "WEB"
    MOBILE = "MOBILE"
    PHONE = "PHONE"
    STORE = "STORE"
    MARKETPLACE = "MARKETPLACE"
    B2B = "B2B"
    IMPORT = "IMPORT"


class Management(StrEnum):
    """Whose order it is: ours, or a mirror of one that another system still owns (ENT-14)."""

    MANAGED = "MANAGED"
    UNMANAGED = "UNMANAGED"


class TaxPolicy(StrEnum):
    """NET: tax on top of prices; GROSS: tax contained in prices."""

    NET = "NET"
    GROSS = "GROSS"


class Lane(StrEnum):
    """Processing lane (INT-03): LIVE is never starved by the others."""

    LIVE = "LIVE"
    BACKLOG = "BACKLOG"
    IMPORT = "IMPORT"


class Origin(StrEnum):
    """Why the line exists."""

    SALE = "SALE"
    ADDED = "ADDED"
    EXCHANGE = "EXCHANGE"
    RESHIP = "RESHIP"
    CLAIM = "CLAIM"


class DeliveryType(StrEnum):
    """How a delivery group reaches the customer."""

    SHIP = "SHIP"
    PICKUP = "PICKUP"
    DIGITAL = "DIGITAL"


class AdjustmentKind(StrEnum):
    """Why a price differs from its list."""

    PROMOTION = "PROMOTION"
    MANUAL = "MANUAL"
    APPEASEMENT = "APPEASEMENT"
    SURCHARGE = "SURCHARGE"
    ROUNDING = "ROUNDING"


class Bucket(StrEnum):
    """Where a unit of a line is; each unit is in exactly one bucket (LIN-01)."""

    UNSOURCED = "unsourced"
    BACKORDERED = "backordered"
    RESERVED = "reserved"
    ALLOCATED = "allocated"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELED = "canceled"


class Approval(StrEnum):
    """Approval fact of the order (ORD-02)."""

    NONE = "NONE"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SYSTEM_APPROVED = "SYSTEM_APPROVED"
    REJECTED = "REJECTED"
