"""Capacity of sites over the real engine: taken with the allocation, given back with what frees it.

Cites CPT-02, INV-S7, SRC-04, SRC-07, SRC-44, SRC-60, RUL-05, RUL-18, ACC-083, ACC-085.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from oms.fulfillment.capacity import fills, holds
from oms.fulfillment.commands import Claim, RejectFulfillment
from oms.fulfillment.model import FulfillmentOrder
from oms.inventory.capacity import DayLoad
from oms.kernel.codec import decode
from oms.kernel.policy import Policy
from oms.orders.commands import Cancel
from oms.sourcing.decisions import explain, replay
from oms.sourcing.model import DecisionRecord

from tests.simulation.floor import only, tick
from tests.simulation.merchant import COMPANY, SITES, START, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything

TODAY = "2026-03-01"


@pytest.fixture
def merchant() -> Merchant:
    """Ten units at each of two sites; the nearer one ships two orders a day."""
    made = Merchant()
    made.shelve("A", DC=10, BOS=10)
    far = replace(made.settings.all_sites["DC"], latitude=0, longitude=0)
    made.settings.all_sites["DC"] = far
    bounded(made, "BOS", 2)
    return made


def bounded(merchant: Merchant, code: str, capacity: int | None) -> None:
    site = merchant.settings.all_sites[code]
    merchant.settings.all_sites[code] = replace(site, daily_capacity=capacity)


def placed(merchant: Merchant) -> str:
    order_id = str(merchant.place(("A", 1, 1000)).body["id"])
    merchant.run(order_id)
    return order_id


def used(merchant: Merchant, site: str = "BOS", day: str = TODAY) -> int:
    load = merchant.stock.days.get((COMPANY, site, day))
    return load.used if load else 0


def held(merchant: Merchant) -> int:
    """FOs that hold capacity at the store today, counted from the orders themselves."""
    works = (fo for record in merchant.orders.every() for fo in record.fulfillment.orders)
    return sum(fo.site == "BOS" and not (fo.canceled_at or fo.rejected_at) for fo in works)


def decision(merchant: Merchant) -> DecisionRecord:
    return decode(DecisionRecord, merchant.orders.decisions[-1]["groups"][0])


def test_a_full_site_is_left_out(merchant: Merchant) -> None:
    """SRC-04, RUL-05, INV-S7: two fit, the third goes elsewhere; the record says why (SRC-60)."""
    sites = [only(merchant, placed(merchant)).site for _ in range(3)]
    assert sites == ["BOS", "BOS", "DC"]
    assert used(merchant) == held(merchant) == 2
    made = decision(merchant)
    store = next(site for site in made.inputs.sites if site.code == "BOS")
    assert (store.open_orders, store.capacity) == (2, 2)
    assert any("CAPACITY_FULL, 2 of 2" in sentence for sentence in explain(made))
    assert replay(made).fulfillments == made.chosen


def test_two_orders_race_for_the_last_slot(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CPT-02, ACC-085, SRC-07: both saw one slot; one takes it, the other is planned again."""
    before = placed(merchant)
    first, second = (str(merchant.place(("A", 1, 1000)).body["id"]) for _ in range(2))
    look = merchant.stock.loads

    def overtaken(company: str, days: Sequence[tuple[str, str]]) -> tuple[DayLoad, ...]:
        seen = look(company, days)
        monkeypatch.undo()
        merchant.run(second)
        return seen

    monkeypatch.setattr(merchant.stock, "loads", overtaken)
    merchant.run(first)
    assert (only(merchant, second).site, only(merchant, first).site) == ("BOS", "DC")
    assert used(merchant) == held(merchant) == 2
    healthy(merchant, before, first, second)


def test_what_leaves_the_site_gives_its_slot_back(merchant: Merchant) -> None:
    """CPT-02, ACC-083: rejection and cancellation free it; shipping uses it up."""
    rejected, canceled = placed(merchant), placed(merchant)
    fo = only(merchant, rejected)
    merchant.act(rejected, RejectFulfillment(fo.id, "NOT_FOUND"))
    assert used(merchant) == 1, "the store's capacity is freed"
    merchant.act(canceled, Cancel("CUSTOMER"))
    assert used(merchant) == 0
    level = next(key for key in merchant.stock.levels if key[2] == "BOS")
    merchant.stock.levels[level] = replace(
        merchant.stock.levels[level], on_hand=10, cooldown_until=None
    )
    shipped = placed(merchant)
    merchant.act(shipped, Claim(only(merchant, shipped).id, "bo"))
    ship_everything(merchant, shipped)
    assert used(merchant) == 1, "what was shipped is used up"


def test_reasons_that_keep_the_day(merchant: Merchant) -> None:
    """SRC-44: a lapsed claim keeps its slot, TOO_BUSY fills the day; tomorrow is another day."""
    merchant.settings.current = Policy(claim_timeout_hours=2)
    lapsed = placed(merchant)
    merchant.pass_time(hours=3)
    tick(merchant, lapsed)
    assert only(merchant, lapsed).site == "DC"
    assert used(merchant) == 1
    busy = placed(merchant)
    fo = only(merchant, busy)
    assert fo.site == "BOS"
    bounded(merchant, "BOS", 9)
    merchant.act(busy, RejectFulfillment(fo.id, "TOO_BUSY"))
    assert only(merchant, placed(merchant)).site == "DC"
    assert "CAPACITY_FULL, 9 of 9" in " ".join(explain(decision(merchant)))
    merchant.pass_time(days=1)
    assert only(merchant, placed(merchant)).site == "BOS"


