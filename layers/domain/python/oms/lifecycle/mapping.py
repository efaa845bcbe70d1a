"""A channel's own codes in what it asks later, and the orders its tables stopped (INT-06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oms.action_items.model import ActionItem
from oms.action_items.ports import ActionItemStore
from oms.kernel.context import Actor, Context
from oms.kernel.errors import NotFound, OmsError
from oms.lifecycle.record import OrderRecord
from oms.orders.commands import Cancel, Reject, Resubmit, Void

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Lifecycle, Ports

MAPPED_BY_TABLES = frozenset({"UNMAPPED_CODE", "UNKNOWN_ITEM"})
"""Findings that a corrected table, or an item that is there now, may end."""

PAGE = 100
PAGES = 10
"""Pages of open items looked through for one answer; the cursor goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """An order that waits for a table, with the codes that stopped it."""

    order_id: str
    number: str | None
    codes: tuple[str, ...]


def translated(
    ports: Ports, record: OrderRecord, commands: Sequence[object], ctx: Context
) -> Sequence[object]:
    """The commands with a channel's own reasons as ours; people use ours anyway."""
    if ctx.actor.channel is None:
        return commands
    channel = ports.settings.channel(record.order.company, record.order.channel)
    if channel is None or not channel.reasons:
        return commands
    return [_translated(command, channel.reasons) for command in commands]


def _translated(command: object, reasons: dict[str, str]) -> object:
    if isinstance(command, (Cancel, Void, Reject)):
        return replace(command, reason=reasons.get(command.reason, command.reason))
    return command


class Reruns:
    """Orders of a channel that wait for its tables, and their intake once more."""

    def __init__(self, lifecycle: Lifecycle, items: ActionItemStore) -> None:
        self._lifecycle = lifecycle
        self._items = items

    def stopped(
        self, actor: Actor, channel: str, cursor: str | None = None
    ) -> tuple[tuple[Stopped, ...], str | None]:
        """Orders that wait, those due first; the cursor goes on where this stopped."""
        found: dict[str, Stopped] = {}
        for _ in range(PAGES):
            page, cursor = self._items.open_items(actor.company, PAGE, cursor)
            for item in page:
                one = self._of(actor, channel, item)
                if one is not None:
                    found[one.order_id] = one
            if cursor is None or len(found) >= PAGE:
                break
        return tuple(found.values()), cursor

    def rerun(self, actor: Actor, channel: str, order_ids: Sequence[str]) -> dict[str, str]:
        """Run intake of each again: RERUN, NOT_STOPPED, NOT_FOUND or the code of the refusal.

        Asked again for an order that goes on by now, it changes nothing.
        """
        return {name: self._rerun(actor, channel, name) for name in dict.fromkeys(order_ids)}

    def _rerun(self, actor: Actor, channel: str, order_id: str) -> str:
        try:
            record = self._lifecycle.read(actor, order_id)
            if record.order.channel != channel:
                return "NOT_FOUND"
            if not _codes(record):
                return "NOT_STOPPED"
            self._lifecycle.execute(actor, order_id, [Resubmit()])
        except NotFound:
            return "NOT_FOUND"
        except OmsError as refusal:
            return refusal.code
        return "RERUN"

    def _of(self, actor: Actor, channel: str, item: ActionItem) -> Stopped | None:
        if item.order_id is None or item.cause_key not in MAPPED_BY_TABLES:
            return None
        try:
            record = self._lifecycle.read(actor, item.order_id)
        except NotFound:
            return None
        codes = _codes(record)
        if record.order.channel != channel or not codes:
            return None
        return Stopped(item.order_id, item.number, codes)


def _codes(record: OrderRecord) -> tuple[str, ...]:
    found = (f"{f.code} {f.path}" for f in record.order.findings if f.code in MAPPED_BY_TABLES)
    return tuple(found)
