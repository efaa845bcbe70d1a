"""Who waits for an item, and whose turn it is when supply lands (BKO-06)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oms.kernel.policy import BackorderQueue


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that waits: `short` of its units have no stock behind them, the others lack a site.

    `groups` are those it may be served from; `alone` says that nothing else of its order waits.
    """

    item_id: str
    order_id: str
    line_no: int
    groups: tuple[str, ...]
    short: int
    priority: int
    placed_at: datetime
    alone: bool = True

    @property
    def place(self) -> tuple[str, str, int]:
        """What there is one row for."""
        return (self.item_id, self.order_id, self.line_no)


def queue(rows: Iterable[Waiting], order: BackorderQueue, free: int) -> list[Waiting]:
    """Rows in the order they are served.

    PRIORITY goes by the orders' priority, the highest first, then by age; FIFO by age alone.
    COMPLETE_FIRST serves first, by priority and age, the orders that `free` units make shippable
    whole, each counted on what those before it leave.
    """
    ranked = sorted(rows, key=_fifo if order is BackorderQueue.FIFO else _priority)
    if order is not BackorderQueue.COMPLETE_FIRST:
        return ranked
    whole: list[Waiting] = []
    for row in ranked:
        if row.alone and row.short <= free:
            free -= row.short
            whole.append(row)
    return whole + [row for row in ranked if row not in whole]


def _fifo(row: Waiting) -> Any:
    return (row.placed_at, row.order_id, row.line_no)


def _priority(row: Waiting) -> Any:
    return (-row.priority, *_fifo(row))
