"""Random demands, sites and stocks: what holds for every plan (SRC-05, SRC-07, SRC-08, SRC-60)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from oms.kernel.codec import decode, encode
from oms.sourcing.decisions import explain, plan, plan_groups, replay
from oms.sourcing.model import (
    DecisionRecord,
    Demand,
    Plan,
    Request,
    Rule,
    RuleSet,
    SiteKind,
    SiteView,
    StockRow,
)
from oms.sourcing.rules import RULES, STANDARD

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ITEMS, CODES, GROUPS = ("i", "j", "k"), ("A", "B", "C", "D"), ("east", "west")
PARAMS: dict[str, dict[str, Any]] = {
    "RANGE_ZONE": {"width": 200_000},
    "SITE_TYPE_ORDER": {"types": ["STORE"]},
    "MAX_DISTANCE": {"meters": 900_000},
}

moments = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
sites = st.tuples(
    *(
        st.builds(
            SiteView, st.just(code), st.sampled_from([SiteKind.WAREHOUSE, SiteKind.STORE]),
            st.none() | st.integers(30_000_000, 50_000_000), st.just(-80_000_000),
            st.sampled_from(GROUPS), st.none() | st.integers(0, 3),
            enabled=st.integers(0, 9).map(bool), suppress_allocation=st.integers(0, 5).map(
                lambda n: n == 0
            ), open_orders=st.integers(0, 4), capacity=st.none() | st.integers(1, 4),
            closed_until=moments,
        )
        for code in CODES
    )
)  # fmt: skip
stocks = st.fixed_dictionaries(
    {
        (item, code): st.builds(
            StockRow, st.just(item), st.just(code), st.integers(0, 5), st.none() | moments
        )
        for item in ITEMS
        for code in CODES
    }
)
rows = st.lists(
    st.builds(
        Demand, st.integers(1, 4), st.sampled_from(ITEMS), st.just("SKU"), st.integers(1, 6),
        st.just("rsv"), st.sampled_from(GROUPS),
        st.sets(st.sampled_from(CODES), max_size=1).map(tuple), st.integers(0, 900),
        st.sampled_from([None, None, "kit"]), st.booleans(),
        stop=st.sampled_from([None, None, None, "HELD"]),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request whose reservations are all different."""
    demands = tuple(
        Demand(
            row.line_no, row.item_id, row.sku, row.quantity, f"rsv{place}", row.group,
            row.tried_sites, row.value, row.together, row.splittable, stop=row.stop,
        )
        for place, row in enumerate(draw(rows))
    )  # fmt: skip
    return Request(
        "ord", "g", demands, NOW, destination=(40_000_000, -80_000_000),
        allow_split=draw(st.booleans()), max_splits=draw(st.integers(0, 3)),
        ship_complete=draw(st.integers(0, 4)) == 0,
    )  # fmt: skip


rule_sets = st.just(STANDARD) | st.lists(st.sampled_from(sorted(RULES)), max_size=4).map(
    lambda names: RuleSet("R", 1, tuple(Rule(name, PARAMS.get(name, {})) for name in names))
)
Sites = tuple[SiteView, ...]
Stock = dict[tuple[str, str], StockRow]


def taken(found: Plan) -> Counter[tuple[str, str]]:
    """Units by (item, site)."""
    return Counter(
        {
            key: sum(
                units.quantity
                for row in found.fulfillments
                for units in row.units
                if (units.item_id, row.site) == key
            )
            for key in ((item, code) for item in ITEMS for code in CODES)
        }
    )


@given(requests(), sites, stocks, rule_sets)
def test_every_unit_is_planned_once_or_waits(
    wanted: Request, places: Sites, stock: Stock, rules: RuleSet
) -> None:
    """SRC-07, SRC-16: by reservation, nothing is lost, doubled or taken beyond stock."""
    found = plan(wanted, places, stock, rules)
    for key, units in taken(found).items():
        assert 0 <= units <= stock[key].sourceable
    planned: Counter[str | None] = Counter()
    for row in found.fulfillments:
        for one in row.units:
            assert one.quantity > 0
            planned[one.reservation_id] += one.quantity
    waiting: Counter[int] = Counter()
    for line_no, quantity, _ in found.waits:
        waiting[line_no] += quantity
    for demand in wanted.demands:
        assert planned[demand.reservation_id] <= demand.quantity
    for line_no in {demand.line_no for demand in wanted.demands}:
        here = [demand for demand in wanted.demands if demand.line_no == line_no]
        shipped = sum(planned[demand.reservation_id] for demand in here)
        assert shipped + waiting[line_no] == sum(demand.quantity for demand in here)


