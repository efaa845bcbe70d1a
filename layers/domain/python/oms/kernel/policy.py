"""Settings that decisions obey, resolved for one company and channel before they get here.

Names and defaults follow the settings register; `Policy()` is the shipped default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class ApprovalMode(StrEnum):
    """Who approves (APV-04): nobody, a rule's approver, a job after a delay, always a person."""

    OFF = "OFF"
    RULES = "RULES"
    JOB = "JOB"
    MANUAL = "MANUAL"


class StockPolicy(StrEnum):
    """What a short line does to an incoming order (INT-04)."""

    ENFORCE = "ENFORCE"
    ACCEPT = "ACCEPT"
    SKIP = "SKIP"


class AddressCheckMode(StrEnum):
    """What an address that cannot be verified does (INT-05): nothing, a note, an alert."""

    OFF = "OFF"
    WARN = "WARN"
    BLOCK = "BLOCK"


class CaptureTiming(StrEnum):
    """When funds are taken (PAY-03)."""

    ON_SHIPMENT = "ON_SHIPMENT"
    ON_RELEASE = "ON_RELEASE"
    ON_ORDER = "ON_ORDER"


class ChargeTiming(StrEnum):
    """How shipping and handling reach invoices (ADJ-07)."""

    PRORATED = "PRORATED"
    FIRST_SHIPMENT = "FIRST_SHIPMENT"


class InvoiceTiming(StrEnum):
    """What posts an invoice (BIL-01): units that ship, or their release to the floor."""

    ON_SHIPMENT = "ON_SHIPMENT"
    ON_RELEASE = "ON_RELEASE"


class AllocationTrigger(StrEnum):
    """What starts sourcing (SRC-02)."""

    INLINE = "INLINE"
    SCHEDULED = "SCHEDULED"
    BOTH = "BOTH"


class BackorderQueue(StrEnum):
    """Who is served first when supply lands (BKO-06)."""

    PRIORITY = "PRIORITY"
    FIFO = "FIFO"
    COMPLETE_FIRST = "COMPLETE_FIRST"


class ExcessFunds(StrEnum):
    """What happens to funds above what is owed (PAY-33)."""

    AUTO = "AUTO"
    OPTIONAL = "OPTIONAL"
    OFF = "OFF"


class Execution(StrEnum):
    """Who works a site's fulfillment orders, and over which door (FUL-02)."""

    CONSOLE = "CONSOLE"
    WMS = "WMS"
    FULFILLER = "FULFILLER"


class Assignment(StrEnum):
    """How a fulfillment order finds its worker (FUL-03)."""

    AUTO = "AUTO"
    MANUAL = "MANUAL"
    CLAIM = "CLAIM"
    REQUEST = "REQUEST"


class ShortNoSplit(StrEnum):
    """What a short pick does to an order that may not be split (PCK-04)."""

    RECALL = "RECALL"
    SHIP_PARTIAL = "SHIP_PARTIAL"


class Silence(StrEnum):
    """What no answer to a cancellation request means (CAN-05)."""

    ACCEPT = "ACCEPT"
    DENY = "DENY"


@dataclass(frozen=True, slots=True)
class Policy:
    """Effective settings. Amounts are minor units; times say their unit in the name.

    `sites` holds what sites set for themselves, by site and field: a site wins over its company and
    channel in matters of fulfillment (SET-01).
    """

    order_authorization: bool = True
    order_approval: ApprovalMode = ApprovalMode.OFF
    order_approval_above: int | None = None
    order_filing: bool = False
    fulfillment_order_approval: ApprovalMode = ApprovalMode.OFF
    fulfillment_order_filing: bool = False
    invoice_filing: bool = False
    credit_memo_filing: bool = False
    approval_job: bool = True
    approval_job_delay_minutes: int = 30
    approval_job_interval_minutes: int = 5
    require_coverage_to_approve: bool = False
    stock_policy: StockPolicy | None = None
    total_tolerance: int = 10
    address_check_phone: AddressCheckMode = AddressCheckMode.WARN
    address_check_web: AddressCheckMode = AddressCheckMode.WARN
    allow_split: bool = True
    allow_combine: bool = False
    max_splits: int = 5
    capture_timing: CaptureTiming = CaptureTiming.ON_SHIPMENT
    invoice_timing: InvoiceTiming = InvoiceTiming.ON_SHIPMENT
    charge_timing: ChargeTiming = ChargeTiming.PRORATED
    authorization_validity_days: int = 7
    overcapture_percent: int = 0
    excess_funds: ExcessFunds = ExcessFunds.AUTO
    decline_grace_hours: int = 72
    remorse_minutes: int = 0
    allocation_trigger: AllocationTrigger = AllocationTrigger.INLINE
    backorder_queue: BackorderQueue = BackorderQueue.PRIORITY
    max_attempts: int = 7
    max_age_days: int = 10
    unfillable_after_hours: int = 24
    claim_timeout_hours: int = 24
    fulfill_timeout_hours: int = 72
    self_service_cancel: bool = True
    fulfillment_order_approval_above: int | None = None
    execution: Execution = Execution.CONSOLE
    assignment: Assignment | None = None
    request_deadline_hours: int = 24
    cancel_answer_minutes: int | None = None
    cancel_answer_default: Silence | None = None
    release_lead_days: int = 1
    assume_delivered_days: int = 14
    short_no_split: ShortNoSplit = ShortNoSplit.RECALL
    sla_release_minutes: int = 30
    sla_claim_minutes: int = 4 * 60
    sla_ship_minutes: int = 24 * 60
    pickup_hold_days: int = 7
    agents_clear_alerts: bool = False
    customer_approval: bool = False
    customer_filing: bool = False
    draft_expiry_days: int = 30
    draft_lock_minutes: int = 30
    number_prefix: str = "T"
    sites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def at(self, site: str) -> Policy:
        """The settings in force at a site."""
        own = self.sites.get(site)
        return replace(self, **own) if own else self
