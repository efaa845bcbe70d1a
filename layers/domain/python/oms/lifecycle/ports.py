"""What the lifecycle needs from storage: read one record, commit one change, nothing in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from oms.action_items.model import ActionItem
from oms.inventory.model import StockWrite
from oms.kernel.facts import StoredFact
from oms.lifecycle.record import OrderRecord


@dataclass(frozen=True, slots=True)
class Marker:
    """A caller's idempotency key with the answer its command got; kept until `expires_at`
    (API-03).
    """

    key: str
    body_hash: str
    status: int
    answer: dict[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """One atomic change of an order record and of all that must change with it (ENT-06).

    `record` is the new state; it is written only if the stored version is one less. `step` is the
    next
    automatic step and `wake` says that nobody is running it yet. `due` is the next deadline.
    """

    record: OrderRecord
    stock: StockWrite | None = None
    items: tuple[ActionItem, ...] = ()
    marker: Marker | None = None
    decision: dict[str, Any] | None = None
    state: str = ""
    step: str | None = None
    wake: bool = False
    due: datetime | None = None


class OrderStore(Protocol):
    """Order records and what is written with them."""

    def load(self, company: str, order_id: str) -> OrderRecord | None:
        """The record as of now (strongly consistent), or None."""

    def commit(self, change: Commit) -> None:
        """Write all of `change` or nothing.

        Raises `VersionConflict` when the record moved, `StockConflict` when a counter moved,
        `AlreadyDone` when the marker's key or the stock cause was written before.
        """

    def marker(self, company: str, key: str) -> Marker | None:
        """The answer a key already got, or None."""

    def remember(self, company: str, marker: Marker) -> None:
        """Keep an answer that no record was written with; the first one of a key stays until it
        expires.
        """

    def facts(self, company: str, order_id: str, after: int) -> tuple[StoredFact, ...]:
        """Facts of an order with a sequence above `after`, in order, without a gap (EVT-03)."""

    def due(self, before: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """(company, order id) of records whose deadline passed, oldest first."""


class Holders(Protocol):
    """Finds orders by what they have at a site. What it finds is as fresh as it can be and is
    looked at again before anything is decided.
    """

    def holding(self, company: str, sku: str, site: str) -> tuple[str, ...]:
        """Ids of orders that may have units of the item at the site."""


class Numbers(Protocol):
    """Human record numbers, unique per company and type (ENT-01)."""

    def next(self, company: str, name: str) -> int:
        """The next number of a sequence; numbers may be lost, never repeated."""
