"""Read your write: the caller's own last changes merged into a page the index answered (SEA-06).

The index follows the store within a second or two. Whoever has just changed an order must see the
change in the list at once, so the store's documents of those orders are laid over the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from oms.search.cursor import write_cursor
from oms.search.evaluate import matches, shown, sort_order, sort_values
from oms.search.query import Hit, SearchPage, SearchQuery


def merge_fresh(
    page: SearchPage, query: SearchQuery, documents: Sequence[Mapping[str, Any]]
) -> SearchPage:
    """`page` with the newer `documents` in their place, and without those that no longer match.

    Total and facets stay those of the index, which catches up by itself.
    """
    known = {hit.order_id: hit.version for hit in page.hits}
    newer = [
        document
        for document in documents
        if document["version"] > known.get(document["orderId"], 0)
    ]
    replaced = {document["orderId"] for document in newer}
    kept = [hit for hit in page.hits if hit.order_id not in replaced]
    added = [hit for hit in _hits(query, newer) if _belongs(hit, page, query)]
    order = sort_order(query.sort)
    hits = sorted([*kept, *added], key=lambda hit: order(hit.sort))
    if len(hits) <= query.limit:
        return replace(page, hits=tuple(hits))
    hits = hits[: query.limit]
    return replace(page, hits=tuple(hits), cursor=write_cursor(query.fingerprint, hits[-1].sort))


def _hits(query: SearchQuery, documents: Iterable[Mapping[str, Any]]) -> Iterable[Hit]:
    for document in documents:
        if matches(query, document):
            yield Hit(
                document["orderId"],
                document["version"],
                shown(document, query.columns),
                sort_values(query.sort, document),
            )


def _belongs(hit: Hit, page: SearchPage, query: SearchQuery) -> bool:
    """Whether the hit's place is on this page: after the page before, and before the next one."""
    order = sort_order(query.sort)
    if query.after is not None and not order(hit.sort) > order(query.after):
        return False
    return page.cursor is None or not order(hit.sort) > order(page.hits[-1].sort)
