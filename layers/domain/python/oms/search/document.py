"""The order search document: what lists, filters, facets and the free-text box know of an order.

It is built from the stored JSON of one order record, in which fields at their default are absent,
and from the statuses and amounts that the capabilities compute (GEN-01). It always describes one
version of the order as a whole; it is never patched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypedDict

from oms.kernel.codec import instant, stamp
from oms.search.text import digits, fold, postal_key

Json = Mapping[str, Any]


class Computed(TypedDict):
    """What is not stored but computed from the record (ORD-01, STA-01 to STA-07); minor units."""

    state: str
    fulfillmentStatus: str
    paymentStatus: str
    returnStatus: str
    holdStatus: str
    totalMinor: int
    openMinor: int
    lineStatuses: Mapping[int, str]
    fulfillmentStates: Mapping[str, str]


def order_document(record: Json, computed: Computed) -> dict[str, Any]:
    """The search document of a stored order record; leaves out what has no value."""
    document = {
        **_header(record["order"]),
        "version": record["version"],
        "seq": record.get("seq", 0),
        "updatedAt": record.get("updatedAt"),
        "state": computed["state"],
        "fulfillmentStatus": computed["fulfillmentStatus"],
        "paymentStatus": computed["paymentStatus"],
        "returnStatus": computed["returnStatus"],
        "holdStatus": computed["holdStatus"],
        "totalMinor": computed["totalMinor"],
        "openMinor": computed["openMinor"],
        **_lines(record["order"].get("lines", []), computed),
        **_works(record.get("fulfillment", {}).get("orders", []), computed),
        **_attention(record, computed),
        **_tenders(record.get("payments", {}).get("tenders", [])),
        "identifiers": _distinct(fold(text) for text in _identifiers(record) if text),
        "text": _distinct(_texts(record["order"])),
    }
    return {key: value for key, value in document.items() if value not in (None, [], {})}


def _header(order: Json) -> dict[str, Any]:
    attributes = sorted(order.get("attributes", {}).items())
    return {
        "orderId": order["id"],
        "company": order["company"],
        "number": order["number"],
        "externalNumber": order.get("externalNumber"),
        "channel": order["channel"],
        "type": order.get("type", "WEB"),
        "lane": order.get("lane", "LIVE"),
        "agent": order.get("agent"),
        "locked": "locked" in order,
        "void": "voidedAt" in order,
        "flag": order.get("flag"),
        "customer": _customer(order.get("customer", {}), order),
        "destinations": [_destination(group) for group in order.get("groups", [])],
        "currency": order["currency"],
        "placedAt": order.get("placedAt", order["receivedAt"]),
        "receivedAt": order["receivedAt"],
        "requestedAt": _day(order.get("requestedDate")),
        "tags": _distinct(order.get("tags", [])),
        "attributes": [_attribute(name, value) for name, value in attributes],
    }


def _lines(lines: list[Json], computed: Computed) -> dict[str, Any]:
    return {
        "lines": [_line(line, computed) for line in lines],
        "skus": _distinct(line["sku"] for line in lines),
        "promisedAt": _earliest(_day(line.get("promisedDate")) for line in lines),
        "waitReasons": _distinct(line["wait"]["reason"] for line in lines if "wait" in line),
        "origins": _origins(lines),
    }


def _works(works: list[Json], computed: Computed) -> dict[str, Any]:
    return {
        "fulfillmentOrders": [_work(work, computed) for work in works],
        "sites": _distinct(work["site"] for work in works),
        "tracking": _distinct(_tracking(works)),
    }


def _attention(record: Json, computed: Computed) -> dict[str, Any]:
    """What stops the order, or somebody must look at (FLG-02, FLG-03)."""
    order = record["order"]
    items = record.get("attention", {}).get("items", [])
    holds = [hold for hold in record.get("holds", {}).get("holds", []) if _is_open(hold)]
    works = record.get("fulfillment", {}).get("orders", [])
    parts = [order, *order.get("lines", [])]
    return {
        "alerted": any(item["blocking"] for item in items),
        "suspended": any("suspended" in part for part in parts),
        "held": bool(holds),
        "overdueAt": _overdue(holds, items, works, computed),
        "holdTypes": _distinct(hold["type"] for hold in holds),
        "actionItemTypes": _distinct(item["type"] for item in items),
    }


def _tenders(tenders: list[Json]) -> dict[str, Any]:
    return {
        "paymentMethods": _distinct(tender["method"] for tender in tenders),
        "lastFour": _distinct(tender.get("lastFour") for tender in tenders),
    }


def _customer(customer: Json, order: Json) -> dict[str, Any]:
    phones = [customer.get("phone"), *(address.get("phone") for address in _addresses(order))]
    return _present(
        code=customer.get("code"),
        name=customer.get("name") or customer.get("companyName"),
        email=customer.get("email"),
        phone=customer.get("phone"),
        phoneDigits=_distinct(digits(phone) for phone in phones if phone),
    )


def _destination(group: Json) -> dict[str, Any]:
    address = group.get("address", {})
    code = address.get("postalCode")
    return _present(
        postalCode=code,
        postalKey=postal_key(code) if code else None,
        city=address.get("city"),
        region=address.get("region"),
        country=address.get("country"),
        site=group.get("pickupSite"),
        method=group["method"],
    )


def _line(line: Json, computed: Computed) -> dict[str, Any]:
    return _present(
        lineNo=line["lineNo"],
        sku=line["sku"],
        itemId=line.get("itemId"),
        name=line["name"],
        quantity=line["quantity"],
        status=computed["lineStatuses"].get(line["lineNo"]),
        waitReason=line.get("wait", {}).get("reason"),
    )


def _work(work: Json, computed: Computed) -> dict[str, Any]:
    return _present(
        id=work["id"],
        number=work["number"],
        site=work["site"],
        state=computed["fulfillmentStates"].get(work["id"]),
        tracking=_distinct(_tracking([work])),
    )


def _attribute(name: str, value: str) -> dict[str, Any]:
    """Attributes are stored as text; what reads as a number or a time is comparable as such too."""
    return _present(name=name, value=value, number=_number(value), at=_day(value))


def _overdue(
    holds: list[Json], items: list[Json], works: list[Json], computed: Computed
) -> str | None:
    """When the first thing somebody promised to do by a time becomes late."""
    ended = ("FULFILLED", "AWAITING_FILING", "CLOSED", "REJECTED", "CANCELED")
    states = computed["fulfillmentStates"]
    return _earliest(
        [
            *(hold.get("due") for hold in holds),
            *(item["dueAt"] for item in items),
            *(work.get("shipBy") for work in works if states.get(work["id"]) not in ended),
        ]
    )


def _origins(lines: list[Json]) -> list[str]:
    """Beside sales: EXCHANGE, RESHIP, CLAIM, ADDED lines, and RETURN once units come back."""
    found = {line["origin"] for line in lines if line.get("origin", "SALE") != "SALE"}
    if any(line["buckets"].get(key) for line in lines for key in ("inbound", "returned")):
        found.add("RETURN")
    return sorted(found)


def _identifiers(record: Json) -> Iterator[str | None]:
    """Every id, number and reference by which the order may be asked for (ENT-01, UIX-04)."""
    order = record["order"]
    customer = order.get("customer", {})
    yield from (order["id"], order["number"], order.get("externalNumber"))
    yield from (customer.get("code"), customer.get("email"))
    for address in _addresses(order):
        yield address.get("email")
    for line in order.get("lines", []):
        yield line["sku"]
    for work in record.get("fulfillment", {}).get("orders", []):
        yield from (work["id"], work["number"])
        yield from (shipment["id"] for shipment in work.get("shipments", []))
        yield from _tracking([work])
    for tender in record.get("payments", {}).get("tenders", []):
        yield from (tender["id"], tender.get("reference"))
        yield from (held["reference"] for held in tender.get("authorizations", []))
        yield from (taken["reference"] for taken in tender.get("captures", []))
    for document in _documents(record.get("billing", {})):
        yield from (document["id"], document.get("number"))


def _documents(billing: Json) -> list[Json]:
    return [*billing.get("invoices", []), *billing.get("creditMemos", [])]


def _texts(order: Json) -> Iterator[str]:
    """What the free-text box searches by words: people, places and goods."""
    customer = order.get("customer", {})
    for person in (customer, *_addresses(order)):
        for key in ("name", "companyName", "company", "city", "postalCode"):
            if person.get(key):
                yield person[key]
        if person.get("email"):
            yield person["email"].split("@")[0]
    yield from (line["name"] for line in order.get("lines", []))
    yield from order.get("tags", [])


def _addresses(order: Json) -> list[Json]:
    groups = order.get("groups", [])
    places = [order.get("billTo"), *(group.get("address") for group in groups)]
    return [place for place in places if place]


def _tracking(works: list[Json]) -> Iterator[str]:
    for work in works:
        for shipment in work.get("shipments", []):
            yield from shipment["trackingNumbers"]
        for package in work.get("packages", []):
            if package.get("trackingNumber"):
                yield package["trackingNumber"]


def _is_open(hold: Json) -> bool:
    return "releasedAt" not in hold and not hold.get("lapsed")


def _day(text: str | None) -> str | None:
    """A stated date or time as an instant; None where it is neither."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return stamp(instant(text if moment.tzinfo else f"{moment.isoformat()}+00:00"))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None


def _earliest(moments: Iterable[str | None]) -> str | None:
    return min((moment for moment in moments if moment), default=None)


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(value for value in values if value))


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, [], "")}
