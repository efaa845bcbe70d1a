"""Everything other parts of the product ask of payments.

acceptance      open_tenders, remap, value
commands        add_tender, authorize, capture, refund, void_payment, retry, replace_method,
                attach_customer, detach_customer
links           create_link, pay_by_link, find_link, under_way
gateway calls   due, sends, request, mark_sent, settle, take_webhook
reactions       react (to facts of orders, fulfillment, billing and payments), tick (to time)
sums            coverage, shortfall, excess, summary, refundable_payment, next_due
"""

from oms.payments.balances import (
    MoneyView,
    PaymentTotals,
    coverage,
    excess,
    refundable_payment,
    shortfall,
    summary,
)
from oms.payments.changes import attach_customer, detach_customer, replace_method
from oms.payments.links import create_link, find_link, pay_by_link, under_way
from oms.payments.operations import authorize, capture, refund, retry, void_payment
from oms.payments.reactions import react
from oms.payments.results import settle
from oms.payments.sending import due, mark_sent, next_due, request, sends, tick
from oms.payments.tenders import TenderSpec, add_tender, open_tenders, remap, value
from oms.payments.webhooks import take_webhook

__all__ = [
    "MoneyView",
    "PaymentTotals",
    "TenderSpec",
    "add_tender",
    "attach_customer",
    "authorize",
    "capture",
    "coverage",
    "create_link",
    "detach_customer",
    "due",
    "excess",
    "find_link",
    "mark_sent",
    "next_due",
    "open_tenders",
    "pay_by_link",
    "react",
    "refund",
    "refundable_payment",
    "remap",
    "replace_method",
    "request",
    "retry",
    "sends",
    "settle",
    "shortfall",
    "summary",
    "take_webhook",
    "tick",
    "under_way",
    "value",
    "void_payment",
]
