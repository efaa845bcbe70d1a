"""Where customers are kept."""

from __future__ import annotations

from typing import Protocol

from oms.customers.model import Customer


class CustomerStore(Protocol):
    """Customer records of any number of companies."""

    def get(self, company: str, code: str) -> Customer | None:
        """The customer as of now, or None."""

    def put(self, customer: Customer, before: Customer | None) -> None:
        """Store the next version after `before`, and by what it is found.

        Raises `VersionConflict` unless `before` is what is stored.
        """

    def page(
        self, company: str, limit: int, cursor: str | None
    ) -> tuple[tuple[Customer, ...], str | None]:
        """Customers by code, and the cursor of the next page; raises `Malformed` for a cursor that
        was not given out to this company.
        """

    def find(self, company: str, handle: str) -> tuple[Customer, ...]:
        """Customers with this e-mail or phone (`email_handle`, `phone_handle`), by code."""
