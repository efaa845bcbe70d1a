"""What every `StockStore` does: the fake the tests use and the table production uses."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from oms.inventory.capacity import DayLoad, SlotChange
from oms.inventory.commands import CartLine, Delta, FeedRow, ReserveCart
from oms.inventory.draft import Draft, Note
from oms.inventory.model import (
    BackorderPolicy,
    BackorderRule,
    Item,
    MovementType,
    StockSnapshot,
    StockWrite,
    Vendor,
)
from oms.inventory.ports import StockStore
from oms.inventory.reports import FeedReport, RefusedRow
from oms.inventory.use_cases import reserve_cart
from oms.kernel.errors import AlreadyDone, Conflict, StockConflict, VersionConflict
from oms_aws.stock import DynamoStock, stock_refusal, stock_transaction_items

from tests.contracts.conftest import TABLE
from tests.domain.inventory.scene import (
    SITES,
    TEN,
    Scene,
    allocated,
    left,
    rejected,
    reserved,
    shipped,
    units,
)
from tests.fakes.stock import MemoryStock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOTE = Note(MovementType.ADJUST, reason="test")


def change(scene: Scene, cause: str, delta: int = 1, snapshot: StockSnapshot | None = None) -> Any:
    """A write of on hand at A, decided on `snapshot` or on what is there now."""
    draft = Draft(snapshot or scene.snapshot(), scene.now, SITES)
    draft.shift(NOTE, "itm_1", "A", on_hand=delta)
    return draft.finish(cause, scene.ctx())


def test_nothing_is_absent(store: StockStore) -> None:
    """What does not exist is not made up."""
    assert store.read("acme", ["i"], ["main"], ["A"], ["r"]) == StockSnapshot()
    assert store.read("acme", [], [], None) == StockSnapshot()
    assert store.items_by_sku("acme", ["X"]) == {}
    assert store.journal("acme", "c") is None
    assert store.report("acme", "f") is None
    assert store.items_at("acme", "A") == ()


def test_what_is_written_is_read(scene: Scene) -> None:
    """STK-12: counters with their new version, and the journal of the same write."""
    before = scene.level()
    write = change(scene, "c1", 2)
    scene.store.write("acme", write)
    level = scene.level()
    assert (level.on_hand, level.version) == (7, before.version + 1)
    assert level.recent[-1].delta == 7
    assert scene.counter().supply == 7
    assert scene.store.journal("acme", "c1") == write.journal


def test_reading_is_by_key(scene: Scene) -> None:
    """STK-19: only the groups and sites asked for, or all sites of several items."""
    scene.stocked(2, "W")
    scene.stocked(3, "B", Item("itm_2", "HAT", "Hat"))
    found = scene.store.read("acme", ["itm_1", "itm_2"], ["main"], ["B", "W"])
    assert set(found.levels) == {("itm_1", "W"), ("itm_2", "B")}
    assert set(found.counters) == {("itm_1", "main"), ("itm_2", "main")}
    everywhere = scene.store.read("acme", ["itm_1", "itm_2"], ["west"])
    assert set(everywhere.levels) == {("itm_1", "A"), ("itm_1", "W"), ("itm_2", "B")}
    assert set(everywhere.counters) == {("itm_1", "west")}
    assert set(everywhere.items) == {"itm_1", "itm_2"}
    assert scene.store.read("acme", ["itm_1"], [], []).levels == {}


def test_many_keys_are_read_at_once(scene: Scene) -> None:
    """STK-19: more keys than one batch holds, and more items than one worker asks for."""
    for n in range(60):
        scene.stocked(n + 1, item=Item(f"itm_x{n}", f"X{n}", "Item"))
    ids = [f"itm_x{n}" for n in range(60)]
    for sites in (["A", "B"], None):
        found = scene.store.read("acme", ids, ["main", "west"], sites)
        assert {found.counters[(i, "main")].supply for i in ids} == set(range(1, 61))
        assert len(found.levels) == len(found.items) == 60


def test_a_moved_counter_is_a_conflict(scene: Scene) -> None:
    """RSV-02: nothing of the write is stored when one of its guards fails."""
    stale = scene.snapshot()
    scene.happen(reserved(1))
    before = scene.state()
    with pytest.raises(StockConflict):
        scene.store.write("acme", change(scene, "c1", 1, stale))
    assert scene.state() == before
    assert scene.store.journal("acme", "c1") is None
    scene.store.write("acme", change(scene, "c1"))


def test_a_counter_made_meanwhile_is_a_conflict(scene: Scene) -> None:
    """RSV-02: two first writes of a level are not both first."""
    empty = StockSnapshot()
    with pytest.raises(StockConflict):
        scene.store.write("acme", change(scene, "c1", 1, empty))


def test_a_cause_is_written_once(scene: Scene) -> None:
    """STK-12, INV-S6: whatever the counters are by now."""
    scene.store.write("acme", change(scene, "c1"))
    with pytest.raises(AlreadyDone) as done:
        scene.store.write("acme", change(scene, "c1"))
    assert done.value.existing_id == "c1"
    assert scene.level().on_hand == 6


def test_a_write_without_movements_needs_no_journal(scene: Scene) -> None:
    """FED-03: a row that only moves the sequence of its position is one put, and guarded."""
    scene.feed("f1", FeedRow("A", "SHIRT", "SNAPSHOT", 5, sequence=4))
    level = scene.level()
    assert level.source_sequence == 4
    bare = StockWrite(replace(change(scene, "c1").journal, movements=()), levels=(level,))
    scene.store.write("acme", bare)
    assert scene.level().version == level.version + 1
    with pytest.raises(StockConflict):
        scene.store.write("acme", bare)
    scene.store.write("acme", replace(bare, levels=()))
    assert scene.store.journal("acme", "c1") is None


def test_companies_share_nothing(scene: Scene) -> None:
    """INV-A5: the same ids in another company are other records."""
    other = Scene(scene.store, company="other")
    other.stocked(9)
    assert (scene.ats(), other.ats()) == (5, 9)
    assert scene.store.read("third", ["itm_1"], ["main"]) == StockSnapshot()
    assert scene.store.items_at("other", "A") == ("itm_1",)


def test_every_field_survives(scene: Scene) -> None:
    """ITM-02, STK-02 to STK-06: the whole life of a unit and all fields of an item."""
    item = Item(
        "itm_f", "FULL", "Full", "ASSEMBLY", "SUSPENDED", True, ("400",), ("c",), ("web",), 5, "T",
        100, {"USD": 1}, True, True, True, True, True, BackorderPolicy.LIMITED, 3, "EXTRA", 1,
        ("t",), {"color": "red"}, (1, 2, 3), ("u",), (Vendor("v", "s", 4, 5),), 2, "30D",
        "2026-01-01", "2026-12-31",
        {"west": BackorderRule(BackorderPolicy.LIMITED, 2, "EXTRA", "2026-01-01", "2027-01-01")},
        True, ("US",),
    )  # fmt: skip
    default = Item("i", "s", "n")
    same = [f.name for f in fields(Item) if getattr(item, f.name) == getattr(default, f.name)]
    assert same == ["version"]
    scene.stocked(item=item)
    assert scene.store.items_by_sku("acme", ["FULL"]) == {"FULL": item}
    scene.happen(reserved(3))
    scene.happen(allocated("A", units(3)))
    scene.happen(rejected("A", left(units(1), "DAMAGED", "DAMAGED", 24)))
    scene.happen(shipped("A", units(2)))
    scene.feed("f1", FeedRow("A", "SHIRT", "SNAPSHOT", 5, TEN, 4, "row-1", "x", None, 1, 2))
    level = scene.level()
    assert (level.unavailable, level.shipped, level.feed_rows) == ({"DAMAGED": 1}, 2, ("row-1",))
    assert level.cooldown_until is not None
    assert level.source_at == TEN


def test_items_have_one_owner_per_sku_and_one_next_version(scene: Scene) -> None:
    """ITM-02: aliases stay, versions guard."""
    scene.change_item("itm_1", sku="TEE")
    assert set(scene.store.items_by_sku("acme", ["SHIRT", "TEE"])) == {"SHIRT", "TEE"}
    with pytest.raises(Conflict) as taken:
        scene.store.put_item("acme", Item("itm_2", "SHIRT", "Other"))
    assert taken.value.code == "SKU_TAKEN"
    for version in (1, 2, 4):
        with pytest.raises(VersionConflict):
            scene.store.put_item("acme", Item("itm_1", "TEE", "Other", version=version))


def test_carts_are_kept_by_id(scene: Scene) -> None:
    """RSV-01, RSV-06: with their counter in one write, guarded like it."""
    command = ReserveCart("c1", (CartLine(1, "itm_1", 2, ("main",)),))
    (held,) = reserve_cart(scene.store, command, scene.ctx()).reservations
    assert reserve_cart(scene.store, command, scene.ctx()).reservations[0].id == held.id
    stored = scene.store.read("acme", [], [], [], [held.id]).carts[held.id]
    assert stored == replace(held, version=1)
    assert sum(scene.counter().soft.values()) == 2
    stale = StockWrite(change(scene, "c9").journal, carts=(held,))
    with pytest.raises(StockConflict):
        scene.store.write("acme", stale)
    scene.happen(reserved(2, cart=held.id))
    assert scene.store.read("acme", [], [], [], [held.id]).carts[held.id].ended == "CONSUMED"


def test_a_site_lists_its_items(scene: Scene) -> None:
    """STK-19: in the order of their ids, from any of them on."""
    scene.stocked(3, item=Item("itm_0", "HAT", "Hat"))
    scene.stocked(3, "B", Item("itm_3", "SCARF", "Scarf"))
    assert scene.store.items_at("acme", "A") == ("itm_0", "itm_1")
    assert scene.store.items_at("acme", "A", "itm_0", 1) == ("itm_1",)


def slots(scene: Scene, *changes: SlotChange) -> StockWrite:
    """A write that moves nothing but capacity."""
    return StockWrite(replace(change(scene, "c1").journal, movements=()), slots=changes)


def test_the_last_slot_of_a_day_is_taken_once(scene: Scene) -> None:
    """CPT-02, INV-S7: never beyond the limit, whatever was read before; given back, it is free."""
    days = [("A", "2026-03-01"), ("A", "2026-03-02")]
    taken = SlotChange(*days[0], 1, limit=2)
    assert scene.store.loads("acme", days) == ()
    for _ in range(2):
        scene.store.write("acme", slots(scene, taken))
    with pytest.raises(StockConflict):
        scene.store.write("acme", slots(scene, taken))
    assert scene.store.loads("acme", days) == (DayLoad(*days[0], 2),)
    assert scene.store.loads("other", days) == ()
    scene.store.write("acme", slots(scene, SlotChange(*days[0], -1, limit=2)))
    scene.store.write("acme", slots(scene, taken, SlotChange(*days[1], 1)))
    assert {(d.day, d.used) for d in scene.store.loads("acme", days)} == {
        ("2026-03-01", 2), ("2026-03-02", 1),
    }  # fmt: skip


def test_a_lost_slot_takes_the_whole_write_with_it(scene: Scene) -> None:
    """CPT-02, SRC-07: stock and capacity stand or fall together."""
    taken = SlotChange("A", "2026-03-01", 1, limit=1)
    scene.store.write("acme", slots(scene, taken))
    before = scene.state()
    with pytest.raises(StockConflict):
        scene.store.write("acme", replace(change(scene, "c2"), slots=(taken,)))
    assert scene.state() == before
    assert scene.store.journal("acme", "c2") is None


def test_a_closed_day_takes_no_more(scene: Scene) -> None:
    """SRC-44: TOO_BUSY sets the day to full; what is given back afterwards does not open it."""
    at = ("A", "2026-03-01")
    scene.store.write("acme", slots(scene, SlotChange(*at, 1, limit=9)))
    scene.store.write("acme", slots(scene, SlotChange(*at, 0, closes=True, limit=9)))
    scene.store.write("acme", slots(scene, SlotChange(*at, -1, limit=9)))
    with pytest.raises(StockConflict):
        scene.store.write("acme", slots(scene, SlotChange(*at, 1, limit=9)))
    (load,) = scene.store.loads("acme", [at])
    assert (load.used, load.closed, load.counts(9)) == (0, True, 9)


def test_reports_are_kept(scene: Scene) -> None:
    """FED-01: the newest report of a feed, with what was refused and why."""
    report = FeedReport("f1", TEN, 3, 0, 1, 0, 1, (RefusedRow(2, "A", "X", "UNKNOWN_SKU"),))
    scene.store.put_report("acme", replace(report, changed=0))
    scene.store.put_report("acme", report)
    assert scene.store.report("acme", "f1") == report


def test_levels_are_readable_in_the_console(client: DynamoDBClient) -> None:
    """STK-01: plain attributes, whole numbers, no blob."""
    scene = Scene(DynamoStock(client, TABLE))
    scene.stocked(5)
    key = {"pk": {"S": "acme#ITEM#itm_1"}, "sk": {"S": "LEVEL#A"}}
    row = client.get_item(TableName=TABLE, Key=key)["Item"]
    assert (row["onHand"], row["version"]) == ({"N": "5"}, {"N": "1"})
    assert row["siteKey"] == {"S": "acme#SITE#A"}


def failed(code: str, *reasons: str) -> ClientError:
    """An error as the service gives it."""
    answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": r} for r in reasons]}
    return ClientError(answer, "TransactWriteItems")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (failed("TransactionCanceledException", "None", "TransactionConflict"), StockConflict),
        (failed("TransactionCanceledException", "TransactionConflict", "None"), StockConflict),
        (failed("TransactionCanceledException", "None", "ConditionalCheckFailed"), StockConflict),
        (failed("TransactionCanceledException", "ConditionalCheckFailed", "None"), AlreadyDone),
        (
            failed("TransactionCanceledException", *["ConditionalCheckFailed"] * 2),
            AlreadyDone,
        ),
        (failed("TransactionConflictException"), StockConflict),
        (failed("TransactionInProgressException"), StockConflict),
        (failed("TransactionCanceledException", "None", "ThrottlingError"), type(None)),
        (failed("ValidationException"), type(None)),
    ],
)
def test_cancellations_are_told_apart(error: ClientError, meaning: type[object]) -> None:
    """RSV-02, RSV-12: a transaction that met another one is a conflict, never a lost effect."""
    scene = Scene(MemoryStock())
    scene.stocked(5)
    entries = stock_transaction_items(TABLE, "acme", change(scene, "c1"))
    assert type(stock_refusal(error, entries, "c1")) is meaning


def test_names_are_never_bare(client: DynamoDBClient) -> None:
    """Reserved words cannot break a write: every name in a condition is a placeholder."""
    scene = Scene(DynamoStock(client, TABLE))
    scene.stocked(5)
    for snapshot in (StockSnapshot(), scene.snapshot()):
        for entry in stock_transaction_items(TABLE, "acme", change(scene, "c1", 1, snapshot)):
            words = entry["Put"]["ConditionExpression"].replace("(", " ").replace(")", " ").split()
            known = {"attribute_not_exists", "="}
            assert all(word[0] in "#:" or word in known for word in words)


def test_adjusting_is_one_transaction(scene: Scene) -> None:
    """STK-12: journal, counter and level stand or fall together."""
    scene.adjust("itm_1", on_hand=Delta(1))
    entries = stock_transaction_items(TABLE, "acme", change(scene, "c1"))
    kinds = [entry["Put"]["Item"]["sk"]["S"].partition("#")[0] for entry in entries]
    assert kinds == ["MOVEMENTS", "PROMISE", "LEVEL"]
