"""Who waits for an item, in the fake the tests use and in the table production uses (BKO-06)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from oms.inventory.commands import CartLine, Delta, ReserveCart
from oms.inventory.draft import Draft
from oms.inventory.model import Item, Journal, StockWrite
from oms.inventory.queue import Waiting
from oms.inventory.reports import FeedReport
from oms.inventory.use_cases import reserve_cart
from oms.kernel.errors import StockConflict
from oms_aws.stock import DynamoStock

from tests.contracts.conftest import TABLE
from tests.domain.inventory.scene import SITES, TEN, Scene, allocated, reserved, units

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def joined(scene: Scene, *rows: Waiting) -> StockWrite:
    """A write by which lines begin to wait."""
    draft = Draft(scene.snapshot(), scene.now, SITES)
    for row in rows:
        draft.queue(row.item_id, "main")
    return replace(draft.finish("queue", scene.ctx()), joined=rows)


def test_lines_wait_until_they_leave(scene: Scene) -> None:
    """BKO-06: a row per line, per company and item; leaving twice is leaving once."""
    first = Waiting("itm_1", "ord_1", 1, ("main", "west"), 2, 50, TEN)
    second = replace(first, line_no=2, priority=90, alone=False)
    other = replace(first, item_id="itm_2")
    scene.store.write("acme", joined(scene, first, second, other))
    assert set(scene.store.waiting("acme", "itm_1")) == {first, second}
    assert scene.store.waiting("acme", "itm_2") == (other,)
    assert scene.store.waiting("zeta", "itm_1") == ()
    less = replace(first, short=1)
    scene.store.write("acme", joined(scene, less))
    assert set(scene.store.waiting("acme", "itm_1")) == {less, second}
    scene.store.forget("acme", [second])
    assert scene.store.waiting("acme", "itm_1") == (less,)
    for _ in range(2):
        scene.store.forget("acme", [less])
    assert scene.store.waiting("acme", "itm_1") == ()
    assert set(scene.snapshot().levels) == {("itm_1", "A")}


def test_the_mark_is_written_again_for_each_who_comes(scene: Scene) -> None:
    """BKO-06: whoever takes the mark back notices a line that came meanwhile."""
    row = Waiting("itm_1", "ord_1", 1, ("main",), 1, 50, TEN)
    scene.store.write("acme", joined(scene, row))
    seen = scene.counter()
    assert seen.queued
    scene.store.write("acme", joined(scene, replace(row, order_id="ord_2")))
    journal = Journal("rest", scene.now, "test", ())
    resting = StockWrite(journal, (replace(seen, queued=False),))
    with pytest.raises(StockConflict):
        scene.store.write("acme", resting)


def test_rows_call_for_what_is_to_be_done(client: DynamoDBClient) -> None:
    """BKO-06, STK-15: what the stream filter looks for, and nothing where there is nothing to do.

    Only the table has such a filter.
    """
    store = DynamoStock(client, TABLE)
    scene = Scene(store)
    scene.stocked(2)

    def called(sk: str) -> str | None:
        row = client.get_item(
            TableName=TABLE, Key={"pk": {"S": "acme#ITEM#itm_1"}, "sk": {"S": sk}}
        )
        return row["Item"].get("call", {}).get("S")

    assert (called("PROMISE#main"), called("LEVEL#A")) == (None, None)
    row = Waiting("itm_1", "ord_1", 1, ("main",), 1, 50, TEN)
    store.write("acme", joined(scene, row))
    assert called("PROMISE#main") == "SUPPLIED"
    scene.happen(reserved(2))
    scene.happen(allocated("A", units(2)))
    assert (called("PROMISE#main"), called("LEVEL#A")) == (None, None)
    scene.adjust("itm_1", on_hand=Delta(-1))
    assert called("LEVEL#A") == "SHORT"


def test_positions_of_a_site_are_listed_in_parts(scene: Scene) -> None:
    """STK-19: after an id, at most so many, in the order of the ids."""
    for item_id in ("itm_2", "itm_3"):
        scene.stocked(1, item=Item(item_id, item_id.upper(), "Item"))
    assert scene.store.items_at("acme", "A") == ("itm_1", "itm_2", "itm_3")
    assert scene.store.items_at("acme", "A", "itm_1", 1) == ("itm_2",)
    assert scene.store.items_at("acme", "A", "itm_3", 5) == ()


def test_carts_and_reports_leave_the_table_by_themselves(client: DynamoDBClient) -> None:
    """RSV-04, FED-04: long after anybody could ask for them; only the table has such a clock."""
    store = DynamoStock(client, TABLE)
    scene = Scene(store)
    scene.stocked(2)
    command = ReserveCart("cart", (CartLine(1, "itm_1", 1, ("main",)),))
    cart = reserve_cart(store, command, scene.ctx()).reservations[0]
    store.put_report("acme", FeedReport("f1", TEN))
    rows = {row["sk"]["S"]: row for row in client.scan(TableName=TABLE)["Items"]}
    assert int(rows["RESERVATION"]["ttl"]["N"]) > cart.expires_at.timestamp()
    assert int(rows["FEED"]["ttl"]["N"]) > TEN.timestamp()
    assert store.read("acme", (), (), (), [cart.id]).carts[cart.id].open == 1
    assert store.report("acme", "f1") == FeedReport("f1", TEN)
    assert "ttl" not in rows["LEVEL#A"]
