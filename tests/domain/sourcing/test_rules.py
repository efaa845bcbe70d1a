"""The rules by name: RUL-05, RUL-10 to RUL-18, ACC-081."""

from __future__ import annotations

from typing import Any

import pytest
from oms.kernel.errors import Malformed
from oms.sourcing.decisions import plan
from oms.sourcing.geography import distance, miles
from oms.sourcing.model import Plan, Rule, RuleSet, SiteKind
from oms.sourcing.rules import LAST, STANDARD

from tests.domain.sourcing.scene import (
    HOME,
    excluded,
    line,
    reasons,
    request,
    shipped,
    site,
    stock,
    store,
)


def only(name: str, **params: Any) -> RuleSet:
    """A rule set of one rule."""
    return RuleSet("Test", 7, (Rule(name, params),))


def ranks(found: Plan) -> dict[str, tuple[int, ...]]:
    """The rank tuple of each site."""
    return {row.site: tuple(term.value for term in row.rank) for row in found.decision.candidates}


def test_the_shipped_set_is_what_it_says() -> None:
    """RUL-05: names, order and the 100 mile zone."""
    assert [rule.name for rule in STANDARD.rules] == [
        "SHIP_COMPLETE",
        "RANGE_ZONE",
        "SITE_TYPE_ORDER",
        "SITE_PRIORITY",
        "LOWEST_LOAD",
    ]
    assert STANDARD.rules[1].params == {"width": miles(100)}
    assert STANDARD.rules[2].params["types"] == [
        "WAREHOUSE",
        "STORE",
        "VIRTUAL",
        "DROPSHIP_VENDOR",
    ]


def test_zones_rank_before_the_next_rule_and_the_code() -> None:
    """ACC-081, RUL-14: 20 and 90 miles are equal, 120 is behind."""
    sites = [store("C", 20), store("B", 90), store("A", 120)]
    levels = stock(A={"shirt": 1}, B={"shirt": 1}, C={"shirt": 1})
    found = plan(request(line(1, "shirt")), sites, levels)
    zones = {code: rank[1] for code, rank in ranks(found).items()}
    assert zones == {"A": 1, "B": 0, "C": 0}
    assert shipped(found) == {"B": {"shirt": 1}}
    preferred = [store("C", 20, priority=1), store("B", 90, priority=2), store("A", 120)]
    assert shipped(plan(request(line(1, "shirt")), preferred, levels)) == {"C": {"shirt": 1}}


def test_ship_complete_tells_covering_sites_from_others() -> None:
    """RUL-10."""
    lines = (line(1, "shirt", 2), line(2, "cap"))
    levels = stock(A={"shirt": 2, "cap": 1}, B={"shirt": 9})
    found = plan(request(*lines), [site("A"), site("B")], levels, only("SHIP_COMPLETE"))
    assert ranks(found) == {"A": (0,), "B": (1,)}


def test_no_split_excludes_what_does_not_cover() -> None:
    """RUL-11."""
    lines, levels = (line(1, "shirt", 2),), stock(A={"shirt": 1}, B={"shirt": 2})
    found = plan(request(*lines), [site("A"), site("B")], levels, only("NO_SPLIT"))
    assert excluded(found, "A") == ["NO_SPLIT"]
    assert shipped(found) == {"B": {"shirt": 2}}
    nobody = plan(request(*lines), [site("A")], levels, only("NO_SPLIT"))
    assert reasons(nobody) == {1: "NO_SPLIT"}


def test_site_types_rank_by_their_place_in_the_list() -> None:
    """RUL-12: types that are not named come last."""
    sites = [
        site("A", type=SiteKind.DROPSHIP_VENDOR),
        site("B", type=SiteKind.STORE),
        site("C", type=SiteKind.WAREHOUSE),
    ]
    levels = stock(A={"shirt": 1}, B={"shirt": 1}, C={"shirt": 1})
    rule = only("SITE_TYPE_ORDER", types=["STORE", "WAREHOUSE"])
    found = plan(request(line(1, "shirt")), sites, levels, rule)
    assert ranks(found) == {"A": (2,), "B": (0,), "C": (1,)}


def test_a_site_without_priority_comes_last() -> None:
    """RUL-13."""
    sites = [site("A"), site("B", priority=70), site("C", priority=9)]
    levels = stock(A={"shirt": 1}, B={"shirt": 1}, C={"shirt": 1})
    found = plan(request(line(1, "shirt")), sites, levels, only("SITE_PRIORITY"))
    assert ranks(found) == {"A": (LAST,), "B": (70,), "C": (9,)}


