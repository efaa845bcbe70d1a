"""Commands on holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SetHold:
    """Put a hold of a shipped type, or MANUAL with chosen `blocks`, on the order or a part of
    it.
    """

    type: str
    reason: str
    scope: str = "ORDER"
    scope_ref: str | None = None
    quantity: int | None = None
    blocks: tuple[str, ...] = ()
    due: datetime | None = None
    due_action: str | None = None
    handle: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Release one hold by id; the others stay (HLD-07)."""

    hold_id: str
    reason: str
