"""An order that two sites work on, as one of them sees it (ROL-02, ACC-103)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from oms.inventory.model import InventoryLevel, PromiseCounter
from oms.kernel.ids import derive
from oms.settings.model import Client
from oms_aws import wiring

from tests.functions.desk import stored
from tests.functions.world import COMPANY, World, client


class Decisions:
    """What the store of orders was given to keep."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of_order(self, company: str, order_id: str) -> list[dict[str, Any]]:
        return list(self._world.orders.decisions)


@pytest.fixture
def shared(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, str]]:
    """The id of an order of five A: three from DC, two from Boston; and the ids of both FOs."""
    monkeypatch.setattr(wiring, "decisions", lambda: Decisions(world))
    item_id = derive("itm", COMPANY, "A")
    for site, units in (("DC", 3), ("BOS", 2)):
        level = InventoryLevel(item_id, site, "main", on_hand=units, version=1)
        world.stock.levels[COMPANY, item_id, site] = level
    counter = PromiseCounter(item_id, "main", supply=5, version=1)
    world.stock.counters[COMPANY, item_id, "main"] = counter
    lines = [{"sku": "A", "quantity": 5, "unitPrice": 1000}]
    order_id = world.place("W-1", lines=lines)
    world.run(order_id)
    made = {fo.site: fo.id for fo in stored(world, order_id).fulfillment.orders}
    assert sorted(made) == ["BOS", "DC"]
    world.settings.put_client(Client("store", COMPANY, sites=("BOS",)))
    return order_id, made


def get(world: World, path: str, **more: Any) -> Any:
    got = world.http("orders", "GET", f"/v1/orders/{path}", **more)
    assert got.status == 200, got
    return got.body


def test_timeline_and_events_are_silent_about_other_sites(
    world: World, shared: tuple[str, dict[str, str]]
) -> None:
    """ROL-02: neither the other FO nor its site is named; the own ones are all there."""
    order_id, made = shared
    store = client("store")
    timeline = get(world, order_id, query={"include": "timeline"}, claims=store)["timeline"]
    events = get(world, f"{order_id}/events", claims=store)["events"]
    assert timeline == events
    text = json.dumps(events)
    assert made["DC"] not in text
    assert '"DC"' not in text
    every = get(world, f"{order_id}/events")["events"]
    own = [event for event in every if event["recordId"] == made["BOS"]]
    assert own
    assert [event for event in events if event["recordId"] == made["BOS"]] == own
    assert [e for e in every if e["recordId"] == made["DC"]]
    assert "order.received" in {event["type"] for event in events}


def test_decisions_are_silent_about_other_sites(
    world: World, shared: tuple[str, dict[str, str]]
) -> None:
    """ROL-02, SRC-60: what was said of the own site stays."""
    order_id, _ = shared
    text = json.dumps(get(world, f"{order_id}/decisions", claims=client("store")))
    assert '"DC"' not in text
    assert '"BOS"' in text
    assert '"DC"' in json.dumps(get(world, f"{order_id}/decisions"))


def test_pages_of_events_go_on_where_the_last_one_ended(
    world: World, shared: tuple[str, dict[str, str]]
) -> None:
    """EVT-03: also for a caller who does not see every fact."""
    order_id, _ = shared
    store = client("store")
    whole = get(world, f"{order_id}/events", claims=store)["events"]
    found, after = [], 0
    while True:
        query = {"after": str(after), "limit": "3"}
        page = get(world, f"{order_id}/events", query=query, claims=store)
        found += page["events"]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == whole
