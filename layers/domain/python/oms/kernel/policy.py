"""Settings that decisions obey, resolved for one company and channel before they get here.

Names and defaults follow the settings register; `Policy()` is the shipped default.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Policy:
    """Effective settings. Amounts are minor units; times say their unit in the name."""

    order_authorization: bool = True
    order_approval: ApprovalMode = ApprovalMode.OFF
    order_approval_above: int | None = None
    order_filing: bool = False
    fulfillment_order_approval: ApprovalMode = ApprovalMode.OFF
    fulfillment_order_filing: bool = False
    invoice_filing: bool = False
    approval_job_delay_minutes: int = 30
    require_coverage_to_approve: bool = False
    stock_policy: StockPolicy | None = None
    total_tolerance: int = 10
    address_check_phone: AddressCheckMode = AddressCheckMode.WARN
    address_check_web: AddressCheckMode = AddressCheckMode.WARN
    allow_split: bool = True
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
    short_no_split_ships_partial: bool = False
    agents_clear_alerts: bool = False
    customer_approval: bool = False
    customer_filing: bool = False
    draft_expiry_days: int = 30
    draft_lock_minutes: int = 30
    number_prefix: str = "T"
