"""The shipped types of action items: blocking or not, how urgent, whose, and what fixes them
(AIT-01, AIT-10).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from oms.action_items.model import Fix

SUBJECT, LINE, CAUSE, ITEM = "$subject", "$line", "$cause", "$item"
"""Stand for the ids of the item's subject, line, cause and of itself in the arguments of a fix."""
AMOUNT = "$amount"
"""Stands for the amount that the item is about, in minor units."""

PRIORITIES = {"HIGH": 1, "MEDIUM": 2, "LOW": 3}
"""Priority by severity; 1 is worked on first."""


@dataclass(frozen=True, slots=True)
class ItemType:
    """One row of the table. `team` works on it first, its lead when it is overdue (AIT-04)."""

    code: str
    blocking: bool
    severity: str
    due_in: timedelta
    team: str
    fixes: tuple[Fix, ...]


COMPLETE = Fix("Supply what is missing", "complete")
EDIT_ADDRESS = Fix("Edit address", "changeAddress")
KEEP = Fix("Keep as is", "clear", {"itemId": ITEM})
DONE = Fix("Mark as done", "clear", {"itemId": ITEM})
CANCEL_ORDER = Fix("Cancel order", "cancel")
CANCEL_UNITS = Fix("Cancel units", "cancel", {"lineNo": LINE})
RETRY = Fix("Retry", "retryPayment", {"intentId": CAUSE})
LOOK_UP = Fix("Look up now", "retryPayment", {"intentId": CAUSE})
RESUBMIT = Fix("Resubmit", "retryPayment", {"intentId": CAUSE})
OTHER_METHOD = Fix("Other method", "addTender")
REFUND = Fix("Refund surplus", "refund", {"paymentId": SUBJECT})
REFUND_SURPLUS = Fix("Refund surplus", "refund", {"paymentId": SUBJECT, "amount": AMOUNT})
REFUND_CREDIT = Fix("Refund credit", "refund", {"paymentId": SUBJECT, "amount": AMOUNT})
DISTRIBUTE = Fix("Distribute", "distributeFunds", {"paymentId": SUBJECT})
TRY_SITES = Fix("Look for a site again", "resume", {"lineNo": LINE})
BACKORDER = Fix("Backorder", "backorder", {"lineNo": LINE})
APPROVE = Fix("Approve", "approve")
RESUME = Fix("Try again", "resume")

_INTAKE = (COMPLETE, CANCEL_ORDER)
_REVIEW = (KEEP, CANCEL_ORDER)


def _type(code: str, blocking: bool, severity: str, hours: int, team: str, *fixes: Fix) -> ItemType:
    return ItemType(code, blocking, severity, timedelta(hours=hours), team, fixes)


