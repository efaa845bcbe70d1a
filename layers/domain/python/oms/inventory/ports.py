"""What inventory needs from storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from oms.inventory.capacity import DayLoad
from oms.inventory.model import Item, Journal, StockSnapshot, StockWrite
from oms.inventory.queue import Waiting
from oms.inventory.reports import FeedReport


class StockStore(Protocol):
    """Items, counters, levels, cart reservations and journals of all companies.

    Reads are strongly consistent. No method sees anything of another company.
    """

    def read(
        self,
        company: str,
        item_ids: Sequence[str],
        groups: Sequence[str],
        sites: Sequence[str] | None = None,
        carts: Sequence[str] = (),
    ) -> StockSnapshot:
        """Items with their counters at `groups` and levels at `sites` (None: at all their sites),
        and the cart reservations with those ids. What does not exist is absent.
        """

    def write(self, company: str, change: StockWrite) -> None:
        """Store everything in `change` or nothing.

        Raises `AlreadyDone` when its cause was written before, else `StockConflict` when a counter,
        level or cart is no longer at the version it was decided on, or a slot is gone (CPT-02).
        """

    def loads(self, company: str, days: Sequence[tuple[str, str]]) -> tuple[DayLoad, ...]:
        """What holds capacity at each (site, day), in no order; what has no load is absent."""

    def waiting(self, company: str, item_id: str) -> tuple[Waiting, ...]:
        """The lines that wait for an item, in no order; some may have stopped waiting."""

    def forget(self, company: str, rows: Sequence[Waiting]) -> None:
        """Remove lines that wait no more; those that are gone already stay so."""

    def journal(self, company: str, cause_id: str) -> Journal | None:
        """What that cause moved, or None when it moved nothing yet."""

    def items_by_sku(self, company: str, skus: Sequence[str]) -> dict[str, Item]:
        """Items by the skus asked for; a sku an item was renamed from still finds it."""

    def put_item(self, company: str, item: Item) -> None:
        """Store an item as `item.version`, and its sku as a name of it.

        Raises `VersionConflict` when another version is stored than the one before, `Conflict`
        SKU_TAKEN when the sku names another item.
        """

    def items_at(
        self, company: str, site: str, after: str = "", limit: int | None = None
    ) -> tuple[str, ...]:
        """Ids above `after` of the items that have a level at the site, sorted, at most `limit`
        (eventually consistent).
        """

    def put_report(self, company: str, report: FeedReport) -> None:
        """Keep the report of a feed; a later one of the same feed replaces it."""

    def report(self, company: str, feed_id: str) -> FeedReport | None:
        """The report of a feed, or None."""
