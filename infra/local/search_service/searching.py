"""`_search`: hits in order, total, aggregations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from infra.local.search_service.dsl import Sql, compile_query, intersect
from infra.local.search_service.errors import Rejected, expect_keys, unsupported
from infra.local.search_service.sorting import SortKey, read_sort
from infra.local.search_service.store import Catalog

_BODY = (
    "query", "post_filter", "sort", "size", "search_after", "track_total_hits", "_source", "aggs",
    "version",
)  # fmt: skip
MOST_HITS = 10_000
COUNTED_TO = 10_000


class Search:
    """One request, evaluated on one snapshot. Sets of documents are kept once per request."""

    def __init__(self, database: sqlite3.Connection, catalog: Catalog) -> None:
        self._database = database
        self._catalog = catalog
        self._sets: dict[Sql, str] = {}

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body of the response."""
        expect_keys("the search body", body, _BODY)
        query = compile_query(self._catalog, body.get("query", {"match_all": {}}))
        found = self._kept(query)
        shown = found
        if "post_filter" in body:
            extra = compile_query(self._catalog, body["post_filter"])
            shown = self._kept(intersect([Sql(f"SELECT * FROM {found}"), extra]))  # noqa: S608
        hits: dict[str, Any] = {"max_score": None, "hits": self._hits(body, shown)}
        limit = body.get("track_total_hits", COUNTED_TO)
        if limit is not False:
            hits["total"] = self._total(shown, limit)
        answer: dict[str, Any] = {"took": 0, "timed_out": False, "hits": hits}
        if "aggs" in body:
            answer["aggregations"] = self._aggregations(body["aggs"], found, "")
        return answer

    def count(self, body: dict[str, Any]) -> int:
        """How many documents a query finds."""
        expect_keys("the count body", body, ("query",))
        query = compile_query(self._catalog, body.get("query", {"match_all": {}}))
        return self._size(self._kept(query))

    def _kept(self, query: Sql) -> str:
        """The name of a table with the (doc, element) pairs of `query`."""
        if query not in self._sets:
            name = f"kept{len(self._sets)}"
            self._database.execute(
                f"CREATE TEMP TABLE {name} (doc INTEGER, element INTEGER, "
                "PRIMARY KEY (doc, element)) WITHOUT ROWID"
            )
            insert = f"INSERT OR IGNORE INTO {name} {query.text}"
            self._database.execute(insert, query.values)
            self._sets[query] = name
        return self._sets[query]

    def _size(self, table: str) -> int:
        size: int = self._database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608
        return size

    def _total(self, table: str, limit: int | bool) -> dict[str, Any]:
        size = self._size(table)
        if limit is True or size <= limit:
            return {"value": size, "relation": "eq"}
        return {"value": limit, "relation": "gte"}

    def _hits(self, body: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
        size = body.get("size", 10)
        if not isinstance(size, int) or not 0 <= size <= MOST_HITS:
            raise Rejected(400, "illegal_argument_exception", f"size {size!r} is out of range")
        keys = read_sort(self._catalog, body.get("sort", []))
        values = [value for key in keys for value in key.values]
        columns = "".join(f", {key.column} AS s{at}" for at, key in enumerate(keys))
        order = ", ".join(key.order(at) for at, key in enumerate(keys)) or "doc"
        after, after_values = _after(keys, body.get("search_after"))
        placed = f"SELECT doc{columns} FROM {table} AS found"  # noqa: S608
        page = f"SELECT * FROM ({placed}) {after} ORDER BY {order} LIMIT ?"  # noqa: S608
        wanted = body.get("_source", True)
        _columns({}, wanted)  # refused also where nothing is found
        rows = self._database.execute(
            f"SELECT id, version, source, page.* FROM ({page}) page "  # noqa: S608
            f"JOIN doc ON doc.ord = page.doc ORDER BY {order}",
            [*values, *after_values, size],
        )
        return [_hit(self._catalog.name, row, wanted) for row in rows]

    def _aggregations(self, wanted: Any, table: str, level: str) -> dict[str, Any]:
        return {name: self._aggregation(rule, table, level) for name, rule in wanted.items()}

    def _aggregation(self, rule: dict[str, Any], table: str, level: str) -> dict[str, Any]:
        expect_keys("an aggregation", rule, ("filter", "nested", "terms", "aggs"))
        kinds = [kind for kind in rule if kind != "aggs"]
        if len(kinds) != 1:
            raise unsupported("an aggregation of not exactly one kind")
        if kinds == ["terms"]:
            return {"buckets": self._buckets(rule["terms"], table, level)}
        inside = level
        if kinds == ["filter"]:
            condition = compile_query(self._catalog, rule["filter"], level)
            kept = Sql(f"SELECT * FROM {table}")  # noqa: S608
            table = self._kept(intersect([kept, condition]))
        else:
            inside = rule["nested"]["path"]
            table = self._elements(table, inside)
        below = self._aggregations(rule.get("aggs", {}), table, inside)
        return {"doc_count": self._size(table), **below}

    def _elements(self, table: str, path: str) -> str:
        number = self._catalog.schema.lists.get(path)
        if number is None:
            raise unsupported(f"nested path [{path}]")
        select = (
            f"SELECT doc, element FROM cell WHERE field = ? AND doc IN (SELECT doc FROM {table})"  # noqa: S608
        )
        return self._kept(Sql(select, (number,)))

    def _buckets(self, rule: dict[str, Any], table: str, level: str) -> list[dict[str, Any]]:
        expect_keys("terms", rule, ("field", "size"))
        field = self._catalog.schema.field(rule["field"])
        if field.kind != "keyword" or not field.has_values or field.level != level:
            raise unsupported(f"terms on [{field.path}] here")
        rows = self._database.execute(
            f"SELECT value, COUNT(*) FROM {table} CROSS JOIN cell USING (doc, element) "  # noqa: S608
            "WHERE field = ? GROUP BY value ORDER BY COUNT(*) DESC, value LIMIT ?",
            (field.number, rule.get("size", 10)),
        )
        return [{"key": value, "doc_count": count} for value, count in rows]


def _after(keys: list[SortKey], values: list[Any] | None) -> tuple[str, list[Any]]:
    """The condition that a hit stands behind `values`: later in the first key that differs."""
    if values is None:
        return "", []
    if len(values) != len(keys):
        raise Rejected(400, "illegal_argument_exception", "search_after does not fit the sort")
    choices, bound = [], []
    for last, key in enumerate(keys):
        behind, behind_values = key.behind(last, values[last])
        choices.append(" AND ".join([*(f"s{at} IS ?" for at in range(last)), behind]))
        bound += [*values[:last], *behind_values]
    return f"WHERE {' OR '.join(f'({choice})' for choice in choices)}", bound


def _hit(index: str, row: tuple[Any, ...], wanted: Any) -> dict[str, Any]:
    identity, version, source, _, *values = row
    return {
        "_index": index,
        "_id": identity,
        "_score": None,
        "_version": version,
        "_source": _columns(json.loads(source), wanted),
        "sort": values,
    }


def _columns(source: dict[str, Any], wanted: Any) -> dict[str, Any]:
    if wanted is True:
        return source
    if isinstance(wanted, list):
        return {key: source[key] for key in wanted if key in source}
    if isinstance(wanted, dict) and set(wanted) == {"excludes"}:
        return {key: value for key, value in source.items() if key not in wanted["excludes"]}
    raise unsupported(f"_source {wanted!r}")
