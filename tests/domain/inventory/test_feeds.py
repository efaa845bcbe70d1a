"""Inventory feeds (FED-01 to FED-03)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.inventory.commands import Delta, FeedRow
from oms.inventory.draft import RECENT_EXACT, RECENT_HOURS
from oms.inventory.model import Item, MovementType, StockWrite
from oms.kernel.errors import StockConflict

from tests.domain.inventory.proof import prove_counters, prove_supply
from tests.domain.inventory.scene import TEN, Scene, allocated, reserved, shipped, units
from tests.fakes.stock import MemoryStock


@pytest.fixture
def store() -> MemoryStock:
    """An empty store."""
    return MemoryStock()


@pytest.fixture
def scene(store: MemoryStock) -> Scene:
    """A merchant with a shirt and no units."""
    scene = Scene(store)
    scene.stocked()
    return scene


def count(quantity: int, sequence: int | None = None, hour: int | None = None) -> FeedRow:
    """A snapshot row of shirts at A."""
    as_of = None if hour is None else TEN.replace(hour=hour)
    return FeedRow("A", "SHIRT", "SNAPSHOT", quantity, as_of, sequence)


def move(quantity: int, sequence: int | None = None, row_id: str | None = None) -> FeedRow:
    """A delta row of shirts at A."""
    return FeedRow("A", "SHIRT", "DELTA", quantity, None, sequence, row_id)


def test_snapshots_set_and_deltas_add(scene: Scene, store: MemoryStock) -> None:
    """FED-01: also unavailable, safety and on order; the report counts."""
    full = FeedRow("A", "SHIRT", "SNAPSHOT", 10, TEN, 1, None, "nightly", {"DAMAGED": 2}, 1, 7)
    report = scene.feed("f1", full, move(-3, 2))
    level = scene.level()
    assert (level.on_hand, level.unavailable, level.safety_sell, level.on_order) == (
        7, {"DAMAGED": 2}, 1, 7,
    )  # fmt: skip
    assert (report.compared, report.changed, scene.ats()) == (2, 2, 4)
    assert scene.store.report("acme", "f1") == report
    scene.feed("f2", FeedRow("A", "SHIRT", "SNAPSHOT", 7, None, 3, unavailable={}))
    assert (scene.level().unavailable, scene.level().safety_sell) == ({}, 1)
    prove_counters(store)
    prove_supply(store)


def test_late_and_repeated_rows_change_nothing(scene: Scene) -> None:
    """ACC-064, FED-03: at sequence 20, rows 19 and 20 count 1 late, 1 repeated."""
    scene.feed("f1", count(9, 20))
    before = scene.state()
    report = scene.feed("f2", count(4, 19), count(5, 20))
    assert (report.late, report.repeated, report.changed) == (1, 1, 0)
    assert scene.state() == before


def test_an_unchanged_row_still_counts_as_seen(scene: Scene) -> None:
    """FED-03, INV-S6: after 25 said the same as 20, row 22 is late."""
    scene.feed("f1", count(9, 20))
    assert scene.feed("f2", count(9, 25)).unchanged == 1
    assert scene.feed("f3", count(4, 22)).late == 1
    assert scene.level().on_hand == 9


def test_times_order_rows_without_sequence(scene: Scene) -> None:
    """FED-03: each position keeps the last source time."""
    scene.feed("f1", count(9, hour=8))
    report = scene.feed("f2", count(4, hour=7), count(5, hour=8), count(6, hour=9))
    assert (report.late, report.repeated, report.changed) == (1, 1, 1)
    assert scene.level().on_hand == 6


def test_a_newer_sequence_does_not_make_an_older_count_true(scene: Scene) -> None:
    """FED-02, FED-03: where sequence and time contradict, the count is late."""
    scene.feed("f1", count(9, 20, hour=9))
    assert scene.feed("f2", count(4, 21, hour=8)).late == 1


def test_a_count_older_than_shipments(scene: Scene) -> None:
    """ACC-065, FED-02: 10 as of 08:00, 3 shipped at 09:00, loaded at 10:00: on hand 7."""
    scene.now = TEN.replace(hour=7)
    scene.stocked(10)
    scene.now = TEN.replace(hour=9)
    scene.happen(reserved(3))
    scene.happen(allocated("A", units(3)))
    scene.happen(shipped("A", units(3)))
    scene.now = TEN
    scene.feed("f1", count(10, hour=8))
    assert scene.level().on_hand == 7
    scene.feed("f2", count(7, hour=9))
    assert scene.level().on_hand == 7


def test_receipts_since_the_count_stay(scene: Scene) -> None:
    """FED-02: what came in after the count is added; what the feed itself moved is not."""
    scene.now = TEN.replace(hour=9)
    scene.adjust("itm_1", on_hand=Delta(4))
    scene.feed("f1", move(5, 1))
    scene.now = TEN
    scene.feed("f2", count(2, 2, hour=8))
    assert scene.level().on_hand == 6


def test_hot_positions_remember_little_and_never_too_much_stock(scene: Scene) -> None:
    """FED-02: movements are merged by half hours; the count errs to fewer, by at most those."""
    scene.stocked(500)
    scene.happen(reserved(120))
    scene.happen(allocated("A", units(120)))
    for _ in range(120):
        scene.now += timedelta(minutes=2)
        scene.happen(shipped("A", units(1)))
    assert len(scene.level().recent) <= RECENT_EXACT + 20
    assert sum(moved.delta for moved in scene.level().recent) == 380
    as_of = TEN + timedelta(minutes=61)
    scene.feed("f1", FeedRow("A", "SHIRT", "SNAPSHOT", 470, as_of))
    assert 380 - 15 <= scene.level().on_hand <= 380


def test_a_snapshot_older_than_memory_is_refused(scene: Scene) -> None:
    """FED-02: it could resurrect what was shipped since."""
    scene.stocked(5)
    scene.now += timedelta(hours=RECENT_HOURS)
    scene.adjust("itm_1", on_hand=Delta(-1))
    report = scene.feed("f1", count(9, hour=9))
    assert [row.reason for row in report.refused] == ["SNAPSHOT_TOO_OLD"]
    assert scene.level().on_hand == 4
    assert scene.feed("f2", count(9, hour=11)).changed == 1
    assert scene.level().on_hand == 8


def test_deltas_by_row_id_take_effect_once(scene: Scene) -> None:
    """FED-03: also after the position forgot the id, by the journal."""
    for n in range(40):
        assert scene.feed(f"f{n}", move(1, row_id=f"row-{n}")).changed == 1
    report = scene.feed("again", *(move(1, row_id=f"row-{n}") for n in range(40)))
    assert (report.repeated, report.changed) == (40, 0)
    assert scene.level().on_hand == 40


def test_a_delta_within_the_last_count_is_late(scene: Scene) -> None:
    """FED-03: a movement up to the time of the snapshot is contained in it."""
    scene.feed("f1", count(9, hour=9))
    row = FeedRow("A", "SHIRT", "DELTA", -2, TEN.replace(hour=9), None, "row-1")
    assert scene.feed("f2", row).late == 1
    later = FeedRow("A", "SHIRT", "DELTA", -2, TEN, None, "row-2")
    assert scene.feed("f3", later).changed == 1
    assert scene.level().on_hand == 7


def test_feeds_say_why_they_refuse(scene: Scene) -> None:
    """FED-01: each refused row with number, place and reason; the others are taken."""
    scene.stocked(item=Item("itm_d", "EBOOK", "E-book", kind="DIGITAL"))
    rows = [
        count(3, 1),
        FeedRow("A", "NOPE", "SNAPSHOT", 1, sequence=1),
        FeedRow("X", "SHIRT", "SNAPSHOT", 1, sequence=1),
        FeedRow("A", "EBOOK", "SNAPSHOT", 1, sequence=1),
        FeedRow("A", "SHIRT", "ODD", 1, sequence=2),
        move(1),
        count(1),
        FeedRow("A", "SHIRT", "SNAPSHOT", 1, sequence=2, unavailable={"LOST": 1}),
        FeedRow("A", "SHIRT", "SNAPSHOT", 1, sequence=2, safety_sell=-1),
        count(1, hour=11),
        count(4, 2),
    ]
    report = scene.feed("f1", *rows)
    assert [(row.row, row.reason) for row in report.refused] == [
        (2, "UNKNOWN_SKU"), (3, "UNKNOWN_SITE"), (4, "NOT_STOCKED"), (5, "UNKNOWN_KIND"),
        (6, "DELTA_NEEDS_SEQUENCE"), (7, "SNAPSHOT_NEEDS_TIME"), (8, "UNKNOWN_REASON"),
        (9, "NEGATIVE_QUANTITY"), (10, "AS_OF_IN_FUTURE"),
    ]  # fmt: skip
    assert (report.compared, report.changed, scene.level().on_hand) == (11, 2, 4)


def test_rows_of_a_position_are_one_write(scene: Scene, store: MemoryStock) -> None:
    """FED-01: chunks of rows, one write per position, whatever the number of its rows."""
    for n in range(120):
        scene.stocked(item=Item(f"itm_{n:03}", f"SKU-{n:03}", "Item"))
    rows = [FeedRow("A", f"SKU-{n:03}", "SNAPSHOT", n + 1, sequence=1) for n in range(120)]
    rows += [FeedRow("A", f"SKU-{n:03}", "DELTA", 1, sequence=2) for n in range(120)]
    ordered = sorted(rows, key=lambda row: row.sku)
    report = scene.feed("f1", *ordered)
    assert (report.compared, report.changed) == (240, 240)
    feeds = [j for j in store.journals.values() if j.movements[0].type is MovementType.FEED]
    assert len(feeds) == 120
    assert scene.level("itm_119").on_hand == 121
    prove_counters(store)


class Racing(MemoryStock):
    """Lets an order in between reading and writing, once."""

    def __init__(self) -> None:
        super().__init__()
        self.scene: Scene | None = None

    def write(self, company: str, change: StockWrite) -> None:
        """As ever, after the other writer."""
        if self.scene is not None and change.journal.cause_id.startswith("feed"):
            scene, self.scene = self.scene, None
            scene.happen(reserved(2, "rsv_racer"))
        super().write(company, change)


def test_a_lost_race_is_decided_again() -> None:
    """FED-01, RSV-02: the feed reads again and keeps what the order promised."""
    store = Racing()
    scene = Scene(store)
    scene.stocked(5)
    store.scene = scene
    assert scene.feed("f1", count(9, 1)).changed == 1
    assert (scene.counter().promised, scene.counter().supply) == (2, 9)


class Stuck(MemoryStock):
    """Never takes a feed's write."""

    def write(self, company: str, change: StockWrite) -> None:
        """Somebody is always faster."""
        if change.journal.cause_id.startswith("feed"):
            raise StockConflict("busy")
        super().write(company, change)


def test_a_feed_that_never_wins_says_so() -> None:
    """FED-01: the caller retries the message; nothing was written."""
    scene = Scene(Stuck())
    scene.stocked(5)
    with pytest.raises(StockConflict):
        scene.feed("f1", count(9, 1))
    assert scene.level().on_hand == 5
