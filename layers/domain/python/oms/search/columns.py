"""What a list of orders can show, sort by and count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oms.search.criteria import AttributeKind, Unusable, Vocabulary, choice_problem
from oms.search.query import Facet, SearchQuery, Sort, SortKind

ATTRIBUTE = "attribute."

COLUMNS = (
    "orderId", "version", "seq", "number", "externalNumber", "channel", "type", "lane", "agent",
    "state", "fulfillmentStatus", "paymentStatus", "returnStatus", "holdStatus", "alerted",
    "suspended", "held", "locked", "void", "flag", "customer", "destinations", "currency",
    "totalMinor", "openMinor", "placedAt", "receivedAt", "updatedAt", "requestedAt", "promisedAt",
    "overdueAt",
    "origins", "lines", "skus", "waitReasons", "fulfillmentOrders", "sites", "tracking",
    "paymentMethods", "lastFour", "holdTypes", "actionItemTypes", "tags", "attributes",
)  # fmt: skip

HIDDEN_COLUMNS = ("identifiers", "text")
"""Parts of the document that exist to be searched, not shown."""

SORTS: Mapping[str, tuple[str, SortKind]] = {
    **{
        name: (name, SortKind.TEXT)
        for name in (
            "type", "lane", "state", "fulfillmentStatus", "paymentStatus", "returnStatus",
            "holdStatus", "flag", "currency", "origins", "waitReasons", "lastFour",
        )
    },
    **{
        name: (f"{name}.folded", SortKind.TEXT)
        for name in (
            "number", "externalNumber", "channel", "agent", "skus", "sites", "tracking",
            "paymentMethods", "holdTypes", "actionItemTypes", "tags",
        )
    },
    **{
        name: (name, SortKind.FLAG)
        for name in ("alerted", "suspended", "held", "locked", "void")
    },
    "customer": ("customer.name.folded", SortKind.TEXT),
    "email": ("customer.email.folded", SortKind.TEXT),
    "city": ("destinations.city.folded", SortKind.TEXT),
    "country": ("destinations.country", SortKind.TEXT),
    "method": ("destinations.method.folded", SortKind.TEXT),
    "site": ("sites.folded", SortKind.TEXT),
    "tag": ("tags.folded", SortKind.TEXT),
    "orderId": ("orderId", SortKind.TEXT),
    "total": ("totalMinor", SortKind.NUMBER),
    "totalMinor": ("totalMinor", SortKind.NUMBER),
    "open": ("openMinor", SortKind.NUMBER),
    "openMinor": ("openMinor", SortKind.NUMBER),
    "version": ("version", SortKind.NUMBER),
    "seq": ("seq", SortKind.NUMBER),
    "placedAt": ("placedAt", SortKind.TIME),
    "receivedAt": ("receivedAt", SortKind.TIME),
    "updatedAt": ("updatedAt", SortKind.TIME),
    "requestedAt": ("requestedAt", SortKind.TIME),
    "promisedAt": ("promisedAt", SortKind.TIME),
    "overdueAt": ("overdueAt", SortKind.TIME),
}  # fmt: skip

NEWEST_FIRST = "-placedAt"
TIE_BREAKER = Sort("orderId", SortKind.TEXT)

FACETS: Mapping[str, str] = {
    "state": "state",
    "fulfillmentStatus": "fulfillmentStatus",
    "paymentStatus": "paymentStatus",
    "returnStatus": "returnStatus",
    "channel": "channel",
    "agent": "agent",
    "site": "sites",
    "type": "type",
    "country": "destinations.country",
    "method": "destinations.method",
    "currency": "currency",
    "holdType": "holdTypes",
    "actionItem": "actionItemTypes",
    "waitReason": "waitReasons",
    "paymentMethod": "paymentMethods",
    "flag": "flag",
    "tag": "tags",
}

_ATTRIBUTE_FIELDS = {
    AttributeKind.TEXT: ("attributes.value.folded", SortKind.TEXT),
    AttributeKind.NUMBER: ("attributes.number", SortKind.NUMBER),
    AttributeKind.TIME: ("attributes.at", SortKind.TIME),
}


def read_sort(text: str, vocabulary: Vocabulary) -> tuple[Sort, ...]:
    """Sort keys of `-placedAt,number`, the tie-breaker always last; raises Unusable."""
    keys = tuple(_sort_key(part.strip(), vocabulary) for part in text.split(","))
    return (*keys, TIE_BREAKER)


def read_facets(names: tuple[str, ...], vocabulary: Vocabulary) -> tuple[Facet, ...]:
    """The facets of these names; raises Unusable."""
    return tuple(_facet(name, vocabulary) for name in dict.fromkeys(names))


def read_columns(names: tuple[str, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The columns to answer: parts of the document, or `attribute.<name>`; raises Unusable."""
    for name in names:
        if name.startswith(ATTRIBUTE):
            attribute_kind(name.removeprefix(ATTRIBUTE), "fields", vocabulary)
        elif name not in COLUMNS:
            raise choice_problem("fields", name, (*COLUMNS, "attribute.<name>"))
    return names


def parts(names: tuple[str, ...]) -> tuple[str, ...]:
    """The document parts that hold these columns."""
    held = ("attributes" if name.startswith(ATTRIBUTE) else name for name in names)
    return tuple(dict.fromkeys(held))


def attributes(names: tuple[str, ...]) -> tuple[str, ...]:
    """The attributes these columns name, unless all are asked for."""
    if "attributes" in names:
        return ()
    return tuple(name.removeprefix(ATTRIBUTE) for name in names if name.startswith(ATTRIBUTE))


def row(document: Mapping[str, Any], query: SearchQuery) -> dict[str, Any]:
    """A found document as a row of the list: of attributes only those that were asked for."""
    if not query.attribute_columns:
        return dict(document)
    wanted = [a for a in document.get("attributes", ()) if a["name"] in query.attribute_columns]
    others = {name: value for name, value in document.items() if name != "attributes"}
    return {**others, "attributes": wanted}


def attribute_kind(name: str, path: str, vocabulary: Vocabulary) -> AttributeKind:
    """How attribute `name` compares; raises Unusable where it is not searchable (SEA-05)."""
    if vocabulary.attributes is None:
        return AttributeKind.TEXT
    if name not in vocabulary.attributes:
        allowed = ", ".join(sorted(vocabulary.attributes)) or "none"
        message = f"{name!r} is no searchable attribute; searchable: {allowed}"
        raise Unusable(path, "UNKNOWN_FILTER", message)
    return vocabulary.attributes[name]


def _sort_key(key: str, vocabulary: Vocabulary) -> Sort:
    name, descending = key.removeprefix("-"), key.startswith("-")
    if name.startswith(ATTRIBUTE):
        attribute = name.removeprefix(ATTRIBUTE)
        path, kind = _ATTRIBUTE_FIELDS[attribute_kind(attribute, "sort", vocabulary)]
        return Sort(path, kind, descending, attribute)
    if name not in SORTS:
        raise choice_problem("sort", name, (*SORTS, "attribute.<name>"))
    return Sort(*SORTS[name], descending)


def _facet(name: str, vocabulary: Vocabulary) -> Facet:
    if name.startswith(ATTRIBUTE):
        attribute = name.removeprefix(ATTRIBUTE)
        attribute_kind(attribute, "facets", vocabulary)
        return Facet(name, "attributes.value", attribute)
    if name not in FACETS:
        raise choice_problem("facets", name, (*FACETS, "attribute.<name>"))
    return Facet(name, FACETS[name])
