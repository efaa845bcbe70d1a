"""Rows of inventory feeds: which are late or repeated, and what others change (FED-01 to 03)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from oms.inventory.commands import FeedRow
from oms.inventory.draft import Draft, Note
from oms.inventory.model import (
    InventoryLevel,
    Item,
    MovementType,
    PromiseCounter,
    StockSnapshot,
    StockWrite,
)
from oms.kernel.context import Context

CLOCK_SKEW = timedelta(minutes=5)
ROWS_REMEMBERED = 16
UNAVAILABLE_REASONS = frozenset({"DAMAGED", "QUARANTINE", "INSPECTION", "DISPLAY"})


class Fate(StrEnum):
    """What becomes of a row."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LATE = "late"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """The fate of a row, the reason where it is refused, and the write where one is needed.

    An unchanged row with a newer sequence is written too: the position must know it, or an older
    row would still be taken (FED-03).
    """

    fate: Fate
    write: StockWrite | None = None
    reason: str | None = None


def apply_feed_row(
    level: InventoryLevel,
    counter: PromiseCounter,
    item: Item | None,
    row: FeedRow,
    cause_id: str,
    ctx: Context,
) -> FeedOutcome:
    """Decide one row against its position; facts win, so reservations never refuse it (STK-15)."""
    reason = refusal(row, level, ctx.now)
    if reason is not None:
        return FeedOutcome(Fate.REFUSED, reason=reason)
    fate = order_of(row, level)
    if fate is not None:
        return FeedOutcome(fate)
    items = {} if item is None else {item.id: item}
    snapshot = StockSnapshot(
        {(counter.item_id, counter.group): counter}, {(level.item_id, level.site): level}, items
    )
    draft = Draft(snapshot, ctx.now, {level.site: level.group})
    _apply(draft, row, level)
    write = draft.finish(cause_id, ctx)
    fate = Fate.CHANGED if write.journal.movements else Fate.UNCHANGED
    return FeedOutcome(fate, write if write.levels else None)


def refusal(row: FeedRow, level: InventoryLevel, now: datetime) -> str | None:
    """Why the row cannot be taken at all, or None."""
    unavailable = row.unavailable or {}
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("UNKNOWN_KIND", lambda: row.kind not in ("SNAPSHOT", "DELTA")),
        ("UNKNOWN_REASON", lambda: not UNAVAILABLE_REASONS.issuperset(unavailable)),
        ("NEGATIVE_QUANTITY", lambda: min([0, *unavailable.values()]) < 0
            or min(row.safety_sell or 0, row.on_order or 0) < 0),
        ("DELTA_NEEDS_SEQUENCE", lambda: row.kind == "DELTA"
            and row.sequence is None and row.row_id is None),
        ("SNAPSHOT_NEEDS_TIME", lambda: row.kind == "SNAPSHOT"
            and row.sequence is None and row.as_of is None),
        ("AS_OF_IN_FUTURE", lambda: row.as_of is not None and row.as_of > now + CLOCK_SKEW),
        ("SNAPSHOT_TOO_OLD", lambda: row.kind == "SNAPSHOT" and row.as_of is not None
            and level.forgotten_until is not None and row.as_of < level.forgotten_until),
    )  # fmt: skip
    return next((code for code, applies in checks if applies()), None)


def order_of(row: FeedRow, level: InventoryLevel) -> Fate | None:
    """LATE or REPEATED by the last sequence, else by the last time, of the position (FED-03)."""
    if row.row_id is not None and row.row_id in level.feed_rows:
        return Fate.REPEATED
    ahead = row.as_of is None or level.source_at is None or row.as_of > level.source_at
    if row.sequence is not None and level.source_sequence is not None:
        if row.sequence == level.source_sequence:
            return Fate.REPEATED
        # A newer sequence does not make an older count true.
        older = row.kind == "SNAPSHOT" and not ahead and row.as_of != level.source_at
        return Fate.LATE if older or row.sequence < level.source_sequence else None
    if ahead:
        return None
    # A snapshot contains the movements up to its own time.
    return Fate.REPEATED if _same_count(row, level) else Fate.LATE


def _same_count(row: FeedRow, level: InventoryLevel) -> bool:
    return row.kind == "SNAPSHOT" and row.as_of == level.source_at


def _apply(draft: Draft, row: FeedRow, level: InventoryLevel) -> None:
    note = Note(MovementType.FEED, reason=row.reason)
    place = (level.item_id, level.site)
    now = draft.open_level(note, *place)
    if row.kind == "DELTA":
        on_hand = row.quantity
    else:
        on_hand = row.quantity + moved_since(level, row.as_of) - now.on_hand
    draft.shift(note, *place, on_hand=on_hand)
    if row.safety_sell is not None:
        draft.shift(note, *place, safety_sell=row.safety_sell - now.safety_sell)
    if row.on_order is not None:
        draft.shift(note, *place, on_order=row.on_order - now.on_order)
    if row.unavailable is not None:
        for reason in sorted({*row.unavailable, *now.unavailable}):
            delta = row.unavailable.get(reason, 0) - now.unavailable.get(reason, 0)
            draft.shift_unavailable(note, *place, reason, delta)
    draft.put(note, _marked(draft.level(*place), row))


def moved_since(level: InventoryLevel, as_of: datetime | None) -> int:
    """Own movements of on hand that a count of that time could not see; one that is ordered by
    sequence alone is of now.
    """
    if as_of is None:
        return 0
    return sum(movement.delta for movement in level.recent if movement.at > as_of)


def _marked(level: InventoryLevel, row: FeedRow) -> InventoryLevel:
    rows = level.feed_rows
    if row.row_id is not None:
        rows = (*rows, row.row_id)[-ROWS_REMEMBERED:]
    sequence = level.source_sequence if row.sequence is None else row.sequence
    level = replace(level, feed_rows=rows, source_sequence=sequence)
    if row.kind == "DELTA" or row.as_of is None:
        return level
    at = max(row.as_of, level.source_at or row.as_of)
    kept = tuple(movement for movement in level.recent if movement.at > at)
    return replace(level, source_at=at, recent=kept)