@given(requests(), sites, stocks, rule_sets)
def test_no_excluded_site_is_used(
    wanted: Request, places: Sites, stock: Stock, rules: RuleSet
) -> None:
    """SRC-04, SRC-42, SIT-02, RSV-03: for the site, and for each line there."""
    by_code = {site.code: site for site in places}
    demands = {demand.reservation_id: demand for demand in wanted.demands}
    for row in plan(wanted, places, stock, rules).fulfillments:
        site = by_code[row.site]
        assert site.enabled
        assert not site.suppress_allocation
        assert site.capacity is None or site.open_orders < site.capacity
        assert site.closed_until is None or site.closed_until <= NOW
        for units in row.units:
            demand = demands[units.reservation_id]
            cooling = stock[units.item_id, row.site].cooldown_until
            assert demand.stop is None
            assert row.site not in demand.tried_sites
            assert demand.group == site.group
            assert cooling is None or cooling <= NOW


@given(requests(), sites, stocks, rule_sets)
def test_constraints_hold(wanted: Request, places: Sites, stock: Stock, rules: RuleSet) -> None:
    """SRC-05, SRC-11, SRC-12: splits, completeness, togetherness."""
    found = plan(wanted, places, stock, rules)
    assert len(found.fulfillments) <= wanted.max_splits + 1
    assert len({row.site for row in found.fulfillments}) == len(found.fulfillments)
    if not wanted.allow_split:
        assert len(found.fulfillments) <= 1
    if found.fulfillments and (wanted.ship_complete or not wanted.allow_split):
        assert found.waits == ()
    demands = {demand.reservation_id: demand for demand in wanted.demands}
    homes: dict[str, set[str]] = {}
    for row in found.fulfillments:
        for units in row.units:
            demand = demands[units.reservation_id]
            if demand.together or not demand.splittable:
                homes.setdefault(demand.together or f"line {demand.line_no}", set()).add(row.site)
                assert units.quantity == demand.quantity
    assert all(len(codes) == 1 for codes in homes.values())


@given(requests(), sites, stocks, rule_sets)
def test_the_same_facts_give_the_same_plan(
    wanted: Request, places: Sites, stock: Stock, rules: RuleSet
) -> None:
    """SRC-08, SRC-60: in any order of listing, and again from the stored record."""
    found = plan(wanted, places, stock, rules)
    shuffled = dict(reversed(stock.items()))
    assert plan(wanted, tuple(reversed(places)), shuffled, rules) == found
    stored = json.loads(json.dumps(encode(found.decision)))
    assert replay(decode(DecisionRecord, stored)) == found


@given(requests(), sites, stocks, rule_sets)
def test_every_decision_has_words(
    wanted: Request, places: Sites, stock: Stock, rules: RuleSet
) -> None:
    """SRC-60, SRC-61: each site and each wait is explained, never in the past."""
    found = plan(wanted, places, stock, rules)
    words = "\n".join(explain(found.decision))
    assert {row.site for row in found.decision.candidates} == set(CODES)
    if found.fulfillments:
        assert all(code in words for code in CODES)
    for row in found.decision.waits:
        assert f"({row.reason})" in words
        assert row.next_try > NOW


@given(st.lists(requests(), min_size=2, max_size=3), sites, stocks)
def test_groups_share_one_stock(groups: list[Request], places: Sites, stock: Stock) -> None:
    """SRC-03, SRC-07: all groups of an order together stay within what is there."""
    total: Counter[tuple[str, str]] = Counter()
    for found in plan_groups(groups, places, stock):
        total.update(taken(found))
    assert all(units <= stock[key].sourceable for key, units in total.items())
