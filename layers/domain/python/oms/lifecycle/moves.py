"""The working copy of a record while one decision is made on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from operator import is_not
from typing import Any

from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import money
from oms.orders.model import Order
from oms.payments.decisions import MoneyView


@dataclass(slots=True)
class Draft:
    """`queue` holds facts nobody reacted to yet, `done` those everybody has seen, in order.

    `took` are the commands that had an effect, `touched` the scopes they were about (VER-04).
    """

    record: OrderRecord
    ctx: Context
    queue: list[Fact] = field(default_factory=list)
    done: list[Fact] = field(default_factory=list)
    took: list[object] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    _worth: tuple[tuple[object, ...], MoneyView] | None = field(default=None, init=False)

    @property
    def order(self) -> Order:
        """The commercial part as it stands now."""
        return self.record.order

    def money(self) -> MoneyView:
        """Its money, added up again only where a part changed that it is read from."""
        record = self.record
        parts = (record.order, record.billing, record.fulfillment)
        if self._worth is None or any(map(is_not, self._worth[0], parts)):
            self._worth = (parts, money(record))
        return self._worth[1]

    def take(self, part: str, step: Step[Any]) -> None:
        """Take over the changed part `part` and queue what happened."""
        self.record = replace(self.record, **{part: step.part})
        self.queue.extend(step.facts)

    def note(self, facts: Iterable[Fact]) -> None:
        """Queue facts that change no part by themselves."""
        self.queue.extend(facts)
