"""Which orders have units of an item at a site, as the search index knows it.

The index may be a second behind: whoever uses this reads the orders again before deciding, and is
called again while a position is short.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from oms.search.parse import parse
from oms.search.ports import SearchIndex

PAGES = 10
PAGE = 100
OPEN = "AWAITING_ALLOCATION,AWAITING_FULFILLMENT"


class IndexedHolders:
    """`Holders` on the search index."""

    def __init__(self, index: SearchIndex, clock: Callable[[], datetime]) -> None:
        self._index = index
        self._clock = clock

    def holding(self, company: str, sku: str, site: str) -> tuple[str, ...]:
        """Open orders with the sku and work at the site, newest first.

        Units that wait to be fetched are found once they are on a fulfillment order; that writes
        the position, and a position that is short calls again.
        """
        found: list[str] = []
        params = {"sku": f'"{sku}"', "state": OPEN, "site": site, "limit": str(PAGE)}
        for _ in range(PAGES):
            page = self._index.search(parse(params, company, self._clock()))
            found += [hit.order_id for hit in page.hits]
            if page.cursor is None:
                break
            params["cursor"] = page.cursor
        return tuple(found)
