"""How far the index is behind the tables, said with every list (UIX-09, SEA-06).

The projector marks in the index up to which change it has come, and a heartbeat through the same
stream makes sure that there is one at least every minute. While that mark is young, the index is
behind by what its newest change took; once it is old, by the age of the mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

HEARTBEAT = timedelta(seconds=90)
"""A mark that is older says that the projector stands still: one comes every 60 seconds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest change in the index: when it was made, and when it became searchable."""

    changed_at: datetime
    indexed_at: datetime


def as_of(mark: Mark | None, now: datetime) -> datetime | None:
    """The time whose state of the tables the index shows; None before anything was indexed."""
    if mark is None:
        return None
    if now - mark.changed_at > HEARTBEAT:
        return mark.changed_at
    return now - max(timedelta(), mark.indexed_at - mark.changed_at)