def test_a_site_at_an_unknown_place_is_in_the_last_zone_and_in_reach() -> None:
    """RUL-14, RUL-15: what is not known never excludes."""
    sites = [site("A", latitude=None), site("B", 45)]
    levels = stock(A={"shirt": 1}, B={"shirt": 1})
    zoned = plan(request(line(1, "shirt")), sites, levels, only("RANGE_ZONE", width=miles(10)))
    assert ranks(zoned) == {"A": (LAST,), "B": (4,)}
    near = plan(request(line(1, "shirt")), sites, levels, only("MAX_DISTANCE", meters=miles(10)))
    assert shipped(near) == {"A": {"shirt": 1}}


def test_max_distance_excludes_what_is_beyond() -> None:
    """RUL-15."""
    levels = stock(A={"shirt": 1}, B={"shirt": 1})
    rule = only("MAX_DISTANCE", meters=miles(100))
    found = plan(request(line(1, "shirt")), [site("A", 101), site("B", 99)], levels, rule)
    assert excluded(found, "A") == ["MAX_DISTANCE"]
    assert shipped(found) == {"B": {"shirt": 1}}
    edge = site("B", 99)
    assert edge.coordinates is not None
    exact = only("MAX_DISTANCE", meters=distance(HOME, edge.coordinates))
    assert shipped(plan(request(line(1, "shirt")), [edge], levels, exact)) == {"B": {"shirt": 1}}
    far = plan(request(line(1, "shirt")), [site("A", 101)], levels, rule)
    assert reasons(far) == {1: "MAX_DISTANCE"}


def test_most_available_counts_the_units_of_the_wanted_items() -> None:
    """RUL-16."""
    levels = stock(A={"shirt": 3, "cap": 4, "sock": 99}, B={"shirt": 8})
    found = plan(
        request(line(1, "shirt"), line(2, "cap")), [site("A"), site("B")], levels,
        only("MOST_AVAILABLE"),
    )  # fmt: skip
    assert ranks(found) == {"A": (-7,), "B": (-8,)}


def test_fewest_shipments_looks_at_the_whole_plan() -> None:
    """RUL-17: A needs one more site, B two; C can start no complete plan but A and B finish it."""
    lines = (line(1, "shirt", 4),)
    levels = stock(A={"shirt": 3}, B={"shirt": 1}, C={"shirt": 0})
    found = plan(request(*lines), [site("A"), site("B")], levels, only("FEWEST_SHIPMENTS"))
    assert ranks(found) == {"A": (2,), "B": (2,)}
    alone = plan(request(*lines), [site("A")], levels, only("FEWEST_SHIPMENTS"))
    assert ranks(alone) == {"A": (2,)}
    enough = plan(
        request(*lines), [site("A"), site("B")], stock(A={"shirt": 4}, B={"shirt": 1}),
        only("FEWEST_SHIPMENTS"),
    )  # fmt: skip
    assert ranks(enough) == {"A": (1,), "B": (2,)}


def test_load_is_measured_against_capacity_or_against_the_others() -> None:
    """RUL-18."""
    sites = [
        site("A", capacity=10, open_orders=5),
        site("B", open_orders=3),
        site("C", open_orders=1),
    ]
    levels = stock(A={"shirt": 1}, B={"shirt": 1}, C={"shirt": 1})
    found = plan(request(line(1, "shirt")), sites, levels, only("LOWEST_LOAD"))
    assert ranks(found) == {"A": (500_000,), "B": (1_000_000,), "C": (333_333,)}
    assert shipped(found) == {"C": {"shirt": 1}}


def test_rules_run_top_down_on_what_is_left() -> None:
    """SRC-05: an excluded site no longer counts for later rules, such as the mean load."""
    sites = [site("A", 500, open_orders=10), site("B", 1, open_orders=2)]
    levels = stock(A={"shirt": 1}, B={"shirt": 1})
    rules = RuleSet("Two", 1, (Rule("MAX_DISTANCE", {"meters": 9_000}), Rule("LOWEST_LOAD")))
    assert ranks(plan(request(line(1, "shirt")), sites, levels, rules))["B"] == (1_000_000,)


def test_an_unknown_rule_is_refused() -> None:
    """RUL-05: a rule set names rules that exist."""
    with pytest.raises(Malformed, match="UNKNOWN_RULE"):
        plan(request(line(1, "shirt")), [site("A")], {}, only("COIN_TOSS"))
