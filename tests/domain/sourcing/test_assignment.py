"""Who ships what: SRC-03, SRC-05, SRC-08, SRC-11, SRC-12, SRC-16, ACC-082."""

from __future__ import annotations

from dataclasses import replace

from oms.sourcing.assignment import Assigned, Task
from oms.sourcing.decisions import Layers, news, plan, plan_groups
from oms.sourcing.eligibility import Eligibility
from oms.sourcing.model import Rule, RuleSet

from tests.domain.sourcing.scene import line, reasons, request, shipped, site, stock, store

NEAREST = RuleSet("Nearest", 1, (Rule("RANGE_ZONE", {"width": 1000}),))
NONE = RuleSet("None", 1, ())


def test_the_best_ranked_site_takes_all_it_can_then_the_next() -> None:
    """SRC-05 with splitting on: by rank, not by coverage."""
    sites = [site("A", 10), site("B", 20), site("C", 30)]
    levels = stock(A={"shirt": 2}, B={"shirt": 2}, C={"shirt": 9})
    found = plan(request(line(1, "shirt", 5)), sites, levels, NEAREST)
    assert shipped(found) == {"A": {"shirt": 2}, "B": {"shirt": 2}, "C": {"shirt": 1}}
    assert found.waits == ()


def test_ship_complete_first_prefers_the_single_site() -> None:
    """SRC-05, RUL-10: the shipped set ranks the site that covers all before nearer ones."""
    sites = [site("A", 10), site("B", 20), site("C", 900)]
    levels = stock(A={"shirt": 2}, B={"shirt": 3}, C={"shirt": 9})
    assert shipped(plan(request(line(1, "shirt", 5)), sites, levels)) == {"C": {"shirt": 5}}


def test_equal_ranks_are_decided_by_units_covered_then_by_code() -> None:
    """SRC-05."""
    sites = [site("A"), site("B"), site("C")]
    more = stock(A={"shirt": 1}, B={"shirt": 3}, C={"shirt": 3})
    assert list(shipped(plan(request(line(1, "shirt", 5)), sites, more, NONE))) == ["B", "C"]
    same = stock(A={"shirt": 3}, B={"shirt": 3}, C={"shirt": 3})
    assert list(shipped(plan(request(line(1, "shirt", 2)), sites, same, NONE))) == ["A"]


def test_without_splitting_only_a_site_that_covers_everything_will_do() -> None:
    """SRC-05, SRC-11: the best-ranked one of those; else nothing, NO_SINGLE_SITE."""
    sites = [site("A", 10), site("B", 20), site("C", 30)]
    lines = (line(1, "shirt", 2), line(2, "cap", 1))
    some = stock(A={"shirt": 5}, B={"shirt": 2, "cap": 1}, C={"shirt": 5, "cap": 5})
    found = plan(request(*lines, allow_split=False), sites, some, NEAREST)
    assert shipped(found) == {"B": {"shirt": 2, "cap": 1}}
    none = stock(A={"shirt": 5}, B={"shirt": 1, "cap": 1}, C={"cap": 5})
    nothing = plan(request(*lines, allow_split=False), sites, none, NEAREST)
    assert nothing.fulfillments == ()
    assert reasons(nothing) == {1: "NO_SINGLE_SITE", 2: "NO_SINGLE_SITE"}


def test_a_partial_result_goes_on_and_the_rest_has_a_reason() -> None:
    """SRC-16: under-allocation is an explicit outcome."""
    found = plan(request(line(1, "shirt", 5), line(2, "cap")), [site("A")], stock(A={"shirt": 3}))
    assert shipped(found) == {"A": {"shirt": 3}}
    assert found.waits == ((1, 2, "NO_STOCK"), (2, 1, "NO_STOCK"))