def test_a_day_is_that_of_the_site(merchant: Merchant) -> None:
    """CPT-01: at ten in the morning in London it is still yesterday in Honolulu until ten."""
    store = merchant.settings.all_sites["BOS"]
    merchant.settings.all_sites["BOS"] = replace(store, time_zone="Pacific/Honolulu")
    merchant.pass_time(minutes=-1)
    placed(merchant)
    assert used(merchant, day="2026-02-28") == 1


def test_what_was_allocated_without_a_limit_gives_nothing_back(merchant: Merchant) -> None:
    """INV-S7: the count is that of the FOs which hold capacity, not of all."""
    bounded(merchant, "BOS", None)
    early = placed(merchant)
    assert only(merchant, early).site == "BOS"
    bounded(merchant, "BOS", 1)
    placed(merchant)
    merchant.act(early, Cancel("CUSTOMER"))
    assert used(merchant) == 1
    assert only(merchant, placed(merchant)).site == "DC"


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({}, TODAY),
        ({"canceled_at": START, "end_reason": "RECALL"}, None),
        ({"canceled_at": START, "end_reason": "CUSTOMER"}, None),
        ({"rejected_at": START, "end_reason": "OTHER"}, None),
        ({"rejected_at": START, "end_reason": "FULFILLMENT_LATE"}, None),
        ({"rejected_at": START, "end_reason": "TOO_BUSY"}, TODAY),
        ({"rejected_at": START, "end_reason": "CLAIM_TIMEOUT"}, TODAY),
    ],
)
def test_what_each_end_does_to_capacity(changes: dict[str, Any], day: str | None) -> None:
    """SRC-44, CPT-02: the column of the reason table; a recall frees, too."""
    fo = FulfillmentOrder("fo", "F1", "BOS", "STANDARD", "1", START, capacity_day=TODAY)
    assert holds(replace(fo, **changes)) == day
    assert holds(replace(fo, capacity_day=None, **changes)) is None
    assert fills(replace(fo, **changes)) is (changes.get("end_reason") == "TOO_BUSY")


def test_sites_without_capacity_cost_nothing() -> None:
    """CPT-01: no counter is read or written for them."""
    merchant = Merchant()
    merchant.shelve("A", DC=10)
    placed(merchant)
    assert merchant.stock.days == {}


@pytest.mark.parametrize(
    ("item", "site", "reason"),
    [
        ({"hazmat": True}, {"ships_hazmat": False}, "HAZMAT"),
        ({"countries": ("CA", "MX")}, {}, "COUNTRY"),
    ],
)
def test_what_an_item_forbids_is_obeyed(
    item: dict[str, Any], site: dict[str, Any], reason: str
) -> None:
    """SRC-04: restrictions of the item, as they are kept with item and site; SRC-61."""
    merchant = Merchant()
    merchant.shelve("A", DC=10)
    merchant.change_item("A", **item)
    for code, known in merchant.settings.all_sites.items():
        merchant.settings.all_sites[code] = replace(known, **site)
    order_id = placed(merchant)
    record = merchant.read(order_id)
    assert record.fulfillment.orders == ()
    assert [line.wait.reason for line in record.order.lines if line.wait] == [reason]
    merchant.change_item("A", hazmat=False, countries=("US",))
    merchant.pass_time(minutes=16)
    merchant.steps.source(COMPANY, order_id, "sweep")
    assert only(merchant, order_id).site == "DC"


def test_what_ships_alone_gets_a_box_of_its_own() -> None:
    """SRC-03, ITM-02: the packing layer knows the item's flag."""
    merchant = Merchant()
    for sku in ("A", "B"):
        merchant.shelve(sku, DC=10)
    merchant.change_item("B", ship_alone=True)
    merchant.run(str(merchant.place(("A", 1, 1000), ("B", 1, 1000)).body["id"]))
    (chosen,) = decision(merchant).chosen
    assert [[units.sku for units in parcel.units] for parcel in chosen.parcels] == [["A"], ["B"]]


def test_load_decides_between_equal_sites() -> None:
    """RUL-18, RUL-05: same zone, type and priority; orders alternate instead of piling up."""
    merchant = Merchant()
    for code in ("DC", "DX"):
        merchant.settings.all_sites[code] = replace(SITES[0], code=code, daily_capacity=10)
    merchant.shelve("A", DC=10, DX=10)
    sites = [only(merchant, placed(merchant)).site for _ in range(4)]
    assert sorted(sites) == ["DC", "DC", "DX", "DX"]
    best = next(c for c in decision(merchant).candidates if c.site == "DX")
    assert [term.value for term in best.rank if term.rule == "LOWEST_LOAD"] == [100_000]
