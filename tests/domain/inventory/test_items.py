"""Item master: kinds, fields, names, states (ITM-01 to ITM-03)."""

from __future__ import annotations

import pytest
from oms.inventory.commands import Delta, FeedRow
from oms.inventory.model import Item
from oms.inventory.use_cases import store_item
from oms.kernel.errors import Conflict, Malformed, Refused, VersionConflict

from tests.domain.inventory.scene import Scene
from tests.fakes.stock import MemoryStock


@pytest.fixture
def scene() -> Scene:
    """A merchant with one shirt."""
    scene = Scene(MemoryStock())
    scene.stocked()
    return scene


def test_kinds_say_what_is_stocked() -> None:
    """ITM-01: only physical kinds lie at sites; a master is not sold itself."""
    kinds = ("SIMPLE", "VARIANT", "KIT", "ASSEMBLY", "MASTER", "DIGITAL", "SERVICE", "GIFT_CARD")
    items = {kind: Item("i", "S", "N", kind=kind) for kind in kinds}
    assert [k for k in kinds if items[k].physical] == ["SIMPLE", "VARIANT", "KIT", "ASSEMBLY"]
    assert [k for k in kinds if not items[k].sellable] == ["MASTER"]


@pytest.mark.parametrize("field", ["kind", "state"])
def test_unknown_kinds_and_states_are_malformed(scene: Scene, field: str) -> None:
    """ITM-01, ITM-03: the lists are closed."""
    with pytest.raises(Malformed):
        store_item(scene.store, Item("i", "S", "N", **{field: "ODD"}), scene.ctx())  # type: ignore[arg-type]


def test_a_renamed_sku_keeps_its_id(scene: Scene) -> None:
    """ITM-02: the old sku still finds the item, under its new name."""
    scene.change_item("itm_1", sku="SHIRT-2")
    found = scene.store.items_by_sku("acme", ["SHIRT", "SHIRT-2", "NONE"])
    assert {sku: item.id for sku, item in found.items()} == {"SHIRT": "itm_1", "SHIRT-2": "itm_1"}
    assert found["SHIRT"].sku == "SHIRT-2"


def test_a_sku_names_one_item(scene: Scene) -> None:
    """ITM-02: nobody takes a sku that orders may still refer to."""
    with pytest.raises(Conflict) as refusal:
        store_item(scene.store, Item("itm_2", "SHIRT", "Other"), scene.ctx())
    assert refusal.value.code == "SKU_TAKEN"


def test_items_are_guarded_by_version(scene: Scene) -> None:
    """ITM-02: two editors of one item do not overwrite each other."""
    scene.change_item("itm_1", name="Blue shirt")
    with pytest.raises(VersionConflict):
        store_item(scene.store, Item("itm_1", "SHIRT", "Red shirt", version=2), scene.ctx())


def test_a_new_position_starts_with_the_items_safety_stock(scene: Scene) -> None:
    """ITM-02, STK-06: both safety stocks of the item hold until the level says otherwise."""
    scene.change_item("itm_1", safety_sell=2, safety_source=3)
    scene.adjust("itm_1", on_hand=Delta(10))
    assert (scene.ats(), scene.level().sourceable) == (8, 7)
    scene.adjust("itm_1", safety_sell=Delta(-2))
    scene.adjust("itm_1", on_hand=Delta(1))
    assert scene.ats() == 11


def test_one_of_a_kind_exists_once_per_company(scene: Scene) -> None:
    """ITM-01: a second unit is refused by adjustment and by feed, anywhere; moving down is not."""
    scene.stocked(1, item=Item("itm_u", "ICON", "Icon", unique=True))
    with pytest.raises(Refused) as refusal:
        scene.adjust("itm_u", on_hand=Delta(1))
    assert refusal.value.code == "UNIQUE_ITEM"
    with pytest.raises(Refused):
        scene.adjust("itm_u", "W", on_hand=Delta(1))
    report = scene.feed("f1", FeedRow("B", "ICON", "SNAPSHOT", 1, sequence=1))
    assert [row.reason for row in report.refused] == ["UNIQUE_ITEM"]
    report = scene.feed("f2", FeedRow("A", "ICON", "SNAPSHOT", 0, sequence=1))
    assert (report.changed, scene.ats("itm_u")) == (1, 0)
    scene.adjust("itm_u", "W", on_hand=Delta(1))
    assert scene.ats("itm_u", "west") == 1
