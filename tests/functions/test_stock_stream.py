"""The reader of the stock table's stream: who waits is served, short sites are relieved.

Cites BKO-06, STK-15, SAG-03.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from oms.inventory.commands import AdjustStock, Change, Delta, Set
from oms.inventory.model import BackorderPolicy, Journal, MovementType, StockWrite
from oms.inventory.queue import Waiting
from oms.inventory.use_cases import adjust_stock, store_item
from oms.kernel.codec import encode
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import StockConflict
from oms.kernel.ids import derive
from oms.kernel.policy import Policy
from oms.lifecycle.projection import search_document
from oms_aws.stock_rows import SHORT, SUPPLIED, stock_transaction_items
from oms_aws.stock_stream import Call, answer, called

from infra.local.template import load
from tests.functions.world import COMPANY, World, invocation

ITEM = derive("itm", COMPANY, "A")
WORKFLOW = Actor(ActorKind.WORKFLOW, "w", COMPANY)


def placed(world: World, quantity: int) -> str:
    """An order of A that has run as far as it can, and can be found."""
    event = invocation("orders", "place_order")
    body = json.loads(event["body"])
    body["lines"] = [{"sku": "A", "quantity": quantity, "unitPrice": 1000}]
    body["externalNumber"] = f"W-{world.now:%H%M%S}-{quantity}-{len(world.orders.ids(COMPANY))}"
    body.pop("statedTotal", None)
    body.pop("adjustments", None)
    event["body"] = json.dumps(body)
    event["headers"]["idempotency-key"] = body["externalNumber"]
    got = world.answer(world.call("orders", event))
    assert got.status == 201, got.body
    order_id = str(got.body["id"])
    run(world, order_id)
    return order_id


def run(world: World, order_id: str) -> Any:
    """What the workflow does."""
    record = world.lifecycle.read(WORKFLOW, order_id)
    for turn in range(20):
        ctx = world.lifecycle.context(record, WORKFLOW, "peek")
        step = world.steps.next(record, ctx)
        if step is None:
            break
        world.steps.run(COMPANY, order_id, step, f"run{turn}:{record.version}")
        record = world.lifecycle.read(WORKFLOW, order_id)
    document = search_document(encode(record), "AWAITING_FULFILLMENT")
    world.index.index([document])
    return record


def moved(world: World, site: str, kind: MovementType, change: Change) -> list[dict[str, Any]]:
    """Move stock; the records its stream brings."""
    before = images(world)
    command = AdjustStock(ITEM, site, "test", kind, on_hand=change)
    ctx = Context(world.now, WORKFLOW, f"m{len(world.stock.journals)}", Policy())
    adjust_stock(world.stock, command, {"DC": "main", "BOS": "main"}, ctx)
    return records(before, images(world))


def images(world: World) -> dict[str, dict[str, Any]]:
    """Counter and level rows as the table has them."""
    write = StockWrite(
        Journal("x", world.now, "t", ()),
        tuple(c for (_, item, _), c in world.stock.counters.items() if item == ITEM),
        tuple(x for (_, item, _), x in world.stock.levels.items() if item == ITEM),
    )
    rows = [entry["Put"]["Item"] for entry in stock_transaction_items("t", COMPANY, write)]
    return {row["sk"]["S"]: row for row in rows}


def records(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Stream records of the rows that changed and that the filter lets through."""
    return [
        {"dynamodb": {"OldImage": before.get(sk, {}), "NewImage": row, "SequenceNumber": f"{n}"}}
        for n, (sk, row) in enumerate(sorted(after.items()), 1)
        if row != before.get(sk) and "call" in row
    ]