def test_more_sites_than_allowed_gives_way_to_the_fewest() -> None:
    """SRC-12 maxSplits: one split is two shipments; rank yields, units are not left behind."""
    sites = [site("A", 10), site("B", 20), site("C", 30), site("D", 40)]
    levels = stock(A={"shirt": 1}, B={"shirt": 1}, C={"shirt": 4}, D={"shirt": 1})
    wide = plan(request(line(1, "shirt", 5), max_splits=2), sites, levels, NEAREST)
    assert list(shipped(wide)) == ["A", "B", "C"]
    narrow = plan(request(line(1, "shirt", 5), max_splits=1), sites, levels, NEAREST)
    assert shipped(narrow) == {"C": {"shirt": 4}, "A": {"shirt": 1}}
    assert narrow.decision.method == "FEWEST_SITES"
    none = plan(request(line(1, "shirt", 5), max_splits=0), sites, levels, NEAREST)
    assert shipped(none) == {"C": {"shirt": 4}}
    assert none.waits == ((1, 1, "MAX_SPLITS"),)


def test_max_splits_counts_the_fulfillment_orders_there_are() -> None:
    """SRC-12: per order, not per attempt."""
    sites, levels = [site("A")], stock(A={"shirt": 9})
    full = plan(request(line(1, "shirt"), max_splits=2, existing=3), sites, levels)
    assert full.waits == ((1, 1, "MAX_SPLITS"),)
    whole = request(line(1, "shirt"), max_splits=2, existing=3, allow_split=False)
    assert plan(whole, sites, levels).waits == ((1, 1, "MAX_SPLITS"),)
    last = plan(request(line(1, "shirt"), max_splits=2, existing=2), sites, levels)
    assert shipped(last) == {"A": {"shirt": 1}}


def test_ship_complete_waits_for_everything() -> None:
    """SRC-12 ship-complete: from several sites, but all at once."""
    sites, lines = [site("A"), site("B")], (line(1, "shirt", 3),)
    short = stock(A={"shirt": 1}, B={"shirt": 1})
    assert plan(request(*lines, ship_complete=True), sites, short).waits == (
        (1, 3, "SHIP_COMPLETE"),
    )
    enough = stock(A={"shirt": 1}, B={"shirt": 2})
    assert shipped(plan(request(*lines, ship_complete=True), sites, enough)) == {
        "A": {"shirt": 1},
        "B": {"shirt": 2},
    }


def test_a_ship_together_group_stays_on_one_site() -> None:
    """SRC-03, SRC-12: all of the group from one site, other lines from wherever they are."""
    sites = [site("A", 10), site("B", 20)]
    lines = (
        line(1, "shirt", together="kit"),
        line(2, "cap", together="kit"),
        line(3, "shirt", 2),
    )
    found = plan(request(*lines), sites, stock(A={"shirt": 2}, B={"shirt": 2, "cap": 1}), NEAREST)
    kit = {row.site for row in found.fulfillments for u in row.units if u.line_no in (1, 2)}
    assert kit == {"B"}
    assert found.waits == ()
    apart = plan(request(*lines), sites, stock(A={"shirt": 3}, B={"cap": 1}), NEAREST)
    assert reasons(apart) == {1: "NOT_TOGETHER", 2: "NOT_TOGETHER"}
    assert shipped(apart) == {"A": {"shirt": 2}}


def test_a_line_that_may_not_be_split_stays_whole() -> None:
    """SRC-12: line quantity unsplittable, though it holds two reservations."""
    halves = tuple(
        replace(line(1, "rug", 2, splittable=False), reservation_id=f"r{n}") for n in (1, 2)
    )
    apart = plan(request(*halves), [site("A"), site("B")], stock(A={"rug": 3}, B={"rug": 3}))
    assert apart.fulfillments == ()
    assert reasons(apart) == {1: "NOT_TOGETHER"}
    whole = plan(request(*halves), [site("A"), site("B")], stock(A={"rug": 3}, B={"rug": 4}))
    assert [(row.site, len(row.units)) for row in whole.fulfillments] == [("B", 2)]


