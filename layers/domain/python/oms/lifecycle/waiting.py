"""Rows that say which lines of an order wait for which item, kept in step with the order."""

from __future__ import annotations

from dataclasses import dataclass

from oms.inventory.queue import Waiting
from oms.lifecycle.record import OrderRecord

FORGOTTEN_AT_ONCE = 8
"""Rows that one commit removes. A row that stays names a line that waits no more; whoever serves
the item finds that out and removes it.
"""


@dataclass(frozen=True, slots=True)
class QueueChange:
    """Rows that a commit writes and rows that it removes."""

    joined: tuple[Waiting, ...] = ()
    left: tuple[Waiting, ...] = ()


NO_CHANGE = QueueChange()


def waiting(record: OrderRecord) -> tuple[Waiting, ...]:
    """The lines of an order that supply may help: backordered, or without a site for long."""
    order = record.order
    lines = [
        line
        for line in order.lines
        if line.item_id and line.buckets.waiting and (line.buckets.backordered or line.wait)
    ]
    return tuple(
        Waiting(
            str(line.item_id), order.id, line.line_no, order.pool,
            line.buckets.backordered + line.buckets.unsourced, order.priority,
            order.placed_at or order.received_at, len(lines) == 1,
        )
        for line in lines
    )  # fmt: skip


def queue_change(before: OrderRecord, after: OrderRecord) -> QueueChange:
    """What a change of the order does to the queues of its items; a new one waited nowhere."""
    old, new = waiting(before) if before.version else (), waiting(after)
    places = {row.place for row in new}
    gone = tuple(row for row in old if row.place not in places)
    return QueueChange(tuple(row for row in new if row not in old), gone[:FORGOTTEN_AT_ONCE])
