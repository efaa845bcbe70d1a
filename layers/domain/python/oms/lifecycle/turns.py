"""Serving the queue of an item: whoever waits is tried in turn while there is something to take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from oms.inventory.decisions import expired, queue
from oms.inventory.model import Journal, PromiseCounter, StockWrite
from oms.inventory.ports import StockStore
from oms.inventory.queue import Waiting
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import Conflict, NotFound, StockConflict
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.waiting import waiting
from oms.settings.ports import SettingsStore

SYSTEM = "supply"


def always() -> bool:
    """Time enough."""
    return True


class Source(Protocol):
    """Sources one order in its turn."""

    def source(self, company: str, order_id: str, cause: str, turn: bool = False) -> OrderRecord:
        """The order as it is afterwards."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Serves queues; safe to repeat, since whoever was served has left."""

    steps: Source
    stock: StockStore
    settings: SettingsStore
    clock: Callable[[], datetime]

    def take(self, company: str, item_id: str, cause: str, time_left: Callable[[], bool]) -> bool:
        """Serve one item; False where time ran out or somebody lost every race."""
        rows = self.stock.waiting(company, item_id)
        if not rows:
            self._rest(company, item_id)
            return True
        order = self.settings.policy(company).backorder_queue
        free = sum(self._free(company, item_id, _groups(rows)).values())
        stale: list[Waiting] = []
        done = True
        for row in queue(rows, order, free):
            if not time_left():
                return False
            left = self._free(company, item_id, row.groups)
            if row.short and not any(left.values()):
                continue
            try:
                record = self.steps.source(company, row.order_id, cause, turn=True)
            except NotFound:
                stale.append(row)
            except Conflict:
                done = False
            else:
                stale += [row] if row.place not in {r.place for r in waiting(record)} else []
        self.stock.forget(company, stale)
        if len(stale) == len(rows):
            self._rest(company, item_id)
        return done

    def _free(self, company: str, item_id: str, groups: tuple[str, ...]) -> dict[str, int]:
        """Units of each group that nobody is promised."""
        now = self.clock()
        counters = self.stock.read(company, [item_id], groups, ()).counters.values()
        return {c.group: max(0, c.free + expired(c, now)) for c in counters}

    def _rest(self, company: str, item_id: str) -> None:
        """Nobody waits any more. Whoever joins in between has written the counter, and that write
        is not undone here.
        """
        groups = tuple({site.group for site in self.settings.sites(company)})
        found = self.stock.read(company, [item_id], groups, ()).counters.values()
        marked = [counter for counter in found if counter.queued]
        if not marked or self.stock.waiting(company, item_id):
            return
        actor = Actor(ActorKind.SYSTEM, SYSTEM, company)
        journal = Journal(f"rest:{item_id}", self.clock(), actor.label, ())
        for counter in marked:
            try:
                self.stock.write(company, StockWrite(journal, (_unmarked(counter),)))
            except StockConflict:
                return


def _groups(rows: tuple[Waiting, ...]) -> tuple[str, ...]:
    return tuple(sorted({group for row in rows for group in row.groups}))


def _unmarked(counter: PromiseCounter) -> PromiseCounter:
    return replace(counter, queued=False)
