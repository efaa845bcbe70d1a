"""Which events there are, by name (EVT-10), and in which order a consumer meets them (EVT-04)."""

from __future__ import annotations

from typing import Any

from functions.fact_schemas import fact_types
from tests.functions.doubles import FakeClient, Stream
from tests.functions.test_streams import details
from tests.functions.world import World

PROMISED = {
    "order.changed", "line.changed", "hold.set", "hold.released", "action_item.opened",
    "action_item.resolved", "reservation.created", "inventory.changed", "refund.requested",
    "note.added",
}  # fmt: skip
"""Names of EVT-10 whose capabilities exist."""


def test_events_go_by_the_promised_names() -> None:
    """EVT-10."""
    names = {kind.TYPE for _, kind in fact_types()}
    assert names >= PROMISED
    assert all(len(name.split(".")) == 2 and name == name.lower() for name in names)


def test_a_consumer_that_drops_duplicates_has_each_event_once_and_in_order(
    world: World, aws: FakeClient, stream: Stream
) -> None:
    """EVT-04, INV-A4: at least once, in the order of `orderSeq`; the id tells what was seen."""
    order_id = world.place()
    world.run(order_id)
    world.call("fact_relay", {"Records": stream.records[:3]})
    world.call("fact_relay", {"Records": stream.records[1:]})
    world.call("fact_relay", {"Records": stream.records})
    seen: dict[str, dict[str, Any]] = {}
    delivered = [fact for detail in details(aws) for fact in detail["facts"]]
    for fact in delivered:
        seen.setdefault(fact["id"], fact)
        assert seen[fact["id"]] == fact, "a repetition is equal to the first delivery"
    assert len(delivered) > len(seen)
    assert [fact["orderSeq"] for fact in seen.values()] == list(range(1, len(seen) + 1))
