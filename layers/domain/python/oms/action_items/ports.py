"""Where action items are kept (AIT-05): their own table, never scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from oms.action_items.model import ActionItem


class ActionItemStore(Protocol):
    """Rows of action items."""

    def get(self, company: str, item_id: str) -> ActionItem | None:
        """The item, or None."""

    def put(self, item: ActionItem) -> None:
        """Store a new item, or a new version of one; raises `VersionConflict` if it moved on."""

    def open_items(
        self, company: str, limit: int, cursor: str | None
    ) -> tuple[tuple[ActionItem, ...], str | None]:
        """Open items, earliest due first, and the cursor of the next page."""

    def overdue(self, company: str, now: datetime, limit: int) -> tuple[ActionItem, ...]:
        """Open items whose due time has come, earliest due first (AIT-04)."""

    def of_record(self, company: str, record_id: str) -> tuple[ActionItem, ...]:
        """Every item of one record, ended ones included, oldest first (FLG-04)."""
