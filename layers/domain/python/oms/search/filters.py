"""One named criterion and its text, read into a `Filter`; what cannot be applied is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oms.kernel.codec import instant, stamp
from oms.search import criteria
from oms.search.columns import ATTRIBUTE, attribute_kind
from oms.search.criteria import AttributeKind, Unusable, Vocabulary
from oms.search.query import AllOf, AnyOf, Clause, Filter, Range, SortKind, Terms, Within
from oms.search.text import fold

MOST_MINOR_UNITS = 2**53
"""Amounts beyond do not survive every JSON reader."""

_VALUE = re.compile(r'\s*(?:"([^"]*)"|([^,]*?))\s*(?:,|$)')
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST_MOMENT = timedelta(days=1) - timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Terrain:
    """What criteria are read against: the time that decides what is overdue, the vocabulary."""

    now: datetime
    vocabulary: Vocabulary


def read_filter(name: str, text: str, terrain: Terrain) -> Filter:
    """The filter of criterion `name` with the values in `text`; raises Unusable."""
    if name == "quick":
        return Filter(name, _quick(split_values(name, text), terrain.now))
    if name.startswith(ATTRIBUTE):
        return _attribute(name, text, terrain.vocabulary)
    end = next((end for end in ("From", "To") if name.endswith(end)), "")
    if end and name.removesuffix(end) in criteria.RANGES:
        path, kind = criteria.RANGES[name.removesuffix(end)]
        return Filter(name.removesuffix(end), _range(name, path, kind, end == "From", text))
    if not criteria.takes_values(name):
        raise Unusable(name, "UNKNOWN_FILTER", f"there is no such filter; {_all_filters()}")
    values = split_values(name, text) if criteria.splits_at_commas(name) else (_text(name, text),)
    clause = criteria.clause_of(name, values, terrain.vocabulary)
    return Filter(name, clause, criteria.NESTED.get(name))


def split_values(name: str, text: str) -> tuple[str, ...]:
    """Comma-separated values, each perhaps in double quotes; at most 500 (SEA-02)."""
    values = tuple(quoted or plain for quoted, plain in _VALUE.findall(text) if quoted or plain)
    if not values:
        raise Unusable(name, "UNKNOWN_VALUE", "a value is missing")
    if len(values) > criteria.MAX_VALUES:
        message = f"{len(values)} values, at most {criteria.MAX_VALUES} are taken"
        raise Unusable(name, "TOO_MANY_VALUES", message)
    return values


def _text(name: str, text: str) -> str:
    plain = text.strip().strip('"').strip()
    if not plain:
        raise Unusable(name, "UNKNOWN_VALUE", "a value is missing")
    return plain


def _all_filters() -> str:
    ranges = (f"{name}{end}" for name in criteria.RANGES for end in ("From", "To"))
    names = (*criteria.criterion_names(), *ranges, "quick", "attribute.<name>")
    return f"there are {', '.join(sorted(names))}"


def _quick(values: tuple[str, ...], now: datetime) -> Clause:
    return AnyOf(tuple(_quick_clause(value.upper(), now) for value in values))


def _quick_clause(value: str, now: datetime) -> Clause:
    if value in criteria.QUICK_FLAGS:
        return Terms(criteria.QUICK_FLAGS[value], (True,))
    if value == criteria.OVERDUE:
        return Range("overdueAt", at_most=stamp(now))
    if value in criteria.STATES:
        return Terms("state", (value,))
    raise criteria.choice_problem("quick", value, criteria.QUICK)


def _range(name: str, path: str, kind: SortKind, lower: bool, text: str) -> Range:
    number = kind is SortKind.NUMBER
    bound = _minor_units(name, text) if number else _moment(name, text, lower)
    return Range(path, at_least=bound) if lower else Range(path, at_most=bound)


def _minor_units(name: str, text: str) -> int:
    plain = text.strip()
    if not re.fullmatch(r"-?\d{1,16}", plain, re.ASCII) or abs(int(plain)) > MOST_MINOR_UNITS:
        raise Unusable(name, "UNKNOWN_VALUE", f"{text!r} is no whole number of minor units")
    return int(plain)


def _moment(name: str, text: str, lower: bool) -> str:
    """A time with its offset, or a UTC day: its first moment, or its last where it ends a range."""
    plain = text.strip()
    try:
        if _DAY.fullmatch(plain):
            day = datetime.fromisoformat(plain).replace(tzinfo=UTC)
            return stamp(day if lower else day + _LAST_MOMENT)
        return stamp(instant(plain))
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is neither a day, as in 2026-11-23, nor a time with its offset"
        raise Unusable(name, "UNKNOWN_VALUE", message) from error


def _attribute(path: str, text: str, vocabulary: Vocabulary) -> Filter:
    """`attribute.color=red,blue`, or `attribute.weight.from=10` for numbers and times (SEA-05)."""
    name = path.removeprefix(ATTRIBUTE)
    end = next((end for end in (".from", ".to") if name.endswith(end)), "")
    name = name.removesuffix(end)
    kind = attribute_kind(name, path, vocabulary)
    if end:
        test = _attribute_range(path, kind, end == ".from", text)
    else:
        folded = tuple(fold(value) for value in split_values(path, text))
        test = Terms("attributes.value", folded, folded=True)
    clause = Within("attributes", AllOf((Terms("attributes.name", (name,)), test)))
    return Filter(f"{ATTRIBUTE}{name}", clause)


def _attribute_range(path: str, kind: AttributeKind, lower: bool, text: str) -> Clause:
    bound: float | str
    if _looks_like_number(text) and kind is not AttributeKind.TIME:
        field, bound = "attributes.number", float(text)
    else:
        field, bound = "attributes.at", _moment(path, text, lower)
    return Range(field, at_least=bound) if lower else Range(field, at_most=bound)


def _looks_like_number(text: str) -> bool:
    return re.fullmatch(r"\s*-?\d{1,15}(\.\d{1,9})?\s*", text, re.ASCII) is not None


WITHIN_WORK: Mapping[str, str] = {
    "site": "fulfillmentOrders.site",
    "tracking": "fulfillmentOrders.tracking",
}


def tie_to_works(filters: list[Filter]) -> list[Filter]:
    """Once the state of a fulfillment order is asked for, site and tracking mean that same one."""
    if not any(entry.within == "fulfillmentOrders" for entry in filters):
        return filters
    return [_tied(entry) for entry in filters]


def _tied(entry: Filter) -> Filter:
    if entry.name not in WITHIN_WORK or not isinstance(entry.clause, Terms):
        return entry
    clause = Terms(WITHIN_WORK[entry.name], entry.clause.values, entry.clause.folded)
    return Filter(entry.name, clause, "fulfillmentOrders")
