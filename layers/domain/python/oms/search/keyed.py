"""What a list can answer by keys alone while the search engine does not answer (UIX-09).

Orders are then looked up by number, external number, id or customer, or walked by the time they
were placed; the criteria below are tested on the orders found. Everything else needs the index and
is refused rather than ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from oms.kernel.errors import Unavailable
from oms.search.columns import TIE_BREAKER
from oms.search.filters import split_values
from oms.search.query import Range, SearchQuery

LOOKED_UP = ("number", "externalNumber", "id", "q")
CUSTOMER = "customerCode"
TESTED = (
    "placed", "state", "fulfillmentStatus", "paymentStatus", "returnStatus", "holdStatus", "quick",
    "channel", "site", "type", "lane", "scope.channel", "scope.site",
)  # fmt: skip
"""Criteria that most orders of a walk can meet; a rare one would walk through years of orders."""

_FIRST, _LAST = "0", "~"
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a walk. Keys are `{time placed}#{order id}`; `after` is where it goes on."""

    first: str = _FIRST
    last: str = _LAST
    newest_first: bool = True
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How to find the orders: by `names`, else along `span`, of `customers` if there are any."""

    names: tuple[str, ...]
    customers: tuple[str, ...]
    span: Span


def plan(params: Mapping[str, str], query: SearchQuery) -> Plan:
    """How to answer `query`, made of `params`, by keys; raises Unavailable where it cannot be."""
    if query.after is not None:
        raise _needs_index("this cursor; begin again at the first page")
    names = tuple(dict.fromkeys(n for key in LOOKED_UP for n in _names(key, params)))
    customers = split_values(CUSTOMER, params[CUSTOMER]) if CUSTOMER in params else ()
    if not names:
        tested = (*TESTED, CUSTOMER)
        rest = sorted({entry.name for entry in query.filters} - set(tested))
        if rest:
            raise _needs_index(", ".join(rest))
    placed, *others = query.sort
    if placed.field != "placedAt" or others != [TIE_BREAKER]:
        raise _needs_index("this sort; lists are sorted by placedAt meanwhile")
    if len(customers) > 1:
        raise _needs_index("several customers at once")
    return Plan(names, customers, _span(query, placed.descending))


def _names(key: str, params: Mapping[str, str]) -> tuple[str, ...]:
    if key not in params:
        return ()
    if key == "q":
        return tuple(name for name in _SEPARATORS.split(params["q"].strip('" ')) if name)
    return split_values(key, params[key])


def _span(query: SearchQuery, newest_first: bool) -> Span:
    first, last = _FIRST, _LAST
    for entry in query.filters:
        if entry.name == "placed" and isinstance(entry.clause, Range):
            first = max(first, str(entry.clause.at_least or _FIRST))
            last = min(last, f"{entry.clause.at_most}#~" if entry.clause.at_most else _LAST)
    return Span(first, last, newest_first, query.resume)


def _needs_index(what: str) -> Unavailable:
    keys = ", ".join((*LOOKED_UP, CUSTOMER, *(t for t in TESTED if "." not in t)))
    return Unavailable(
        "SEARCH_UNAVAILABLE",
        f"search does not answer, and without it there is no list by {what}; there is by {keys}",
    )