def test_two_lines_of_one_item_share_its_stock() -> None:
    """SRC-05: a unit is taken once."""
    found = plan(
        request(line(1, "shirt", 2), line(2, "shirt", 2)), [site("A")], stock(A={"shirt": 3})
    )
    taken = [(u.line_no, u.quantity) for row in found.fulfillments for u in row.units]
    assert taken == [(1, 2), (2, 1)]
    assert found.waits == ((2, 1, "NO_STOCK"),)


def test_nothing_wanted_is_nothing_planned() -> None:
    """SRC-08: a demand without units neither ships nor waits."""
    found = plan(request(line(1, "shirt", 0)), [site("A")], stock(A={"shirt": 3}))
    assert (found.fulfillments, found.waits, news(found, {})) == ((), (), False)


def test_running_again_gives_the_same_plan_and_no_news() -> None:
    """SRC-08, ACC-082: nothing new means nothing to write."""
    wanted, sites = request(line(1, "shirt", 2)), [site("A"), site("B")]
    levels = stock(A={"shirt": 1})
    first = plan(wanted, sites, levels)
    assert plan(wanted, list(reversed(sites)), dict(reversed(levels.items()))) == first
    assert news(first, {})
    rest = plan(request(line(1, "shirt", 1)), sites, stock(A={"shirt": 0}))
    assert news(rest, {})
    assert not news(rest, reasons(rest))
    assert news(rest, {1: "SITE_CLOSED"})


def test_groups_of_one_order_do_not_take_the_same_unit() -> None:
    """SRC-03: groups are planned by destination, one after the other."""
    first, second = request(line(1, "shirt", 2)), request(line(2, "shirt", 2), group_id="g2")
    plans = plan_groups([first, second], [site("A")], stock(A={"shirt": 3}))
    assert [shipped(found) for found in plans] == [{"A": {"shirt": 2}}, {"A": {"shirt": 1}}]
    assert plans[1].waits == ((2, 1, "NO_STOCK"),)
    tight = [replace(group, max_splits=0) for group in (first, second)]
    assert plan_groups(tight, [site("A")], stock(A={"shirt": 4}))[1].waits == (
        (2, 2, "MAX_SPLITS"),
    )


def test_each_layer_can_be_replaced() -> None:
    """SRC-03: eligibility, assignment and packing are layers of their own."""

    def only_b(wanted: object, sites: object, levels: object) -> Eligibility:
        return Eligibility({"A": frozenset(), "B": frozenset({0})}, {"A": {}, "B": {}})

    def nobody(task: Task) -> Assigned:
        return Assigned((), "NOBODY", "HOUSE_RULE")

    wanted, sites = request(line(1, "shirt")), [site("A", 1), site("B", 900)]
    levels = stock(A={"shirt": 1}, B={"shirt": 1})
    assert shipped(plan(wanted, sites, levels, layers=Layers(eligibility=only_b))) == {
        "B": {"shirt": 1}
    }
    assert plan(wanted, sites, levels, layers=Layers(assignment=nobody)).waits == (
        (1, 1, "HOUSE_RULE"),
    )
    bare = plan(wanted, sites, levels, layers=Layers(packing=lambda units, demands: ()))
    assert bare.fulfillments[0].parcels == ()


def test_what_ships_alone_gets_its_own_parcel() -> None:
    """SRC-03: the packing layer says which boxes."""
    found = plan(
        request(line(1, "bike", 2, ship_alone=True), line(2, "bell"), line(3, "lock")),
        [store("S")],
        stock(S={"bike": 2, "bell": 1, "lock": 1}),
    )
    parcels = [
        [(units.item_id, units.quantity) for units in parcel.units]
        for parcel in found.fulfillments[0].parcels
    ]
    assert parcels == [[("bell", 1), ("lock", 1)], [("bike", 1)], [("bike", 1)]]
