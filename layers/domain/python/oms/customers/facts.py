"""Facts of customers, kept as the customer's history; `record_id` is the customer's id.

None tells who the customer is: names, addresses and handles stay in the record (SEC-04).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class CustomerCreated(Fact):
    """A customer record was opened in this state (ENT-12)."""

    TYPE: ClassVar[str] = "customer.created"
    RECORD: ClassVar[str] = "customer"
    state: str


@dataclass(frozen=True, slots=True)
class CustomerChanged(Fact):
    """Something about the customer changed: `what` is profile, approved, filed, suspended or
    blocked.
    """

    TYPE: ClassVar[str] = "customer.changed"
    RECORD: ClassVar[str] = "customer"
    what: str
    state: str
    reason: str | None
