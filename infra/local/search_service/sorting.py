"""Sort keys: which value of a document is compared, and where documents without one stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.local.search_service.dsl import compile_query
from infra.local.search_service.errors import expect_keys, unsupported
from infra.local.search_service.store import Catalog


@dataclass(frozen=True, slots=True)
class SortKey:
    """`column` is the SQL expression of the compared value, with its parameters in `values`."""

    column: str
    values: tuple[Any, ...]
    descending: bool

    def order(self, at: int) -> str:
        """The ORDER BY terms of the key as column `s{at}`: documents without a value come last."""
        return f"s{at} IS NULL, s{at} {'DESC' if self.descending else 'ASC'}"

    def behind(self, at: int, value: Any) -> tuple[str, list[Any]]:
        """The condition that `s{at}` stands behind `value`."""
        if value is None:
            return "0", []
        return f"(s{at} {'<' if self.descending else '>'} ? OR s{at} IS NULL)", [value]


def read_sort(catalog: Catalog, sort: list[dict[str, Any]]) -> list[SortKey]:
    """The keys of a `sort` body."""
    return [_key(catalog, path, rule) for entry in sort for path, rule in entry.items()]


def _key(catalog: Catalog, path: str, rule: dict[str, Any]) -> SortKey:
    expect_keys("sort", rule, ("order", "missing", "nested"))
    field = catalog.schema.field(path)
    if not field.has_values:
        raise unsupported(f"a sort by [{path}]")
    descending = rule.get("order") == "desc"
    chosen = "MAX" if descending else "MIN"
    column = f"SELECT {chosen}(value) FROM cell WHERE field = ? AND cell.doc = found.doc"  # noqa: S608
    values: tuple[Any, ...] = (field.number,)
    if "nested" in rule:
        nested = rule["nested"]
        expect_keys("sort nested", nested, ("path", "filter"))
        element = compile_query(catalog, nested["filter"], nested["path"])
        column += f" AND (doc, element) IN ({element.text})"
        values += element.values
    elif field.level:
        raise unsupported(f"a sort by [{path}] without its nested list")
    missing = rule.get("missing", "_last")
    if missing == "_last":
        return SortKey(f"({column})", values, descending)
    return SortKey(f"COALESCE(({column}), ?)", (*values, missing), descending)
