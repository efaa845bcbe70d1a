"""How the order search answers: order, pages, counts, versions, companies, alike on all engines.

Cites SEA-03 to SEA-06 and SEA-10, API-07 (cursors), ROL-02 (scope), GEN-12 (companies).
"""

from __future__ import annotations

import pytest
from oms.kernel.errors import Malformed
from oms.search.fresh import merge_fresh
from oms.search.parse import Scope, parse

from tests.contracts.search_company import Orders
from tests.contracts.search_samples import START, document, names, person, work, works

pytestmark = pytest.mark.xdist_group("search")


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
