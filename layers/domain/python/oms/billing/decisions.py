"""Everything other parts of the product ask of billing.

    documents   draft, post, credit, creditable, invoice_state, memo_state
    funds       apply_funds, unapply_funds, distribute
    ledger      balances, settled, post_entry
    reactions   react (to facts of fulfillment, billing and payments)
"""

from oms.billing.documents import BillableLine, draft, invoice_state, memo_state, post
from oms.billing.ledger import Balances, balances, post_entry, settled
from oms.billing.reactions import react

__all__ = [
    "Balances",
    "BillableLine",
    "balances",
    "draft",
    "invoice_state",
    "memo_state",
    "post",
    "post_entry",
    "react",
    "settled",
]
