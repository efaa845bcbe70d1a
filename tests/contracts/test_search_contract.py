"""What the order search finds: fake, local service and OpenSearch must find the same.

Cites SEA-01, SEA-02, SEA-05 and SEA-10.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oms.kernel.errors import Malformed
from oms.orders.model import Address
from oms.payments.model import Method
from oms.search.freshness import Mark

from tests.contracts.search_company import Orders
from tests.contracts.search_samples import (
    START,
    held_by,
    item,
    line,
    marked,
    names,
    paid_with,
    person,
    with_items,
    work,
    works,
)

pytestmark = pytest.mark.xdist_group("search")


def test_criteria_combine_with_and_their_values_with_or(orders: Orders) -> None:
    """SEA-01."""
    orders.add("a", {"state": "CLOSED"}, channel="web")
    orders.add("b", {"state": "CLOSED"}, channel="store")
    orders.add("c", {"state": "RECEIVED"}, channel="web")
    orders.add("d", {"state": "VOID"}, channel="web")
    assert orders.find(channel="web", state="CLOSED,RECEIVED") == ["a", "c"]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("José Núñez", "jose"),
        ("José Núñez", "NÚNEZ"),
        ("Øystein Bjørn", "oystein bjorn"),
        ("Łukasz Żak", "lukasz zak"),
        ("Straßer", "strasser"),
        ("Zoë", "zoë"),
        ("Miles O’Brien", "o'brien"),
        ("Miles O'Brien", "obrien"),
        ("Jean-Luc Picard", "jean luc"),
        ("Иван Йорданов", "йорд"),
        ("山田太郎", "山田"),
    ],
)
def test_text_ignores_case_accents_and_punctuation(orders: Orders, stored: str, asked: str) -> None:
    """SEA-02: case- and accent-insensitive."""
    orders.add("hit", customer=person(stored))
    orders.add("other", customer=person("Wolfgang Amadeus"))
    assert orders.find(q=asked) == ["hit"]
    assert orders.find(customerName=asked) == ["hit"]


def test_words_match_by_prefix_and_all_of_them_must(orders: Orders) -> None:
    """SEA-02: words by prefix."""
    orders.add("a", customer=person("Maria Garcia"))
    orders.add("b", customer=person("Maria Lopez"))
    orders.add("c", customer=person("Ana Magarcia"))
    assert orders.find(q="mar gar") == ["a"]
    assert orders.find(q="gar") == ["a"]
    assert orders.find(customer="mar") == ["a", "b"]


def test_long_words_are_found_whole_and_by_their_first_letters(orders: Orders) -> None:
    """SEA-02."""
    name = "Wolfeschlegelsteinhausenberger"
    orders.add("a", customer=person(name))
    assert orders.find(q=name) == ["a"]
    assert orders.find(q=name[:20]) == ["a"]


def test_a_quoted_phrase_is_whole_words_side_by_side(orders: Orders) -> None:
    orders.add("a", customer=person("Anna Maria Garcia"))
    orders.add("b", customer=person("Garcia Anna"), lines=(line(1, "S", "Maria tea"),))
    assert orders.find(q='"maria garcia"') == ["a"]
    assert orders.find(q='"maria gar"') == []
    assert orders.find(q='"anna maria" garc') == ["a"]


@pytest.mark.parametrize("part", ["123", "5611234567", "(561) 123-4567", "561.123", "34567"])
def test_any_three_digits_of_a_phone_find_it(orders: Orders, part: str) -> None:
    """SEA-02: "123" finds 5611234567; shown as stored."""
    orders.add("hit", customer=person("A", phone="+1 (561) 123-4567"))
    orders.add("other", customer=person("B", phone="998877"))
    page = orders.page(phone=part)
    assert names(page.hits) == ["hit"]
    customer: Any = page.hits[0].document["customer"]
    assert customer["phone"] == "+1 (561) 123-4567"
    assert orders.find(q=part) == ["hit"]


def test_ids_and_numbers_are_exact(orders: Orders) -> None:
    """SEA-02, SEA-10."""
    orders.add("S26-000012", external_number="Web-77")
    orders.add("S26-000123", external_number="Web-771")
    assert orders.find(number="s26-000012") == ["S26-000012"]
    assert orders.find(externalNumber="WEB-77") == ["S26-000012"]
    assert orders.find(q="S26-000012") == ["S26-000012"]
    assert orders.find(q="ord_S26-000123") == ["S26-000123"]


@pytest.mark.parametrize("separator", ["\n", ",", " ", ", ", ";", "\t"])
def test_a_pasted_list_of_ids_finds_each(orders: Orders, separator: str) -> None:
    """SEA-02: pasted as a list (up to 500)."""
    for number in range(4):
        orders.add(f"N-1000{number}")
    wanted = [f"N-1000{number}" for number in (1, 3)]
    assert orders.find(q=separator.join([*wanted, "N-99999"])) == wanted


def test_five_hundred_pasted_ids_are_taken_and_more_refused(orders: Orders) -> None:
    """SEA-02, API-10."""
    orders.add("N-10499")
    assert orders.find(q="\n".join(f"N-{10_000 + at}" for at in range(500))) == ["N-10499"]
    with pytest.raises(Malformed) as refusal:
        orders.page(q="\n".join(f"N-{10_000 + at}" for at in range(501)))
    assert [problem.code for problem in refusal.value.problems] == ["TOO_MANY_VALUES"]


def test_free_text_takes_criteria(orders: Orders) -> None:
    """SEA-01: `field:value` in the free-text box means the criterion."""
    orders.add("a", {"state": "CLOSED"}, customer=person("Maria"), tags=("VIP",))
    orders.add("b", {"state": "RECEIVED"}, customer=person("Maria"), tags=("VIP",))
    orders.add("c", {"state": "CLOSED"}, customer=person("Maria"))
    assert orders.find(q="maria state:closed tag:vip") == ["a"]
    assert orders.find(q='customer:"maria"') == ["a", "b", "c"]


def test_conditions_on_lines_mean_one_and_the_same_line(orders: Orders) -> None:
    """SEA-10: item and wait reason of one line, not of two."""
    orders.add("same", lines=(line(1, "TEA", wait="BACKORDERED"), line(2, "CUP")))
    orders.add("crossed", lines=(line(1, "TEA"), line(2, "CUP", wait="BACKORDERED")))
    assert orders.find(sku="tea", waitReason="BACKORDERED") == ["same"]
    assert orders.find(sku="tea") == ["crossed", "same"]
    assert orders.find(item="teapot", waitReason="BACKORDERED") == ["crossed", "same"]


def test_state_and_site_mean_one_and_the_same_fulfillment_order(orders: Orders) -> None:
    """SEA-10."""
    states = {"fulfillmentStates": {"fo_1": "PICKING", "fo_2": "FULFILLED"}}
    orders.add("a", states, fulfillment=works(work("1", "miami"), work("2", "tampa", "1Z9")))
    assert orders.find(site="miami", fulfillmentOrderState="PICKING") == ["a"]
    assert orders.find(site="tampa", fulfillmentOrderState="PICKING") == []
    assert orders.find(tracking="1z9", fulfillmentOrderState="FULFILLED") == ["a"]
    assert orders.find(site="tampa") == ["a"]


CRITERIA = [
    ({"customerCode": "C-9"}, {"customer": person("A", code="c-9")}),
    ({"email": "ANA@x.org"}, {"customer": person("A", email="ana@X.org")}),
    ({"customer": "ana@x.org"}, {"customer": person("A", email="ana@x.org")}),
    ({"postalCode": "SW1A1AA"}, {"address": Address("GB", "SW1A 1AA")}),
    ({"postalCode": "90210"}, {"address": Address("US", "90210-1234")}),
    ({"q": "lopez 90210"}, {"customer": person("Lopez"), "address": Address("US", "90210")}),
    ({"country": "ca"}, {"address": Address("CA", "K1A")}),
    ({"city": "québec"}, {"address": Address("CA", "G1A", "Quebec City")}),
    ({"currency": "EUR"}, {"currency": "EUR"}),
    ({"method": "express"}, {"method": "EXPRESS"}),
    ({"tag": "gift"}, {"tags": ("GIFT", "VIP")}),
    ({"flag": "RED"}, {"flag": "RED"}),
    ({"item": "kettle"}, {"lines": (line(1, "K", "Copper kettle"),)}),
    ({"item": "ket-1"}, {"lines": (line(1, "KET-1"),)}),
    ({"tracking": "1Z999"}, {"fulfillment": works(work("1", "miami", "1z999"))}),
    ({"q": "1Z999"}, {"fulfillment": works(work("1", "miami", "1z999"))}),
    ({"paymentMethod": "GIFT_CARD"}, {"payments": paid_with(Method.GIFT_CARD)}),
    ({"lastFour": "1881"}, {"payments": paid_with(Method.CARD, last_four="1881")}),
    ({"holdType": "QUALITY"}, {"holds": held_by("QUALITY")}),
    ({"actionItem": "UNFILLABLE"}, {"attention": with_items(item("UNFILLABLE"))}),
    ({"attribute.color": "Red"}, {"attributes": {"color": "red"}}),
    ({"attribute.weight.from": "9.5"}, {"attributes": {"weight": "10"}}),
    ({"quick": "ALERTED"}, {"attention": with_items(item("UNFILLABLE"))}),
    ({"quick": "SUSPENDED"}, {"suspended": marked()}),
    ({"quick": "HELD"}, {"holds": held_by("QUALITY")}),
    ({"quick": "LOCKED"}, {"locked": marked()}),
    ({"quick": "VOID"}, {"voided_at": START}),
    ({"quick": "OVERDUE"}, {"attention": with_items(item("X", START - timedelta(hours=1)))}),
    ({"placedFrom": "2026-03-02", "placedTo": "2026-03-02"}, {"at": 24 * 60}),
    ({"createdFrom": "2026-03-02T09:59:00Z"}, {"at": 24 * 60}),
    ({"requestedTo": "2026-04-01"}, {"requested_date": "2026-04-01"}),
]


@pytest.mark.parametrize(("params", "changes"), CRITERIA)
def test_each_criterion_finds_its_order_only(
    orders: Orders, params: dict[str, str], changes: dict[str, Any]
) -> None:
    """SEA-10, SEA-05."""
    orders.add("hit", **changes)
    later = with_items(item("OTHER", START + timedelta(days=9), blocking=False))
    orders.add("other", customer=person("Bob"), attributes={"weight": "9"}, attention=later)
    assert orders.find(**params) == ["hit"]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"totalFrom": "1000", "totalTo": "2000"}, ["b", "c"]),
        ({"openFrom": "1"}, ["c"]),
        ({"state": "CLOSED"}, ["a"]),
        ({"quick": "closed"}, ["a"]),
        ({"fulfillmentStatus": "SHIPPED"}, ["b"]),
        ({"paymentStatus": "PAID,UNPAID"}, ["b", "c"]),
        ({"returnStatus": "RETURNED"}, ["c"]),
        ({"lineStatus": "SHIPPED"}, ["b"]),
    ],
)
def test_statuses_and_amounts_are_criteria(
    orders: Orders, params: dict[str, str], wanted: list[str]
) -> None:
    """SEA-10; both ends of a range are included."""
    orders.add("a", {"state": "CLOSED", "totalMinor": 999})
    shipped = {"fulfillmentStatus": "SHIPPED", "lineStatuses": {1: "SHIPPED"}}
    orders.add("b", {"totalMinor": 1000, "paymentStatus": "PAID", **shipped})
    returned = {"paymentStatus": "UNPAID", "returnStatus": "RETURNED"}
    orders.add("c", {"totalMinor": 2000, "openMinor": 5, **returned})
    assert orders.find(**params) == wanted


def test_every_shown_column_sorts_and_pages(orders: Orders) -> None:
    """SEA-03, SEA-04: yes-or-no columns too, in both directions, each order once."""
    for at in range(6):
        orders.add(f"n{at}", at=at, locked=marked() if at % 2 else None, agent=f"ana{at % 3}")
    for sort in ("locked,number", "-locked,number", "agent,number", "-alerted,-number", "version"):
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = orders.page(sort=sort, limit="2", **cursor)
            seen += names(page.hits)
            if page.cursor is None:
                break
            cursor = {"cursor": page.cursor}
        assert sorted(seen) == [f"n{at}" for at in range(6)], sort
        if sort == "-locked,number":
            assert seen[:3] == ["n1", "n3", "n5"]


def test_agents_are_criterion_and_facet(orders: Orders) -> None:
    """SEA-10: who placed the order for the customer."""
    orders.add("a", agent="id-Ana")
    orders.add("b")
    assert orders.find(agent="ID-ANA") == ["a"]
    (count,) = orders.page(facets="agent").facets["agent"]
    assert (count.value, count.count) == ("id-Ana", 1)


def test_the_index_knows_how_far_it_reaches(orders: Orders) -> None:
    """UIX-09, SEA-06: the newest mark stays, whatever arrives late; it is no order."""
    index = orders.index
    for minutes in (5, 3, 9):
        changed = START + timedelta(minutes=minutes)
        index.index([], Mark(changed, changed + timedelta(seconds=1)))
    mark = index.mark()
    assert mark is not None
    assert mark.indexed_at - mark.changed_at == timedelta(seconds=1)
    assert mark.changed_at >= START + timedelta(minutes=9)
    assert orders.find() == []
