"""Requests become queries, or are refused with everything that is wrong about them.

Cites SEA-01 to SEA-05, SEA-10, API-05 (typed errors), API-07, API-10, ROL-02.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from oms.kernel.errors import Malformed
from oms.search.criteria import ENUMS, QUICK, AttributeKind, Vocabulary, criterion_names
from oms.search.cursor import read_cursor, write_cursor
from oms.search.parse import CONSOLE_PAGE_LIMIT, DEFAULT_LIMIT, Scope, parse
from oms.search.query import Range, SearchQuery, Sort, SortKind, Terms

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
KNOWN = Vocabulary(
    {"channel": frozenset({"web", "store"}), "tag": frozenset({"VIP"})},
    {"color": AttributeKind.TEXT, "weight": AttributeKind.NUMBER, "since": AttributeKind.TIME},
)


def read(vocabulary: Vocabulary | None = None, /, **params: str) -> SearchQuery:
    return parse(params, "acme", NOW, vocabulary)


def refusals(vocabulary: Vocabulary | None = None, /, **params: str) -> dict[str, str]:
    """The codes of what is refused, by parameter."""
    with pytest.raises(Malformed) as refusal:
        parse(params, "acme", NOW, vocabulary)
    assert refusal.value.code == "SEARCH_INVALID"
    return {problem.path: problem.code for problem in refusal.value.problems}


def message(vocabulary: Vocabulary | None = None, /, **params: str) -> str:
    with pytest.raises(Malformed) as refusal:
        parse(params, "acme", NOW, vocabulary)
    return refusal.value.problems[0].message


def test_all_that_is_wrong_is_told_at_once() -> None:
    """API-05."""
    assert refusals(
        colour="red", state="BOGUS", sort="-nosuch", facets="state,nosuch", limit="0",
        totalFrom="1.5", placedTo="yesterday", fields="text", q="nosuch:1",
    ) == {
        "colour": "UNKNOWN_FILTER", "state": "UNKNOWN_VALUE", "sort": "UNKNOWN_VALUE",
        "facets": "UNKNOWN_VALUE", "limit": "UNKNOWN_VALUE", "totalFrom": "UNKNOWN_VALUE",
        "placedTo": "UNKNOWN_VALUE", "fields": "UNKNOWN_VALUE", "nosuch": "UNKNOWN_FILTER",
    }  # fmt: skip


@pytest.mark.parametrize("name", [*ENUMS, "quick"])
def test_an_unknown_value_is_answered_with_the_allowed_ones(name: str) -> None:
    """SEA-10: nothing is ignored, and the caller learns what there is."""
    told = message(**{name: "BOGUS"})
    assert all(value in told for value in ENUMS.get(name, QUICK))


def test_an_unknown_filter_is_answered_with_the_known_ones() -> None:
    told = message(shippingMethod="x")
    assert all(name in told for name in (*criterion_names(), "placedFrom", "attribute.<name>"))


def test_codes_of_the_company_are_checked_where_they_are_known() -> None:
    assert refusals(KNOWN, channel="fax", tag="vip,OLD") == {
        "channel": "UNKNOWN_VALUE",
        "tag": "UNKNOWN_VALUE",
    }
    assert "store, web" in message(KNOWN, channel="fax")
    assert read(KNOWN, channel="WEB,store", tag="vip").filters[0].clause == Terms(
        "channel", ("web", "store"), folded=True
    )
    assert read(channel="fax").filters


def test_only_searchable_attributes_may_be_asked_for() -> None:
    """SEA-05."""
    assert refusals(KNOWN, **{"attribute.shape": "round"}) == {"attribute.shape": "UNKNOWN_FILTER"}
    assert refusals(KNOWN, sort="attribute.shape", facets="attribute.shape") == {
        "sort": "UNKNOWN_FILTER",
        "facets": "UNKNOWN_FILTER",
    }
    assert "color, since, weight" in message(KNOWN, **{"attribute.shape": "round"})
    weight = read(KNOWN, sort="-attribute.weight").sort[0]
    assert weight == Sort("attributes.number", SortKind.NUMBER, True, "weight")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("country", "USA"),
        ("currency", "US"),
        ("lastFour", "12345"),
        ("phone", "12"),
        ("phone", "1234567890123456"),
        ("postalCode", "--"),
        ("customerName", "&"),
        ("state", ""),
        ("state", " , "),
        ("q", "&&& --"),
        ("total", "some"),
        ("limit", "201"),
        ("limit", "-1"),
        ("limit", "²"),
        ("totalTo", "99999999999999999"),
        ("placedFrom", "2026-02-30"),
        ("placedFrom", "2026-03-01T10:00:00"),
        ("sort", ""),
    ],
)
def test_unusable_values_are_refused(name: str, text: str) -> None:
    assert refusals(**{name: text}) == {name: "UNKNOWN_VALUE"}


def test_a_criterion_takes_five_hundred_values() -> None:
    """SEA-02, API-10."""
    assert read(number=",".join(map(str, range(500)))).filters
    assert refusals(number=",".join(map(str, range(501)))) == {"number": "TOO_MANY_VALUES"}
    assert refusals(q=" ".join(["word"] * 51)) == {"q": "TOO_MANY_VALUES"}


def test_values_with_commas_are_quoted() -> None:
    [only] = read(tag='"a,b", c ').filters
    assert only.clause == Terms("tags", ("a,b", "c"), folded=True)


@pytest.mark.parametrize(
    ("name", "text", "clause"),
    [
        ("totalFrom", "-5", Range("totalMinor", at_least=-5)),
        ("placedFrom", "2026-03-01", Range("placedAt", at_least="2026-03-01T00:00:00.000Z")),
        ("placedTo", "2026-03-01", Range("placedAt", at_most="2026-03-01T23:59:59.999Z")),
        (
            "createdTo",
            "2026-03-01T10:00:00+02:00",
            Range("receivedAt", at_most="2026-03-01T08:00:00.000Z"),
        ),
    ],
)
def test_range_ends_are_included_and_days_are_whole(name: str, text: str, clause: Range) -> None:
    assert [entry.clause for entry in read(**{name: text}).filters] == [clause]


@pytest.mark.parametrize(
    "text", ["doe, john", "12:30", "http://example.org", "Note: hello", '"unfinished', "C3PO R2"]
)
def test_ordinary_text_is_neither_a_list_nor_a_criterion(text: str) -> None:
    assert len(read(q=text).filters) == len(text.split())


def test_page_sizes() -> None:
    """SEA-04, API-10: 200 for clients, 250 in the console, 50 where nothing is said."""
    assert read().limit == DEFAULT_LIMIT == 50
    assert read(limit="200").limit == 200
    console = parse({"limit": "250"}, "acme", NOW, page_limit=CONSOLE_PAGE_LIMIT)
    assert console.limit == 250


def test_every_sort_ends_in_the_unique_tie_breaker() -> None:
    """SEA-04: no two orders have the same place."""
    for sort in ("-placedAt", "total", "customer,-total", "attribute.color"):
        assert read(sort=sort).sort[-1].field == "orderId"


def test_a_cursor_of_another_query_is_refused() -> None:
    """API-07: other criteria, sort, company or scope make it meaningless."""
    query = read(state="CLOSED")
    cursor = write_cursor(query.fingerprint, ("2026", "ord_1"))
    same = {"state": "CLOSED", "limit": "10", "facets": "state", "total": "exact"}
    assert parse({**same, "cursor": cursor}, "acme", NOW).after == ("2026", "ord_1")
    others: list[tuple[dict[str, str], str, Scope | None]] = [
        ({"state": "VOID"}, "acme", None),
        ({"state": "CLOSED", "sort": "total"}, "acme", None),
        ({}, "acme", None),
        ({"state": "CLOSED"}, "other", None),
        ({"state": "CLOSED"}, "acme", Scope(sites=frozenset({"miami"}))),
    ]
    for params, company, scope in others:
        with pytest.raises(Malformed, match="another query"):
            parse({**params, "cursor": cursor}, company, NOW, scope=scope)


@pytest.mark.parametrize(
    "cursor", ["", "x", "!!!!", "eyJhIjoxfQ", "W10", "WyJmcCIsMV0", "WyJmcCIsMSxbXV0", "W251bGxd"]
)
def test_a_damaged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_cursor(cursor, "fp", 2)
    assert [problem.code for problem in refusal.value.problems] == ["CURSOR_INVALID"]


def test_cursors_carry_any_sort_value() -> None:
    values = ("Zoë", None, -1.5, 2**53)
    assert read_cursor(write_cursor("fp", values), "fp", 4) == values


def test_a_scope_without_sites_sees_nothing() -> None:
    """ROL-02: no site is not every site."""
    query = parse({}, "acme", NOW, scope=Scope(sites=frozenset()))
    assert [entry.clause for entry in query.filters] == [Terms("sites", (), folded=True)]
