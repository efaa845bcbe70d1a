"""Everything other parts of the product ask of billing.

documents   draft, post, post_release, released_invoice, withdraw, credit, creditable,
            file_document, invoice_state, memo_state, numbered
funds       apply_funds, unapply_funds, distribute
ledger      balances, settled, post_entry, turnover
deadlines   tick, next_due
reactions   react (to facts of fulfillment, billing and payments)
"""

from oms.billing.credits import credit, creditable
from oms.billing.deadlines import next_due, tick
from oms.billing.documents import (
    BillableLine,
    draft,
    invoice_state,
    memo_state,
    post,
    post_release,
    released_invoice,
)
from oms.billing.filing import file_document
from oms.billing.funds import FundsApplication, apply_funds, distribute, unapply_funds
from oms.billing.ledger import Balances, balances, post_entry, settled, turnover
from oms.billing.numbering import numbered
from oms.billing.reactions import react
from oms.billing.withdrawal import withdraw

__all__ = [
    "Balances",
    "BillableLine",
    "FundsApplication",
    "apply_funds",
    "balances",
    "credit",
    "creditable",
    "distribute",
    "draft",
    "file_document",
    "invoice_state",
    "memo_state",
    "next_due",
    "numbered",
    "post",
    "post_entry",
    "post_release",
    "react",
    "released_invoice",
    "settled",
    "tick",
    "turnover",
    "unapply_funds",
    "withdraw",
]
