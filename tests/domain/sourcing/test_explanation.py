"""Decisions that can be read and run again: SRC-60, SRC-61, ACC-088."""

from __future__ import annotations

import json
from datetime import timedelta

from oms.kernel.codec import decode, encode
from oms.sourcing.decisions import explain, plan, replay
from oms.sourcing.model import DecisionRecord, Rule, RuleSet, SiteKind
from oms.sourcing.words import REASONS

from tests.domain.sourcing.scene import NOW, line, request, site, stock, waits

THREE = [
    site("A", 5, closed_until=NOW + timedelta(hours=2)),
    site("B", 250),
    site("C", 120),
]
LEVELS = stock(A={"shirt": 5}, B={"shirt": 5}, C={"shirt": 5})


def test_why_not_the_nearest() -> None:
    """ACC-088, SRC-60: A is out and why, C before B and by which rule, under which version."""
    found = plan(request(line(1, "shirt", 2), trigger="SCHEDULED", attempt=3), THREE, LEVELS)
    words = explain(found.decision)
    assert words[0] == (
        "Attempt 3 (SCHEDULED) by rule set Standard version 1: 1 fulfillment order made (RANKED), "
        "0 units waiting."
    )
    assert words[1] == "C ships 2 × SHIRT (line 1)."
    assert words[2] == (
        "A was excluded: the site is closed (SITE_CLOSED, until 2026-03-02 14:00 UTC)."
    )
    assert any(w.startswith("B came after C by RANGE_ZONE: 2 against 1; 402 km") for w in words)
    assert len(words) == 5


def test_a_decision_is_run_again_from_its_stored_form() -> None:
    """ACC-088, SRC-60: stored as JSON, read back, the same plan with the same id comes out."""
    lines = (line(1, "shirt", 9, tried_sites=("B",)), line(2, "cap"))
    rules = RuleSet("Own", 4, (Rule("SITE_TYPE_ORDER", {"types": ["STORE"]}),))
    found = plan(request(*lines), THREE, LEVELS, rules)
    stored = json.loads(json.dumps(encode(found.decision)))
    assert replay(decode(DecisionRecord, stored)) == found


def test_the_id_follows_from_the_inputs() -> None:
    """SRC-60: the inputs hash tells decisions on different facts apart."""
    base = plan(request(line(1, "shirt")), THREE, LEVELS).decision
    unrelated = LEVELS | stock(A={"cap": 1})
    assert plan(request(line(1, "shirt")), THREE, unrelated).decision == base
    other = plan(request(line(1, "shirt")), THREE, LEVELS | stock(C={"shirt": 4})).decision
    assert other.inputs_hash != base.inputs_hash
    assert other.id != base.id


def test_every_wait_has_words_and_a_next_try() -> None:
    """SRC-61: reason code, words and the next try, by the sweep or when an exclusion ends."""
    found = plan(request(line(1, "shirt"), line(2, "cap")), THREE[:1], LEVELS)
    rows = waits(found.decision)
    assert (rows[1].reason, rows[1].next_try) == ("SITE_CLOSED", NOW + timedelta(minutes=15))
    assert rows[2].reason == "NO_STOCK"
    assert explain(found.decision)[-2:] == [
        "Line 1: 1 unit waiting, the site is closed (SITE_CLOSED); next try 2026-03-02 12:15 UTC.",
        "Line 2: 1 unit waiting, no sourceable stock (NO_STOCK); next try 2026-03-02 12:15 UTC.",
    ]


def test_an_exclusion_of_one_line_names_the_line() -> None:
    """SRC-60: per-site verdicts say which lines they are about."""
    lines = (line(1, "shirt", tried_sites=("C",)), line(2, "shirt"))
    words = explain(plan(request(*lines), THREE[2:], LEVELS).decision)
    assert (
        "C was excluded for line 1: the site rejected, shorted or let lapse this line before "
        "(PRIOR_REJECTION, did not ship this line before)."
    ) in words


def test_equal_sites_and_single_sites_are_explained() -> None:
    """SRC-60: the code, the coverage, or that the better one could not ship all."""
    levels = stock(A={"shirt": 2}, B={"shirt": 2}, C={"shirt": 1})
    none = RuleSet("None", 1, ())
    tie = plan(request(line(1, "shirt", 2)), [site("A"), site("B"), site("C")], levels, none)
    words = explain(tie.decision)
    assert "B ranks equal to A; the site code decided." in words
    assert "C ranks equal to A but covers fewer units." in words
    near = RuleSet("Near", 1, (Rule("RANGE_ZONE", {"width": 1000}),))
    single = plan(
        request(line(1, "shirt", 2), allow_split=False), [site("A", 50), site("C", 1)], levels, near
    )
    assert any(w.startswith("C ranks higher but cannot ship all") for w in explain(single.decision))


def test_a_plan_of_the_fewest_sites_says_so() -> None:
    """SRC-60: the method is part of the explanation."""
    near = RuleSet("Near", 1, (Rule("RANGE_ZONE", {"width": 1000}),))
    levels = stock(A={"shirt": 1}, B={"shirt": 3})
    wanted = request(line(1, "shirt", 3), max_splits=0)
    words = explain(plan(wanted, [site("A", 1), site("B", 50)], levels, near).decision)
    assert any("would have needed too many shipments" in word for word in words)


def test_units_that_stay_together_are_explained() -> None:
    """SRC-60: a site with some of a group has nothing to exclude it, and yet ships nothing."""
    lines = (line(1, "shirt", 2, splittable=False),)
    words = explain(plan(request(*lines), [site("A")], stock(A={"shirt": 1})).decision)
    assert "A has some units, but not all that must stay together." in words
    assert "(NOT_TOGETHER)" in words[-1]


def test_every_code_a_plan_can_give_has_words() -> None:
    """SRC-60: no exclusion of any property of a site or a line is left without words."""
    sites = [
        site("A", enabled=False), site("B", visible=False), site("C", suppress_allocation=True),
        site("D", ships=False), site("E", outage=True), site("F", capacity=0),
        site("G", group="west"), site("H", ships_hazmat=False), site("I", 9000),
        site("J", closed_until=NOW + timedelta(days=1)), site("V", type=SiteKind.VIRTUAL),
    ]  # fmt: skip
    levels = stock(**{one.code: {"acid": 1} for one in sites})
    rules = RuleSet("R", 1, (Rule("MAX_DISTANCE", {"meters": 5}), Rule("NO_SPLIT")))
    found = plan(request(line(1, "acid", 2, hazmat=True)), sites, levels, rules)
    codes = {e.code for row in found.decision.candidates for e in row.exclusions}
    assert len(codes) == 10
    assert codes <= REASONS.keys()
