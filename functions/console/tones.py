"""Which tone a status has; the word always stands beside it, color is never the only sign."""

from __future__ import annotations

GOOD, BUSY, WAIT, BAD, QUIET = "good", "busy", "wait", "bad", "quiet"

_TONES = {
    GOOD: (
        "CLOSED", "SHIPPED", "DELIVERED", "PAID", "AUTHORIZED", "FULFILLED", "SUCCEEDED",
        "RESOLVED", "ACTIVE", "CAPTURED", "ON_TERMS", "APPROVED", "SYSTEM_APPROVED",
    ),
    BUSY: (
        "AWAITING_FULFILLMENT", "ALLOCATED", "IN_PROGRESS", "PICKING", "PICKED", "PACKED",
        "AWAITING_PICK", "AWAITING_SHIPMENT", "READY_FOR_PICKUP", "PARTIALLY_SHIPPED",
        "PARTIALLY_ALLOCATED", "RESERVED", "SENT", "IN_TRANSIT", "PARTIALLY_DELIVERED",
    ),
    BAD: (
        "VOID", "DECLINED", "FAILED", "INCOMPLETE", "REJECTED", "OVERPAID", "EXPIRED", "HIGH",
        "CRITICAL", "UNKNOWN", "UNPAID",
    ),
    QUIET: ("CANCELED", "NONE", "NOT_REQUIRED", "NOT_STARTED", "CLEARED", "REFUNDED", "DRAFT"),
}  # fmt: skip
_BY_STATUS = {status: name for name, statuses in _TONES.items() for status in statuses}


def tone(status: str) -> str:
    """The tone of a status; what is not named waits for something."""
    return _BY_STATUS.get(status, WAIT)
