"""The search document of real, encoded order records (SEA-10, ENT-01, FLG-03, UIX-04)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oms.fulfillment.model import FulfillmentType, Shipment
from oms.kernel.codec import encode
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Address, Buckets, Lane, OrderType, Origin
from oms.payments.model import Authorization, Capture, Method
from oms.search import columns, criteria
from oms.search.document import order_document

from tests.contracts.search_samples import (
    START,
    computed,
    document,
    held_by,
    hold,
    item,
    line,
    marked,
    paid_with,
    person,
    record,
    with_items,
    work,
    works,
)


def build(stored: OrderRecord, **statuses: Any) -> dict[str, Any]:
    return order_document(encode(stored), computed(stored, **statuses))


def test_fields_at_their_default_are_known() -> None:
    """The codec leaves defaults out; the document must state them all the same."""
    stored = record("acme", "a", placed_at=None)
    made = build(stored)
    assert (made["type"], made["lane"]) == (stored.order.type, stored.order.lane)
    assert made["placedAt"] == made["receivedAt"]
    other = build(record("acme", "a", type=OrderType.PHONE, lane=Lane.BACKLOG))
    assert (other["type"], other["lane"]) == ("PHONE", "BACKLOG")


def test_flags_of_an_untouched_order_are_all_down() -> None:
    made = document("acme", "a")
    flags = ("alerted", "suspended", "held", "locked", "void")
    assert [made[flag] for flag in flags] == [False] * len(flags)


@pytest.mark.parametrize(
    ("flag", "changes"),
    [
        ("alerted", {"attention": with_items(item("UNFILLABLE"))}),
        ("suspended", {"suspended": marked()}),
        ("suspended", {"lines": (replace(line(1, "A"), suspended=True),)}),
        ("held", {"holds": held_by("QUALITY")}),
        ("locked", {"locked": marked()}),
        ("void", {"voided_at": START}),
    ],
)
def test_each_flag_has_its_cause(flag: str, changes: dict[str, Any]) -> None:
    """FLG-03: a suspended line makes the order found by the Suspended search."""
    made = document("acme", "a", **changes)
    flags = ("alerted", "suspended", "held", "locked", "void")
    assert [name for name in flags if made[name]] == [flag]


def test_an_item_that_does_not_block_alerts_nobody_but_is_found() -> None:
    """FLG-02."""
    made = document("acme", "a", attention=with_items(item("LATE", blocking=False)))
    assert (made["alerted"], made["actionItemTypes"]) == (False, ["LATE"])


def test_released_and_lapsed_holds_are_gone() -> None:
    released = replace(hold("A"), released_at=START)
    lapsed = replace(hold("B"), lapsed=True)
    holds = replace(held_by("C"), holds=(released, lapsed, hold("C")))
    made = document("acme", "a", holds=holds)
    assert (made["held"], made["holdTypes"]) == (True, ["C"])


def test_overdue_is_the_earliest_promise_still_open() -> None:
    """DSH: what was shipped, or has no due time, cannot be overdue."""
    hours = [START + timedelta(hours=at) for at in range(5)]
    shipped = replace(work("1", "miami"), ship_by=hours[0])
    waiting = replace(work("2", "miami"), ship_by=hours[2])
    held = replace(held_by("X"), holds=(replace(hold("X"), due=hours[3]),))
    made = document(
        "acme", "a", {"fulfillmentStates": {"fo_1": "FULFILLED", "fo_2": "PICKING"}},
        fulfillment=works(shipped, waiting), holds=held,
        attention=with_items(item("T", hours[4])),
    )  # fmt: skip
    assert datetime.fromisoformat(made["overdueAt"]) == hours[2]
    assert "overdueAt" not in document("acme", "a")


def test_every_number_and_reference_identifies_the_order() -> None:
    """ENT-01, UIX-04: order, FO, tracking, payment reference, customer, sku."""
    shipment = Shipment("shp_1", START, "UPS", None, ("pkg_7",), ("1ZB",))
    fo = replace(work("F-7", "miami", "1ZA"), shipments=(shipment,), type=FulfillmentType.PICKUP)
    tender = replace(
        paid_with(Method.CARD).tenders[0],
        reference="REF-1",
        authorizations=(Authorization("int_1", 5, "AUTH-1", START),),
        captures=(Capture("int_2", 5, "CAP-1"),),
    )
    made = document(
        "acme", "N-1", external_number="Web-1", customer=person("A", code="C-1", email="A@x.org"),
        bill_to=Address("US", email="B@x.org"), fulfillment=works(fo),
        payments=replace(paid_with(), tenders=(tender,)),
    )  # fmt: skip
    assert set(made["identifiers"]) == {
        "ord_n-1", "n-1", "web-1", "c-1", "a@x.org", "b@x.org", "sku-1", "fo_f-7", "f-7", "1za",
        "1zb", "shp_1", "pay_card", "ref-1", "auth-1", "cap-1",
    }  # fmt: skip
    assert made["tracking"] == ["1ZB", "1ZA"]


def test_phones_of_all_addresses_are_searched_and_the_stored_one_shown() -> None:
    """SEA-02."""
    made = document(
        "acme", "a", customer=person("A", phone="+1 (561) 123-4567"),
        address=Address("US", phone="998 877"), bill_to=Address("US", phone="n/a"),
    )  # fmt: skip
    assert made["customer"]["phone"] == "+1 (561) 123-4567"
    assert made["customer"]["phoneDigits"] == ["15611234567", "998877"]


def test_dates_that_are_none_are_left_out_instead_of_failing_the_index() -> None:
    assert "requestedAt" not in document("acme", "a", requested_date="soon")
    made = document("acme", "a", requested_date="2026-04-01")
    assert made["requestedAt"] == "2026-04-01T00:00:00.000Z"


def test_attributes_are_text_and_where_they_read_so_numbers_or_times() -> None:
    """SEA-05, ATT-01."""
    attributes = {"color": "red", "since": "2026-01-02", "weight": "1.5", "odd": "nan"}
    assert document("acme", "a", attributes=attributes)["attributes"] == [
        {"name": "color", "value": "red"},
        {"name": "odd", "value": "nan"},
        {"name": "since", "value": "2026-01-02", "at": "2026-01-02T00:00:00.000Z"},
        {"name": "weight", "value": "1.5", "number": 1.5},
    ]


def test_origins_name_what_happened_beside_the_sale() -> None:
    """SEA-10: has exchange, reship, return."""
    back = replace(line(1, "A"), buckets=Buckets(shipped=1, inbound=1))
    again = replace(line(2, "B"), origin=Origin.EXCHANGE)
    assert document("acme", "a", lines=(back, again))["origins"] == ["EXCHANGE", "RETURN"]
    assert "origins" not in document("acme", "a")


def test_columns_and_criteria_speak_of_fields_that_exist() -> None:
    """A renamed field must not silently empty a filter, facet or column."""
    full = document(
        "acme", "a", {"fulfillmentStates": {"fo_1": "PICKING"}},
        external_number="W-1", agent="ana", flag="RED", tags=("T",),
        attributes={"n": "1", "t": "2026-01-01"},
        customer=person("A B", code="C", email="e@x.org", phone="5551234"),
        lines=(replace(line(1, "S", wait="W"), origin=Origin.ADDED, promised_date="2026-01-01"),),
        requested_date="2026-01-01", holds=held_by("H"), attention=with_items(item("I")),
        fulfillment=works(work("1", "miami", "1Z")), payments=paid_with(Method.CARD),
    )  # fmt: skip
    assert {*columns.COLUMNS, *columns.HIDDEN_COLUMNS, "company"} == set(full)
    paths = {
        *columns.FACETS.values(),
        *(path.removesuffix(".folded") for path, _ in columns.SORTS.values()),
        *criteria.CODES.values(),
        *(path for path, _ in criteria.EXACT.values()),
        *(path for path, _ in criteria.RANGES.values()),
        *(criteria.ENUM_FIELDS.get(name, name) for name in criteria.ENUMS),
        *criteria.QUICK_FLAGS.values(),
    }
    assert {path for path in paths if not _has(full, path.split("."))} == set()


def _has(node: Any, path: list[str]) -> bool:
    if isinstance(node, list):
        return any(_has(element, path) for element in node)
    return not path or (
        isinstance(node, dict) and path[0] in node and _has(node[path[0]], path[1:])
    )


def test_documents_are_stamped_in_utc() -> None:
    late = START.astimezone(UTC) + timedelta(microseconds=1500)
    made = build(replace(record("acme", "a"), updated_at=late))
    assert made["updatedAt"] == "2026-03-01T10:00:00.001Z"
