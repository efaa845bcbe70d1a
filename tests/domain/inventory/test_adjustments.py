"""Adjustments, counts, receipts and returns by people (STK-05, STK-12, STK-14)."""

from __future__ import annotations

import pytest
from oms.inventory.commands import AdjustStock, Delta, Set
from oms.inventory.decisions import changes
from oms.inventory.model import MovementType, StockWrite
from oms.inventory.use_cases import Adjusted, adjust_stock
from oms.kernel.errors import Conflict, Malformed, NotFound

from tests.domain.inventory.proof import prove_counters
from tests.domain.inventory.scene import (
    Scene,
    allocated,
    left,
    rejected,
    reserved,
    units,
)
from tests.fakes.stock import MemoryStock


@pytest.fixture
def store() -> MemoryStock:
    """An empty store."""
    return MemoryStock()


@pytest.fixture
def scene(store: MemoryStock) -> Scene:
    """Five shirts at A."""
    scene = Scene(store)
    scene.stocked(5)
    return scene


def say(scene: Scene, cause: str | None = None, **values: object) -> Adjusted:
    """Adjust the shirt at A."""
    fields: dict[str, object] = {"item_id": "itm_1", "site": "A", "reason": "found"} | values
    command = AdjustStock(**fields)  # type: ignore[arg-type]
    return adjust_stock(scene.store, command, scene.sites, scene.ctx(cause))


def test_empty_fields_stay(scene: Scene) -> None:
    """STK-14: only what is given changes; on hand may become negative."""
    say(scene, on_hand=Delta(-7), unavailable={"DAMAGED": Delta(1)})
    level = scene.level()
    assert (level.on_hand, level.unavailable) == (-2, {"DAMAGED": 1})
    say(scene, on_order=Set(8, 0), in_transit=Delta(2))
    level = scene.level()
    assert (level.on_hand, level.on_order, level.in_transit) == (-2, 8, 2)


def test_absolute_values_compare_and_set(scene: Scene) -> None:
    """STK-14: the expected current value is required, and a mismatch changes nothing."""
    with pytest.raises(Malformed) as missing:
        say(scene, on_hand=Set(9))
    assert missing.value.code == "EXPECTED_REQUIRED"
    before = scene.state()
    with pytest.raises(Conflict) as mismatch:
        say(scene, on_hand=Set(9, expected=4))
    assert (mismatch.value.code, scene.state()) == ("EXPECTED_MISMATCH", before)
    say(scene, on_hand=Set(9, expected=5), unavailable={"DISPLAY": Set(2, expected=0)})
    assert (scene.level().on_hand, scene.ats()) == (9, 7)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"reason": "  ", "on_hand": Delta(1)}, "REASON_REQUIRED"),
        ({}, "NOTHING_TO_CHANGE"),
        ({"unavailable": {"LOST": Delta(1)}}, "UNKNOWN_REASON"),
        ({"type": MovementType.FEED, "on_hand": Delta(1)}, "UNKNOWN_TYPE"),
        ({"on_order": Delta(-1)}, "NEGATIVE"),
        ({"unavailable": {"DAMAGED": Delta(-1)}}, "NEGATIVE"),
    ],
)
def test_senseless_adjustments_are_malformed(
    scene: Scene, values: dict[str, object], code: str
) -> None:
    """STK-14: a reason is required; only on hand may be negative."""
    with pytest.raises(Malformed) as refusal:
        say(scene, None, **values)
    assert refusal.value.code == code


def test_unknown_places_are_not_found(scene: Scene) -> None:
    """STK-11: a level belongs to a site, and so to exactly one group."""
    with pytest.raises(NotFound):
        say(scene, site="nowhere", on_hand=Delta(1))
    with pytest.raises(NotFound):
        say(scene, item_id="itm_9", on_hand=Delta(1))


def test_a_repeated_cause_changes_nothing(scene: Scene) -> None:
    """STK-12, INV-S6: the answer is that of the first time."""
    first = say(scene, cause="request-1", on_hand=Delta(2))
    again = say(scene, cause="request-1", on_hand=Delta(2))
    assert scene.level().on_hand == 7
    assert again.journal == first.journal


def test_movements_say_who_why_and_from_what(scene: Scene) -> None:
    """STK-12: type, cause, actor, reason, before and after, in one write with the counters."""
    journal = say(scene, cause="request-1", on_hand=Delta(2)).journal
    assert (journal.cause_id, journal.actor) == ("request-1", "CLIENT:shop")
    assert [
        (m.type, m.place, m.counter, m.before, m.after, m.reason) for m in journal.movements
    ] == [
        (MovementType.ADJUST, "S:A", "onHand", 5, 7, "found"),
        (MovementType.ADJUST, "G:main", "supply", 5, 7, "found"),
    ]
    (fact,) = changes(StockWrite(journal))
    assert (fact.record_id, fact.site, fact.counter, fact.delta) == ("itm_1", "A", "onHand", 2)


def test_receipts_consume_what_was_on_order(scene: Scene, store: MemoryStock) -> None:
    """STK-05, STK-13: on hand +q, on order -q, but never below nothing."""
    say(scene, on_order=Delta(3))
    say(scene, type=MovementType.RECEIPT, on_hand=Delta(2))
    assert (scene.level().on_hand, scene.level().on_order, scene.ats()) == (7, 1, 7)
    say(scene, type=MovementType.RECEIPT, on_hand=Delta(2))
    assert (scene.level().on_hand, scene.level().on_order) == (9, 0)
    prove_counters(store)


def test_returns_add_units_with_their_note(scene: Scene) -> None:
    """STK-13: restock names the return and leaves what is on order."""
    say(scene, on_order=Delta(3))
    adjusted = say(scene, type=MovementType.RETURN, on_hand=Delta(1), reason="ret_7")
    assert (adjusted.level.on_hand, adjusted.level.on_order) == (6, 3)
    assert {m.reason for m in adjusted.journal.movements} == {"ret_7"}


def test_counts_win_and_end_the_cool_down(scene: Scene) -> None:
    """STK-15, SRC-44: a count below reservations is stored and the position is SHORT."""
    scene.happen(reserved(4))
    scene.happen(allocated("A", units(4)))
    scene.happen(rejected("A", left(units(1), "OTHER", "NONE", 24)))
    assert scene.level().cooldown_until is not None
    adjusted = say(scene, type=MovementType.COUNT, on_hand=Set(2))
    assert (adjusted.level.on_hand, adjusted.level.reserved, adjusted.level.short) == (2, 3, 1)
    assert adjusted.level.cooldown_until is None
    assert scene.ats() == 0
