"""The order index in memory, held to the contract of the real engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from oms.search.cursor import write_cursor
from oms.search.evaluate import facet_values, matches, shown, sort_order, sort_values
from oms.search.freshness import Mark
from oms.search.ports import IndexFailure
from oms.search.query import (
    COUNTED_TO,
    FACET_VALUES,
    Facet,
    FacetCount,
    Hit,
    SearchPage,
    SearchQuery,
    Total,
)

Document = Mapping[str, Any]


class FakeSearchIndex:
    """A `SearchIndex` whose documents are visible at once."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], Document] = {}
        self._mark: Mark | None = None

    def index(
        self, documents: Sequence[Document], mark: Mark | None = None
    ) -> tuple[IndexFailure, ...]:
        """Store what is newer than what is stored; never fails."""
        if mark is not None and (self._mark is None or self._mark.changed_at < mark.changed_at):
            self._mark = mark
        for document in documents:
            key = (document["company"], document["orderId"])
            stored = self._documents.get(key)
            if stored is None or stored["version"] < document["version"]:
                self._documents[key] = document
        return ()

    def search(self, query: SearchQuery) -> SearchPage:
        """Evaluate the query on every document."""
        order = sort_order(query.sort)
        found = [document for document in self._documents.values() if matches(query, document)]
        placed = sorted(
            ((sort_values(query.sort, document), document) for document in found),
            key=lambda entry: order(entry[0]),
        )
        after = query.after
        if after is not None:
            placed = [entry for entry in placed if order(entry[0]) > order(after)]
        hits = tuple(
            Hit(document["orderId"], document["version"], shown(document, query.columns), values)
            for values, document in placed[: query.limit]
        )
        more = len(placed) > query.limit
        counted = query.exact_total or len(found) <= COUNTED_TO
        return SearchPage(
            hits,
            Total(len(found) if counted else COUNTED_TO, counted),
            {facet.name: self._count(query, facet) for facet in query.facets},
            write_cursor(query.fingerprint, hits[-1].sort) if more else None,
        )

    def mark(self) -> Mark | None:
        """The mark of the newest change."""
        return self._mark

    def refresh(self) -> None:
        """Nothing to do."""

    def _count(self, query: SearchQuery, facet: Facet) -> tuple[FacetCount, ...]:
        counts = Counter(
            value
            for document in self._documents.values()
            if matches(query, document, without=facet.name)
            for value in facet_values(facet, document)
        )
        ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return tuple(FacetCount(value, count) for value, count in ranked[:FACET_VALUES])
