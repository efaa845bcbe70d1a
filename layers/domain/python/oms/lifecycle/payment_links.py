"""What somebody without an account gets to see of an order by its payment link (PAY-41)."""

from __future__ import annotations

from dataclasses import dataclass

from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import money
from oms.payments.decisions import find_link, shortfall, under_way


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be paid, in minor units, and nothing about any person.

    `state` is OPEN, PENDING while the gateway decides, PAID or EXPIRED.
    """

    order_number: str
    currency: str
    amount: int
    state: str
    expires_at: str


def owed(record: OrderRecord, token_hash: str, ctx: Context) -> Owed:
    """What the link of that token is for; raises `NotFound` where there is none."""
    payments = record.payments
    link = find_link(payments, token_hash)
    missing = shortfall(payments, money(record), ctx)
    state = "OPEN"
    if link.used_at:
        state = "PAID"
    elif under_way(payments, link):
        state = "PENDING"
    elif link.expires_at <= ctx.now or record.order.voided_at:
        state = "EXPIRED"
    amount = missing if state == "OPEN" else 0
    return Owed(record.order.number, payments.currency, amount, state, stamp(link.expires_at))
