"""Action items: what a person must look at (GEN-06, AIT-01).

The order record keeps references to its open items, so that alerts are decided with it; the item
itself is a
row of its own table, written in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ItemState(StrEnum):
    """OPEN, IN_PROGRESS and SNOOZED are open; RESOLVED by the system, CLEARED by a person."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"
    CLEARED = "CLEARED"

    @property
    def open(self) -> bool:
        """Whether it still needs somebody."""
        return self in (self.OPEN, self.IN_PROGRESS, self.SNOOZED)


@dataclass(frozen=True, slots=True)
class Fix:
    """A prefilled command that fixes the cause; `command` is the action of the API, `arguments`
    its body.
    """

    label: str
    command: str
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of an item's history."""

    at: datetime
    by: str
    what: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ActionItem:
    """The row. `record_id` is what it is about; `order_id` the order whose automation a blocking
    one stops, `cause` the request, message or task it came from.
    """

    id: str
    company: str
    type: str
    severity: str
    blocking: bool
    record_type: str
    record_id: str
    cause_key: str
    message: str
    created_at: datetime
    due_at: datetime
    state: ItemState = ItemState.OPEN
    order_id: str | None = None
    number: str | None = None
    line_no: int | None = None
    owner: str | None = None
    team: str | None = None
    priority: int = 2
    count: int = 1
    snoozed_until: datetime | None = None
    data: dict[str, str] = field(default_factory=dict)
    fixes: tuple[Fix, ...] = ()
    history: tuple[Event, ...] = ()
    resolved_by: str | None = None
    resolution: str | None = None
    cause: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Reference the order record keeps while the item is open."""

    id: str
    type: str
    blocking: bool
    record_id: str
    cause_key: str
    due_at: datetime
    line_no: int | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Attention:
    """Open items of one order record."""

    items: tuple[OpenItem, ...] = ()
