"""Everything other parts of the product ask of payments.

acceptance      open_tenders
commands        add_tender, authorize, capture, refund, void_payment, retry
gateway calls   due, request, mark_sent, settle, take_webhook
reactions       react (to facts of orders, fulfillment, billing and payments), tick (to time)
sums            coverage, shortfall, excess, summary, next_due
"""

from oms.payments.balances import (
    MoneyView,
    PaymentTotals,
    coverage,
    excess,
    shortfall,
    summary,
)
from oms.payments.operations import authorize, capture, refund, retry, void_payment
from oms.payments.reactions import react
from oms.payments.results import settle
from oms.payments.sending import due, mark_sent, next_due, request, tick
from oms.payments.tenders import TenderSpec, add_tender, open_tenders
from oms.payments.webhooks import take_webhook

__all__ = [
    "MoneyView",
    "PaymentTotals",
    "TenderSpec",
    "add_tender",
    "authorize",
    "capture",
    "coverage",
    "due",
    "excess",
    "mark_sent",
    "next_due",
    "open_tenders",
    "react",
    "refund",
    "request",
    "retry",
    "settle",
    "shortfall",
    "summary",
    "take_webhook",
    "tick",
    "void_payment",
]