def answered(world: World, given: Sequence[dict[str, Any]]) -> list[str]:
    """Sequence numbers that must come again."""
    failures = world.call("serve_waiting", {"Records": list(given)})["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


@pytest.fixture
def owed(world: World) -> World:
    """A may be sold beyond its ten units."""
    item = world.stock.items[COMPANY, ITEM]
    changed = replace(item, version=2, backorder_policy=BackorderPolicy.UNLIMITED)
    store_item(world.stock, changed, Context(world.now, WORKFLOW, "policy", Policy()))
    return world


def test_supply_is_given_to_those_who_wait(owed: World) -> None:
    """BKO-06, LIN-102: within the invocation that the stream starts; and once."""
    first, second = placed(owed, 12), placed(owed, 1)
    landed = moved(owed, "DC", MovementType.RECEIPT, Delta(3))
    assert [called(record) for record in landed] == [Call(COMPANY, ITEM)]
    for _ in range(2):
        assert answered(owed, landed) == []
        for order_id in (first, second):
            line = owed.lifecycle.read(WORKFLOW, order_id).order.lines[0]
            assert (line.buckets.backordered, line.buckets.allocated) == (0, line.quantity)


def test_a_short_site_is_relieved(world: World) -> None:
    """STK-15: orders are found by the index and read again before they give way."""
    order_id = placed(world, 2)
    short = moved(world, "DC", MovementType.COUNT, Set(1))
    assert [called(record) for record in short] == [Call(COMPANY, ITEM, "DC")]
    assert answered(world, short) == []
    line = world.lifecycle.read(WORKFLOW, order_id).order.lines[0]
    assert (line.buckets.allocated, line.buckets.backordered) == (1, 1)
    assert world.stock.levels[COMPANY, ITEM, "DC"].short == 0


def test_a_counter_calls_when_units_become_free(owed: World) -> None:
    """BKO-06: later writes that free nothing call for nothing; neither do rows gone."""
    placed(owed, 12)
    (record,) = moved(owed, "DC", MovementType.RECEIPT, Delta(3))
    image = record["dynamodb"]["NewImage"]
    again = {"dynamodb": {"OldImage": image, "NewImage": image, "SequenceNumber": "9"}}
    assert called(again) is None
    assert called({"dynamodb": {"OldImage": image, "SequenceNumber": "9"}}) is None
    assert answered(owed, [again]) == []


def test_what_fails_comes_again_from_there_on(owed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SAG-03: partial batch; what was done before is done."""
    placed(owed, 12)
    landed = moved(owed, "DC", MovementType.RECEIPT, Delta(3))

    def lose(*_: object, **__: object) -> None:
        raise StockConflict("somebody was faster")

    monkeypatch.setattr(owed.orders, "commit", lose)
    assert answered(owed, landed) == [landed[0]["dynamodb"]["SequenceNumber"]]
    monkeypatch.undo()


def test_without_time_nothing_is_begun(owed: World) -> None:
    """SAG-03: the rest is brought again."""
    order_id = placed(owed, 12)
    landed = moved(owed, "DC", MovementType.RECEIPT, Delta(3))
    assert answer(landed, lambda: False)["batchItemFailures"]
    assert owed.lifecycle.read(WORKFLOW, order_id).order.lines[0].buckets.backordered == 2


def test_a_line_of_an_order_that_is_gone_leaves_the_queue(owed: World) -> None:
    """BKO-06: rows are only hints."""
    row = Waiting(ITEM, "ord_gone", 1, ("main",), 1, 50, owed.now)
    owed.stock.queue[(COMPANY, *row.place)] = row
    assert owed.steps.serve(COMPANY, ITEM, "x")
    assert owed.stock.waiting(COMPANY, ITEM) == ()


def test_the_sample_invocation_is_answered(world: World) -> None:
    """The payload as Lambda brings it."""
    event = invocation("serve_waiting", "supply_landed")
    assert called(event["Records"][0]) is not None
    assert world.call("serve_waiting", event) == {"batchItemFailures": []}


def test_only_rows_that_call_for_something_wake_the_reader() -> None:
    """BKO-06, STK-15: every other write of the stock table costs no invocation."""
    source = load()["Resources"]["ServeWaitingSource"]["Properties"]
    assert source["EventSourceArn"]["Fn::GetAtt"] == ["StockTable", "StreamArn"]
    (given,) = source["FilterCriteria"]["Filters"]
    wanted = json.loads(given["Pattern"])["dynamodb"]["NewImage"]["call"]["S"]
    assert wanted == [SUPPLIED, SHORT]


def test_the_positions_of_a_site_come_page_by_page(world: World) -> None:
    """STK-19, SIT-02: what the site index is for."""
    for sku in ("C", "D"):
        world.shelve(sku, 1, "BOS")
    rows: list[str] = []
    query = {"site": "DC", "limit": "1"}
    for _ in range(5):
        got = world.http("inventory", "GET", "/v1/inventory/levels", query=query)
        assert got.status == 200, got.body
        rows += [level["sku"] for level in got.body["levels"]]
        if got.body["cursor"] is None:
            break
        query["cursor"] = got.body["cursor"]
    assert sorted(rows) == ["A", "B"]
    assert world.http("inventory", "GET", "/v1/inventory/levels").status == 400
