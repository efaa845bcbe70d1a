"""Which sites may serve what, before any rule: SRC-01, SRC-04, SIT-01, SIT-02, SRC-42."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oms.sourcing.decisions import plan
from oms.sourcing.model import Delivery, SiteKind, StockRow

from tests.domain.sourcing.scene import (
    NOW,
    excluded,
    line,
    reasons,
    request,
    shipped,
    site,
    stock,
    waits,
)

BOTH = stock(A={"shirt": 5}, B={"shirt": 5})


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"enabled": False}, "SITE_DISABLED"),
        ({"visible": False}, "SITE_INVISIBLE"),
        ({"suppress_allocation": True}, "SITE_SUPPRESSED"),
        ({"ships": False}, "WRONG_TYPE"),
        ({"type": SiteKind.VIRTUAL}, "WRONG_TYPE"),
        ({"outage": True}, "SITE_OUTAGE"),
        ({"closed_until": NOW + timedelta(hours=3)}, "SITE_CLOSED"),
        ({"capacity": 4, "open_orders": 4}, "CAPACITY_FULL"),
        ({"group": "west"}, "OTHER_GROUP"),
    ],
)
def test_a_site_that_may_not_ship_is_out_with_its_reason(values: dict[str, Any], code: str) -> None:
    """SRC-04, SIT-01, SIT-02: each property of the site excludes it, and the next site ships."""
    found = plan(request(line(1, "shirt")), [site("A", 1, **values), site("B", 500)], BOTH)
    assert excluded(found, "A") == [code]
    assert shipped(found) == {"B": {"shirt": 1}}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"tried_sites": ("A",)}, "PRIOR_REJECTION"),
        ({"drop_ship": True}, "DROP_SHIP_ONLY"),
        ({"countries": ("CA", "MX")}, "COUNTRY"),
        ({"reservation_id": None}, "NOT_RESERVED"),
        ({"group": "west"}, "OTHER_GROUP"),
    ],
)
def test_a_line_that_a_site_may_not_serve_waits(values: dict[str, Any], code: str) -> None:
    """SRC-04, SRC-42: the reason is of this line; another line of the same item still ships."""
    found = plan(
        request(line(1, "shirt", **values), line(2, "shirt")), [site("A")], stock(A={"shirt": 5})
    )
    assert reasons(found) == {1: code}
    assert [units.line_no for row in found.fulfillments for units in row.units] == [2]


def test_hazardous_goods_need_a_site_that_ships_them() -> None:
    """SRC-04: item restriction."""
    sites = [site("A", 1, ships_hazmat=False), site("B", 300)]
    assert shipped(plan(request(line(1, "shirt", hazmat=True)), sites, BOTH)) == {"B": {"shirt": 1}}
    assert shipped(plan(request(line(1, "shirt")), sites, BOTH)) == {"A": {"shirt": 1}}


def test_an_item_cools_down_at_a_site_until_its_time() -> None:
    """SRC-04: the cool-down of an item at a site ends by itself."""
    until = NOW + timedelta(minutes=5)
    levels = {("shirt", "A"): StockRow("shirt", "A", 5, until)}
    cooling = plan(request(line(1, "shirt")), [site("A")], levels)
    assert reasons(cooling) == {1: "COOL_DOWN"}
    assert waits(cooling.decision)[1].next_try == until
    later = plan(request(line(1, "shirt"), now=until), [site("A")], levels)
    assert shipped(later) == {"A": {"shirt": 1}}


def test_a_closed_site_opens_again() -> None:
    """SRC-04: closed until a moment, not at that moment."""
    sites = [site("A", closed_until=NOW)]
    assert shipped(plan(request(line(1, "shirt")), sites, BOTH)) == {"A": {"shirt": 1}}


def test_the_last_place_of_capacity_is_used() -> None:
    """SRC-04: full means that all places are taken."""
    sites = [site("A", capacity=4, open_orders=3)]
    assert shipped(plan(request(line(1, "shirt")), sites, BOTH)) == {"A": {"shirt": 1}}


def test_the_only_holder_is_suppressed() -> None:
    """ACC-080, SIT-02: nothing is made, and the wait says why; an empty site is not to blame."""
    sites = [site("S", suppress_allocation=True), site("T")]
    found = plan(request(line(1, "shirt")), sites, stock(S={"shirt": 9}, T={"shirt": 0}))
    assert found.fulfillments == ()
    assert found.waits == ((1, 1, "SITE_SUPPRESSED"),)


@pytest.mark.parametrize("reason", ["SUSPENDED", "ALERTED", "HELD", "NOT_APPROVED"])
def test_a_stopped_order_is_not_sourced(reason: str) -> None:
    """SRC-01: nothing of it, with the reason on every line."""
    found = plan(request(line(1, "shirt"), line(2, "shirt"), stop=reason), [site("A")], BOTH)
    assert found.fulfillments == ()
    assert reasons(found) == {1: reason, 2: reason}


def test_a_stopped_line_stops_only_itself() -> None:
    """SRC-01: unless it must ship with others."""
    lines = (line(1, "shirt", stop="LINE_SUSPENDED"), line(2, "shirt"))
    split = plan(request(*lines), [site("A")], BOTH)
    assert shipped(split) == {"A": {"shirt": 1}}
    assert reasons(split) == {1: "LINE_SUSPENDED"}
    whole = plan(request(*lines, allow_split=False), [site("A")], BOTH)
    assert reasons(whole) == {1: "LINE_SUSPENDED", 2: "GROUP_STOPPED"}
    assert whole.fulfillments == ()


def test_pickup_goes_to_the_chosen_store_only() -> None:
    """SRC-03, SIT-01: `offersPickup`, and the store that was chosen."""
    sites = [site("A", 1, offers_pickup=True), site("B", 90, offers_pickup=True), site("C", 1)]
    wanted = request(line(1, "shirt"), delivery_type=Delivery.PICKUP, pickup_site="B")
    found = plan(wanted, sites, stock(A={"shirt": 5}, B={"shirt": 5}, C={"shirt": 5}))
    assert shipped(found) == {"B": {"shirt": 1}}
    assert excluded(found, "A") == ["NOT_CHOSEN_STORE"]
    assert excluded(found, "C") == ["WRONG_TYPE"]


def test_digital_goods_come_from_a_virtual_site_without_stock() -> None:
    """SRC-03, SIT-01: a VIRTUAL site needs neither stock nor reservation."""
    sites = [site("A"), site("V", type=SiteKind.VIRTUAL)]
    demand = line(1, "song", reservation_id=None, group=None)
    found = plan(request(demand, delivery_type=Delivery.DIGITAL), sites, stock(A={"song": 5}))
    assert shipped(found) == {"V": {"song": 1}}


def test_a_vendor_without_a_feed_is_unlimited_and_with_one_is_not() -> None:
    """SIT-01: drop-ship vendors are sites; with a level they have what it says."""
    demand = line(1, "sofa", 3, drop_ship=True, reservation_id=None, group=None)
    sites = [site("W"), site("V", type=SiteKind.DROPSHIP_VENDOR)]
    assert shipped(plan(request(demand), sites, stock(W={"sofa": 9}))) == {"V": {"sofa": 3}}
    fed = plan(request(line(1, "sofa", 3, drop_ship=True)), sites, stock(V={"sofa": 2}))
    assert shipped(fed) == {"V": {"sofa": 2}}
    assert fed.waits == ((1, 1, "NO_STOCK"),)
