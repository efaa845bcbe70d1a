"""Backorder policies: how far an item may be promised beyond its stock (BKO-01, BKO-02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BackorderPolicy(StrEnum):
    """Whether more may be promised than is there (BKO-01)."""

    NONE = "NONE"
    LIMITED = "LIMITED"
    UNLIMITED = "UNLIMITED"


@dataclass(frozen=True, slots=True)
class BackorderRule:
    """How far an item may be promised beyond its stock (BKO-01, BKO-02).

    LIMITED with basis TOTAL caps all open promises at `limit`, EXTRA adds `limit` to what is on
    hand. `since` and `until` are ISO dates, both included; outside of them the policy is NONE.
    """

    policy: BackorderPolicy = BackorderPolicy.NONE
    limit: int = 0
    basis: str = "TOTAL"
    since: str | None = None
    until: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the day of `now` (UTC) is within the window."""
        today = now.date().isoformat()
        return (self.since or today) <= today <= (self.until or today)


NO_BACKORDER = BackorderRule()
