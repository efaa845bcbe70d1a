"""A company of its own on the engine under test, so that tests share engines but no orders."""

from __future__ import annotations

import itertools
from typing import Any

from oms.search.parse import CONSOLE_PAGE_LIMIT, Scope, parse
from oms.search.ports import SearchIndex
from oms.search.query import SearchPage

from tests.contracts.search_samples import START, document, names

_companies = itertools.count()


class Orders:
    """Stores and searches orders of one company; `scope` bounds what is seen."""

    def __init__(self, index: SearchIndex) -> None:
        self.index = index
        self.company = f"company-{next(_companies)}"
        self.scope: Scope | None = None

    def add(self, name: str, statuses: dict[str, Any] | None = None, **changes: Any) -> None:
        self.store(document(self.company, name, statuses, **changes))

    def store(self, *documents: dict[str, Any]) -> None:
        assert self.index.index(documents) == ()
        self.index.refresh()

    def page(self, **params: str) -> SearchPage:
        query = parse(params, self.company, START, scope=self.scope, page_limit=CONSOLE_PAGE_LIMIT)
        return self.index.search(query)

    def find(self, **params: str) -> list[str]:
        """Names of the found orders, sorted."""
        return sorted(names(self.page(**params).hits))
