"""Commands on action items (AIT-03). ClearItem and ReinstateItem go through the order record, the
others touch the row only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oms.action_items.model import OpenItem


@dataclass(frozen=True, slots=True)
class ClearItem:
    """Clear by hand, with a text that says how it was resolved (FLG-04)."""

    item_id: str
    resolution: str


@dataclass(frozen=True, slots=True)
class AssignItem:
    """Give the item to a user or team; to oneself is *take*."""

    item_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class CommentItem:
    """Add a comment to its history."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SnoozeItem:
    """Hide it until a time."""

    item_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ReopenItem:
    """Open a resolved or cleared item again."""

    item_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReinstateItem:
    """Open an ended item of an order again with the order, so that a blocking one blocks again;
    `item` is what the order kept of it.
    """

    item: OpenItem
    reason: str


@dataclass(frozen=True, slots=True)
class RaiseFailure:
    """A workflow task failed for good: open an item that names step and error (GEN-06)."""

    step: str
    error: str
