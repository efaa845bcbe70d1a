"""What validation asks beyond the order: who the customer is, its like, its addresses (INT-05).

An order like another is found by one conditional write of a small row that expires: unlike a
search, it misses no order that was placed a moment before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from oms.customers.decisions import state as customer_state
from oms.customers.model import Customer
from oms.kernel.context import Context
from oms.orders.model import Address, Order
from oms.orders.totals import totals
from oms.orders.validation import Screened

LIKE_WITHIN = timedelta(minutes=10)


class CustomerBook(Protocol):
    """Customers by code."""

    def get(self, company: str, code: str) -> Customer | None:
        """The customer, or None."""


class RecentOrders(Protocol):
    """Orders of the last minutes by what they have in common."""

    def claim(
        self, company: str, digest: str, order_id: str, now: datetime, within: timedelta
    ) -> str | None:
        """The order that was like this one within that time, or None, and then this is it."""


class AddressCheck(Protocol):
    """Whether an address can exist; None where nobody can tell."""

    def verify(self, address: Address) -> bool | None:
        """False: no such place."""


@dataclass(frozen=True, slots=True)
class Screening:
    """The three ports; a deployment that keeps none of them screens nothing."""

    customers: CustomerBook | None = None
    recent: RecentOrders | None = None
    addresses: AddressCheck | None = None

    def of(self, order: Order, ctx: Context) -> Screened:
        """What the ports know of an order."""
        customer = self._customer(order)
        standing = None if customer is None else customer_state(customer, ctx)
        return Screened(
            blocked=customer is not None and customer.blocked is not None,
            standing=standing,
            like=self._like(order, ctx),
            unverifiable=self._unverifiable(order),
        )

    def _customer(self, order: Order) -> Customer | None:
        code = order.customer.code
        if self.customers is None or code is None:
            return None
        return self.customers.get(order.company, code)

    def _like(self, order: Order, ctx: Context) -> str | None:
        digest = likeness(order)
        if self.recent is None or digest is None:
            return None
        return self.recent.claim(order.company, digest, order.id, ctx.now, LIKE_WITHIN)

    def _unverifiable(self, order: Order) -> tuple[str, ...]:
        if self.addresses is None:
            return ()
        return tuple(
            f"groups[{place}].address"
            for place, group in enumerate(order.groups)
            if group.address is not None and self.addresses.verify(group.address) is False
        )


NOTHING_SCREENED = Screening()


def likeness(order: Order) -> str | None:
    """Digest of customer, items and total; None where nobody knows who the customer is."""
    person = order.customer
    email = person.email.strip().casefold() if person.email else None
    phone = "".join(sign for sign in person.phone or "" if sign.isdigit())
    who = person.code or email or phone
    if not who:
        return None
    items = sorted((line.sku, line.quantity) for line in order.lines)
    parts = [who, items, order.currency, totals(order).ordered]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
