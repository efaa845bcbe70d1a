"""`OrderKeys` over the orders in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oms.kernel.codec import stamp
from oms.lifecycle.record import OrderRecord
from oms.search.keyed import Span
from oms.search.text import fold

from tests.fakes.orders import FakeOrders


class FakeOrderKeys:
    """Looks through all orders."""

    def __init__(self, orders: FakeOrders) -> None:
        self._orders = orders

    def numbered(self, company: str, number: str) -> tuple[str, ...]:
        """Ids of the orders with this number."""
        wanted = fold(number)
        return tuple(r.order.id for r in self._of(company) if fold(r.order.number) == wanted)

    def walk(
        self, company: str, customer: str | None, span: Span, limit: int
    ) -> tuple[tuple[str, str], ...]:
        """Key and id of orders by time placed."""
        found = [
            (f"{stamp(r.order.placed_at or r.order.received_at)}#{r.order.id}", r.order.id)
            for r in self._of(company)
            if customer is None or fold(r.order.customer.code or "") == fold(customer)
        ]
        kept = [pair for pair in found if span.first <= pair[0] <= span.last]
        if span.after is not None:
            older = span.newest_first
            kept = [p for p in kept if (p[0] < span.after if older else p[0] > span.after)]
        return tuple(sorted(kept, reverse=span.newest_first)[:limit])

    def records(self, company: str, ids: Sequence[str]) -> tuple[OrderRecord, ...]:
        """The records of these ids that exist."""
        wanted = frozenset(ids)
        return tuple(record for record in self._of(company) if record.order.id in wanted)

    def _of(self, company: str) -> Iterator[OrderRecord]:
        return (r for r in self._orders.every() if r.order.company == company)
