"""Lists of orders from the tables alone, while the search engine is down (UIX-09, INV-A6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from oms.kernel.context import Context
from oms.kernel.ids import is_id
from oms.lifecycle.projection import document_of
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.use_cases import Lifecycle, order_id
from oms.search.cursor import write_keyed_cursor
from oms.search.evaluate import matches, shown, sort_order, sort_values
from oms.search.keyed import Span, plan
from oms.search.query import Hit, SearchPage, SearchQuery, Total
from oms.settings.ports import SettingsStore

EXAMINED = 500
"""Orders one call looks at; a page that is not full by then goes on with its cursor."""


class OrderKeys(Protocol):
    """Ways to orders beside their id; all of one company."""

    def numbered(self, company: str, number: str) -> tuple[str, ...]:
        """Ids of the orders with this number, in upper or lower case."""

    def walk(
        self, company: str, customer: str | None, span: Span, limit: int
    ) -> tuple[tuple[str, str], ...]:
        """Key and id of orders by time placed within `span`, of a customer or of all."""

    def records(self, company: str, ids: Sequence[str]) -> tuple[OrderRecord, ...]:
        """The records of these ids that exist, in any order, as of now."""


@dataclass(frozen=True, slots=True)
class KeyLists:
    """Answers the queries that keys can answer."""

    keys: OrderKeys
    settings: SettingsStore
    lifecycle: Lifecycle

    def search(self, params: Mapping[str, str], query: SearchQuery, ctx: Context) -> SearchPage:
        """A page without facets; the total of a walk that goes on is only what the page shows.

        Raises Unavailable where the query cannot be answered by keys.
        """
        asked = plan(params, query)
        if asked.names:
            return self._named(query, self._ids(query.company, asked.names), ctx)
        customer = asked.customers[0] if asked.customers else None
        found = self.keys.walk(query.company, customer, asked.span, EXAMINED + 1)
        return self._walked(query, found, ctx)

    def _named(self, query: SearchQuery, ids: Sequence[str], ctx: Context) -> SearchPage:
        order = sort_order(query.sort)
        hits = sorted(self._hits(query, ids, ctx), key=lambda hit: order(hit.sort))
        places = [hit.order_id for hit in hits]
        start = places.index(query.resume) + 1 if query.resume in places else 0
        end = start + query.limit
        more = len(hits) > end
        cursor = write_keyed_cursor(query.fingerprint, places[end - 1]) if more else None
        return SearchPage(tuple(hits[start:end]), Total(len(hits), exact=True), {}, cursor)

    def _walked(
        self, query: SearchQuery, found: Sequence[tuple[str, str]], ctx: Context
    ) -> SearchPage:
        keys = {order: key for key, order in found}
        seen = found[:EXAMINED]
        hits: list[Hit] = []
        last = None
        for start in range(0, len(seen), query.limit):
            part = [order for _, order in seen[start : start + query.limit]]
            hits += self._hits(query, part, ctx)
            last = part[-1]
            if len(hits) > query.limit:
                hits = hits[: query.limit]
                last = hits[-1].order_id
                break
        more = last is not None and keys[last] != found[-1][0]
        cursor = write_keyed_cursor(query.fingerprint, keys[last]) if more and last else None
        whole = cursor is None and query.resume is None
        return SearchPage(tuple(hits), Total(len(hits), exact=whole), {}, cursor)

    def _ids(self, company: str, names: Sequence[str]) -> list[str]:
        """Ids of orders that go by these names: own ids, numbers, channels' own numbers."""
        channels = [channel.code for channel in self.settings.channels(company)]
        ids = [name for name in names if is_id(name, "ord")]
        for name in names:
            ids += self.keys.numbered(company, name)
            ids += [order_id(company, channel, name) for channel in channels]
        return list(dict.fromkeys(ids))

    def _hits(self, query: SearchQuery, ids: Sequence[str], ctx: Context) -> list[Hit]:
        """What of these orders the query finds, in the order of `ids`."""
        place = {found: at for at, found in enumerate(ids)}
        records = self.keys.records(query.company, ids)
        documents = [document_of(r, self.lifecycle.context(r, ctx.actor, "list")) for r in records]
        hits = [
            Hit(d["orderId"], d["version"], shown(d, query.columns), sort_values(query.sort, d))
            for d in documents
            if matches(query, d)
        ]
        return sorted(hits, key=lambda hit: place[hit.order_id])
