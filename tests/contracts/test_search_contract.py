"""One suite for the order search: the fake, the local service and OpenSearch must behave alike.

Cites SEA-01 to SEA-06 and SEA-10, API-07 (cursors), ROL-02 (scope), GEN-12 (companies).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from oms.kernel.errors import Malformed
from oms.orders.model import Address
from oms.payments.model import Method
from oms.search.fresh import merge_fresh
from oms.search.parse import CONSOLE_PAGE_LIMIT, Scope, parse
from oms.search.ports import SearchIndex
from oms.search.query import SearchPage

from tests.contracts.search_engines import ENGINES, engine
from tests.contracts.search_samples import (
    START,
    document,
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
_companies = itertools.count()


@pytest.fixture(scope="module", params=ENGINES)
def connection(request: pytest.FixtureRequest) -> Iterator[SearchIndex]:
    with engine(request.param) as reach:
        yield reach()


class Orders:
    """A company of its own on the engine under test."""

    def __init__(self, index: SearchIndex) -> None:
        self.index = index
        self.company = f"company-{next(_companies)}"
        self.scope: Scope | None = None

    def add(self, name: str, statuses: dict[str, Any] | None = None, **changes: Any) -> None:
        self.store(document(self.company, name, statuses, **changes))

    def store(self, *documents: dict[str, Any]) -> None:
        assert self.index.index(documents) == ()
        self.index.refresh()

    def page(self, **params: str) -> SearchPage:
        query = parse(params, self.company, START, scope=self.scope, page_limit=CONSOLE_PAGE_LIMIT)
        return self.index.search(query)

    def find(self, **params: str) -> list[str]:
        """Names of the found orders, sorted."""
        return sorted(names(self.page(**params).hits))


@pytest.fixture
def orders(connection: SearchIndex) -> Orders:
    return Orders(connection)


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


def test_facets_count_beside_the_result_and_leave_out_their_own_choice(orders: Orders) -> None:
    """SEA-03, SEA-05: a chosen state still shows what other states would give."""
    for at in range(3):
        orders.add(f"a{at}", {"state": "CLOSED"}, tags=("VIP", "GIFT"), attributes={"size": "XL"})
    orders.add("b", {"state": "RECEIVED"}, tags=("VIP",), channel="store")
    page = orders.page(state="CLOSED", facets="state,channel,tag,attribute.size")
    counts = {
        name: {count.value: count.count for count in values} for name, values in page.facets.items()
    }
    assert counts == {
        "state": {"CLOSED": 3, "RECEIVED": 1},
        "channel": {"web": 3},
        "tag": {"VIP": 3, "GIFT": 3},
        "attribute.size": {"XL": 3},
    }
    assert [value.value for value in page.facets["state"]] == ["CLOSED", "RECEIVED"]
    assert (page.total.value, page.total.exact) == (3, True)


def test_default_order_is_newest_first(orders: Orders) -> None:
    """SEA-03."""
    for name, at in (("old", 0), ("new", 9), ("middle", 5)):
        orders.add(name, at=at)
    assert names(orders.page().hits) == ["new", "middle", "old"]


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("total", ["b", "c", "a"]),
        ("-total", ["a", "c", "b"]),
        ("customer", ["c", "a", "b"]),
        ("-customer", ["a", "c", "b"]),
        ("requestedAt", ["b", "a", "c"]),
        ("-requestedAt", ["a", "b", "c"]),
        ("attribute.rank", ["a", "b", "c"]),
        ("-attribute.rank", ["b", "a", "c"]),
    ],
)
def test_orders_sort_by_any_column_those_without_a_value_last(
    orders: Orders, sort: str, wanted: list[str]
) -> None:
    """SEA-03, SEA-05."""
    day = "2026-04-0{}".format
    orders.add(
        "a", {"totalMinor": 30}, customer=person("émile"), requested_date=day(2),
        attributes={"rank": "a"},
    )  # fmt: skip
    orders.add("b", {"totalMinor": 10}, requested_date=day(1), attributes={"rank": "B", "x": "0"})
    orders.add("c", {"totalMinor": 20}, customer=person("Adam"))
    assert names(orders.page(sort=sort).hits) == wanted


@pytest.mark.parametrize("sort", ["-placedAt", "customer", "requestedAt", "-attribute.rank"])
def test_pages_lose_and_repeat_nothing_although_all_sort_values_tie(
    orders: Orders, sort: str
) -> None:
    """SEA-04: cursor paging, also through orders without a value."""
    everyone = [f"n{at:02}" for at in range(23)]
    orders.store(*(document(orders.company, name) for name in everyone))
    seen: list[str] = []
    page = orders.page(sort=sort, limit="5")
    while page.cursor:
        seen += names(page.hits)
        page = orders.page(sort=sort, limit="5", cursor=page.cursor)
    assert seen + names(page.hits) == everyone


@pytest.mark.parametrize("size", [25, 50, 100, 200, 250])
def test_page_sizes(orders: Orders, size: int) -> None:
    """SEA-04, API-10: the last page has no cursor, also when it is full."""
    orders.store(*(document(orders.company, f"n{at:03}") for at in range(size)))
    page = orders.page(limit=str(size))
    assert (len(page.hits), page.cursor, page.total.value) == (size, None, size)
    assert orders.page(limit=str(size - 1)).cursor is not None


def test_an_order_that_arrives_between_pages_disturbs_none(orders: Orders) -> None:
    """SEA-04."""
    orders.store(*(document(orders.company, f"n{at}", at=at) for at in range(4)))
    first = orders.page(limit="2")
    orders.add("newest", at=99)
    second = orders.page(limit="2", cursor=str(first.cursor))
    assert names(first.hits) + names(second.hits) == ["n3", "n2", "n1", "n0"]


def test_stale_and_repeated_documents_change_nothing(orders: Orders) -> None:
    """SEA-06: deliveries converge in any order."""
    new = document(orders.company, "a", {"state": "CLOSED"}, version=3)
    old = document(orders.company, "a", {"state": "RECEIVED"}, version=2)
    for delivery in (new, old, new, old):
        orders.store(delivery)
    page = orders.page()
    assert [(hit.version, hit.document["state"]) for hit in page.hits] == [(3, "CLOSED")]
    assert orders.find(state="RECEIVED") == []


def test_a_newer_document_replaces_all_of_the_older(orders: Orders) -> None:
    """SEA-06."""
    orders.add("a", tags=("VIP",), customer=person("Maria"), attributes={"size": "XL"})
    orders.add("a", version=2, customer=person("Ana"))
    assert orders.find(tag="VIP") == []
    assert orders.find(q="maria") == []
    assert orders.find(**{"attribute.size": "XL"}) == []
    assert orders.find(q="ana") == ["a"]


def test_the_callers_own_change_is_merged_before_the_index_has_it(orders: Orders) -> None:
    """SEA-06: read your write."""
    orders.store(*(document(orders.company, f"n{at}", at=at) for at in range(4)))
    query = parse({"limit": "2", "state": "AWAITING_ALLOCATION"}, orders.company, START)
    page = orders.index.search(query)
    fresh = [
        document(orders.company, "n3", {"state": "CLOSED"}, at=3, version=2),
        document(orders.company, "n2", at=2, version=2, tags=("VIP",)),
        document(orders.company, "n9", at=9),
        document(orders.company, "n0", at=0, version=2),
    ]
    merged = merge_fresh(page, query, fresh)
    assert [(hit.order_id, hit.version) for hit in merged.hits] == [("ord_n9", 1), ("ord_n2", 2)]
    following = orders.page(limit="2", state="AWAITING_ALLOCATION", cursor=str(merged.cursor))
    assert names(following.hits) == ["n1", "n0"]


def test_no_query_crosses_companies(orders: Orders) -> None:
    """GEN-12."""
    stranger = Orders(orders.index)
    stranger.add("a", customer=person("Maria"), tags=("VIP",))
    orders.add("b", customer=person("Maria"))
    assert orders.find(q="maria") == ["b"]
    assert orders.find(q="ord_a") == []
    assert orders.page(facets="tag").facets == {"tag": ()}


def test_scope_bounds_hits_and_counts(orders: Orders) -> None:
    """ROL-02."""
    orders.add("a", channel="web", fulfillment=works(work("1", "miami")))
    orders.add("b", channel="web", fulfillment=works(work("2", "tampa")))
    orders.add("c", channel="store", fulfillment=works(work("3", "miami")))
    orders.scope = Scope(channels=frozenset({"web"}), sites=frozenset({"miami"}))
    page = orders.page(facets="channel,site")
    assert names(page.hits) == ["a"]
    assert page.total.value == 1
    assert [(count.value, count.count) for count in page.facets["channel"]] == [("web", 1)]
    assert orders.find(site="tampa") == []


def test_only_the_wanted_columns_are_answered(orders: Orders) -> None:
    """API-07; what exists only to be searched is never shown."""
    orders.add("a", customer=person("Maria"))
    assert orders.page(fields="number,state").hits[0].document == {
        "number": "a",
        "state": "AWAITING_ALLOCATION",
    }
    assert not {"text", "identifiers"} & set(orders.page().hits[0].document)


def test_unknown_filters_are_refused_before_any_engine_is_asked(orders: Orders) -> None:
    """SEA-10: nothing is ignored silently."""
    with pytest.raises(Malformed) as refusal:
        orders.page(colour="red", state="BOGUS")
    problems = {problem.path: problem for problem in refusal.value.problems}
    assert problems["colour"].code == "UNKNOWN_FILTER"
    assert "AWAITING_ALLOCATION" in problems["state"].message
