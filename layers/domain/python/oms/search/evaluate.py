"""The meaning of a query, applied to one search document: every engine must agree with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cmp_to_key
from typing import Any, TypeAlias

from oms.search.columns import HIDDEN_COLUMNS
from oms.search.query import (
    AllOf,
    AnyOf,
    Clause,
    Digits,
    Facet,
    Phrase,
    Prefix,
    Range,
    SearchQuery,
    Sort,
    SortKind,
    SortValue,
    Terms,
    Within,
    Words,
    conditions,
)
from oms.search.text import fold, word_matches, words

Json: TypeAlias = Mapping[str, Any]


def matches(query: SearchQuery, document: Json, without: str | None = None) -> bool:
    """Whether the query finds the document; `without` leaves out the criterion of that name."""
    if document["company"] != query.company:
        return False
    return all(holds(clause, document) for clause in conditions(query.filters, without))


def holds(clause: Clause, document: Json, base: str = "") -> bool:
    """Whether the clause holds for a document, or for an element of its list at `base`."""
    match clause:
        case AllOf(clauses):
            return all(holds(part, document, base) for part in clauses)
        case AnyOf(clauses):
            return any(holds(part, document, base) for part in clauses)
        case Within(path, inner):
            elements = values_at(document, path)
            return any(holds(inner, element, f"{path}.") for element in elements)
    found = values_at(document, clause.field.removesuffix(".words").removeprefix(base))
    match clause:
        case Words(_, text):
            present = [word for value in found for word in words(value)]
            return all(any(word_matches(w, word) for word in present) for w in words(text))
        case Phrase(_, text):
            return any(_side_by_side(words(text), words(value)) for value in found)
    return any(_value_holds(clause, value) for value in found)


def sort_values(sort: tuple[Sort, ...], document: Json) -> tuple[SortValue, ...]:
    """By what the document is placed: of several values the first in the wanted direction."""
    return tuple(_sort_value(key, document) for key in sort)


def sort_order(sort: tuple[Sort, ...]) -> Any:
    """A `key` for `sorted` over sort values; None stands last in both directions."""

    def compare(left: tuple[SortValue, ...], right: tuple[SortValue, ...]) -> int:
        for key, one, other in zip(sort, left, right, strict=True):
            order = _compare(one, other, key.descending)
            if order:
                return order
        return 0

    return cmp_to_key(compare)


def facet_values(facet: Facet, document: Json) -> set[str]:
    """The values under which the facet counts the document."""
    if facet.attribute is None:
        return set(values_at(document, facet.field))
    entries = document.get("attributes", [])
    return {entry["value"] for entry in entries if entry["name"] == facet.attribute}


def shown(document: Json, columns: tuple[str, ...]) -> dict[str, Any]:
    """The wanted columns of a document, or all that may be shown."""
    wanted = columns or tuple(key for key in document if key not in HIDDEN_COLUMNS)
    return {key: document[key] for key in wanted if key in document}


def values_at(document: Json, path: str) -> list[Any]:
    """All values at a dotted path, through lists."""
    return list(_walk(document, path.split(".")))


def _walk(node: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for element in node:
            yield from _walk(element, path)
    elif not path:
        yield node
    elif isinstance(node, Mapping) and path[0] in node:
        yield from _walk(node[path[0]], path[1:])


def _side_by_side(wanted: list[str], present: list[str]) -> bool:
    size = len(wanted)
    return any(present[at : at + size] == wanted for at in range(len(present) - size + 1))


def _value_holds(clause: Terms | Range | Prefix | Digits, value: Any) -> bool:
    match clause:
        case Terms(_, wanted, folded):
            return (fold(value) if folded else value) in wanted
        case Range(_, at_least, at_most):
            low_enough = at_most is None or value <= at_most
            return low_enough and (at_least is None or value >= at_least)
        case Prefix(_, start):
            return bool(value.startswith(start))
        case Digits(_, digits):
            return digits in value


def _sort_value(key: Sort, document: Json) -> SortValue:
    if key.attribute is not None:
        entries = [e for e in document.get("attributes", []) if e["name"] == key.attribute]
        found = values_at({"attributes": entries}, key.field.removesuffix(".folded"))
    else:
        found = values_at(document, key.field.removesuffix(".folded"))
    if key.kind is SortKind.TIME:
        found = [_milliseconds(value) for value in found]
    elif key.kind is SortKind.FLAG:
        found = [int(value) for value in found]
    elif key.field.endswith(".folded"):
        found = [fold(value) for value in found]
    if not found:
        return None
    first: SortValue = max(found) if key.descending else min(found)
    return first


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _compare(one: SortValue, other: SortValue, descending: bool) -> int:
    if one is None or other is None:
        return (one is None) - (other is None)
    order = (one > other) - (one < other)  # type: ignore[operator]
    return -order if descending else order
