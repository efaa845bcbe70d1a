"""Daily capacity of sites, counted in fulfillment orders: what days hold and how a commit moves it.

Only sites with a capacity have such counters, so orders that no such site ships pay nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DayLoad:
    """How many fulfillment orders hold capacity of a site on a day, an ISO date where the site is.

    `closed` says that the site wants no more on that day, whatever is left (SRC-44).
    """

    site: str
    day: str
    used: int = 0
    closed: bool = False

    def counts(self, limit: int) -> int:
        """The load to compare with `limit`: a closed day counts as full."""
        return max(self.used, limit) if self.closed else self.used


@dataclass(frozen=True, slots=True)
class SlotChange:
    """Capacity that one commit takes (`orders` above 0) or gives back (below 0).

    Taking is stored only while the day is not closed and stays within `limit`, so two orders that
    race for the last slot never both get it (CPT-02, INV-S7). None: no limit any more.
    """

    site: str
    day: str
    orders: int
    closes: bool = False
    limit: int | None = None

    def fits(self, load: DayLoad) -> bool:
        """Whether the day as it is now takes the change."""
        if self.orders <= 0:
            return True
        within = self.limit is None or load.used + self.orders <= self.limit
        return within and not load.closed

    def applied(self, load: DayLoad) -> DayLoad:
        """The day after the change."""
        return DayLoad(self.site, self.day, load.used + self.orders, load.closed or self.closes)
