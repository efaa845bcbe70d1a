"""Reports of inventory feeds: what became of every row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken; `row` counts from 1 in the feed."""

    row: int
    site: str
    sku: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedReport:
    """Every compared row is unchanged, changed, late, repeated or refused."""

    feed_id: str
    at: datetime
    compared: int = 0
    unchanged: int = 0
    changed: int = 0
    late: int = 0
    repeated: int = 0
    refused: tuple[RefusedRow, ...] = ()
