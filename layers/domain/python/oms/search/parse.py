"""From request parameters to a checked `SearchQuery`; what is not understood is refused.

`q` is free text. Every other parameter is a criterion, a range end (`totalFrom`, `placedTo` ...),
or one of sort, cursor, limit, facets, fields and total. Criteria combine with AND, several values
in one with OR (SEA-01).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from oms.kernel.errors import Malformed, Problem
from oms.search import columns
from oms.search.criteria import Unusable, Vocabulary
from oms.search.cursor import read_cursor, read_keyed_cursor
from oms.search.filters import Terrain, read_filter, split_values, tie_to_works
from oms.search.free_text import read_free_text
from oms.search.query import Filter, SearchQuery, Terms
from oms.search.text import fold

DEFAULT_LIMIT = 50
PAGE_LIMIT = 200
CONSOLE_PAGE_LIMIT = 250
"""API-10: 200 records a page for clients, 250 in the console."""

_CONTROLS = ("cursor", "limit", "facets", "fields", "total")
"""Parameters that change what is answered, not which orders match in which order."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """The caller's share of the company: these channels, these sites; None is no bound (ROL-02)."""

    channels: frozenset[str] | None = None
    sites: frozenset[str] | None = None


@dataclass(slots=True)
class _Problems:
    """Collects what is wrong, so that the caller learns all of it from one answer."""

    found: list[Problem] = field(default_factory=list)

    def guard(self, read: Callable[..., T], *arguments: object, otherwise: T) -> T:
        try:
            return read(*arguments)
        except Unusable as error:
            self.found.append(error.problem)
            return otherwise


def parse(
    params: Mapping[str, str],
    company: str,
    now: datetime,
    vocabulary: Vocabulary | None = None,
    scope: Scope | None = None,
    page_limit: int = PAGE_LIMIT,
) -> SearchQuery:
    """The query that `params` ask for, within `company` and `scope`.

    `now` decides what is overdue. Raises Malformed naming all unknown and unusable parameters.
    """
    terrain = Terrain(now, vocabulary or Vocabulary())
    bounds = scope or Scope()
    problems = _Problems()
    filters: list[Filter] = []
    for name, text in params.items():
        if name not in (*_CONTROLS, "sort"):
            filters += problems.guard(_filters, name, text, terrain, otherwise=[])
    query = SearchQuery(
        company,
        _fingerprint(params, company, bounds),
        (*_scope_filters(bounds), *tie_to_works(filters)),
    )
    query = _with_answer_shape(query, params, terrain.vocabulary, problems, page_limit)
    if problems.found:
        detail = "; ".join(f"{problem.path}: {problem.message}" for problem in problems.found)
        raise Malformed("SEARCH_INVALID", detail, problems.found)
    if "cursor" not in params:
        return query
    cursor = params["cursor"]
    resume = read_keyed_cursor(cursor, query.fingerprint)
    if resume is not None:
        return replace(query, resume=resume)
    return replace(query, after=read_cursor(cursor, query.fingerprint, len(query.sort)))


def _filters(name: str, text: str, terrain: Terrain) -> list[Filter]:
    return read_free_text(text, terrain) if name == "q" else [read_filter(name, text, terrain)]


def _with_answer_shape(
    query: SearchQuery,
    params: Mapping[str, str],
    vocabulary: Vocabulary,
    problems: _Problems,
    page_limit: int,
) -> SearchQuery:
    guard = problems.guard
    sort = params.get("sort", columns.NEWEST_FIRST)
    none: tuple[str, ...] = ()
    facets = guard(_names, params, "facets", otherwise=none)
    fields = guard(_names, params, "fields", otherwise=none)
    shown = guard(columns.read_columns, fields, vocabulary, otherwise=none)
    return replace(
        query,
        sort=guard(columns.read_sort, sort, vocabulary, otherwise=(columns.TIE_BREAKER,)),
        facets=guard(columns.read_facets, facets, vocabulary, otherwise=()),
        columns=columns.parts(shown),
        attribute_columns=columns.attributes(shown),
        limit=guard(_limit, params.get("limit"), page_limit, otherwise=DEFAULT_LIMIT),
        exact_total=guard(_exact_total, params.get("total"), otherwise=False),
    )


def _names(params: Mapping[str, str], name: str) -> tuple[str, ...]:
    return split_values(name, params[name]) if name in params else ()


def _limit(text: str | None, page_limit: int) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= page_limit):
        raise Unusable("limit", "UNKNOWN_VALUE", f"{text!r} is no number from 1 to {page_limit}")
    return int(text)


def _exact_total(text: str | None) -> bool:
    if text not in (None, "exact"):
        raise Unusable("total", "UNKNOWN_VALUE", f"{text!r} is none of exact")
    return text is not None


def _scope_filters(scope: Scope) -> Iterable[Filter]:
    for name, path, codes in (
        ("scope.channel", "channel", scope.channels),
        ("scope.site", "sites", scope.sites),
    ):
        if codes is not None:
            folded = tuple(fold(code) for code in sorted(codes))
            yield Filter(name, Terms(path, folded, folded=True))


def _fingerprint(params: Mapping[str, str], company: str, scope: Scope) -> str:
    asked = sorted((name, text) for name, text in params.items() if name not in _CONTROLS)
    bounds = [sorted(codes or ()) for codes in (scope.channels, scope.sites)]
    body = json.dumps([company, asked, bounds], ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:16]