TYPES: dict[str, ItemType] = {
    row.code: row
    for row in (
        _type("ORDER_INCOMPLETE", True, "HIGH", 4, "service", *_INTAKE),
        _type("UNMAPPED_CODE", True, "HIGH", 4, "service", *_INTAKE),
        _type("TOTAL_MISMATCH", True, "HIGH", 4, "service", *_INTAKE),
        _type("TAX_UNAVAILABLE", True, "HIGH", 4, "service", *_INTAKE),
        _type("ADDRESS_MISMATCH", True, "HIGH", 4, "service", EDIT_ADDRESS, KEEP, CANCEL_ORDER),
        _type("FRAUD_REVIEW", True, "HIGH", 24, "service", *_REVIEW),
        _type("CUSTOMER_BLOCKED", True, "HIGH", 24, "service", *_REVIEW),
        _type("CUSTOMER_NOT_APPROVED", True, "HIGH", 24, "service", *_REVIEW),
        _type("ADDRESS_UNVERIFIED", True, "HIGH", 4, "service", EDIT_ADDRESS, KEEP, CANCEL_ORDER),
        _type("DUPLICATE_SUSPECTED", True, "HIGH", 4, "service", *_REVIEW),
        _type("DRAFT_TRANSFERRED", False, "MEDIUM", 4, "service", DONE),
        _type("HOLD_OVERDUE", False, "HIGH", 4, "service", DONE, CANCEL_ORDER),
        _type("PAYMENT_DECLINED", True, "HIGH", 24, "service", RETRY, OTHER_METHOD, CANCEL_ORDER),
        _type("CAPTURE_FAILED", True, "HIGH", 24, "finance", RETRY, OTHER_METHOD),
        _type("GATEWAY_UNREACHABLE", True, "HIGH", 1, "finance", RESUBMIT, OTHER_METHOD),
        _type("PAYMENT_UNKNOWN", True, "HIGH", 1, "finance", LOOK_UP, OTHER_METHOD),
        _type("REFUND_FAILED", False, "HIGH", 48, "finance", RETRY, DONE),
        _type("OVERPAID", False, "MEDIUM", 48, "finance", REFUND_SURPLUS, DONE),
        _type("EXCESS_FUNDS", False, "MEDIUM", 48, "finance", REFUND_SURPLUS, DONE),
        _type("REFUNDED_TWICE", False, "HIGH", 48, "finance", OTHER_METHOD, DONE),
        _type("ORPHAN_PAYMENT", False, "HIGH", 48, "finance", DISTRIBUTE, REFUND, DONE),
        _type("UNAPPLIED_CREDIT", False, "HIGH", 48, "finance", REFUND_CREDIT, DONE),
        _type("APPROVAL_OVERDUE", False, "MEDIUM", 1, "service", APPROVE),
        _type("AUTOMATION_STALLED", False, "HIGH", 1, "operations", DONE),
        _type("ROUTING_EXHAUSTED", True, "HIGH", 8, "planning", TRY_SITES, BACKORDER, CANCEL_UNITS),
        _type("UNFILLABLE", False, "MEDIUM", 24, "planning", TRY_SITES, BACKORDER, CANCEL_UNITS),
        _type("STOCK_SHORT", False, "MEDIUM", 24, "planning", CANCEL_UNITS, DONE),
        _type("BACKORDER_NO_DATE", False, "LOW", 24, "planning", CANCEL_UNITS, DONE),
        _type("FULFILLMENT_LATE", False, "MEDIUM", 4, "warehouse", DONE, CANCEL_ORDER),
        _type("CANCEL_REQUEST_UNANSWERED", False, "MEDIUM", 4, "warehouse", DONE),
        _type("PICKUP_NO_SHOW", False, "MEDIUM", 4, "service", DONE),
        _type("DELIVERY_EXCEPTION", False, "HIGH", 24, "service", DONE),
        _type("COUNT_TASK", False, "MEDIUM", 24, "warehouse", DONE),
        _type("DISPOSITION_TASK", False, "MEDIUM", 48, "warehouse", DONE),
        _type("STOCK_NEGATIVE", False, "HIGH", 4, "planning", DONE),
        _type("STOCK_DRIFT", False, "HIGH", 4, "planning", DONE),
        _type("LEDGER_IMBALANCE", True, "HIGH", 4, "finance", DONE),
        _type("INTAKE_LATE", False, "MEDIUM", 4, "operations", DONE),
        _type("FEED_STALE", False, "MEDIUM", 4, "operations", DONE),
        _type("FEED_ROWS_REFUSED", False, "MEDIUM", 4, "operations", DONE),
        _type("EXPORT_REJECTED", False, "MEDIUM", 4, "operations", DONE),
        _type("JOB_FAILED", False, "HIGH", 4, "operations", RESUME, DONE),
        _type("WEBHOOK_FAILING", False, "MEDIUM", 4, "operations", DONE),
        _type("INDEX_LAG", False, "MEDIUM", 4, "operations", DONE),
        _type("RULE_ERROR", False, "MEDIUM", 4, "operations", DONE),
    )
}
