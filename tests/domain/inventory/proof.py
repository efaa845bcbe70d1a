"""The stock invariants as one check over everything a fake store holds."""

from __future__ import annotations

from collections import Counter

from oms.kernel.codec import camel

from tests.fakes.stock import MemoryStock

LEVEL_COUNTERS = (
    "on_hand", "reserved", "allocated", "picked", "shipped", "on_order", "in_transit",
    "safety_sell", "safety_source",
)  # fmt: skip


def prove_counters(store: MemoryStock) -> None:
    """INV-S2: every counter equals the sum of its movements, and each movement tells the value
    before and after it truthfully.
    """
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for (company, _), journal in store.journals.items():
        for movement in journal.movements:
            key = (company, movement.item_id, movement.place, movement.counter)
            assert movement.before == sums[key]
            assert movement.after == movement.before + movement.delta
            sums[key] += movement.delta
    stored: Counter[tuple[str, str, str, str]] = Counter()
    for (company, item, group), counter in store.counters.items():
        for name in ("supply", "promised", "backordered"):
            stored[(company, item, f"G:{group}", name)] = getattr(counter, name)
        stored[(company, item, f"G:{group}", "soft")] = sum(counter.soft.values())
    for (company, item, site), level in store.levels.items():
        for name in LEVEL_COUNTERS:
            stored[(company, item, f"S:{site}", camel(name))] = getattr(level, name) or 0
        for reason, count in level.unavailable.items():
            stored[(company, item, f"S:{site}", f"unavailable:{reason}")] = count
    assert {k: v for k, v in sums.items() if v} == {k: v for k, v in stored.items() if v}


def prove_supply(store: MemoryStock) -> None:
    """STK-07: what a group may sell is what its sites may, plus what they shipped."""
    for (company, item, group), counter in store.counters.items():
        levels = [
            level for (owner, i, _), level in store.levels.items()
            if (owner, i, level.group) == (company, item, group)
        ]  # fmt: skip
        assert counter.supply == sum(level.site_sellable + level.shipped for level in levels)


def prove_bounds(store: MemoryStock) -> None:
    """No count of promises is below zero, and no site allocates what it did not reserve."""
    for counter in store.counters.values():
        assert counter.promised >= sum(counter.soft.values())
        assert min([counter.backordered, *counter.soft.values()]) >= 0
    for level in store.levels.values():
        assert 0 <= level.picked <= level.allocated <= level.reserved
