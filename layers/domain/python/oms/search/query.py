"""A search as data: what `parse` makes of a request and what every index understands.

Fields are paths into the order search document. Clauses hold values ready to compare: folded where
`folded` says so, times as fixed-width ISO 8601, money in minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

COUNTED_TO = 10_000
"""Totals are exact up to here; beyond only on request (SEA-03)."""

FACET_VALUES = 100
"""How many values of a facet are counted: the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The field holds one of the values; with `folded`, case and accents do not count."""

    field: str
    values: tuple[str | bool, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """The field lies between two values, both included; None leaves a side open."""

    field: str
    at_least: int | float | str | None = None
    at_most: int | float | str | None = None


@dataclass(frozen=True, slots=True)
class Prefix:
    """The field, stored already folded, starts with the value."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Words:
    """Each word of `text` starts a word of the field."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words of `text` stand whole and side by side in one value of the field."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Digits:
    """The digits are a part of a phone number in the field."""

    field: str
    digits: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one clause holds."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All clauses hold."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """One and the same element of the list at `path` fulfills the clause."""

    path: str
    clause: Clause


Clause: TypeAlias = Terms | Range | Prefix | Words | Phrase | Digits | AnyOf | AllOf | Within


@dataclass(frozen=True, slots=True)
class Filter:
    """One criterion of the request, by name, so that a facet can leave out its own.

    All filters with the same `within` are met by one and the same element of that list.
    """

    name: str
    clause: Clause
    within: str | None = None


class SortKind(StrEnum):
    """How the values of a sorted field compare."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    TIME = "TIME"
    FLAG = "FLAG"


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key; orders without a value come last. `attribute` names an order attribute."""

    field: str
    kind: SortKind
    descending: bool = False
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """Count the values of `field`, or of the attribute, among the orders the query finds."""

    name: str
    field: str
    attribute: str | None = None


def conditions(filters: Sequence[Filter], without: str | None = None) -> tuple[Clause, ...]:
    """What an order must meet, filters on one list tied together, leaving out one criterion."""
    kept = [entry for entry in filters if entry.name != without]
    plain = tuple(entry.clause for entry in kept if entry.within is None)
    paths = dict.fromkeys(entry.within for entry in kept if entry.within is not None)
    tied = (
        Within(path, AllOf(tuple(entry.clause for entry in kept if entry.within == path)))
        for path in paths
    )
    return (*plain, *tied)


SortValue: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A checked request. `fingerprint` names filters and sort: cursors hold only for the same."""

    company: str
    fingerprint: str
    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    facets: tuple[Facet, ...] = ()
    columns: tuple[str, ...] = ()
    limit: int = 50
    after: tuple[SortValue, ...] | None = None
    exact_total: bool = False
    attribute_columns: tuple[str, ...] = ()
    resume: str | None = None
    """Where a list that was begun by keys goes on; see `oms.search.keyed`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One found order: its search document (or the wanted columns) and its sort values."""

    order_id: str
    version: int
    document: Mapping[str, object]
    sort: tuple[SortValue, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """How many orders match; not `exact` means at least that many."""

    value: int
    exact: bool


@dataclass(frozen=True, slots=True)
class FacetCount:
    """Orders that have `value`."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results; `cursor` asks for the next one, None on the last."""

    hits: tuple[Hit, ...]
    total: Total
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    cursor: str | None = None
