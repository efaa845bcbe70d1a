"""A `SearchQuery` in the OpenSearch query language, and OpenSearch's answer as a `SearchPage`.

Everything is a filter: nothing is scored. With facets, the criteria move to `post_filter`, and each
facet counts under all criteria but its own, so that a second value can still be chosen (SEA-03).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from oms.search.columns import HIDDEN_COLUMNS
from oms.search.cursor import write_cursor
from oms.search.query import (
    COUNTED_TO,
    FACET_VALUES,
    AllOf,
    AnyOf,
    Clause,
    Digits,
    Facet,
    FacetCount,
    Hit,
    Phrase,
    Prefix,
    Range,
    SearchPage,
    SearchQuery,
    Sort,
    SortKind,
    SortValue,
    Terms,
    Total,
    Within,
    Words,
    conditions,
)

Json: TypeAlias = dict[str, Any]

_FIRST, _LAST = -(2**53), 2**53
"""Stand for a missing number or time in sort values; no real one lies beyond."""


def request_body(query: SearchQuery) -> Json:
    """The body of `_search`: one hit more than the page holds tells whether a next one follows."""
    company = {"term": {"company": query.company}}
    every = [_clause(clause) for clause in conditions(query.filters)]
    body: Json = {
        "query": {"bool": {"filter": [company] if query.facets else [company, *every]}},
        "sort": [_sort(key) for key in query.sort],
        "size": query.limit + 1,
        "track_total_hits": True if query.exact_total else COUNTED_TO,
        "_source": list(query.columns) or {"excludes": list(HIDDEN_COLUMNS)},
        "version": True,
    }
    if query.facets:
        body["post_filter"] = {"bool": {"filter": every}}
        body["aggs"] = {facet.name: _facet(query, facet) for facet in query.facets}
    if query.after is not None:
        pairs = zip(query.sort, query.after, strict=True)
        body["search_after"] = [_present(key, value) for key, value in pairs]
    return body


def read_page(query: SearchQuery, answer: Mapping[str, Any]) -> SearchPage:
    """The page in an answer to `request_body(query)`."""
    found = answer["hits"]["hits"]
    hits = tuple(_hit(query, hit) for hit in found[: query.limit])
    total = answer["hits"]["total"]
    exact = total["relation"] == "eq"
    facets = answer.get("aggregations", {})
    return SearchPage(
        hits,
        Total(total["value"] if exact else COUNTED_TO, exact),
        {facet.name: tuple(_counts(facet, facets[facet.name])) for facet in query.facets},
        write_cursor(query.fingerprint, hits[-1].sort) if len(found) > query.limit else None,
    )


def _clause(clause: Clause) -> Json:
    match clause:
        case Terms(field, values, folded):
            return {"terms": {f"{field}.folded" if folded else field: list(values)}}
        case Range(field, at_least, at_most):
            bounds = {"gte": at_least, "lte": at_most}
            given = {key: bound for key, bound in bounds.items() if bound is not None}
            return {"range": {field: given}}
        case Prefix(field, value):
            return {"prefix": {field: value}}
        case Words(field, text):
            return {"match": {field: {"query": text, "operator": "and"}}}
        case Phrase(field, text):
            return {"match_phrase": {field: text}}
        case Digits(field, digits):
            return {"term": {field: digits}}
        case AnyOf(clauses):
            return {"bool": {"should": _clauses(clauses), "minimum_should_match": 1}}
        case AllOf(clauses):
            return {"bool": {"filter": _clauses(clauses)}}
        case Within(path, inner):
            return {"nested": {"path": path, "query": _clause(inner)}}


def _clauses(clauses: Iterable[Clause]) -> list[Json]:
    return [_clause(clause) for clause in clauses]


def _sort(key: Sort) -> Json:
    rule: Json = {"order": "desc" if key.descending else "asc", "missing": _missing(key)}
    if key.attribute is not None:
        rule["nested"] = {
            "path": "attributes",
            "filter": {"term": {"attributes.name": key.attribute}},
        }
    return {key.field: rule}


def _missing(key: Sort) -> str | int:
    # OpenSearch answers `_last` on numbers with a value that it does not accept back as a cursor.
    # A yes-or-no field is compared as 0 and 1, and every order has it.
    if key.kind in (SortKind.TEXT, SortKind.FLAG):
        return "_last"
    return _FIRST if key.descending else _LAST


def _present(key: Sort, value: SortValue) -> SortValue:
    return _missing(key) if value is None and key.kind is not SortKind.TEXT else value


def _absent(key: Sort, value: SortValue) -> SortValue:
    return None if key.kind is not SortKind.TEXT and value == _missing(key) else value


def _facet(query: SearchQuery, facet: Facet) -> Json:
    others = _clauses(conditions(query.filters, without=facet.name))
    values: Json = {"terms": {"field": facet.field, "size": FACET_VALUES}}
    if facet.attribute is not None:
        named = {"term": {"attributes.name": facet.attribute}}
        # Counts list elements, not orders; an order has at most one element of a name.
        values = {
            "nested": {"path": "attributes"},
            "aggs": {"named": {"filter": named, "aggs": {"values": values}}},
        }
    return {"filter": {"bool": {"filter": others}}, "aggs": {"values": values}}


def _counts(facet: Facet, answer: Mapping[str, Any]) -> Iterable[FacetCount]:
    values = answer["values"]
    if facet.attribute is not None:
        values = values["named"]["values"]
    return (FacetCount(bucket["key"], bucket["doc_count"]) for bucket in values["buckets"])


def _hit(query: SearchQuery, hit: Mapping[str, Any]) -> Hit:
    values = (_absent(key, value) for key, value in zip(query.sort, hit["sort"], strict=True))
    order_id = str(hit["_id"]).partition("#")[2]
    return Hit(order_id, hit["_version"], hit["_source"], tuple(values))
