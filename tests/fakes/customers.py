"""`CustomerStore` and `RecentOrders` in memory, held to the same contract suite as the table."""

from __future__ import annotations

from datetime import datetime, timedelta

from oms.customers.model import Customer, handles_of
from oms.kernel.errors import Malformed, VersionConflict


class MemoryCustomers:
    """Customers of any number of companies."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Customer] = {}

    def get(self, company: str, code: str) -> Customer | None:
        """The customer, or None."""
        return self._rows.get((company, code))

    def put(self, customer: Customer, before: Customer | None) -> None:
        """Store the next version."""
        known = self.get(customer.company, customer.code)
        if (0 if known is None else known.version) != customer.version - 1:
            raise VersionConflict(f"customer {customer.id} changed meanwhile")
        self._rows[customer.company, customer.code] = customer

    def page(
        self, company: str, limit: int, cursor: str | None
    ) -> tuple[tuple[Customer, ...], str | None]:
        """Customers by code."""
        if cursor is not None and not cursor.startswith(f"{company}|"):
            raise Malformed("INVALID_CURSOR", "this cursor is not one that was given out")
        after = "" if cursor is None else cursor.partition("|")[2]
        found = sorted(code for owner, code in self._rows if owner == company and code > after)
        page = found[:limit]
        following = f"{company}|{page[-1]}" if len(found) > limit else None
        return tuple(self._rows[company, code] for code in page), following

    def find(self, company: str, handle: str) -> tuple[Customer, ...]:
        """Customers with this handle."""
        return tuple(
            customer
            for (owner, _), customer in sorted(self._rows.items(), key=lambda row: row[0])
            if owner == company and handle in handles_of(customer.profile)
        )


class MemoryRecentOrders:
    """The last order of each likeness."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[str, datetime]] = {}

    def claim(
        self, company: str, digest: str, order_id: str, now: datetime, within: timedelta
    ) -> str | None:
        """The order like this one, or None."""
        known = self._rows.get((company, digest))
        if known is not None and known[0] != order_id and known[1] >= now - within:
            return known[0]
        self._rows[company, digest] = (order_id, now)
        return None
