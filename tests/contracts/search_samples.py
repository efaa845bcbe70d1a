"""Orders to search for: real records, encoded as they are stored, made search documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from oms.action_items.model import Attention, OpenItem
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, Package, PackedUnits
from oms.holds.model import Hold, Holds, Resolver, Scope, Transaction
from oms.kernel.codec import encode
from oms.kernel.money import Amounts
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Address, Buckets, Customer, DeliveryGroup, Line, Mark, Order, Wait
from oms.payments.model import Method, Payments, Tender
from oms.search.document import Computed, order_document

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


def line(number: int, sku: str, name: str = "Teapot", wait: str | None = None) -> Line:
    """One unit of an item, waiting for `wait` if given."""
    waiting = Wait(wait, START) if wait else None
    return Line(number, sku, name, 1, 100, Amounts(), Buckets(unsourced=1), "dg_1", wait=waiting)


def work(number: str, site: str, tracking: str | None = None) -> FulfillmentOrder:
    """A fulfillment order, with one package if it has a tracking number."""
    parcel = Package(f"pkg_{number}", (PackedUnits(1, 1),), tracking_number=tracking)
    return FulfillmentOrder(
        f"fo_{number}", number, site, "GROUND", "dg_1", START,
        packages=(parcel,) if tracking else (),
    )  # fmt: skip


def hold(kind: str) -> Hold:
    """An open manual hold."""
    return Hold(
        f"hld_{kind}", kind, Scope.ORDER, (Transaction.ALLOCATE,), Resolver.MANUAL, "USER:ana",
        "check", START,
    )  # fmt: skip


def item(kind: str, due: datetime = START, blocking: bool = True) -> OpenItem:
    """An open action item."""
    return OpenItem(f"act_{kind}", kind, blocking, "ord", "cause", due)


def record(company: str, name: str, **changes: Any) -> OrderRecord:
    """An order called `name`, with the parts and header fields in `changes`.

    `at` is minutes after START; `address`, `method` shape its one delivery group.
    """
    at = START + timedelta(minutes=changes.pop("at", 0))
    address = changes.pop("address", Address("US", "33101", "Miami", "FL"))
    group = DeliveryGroup("dg_1", changes.pop("method", "GROUND"), address=address)
    parts: dict[str, Any] = {
        key: changes.pop(key)
        for key in ("payments", "fulfillment", "holds", "attention", "version")
        if key in changes
    }
    order = Order(f"ord_{name}", company, name, "web", "USD", at, placed_at=at, groups=(group,))
    order = replace(order, **{"lines": (line(1, "SKU-1"),), **changes})
    return OrderRecord(order, **{"version": 1, "seq": 1, "updated_at": at, **parts})


def computed(stored: OrderRecord, **statuses: Any) -> Computed:
    """Plausible computed values, with those in `statuses` instead."""
    values: dict[str, Any] = {
        "state": "AWAITING_ALLOCATION",
        "fulfillmentStatus": "NOT_STARTED",
        "paymentStatus": "AUTHORIZED",
        "returnStatus": "NONE",
        "holdStatus": "HELD" if stored.holds.holds else "NONE",
        "totalMinor": 1000,
        "openMinor": 0,
        "lineStatuses": {row.line_no: "UNSOURCED" for row in stored.order.lines},
        "fulfillmentStates": {fo.id: "AWAITING_PICK" for fo in stored.fulfillment.orders},
    }
    return Computed(**{**values, **statuses})  # type: ignore[typeddict-item]


def document(
    company: str, name: str, statuses: Mapping[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """The search document of `record(company, name, **changes)`."""
    stored = record(company, name, **changes)
    return order_document(encode(stored), computed(stored, **dict(statuses or {})))


def paid_with(*methods: Method, last_four: str = "4242") -> Payments:
    """Tenders of these methods."""
    return Payments(
        currency="USD",
        tenders=tuple(
            Tender(f"pay_{method}", method, "test", 1000, at, at, last_four=last_four)
            for at, method in enumerate(methods)
        ),
    )


def held_by(*kinds: str) -> Holds:
    """Open holds of these types."""
    return Holds(tuple(hold(kind) for kind in kinds))


def with_items(*items: OpenItem) -> Attention:
    """Open action items."""
    return Attention(items)


def works(*orders: FulfillmentOrder) -> Fulfillment:
    """Fulfillment orders of one order."""
    return Fulfillment(orders)


def person(name: str, **details: str) -> Customer:
    """A customer."""
    return Customer(name=name, **details)


def marked(reason: str = "check") -> Mark:
    """Who suspended or locked."""
    return Mark("USER:ana", START, reason)


def names(hits: Sequence[Any]) -> list[str]:
    """The order names of hits."""
    return [hit.order_id.removeprefix("ord_") for hit in hits]
