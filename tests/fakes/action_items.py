"""`ActionItemStore` in memory."""

from __future__ import annotations

from datetime import datetime

from oms.action_items.model import ActionItem
from oms.kernel.codec import stamp
from oms.kernel.errors import Malformed, VersionConflict


class MemoryActionItems:
    """Rows of any number of companies."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], ActionItem] = {}

    def get(self, company: str, item_id: str) -> ActionItem | None:
        """The item, or None."""
        return self._rows.get((company, item_id))

    def put(self, item: ActionItem) -> None:
        """Store a new item, or the next version of one."""
        known = self.get(item.company, item.id)
        if (0 if known is None else known.version) != item.version - 1:
            raise VersionConflict(f"action item {item.id} changed meanwhile")
        self._rows[item.company, item.id] = item

    def open_items(
        self, company: str, limit: int, cursor: str | None
    ) -> tuple[tuple[ActionItem, ...], str | None]:
        """Open items, earliest due first; the cursor is the sort value of the last one."""
        if cursor is not None and not cursor.startswith(f"{company}|"):
            raise Malformed("INVALID_CURSOR", "this cursor is not one that was given out")
        after = "" if cursor is None else cursor.partition("|")[2]
        found = sorted(
            (f"{stamp(item.due_at)}#{item.id}", item)
            for (owner, _), item in self._rows.items()
            if owner == company and item.state.open
        )
        left = [pair for pair in found if pair[0] > after]
        page = left[:limit]
        following = f"{company}|{page[-1][0]}" if len(left) > limit else None
        return tuple(item for _, item in page), following

    def overdue(self, company: str, now: datetime, limit: int) -> tuple[ActionItem, ...]:
        """Open items whose due time has come."""
        found, _ = self.open_items(company, len(self._rows) + 1, None)
        return tuple(item for item in found if item.due_at <= now)[:limit]

    def of_record(self, company: str, record_id: str) -> tuple[ActionItem, ...]:
        """Every item of a record, oldest first."""
        found = [i for (c, _), i in self._rows.items() if c == company and i.record_id == record_id]
        return tuple(sorted(found, key=lambda item: item.created_at))
