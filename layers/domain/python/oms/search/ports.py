"""What the product asks of a search engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from oms.search.freshness import Mark
from oms.search.query import SearchPage, SearchQuery


@dataclass(frozen=True, slots=True)
class IndexFailure:
    """A document that was not indexed. `retryable`: the same document may be taken later."""

    company: str
    order_id: str
    retryable: bool
    reason: str


class SearchIndex(Protocol):
    """The order index. Methods raise `Unavailable` when the engine does not answer."""

    def index(
        self, documents: Sequence[Mapping[str, Any]], mark: Mark | None = None
    ) -> tuple[IndexFailure, ...]:
        """Store order search documents, each under its own company, id and version, and `mark`.

        A document that is not newer than the stored one changes nothing and is no failure, so
        repeated and reordered deliveries converge (SEA-06). Other documents of the call are stored
        although one fails.
        """

    def search(self, query: SearchQuery) -> SearchPage:
        """The page of orders of the query's company that match all its filters."""

    def mark(self) -> Mark | None:
        """The mark of the newest change that was indexed; None before the first."""

    def refresh(self) -> None:
        """Make everything indexed so far visible to searches."""
