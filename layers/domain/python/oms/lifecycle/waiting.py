"""Rows that say which lines of an order wait for which item, kept in step with the order."""

from __future__ import annotations

from oms.inventory.queue import Waiting
from oms.lifecycle.record import OrderRecord


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


def joined(before: OrderRecord, after: OrderRecord) -> tuple[Waiting, ...]:
    """Lines that a change makes wait, or wait differently; a new order waited nowhere before.

    One that waits no more keeps its row until its item is served: whoever comes to it finds out.
    """
    old = frozenset(waiting(before) if before.version else ())
    return tuple(row for row in waiting(after) if row not in old)
