"""What one order of three lines costs over its happy path, against the budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.meter import Meter
from tests.bench.shop import Shop

BUDGETS = {
    "write units": 40, "invocations": 12, "bus events": 6, "Standard transitions": 0,
    "round trips of a capture": 5,
}  # fmt: skip
ORDERS = 5
PER_MINUTE = "deadlines"
"""Runs by the clock, whatever the number of orders."""


def measure(shop: Shop, meter: Meter) -> None:
    """Print the counts of one order, the mean of a few that live one after the other."""
    shop.live("WARM-1")
    shop.settle()
    mark, orders = meter.mark(), []
    for number in range(ORDERS):
        orders.append(shop.live(f"LIFE-{number}"))
        shop.settle()
    counted = meter.snapshot(mark)
    _budgets(counted)
    _parts("invocations by function", counted["invocations"])
    _parts("write units by function and call", counted["writeUnitsByCall"])
    _parts("AWS calls by operation", counted["calls"])
    print(f"  document of a closed order: {shop.size(orders[0])} bytes")


def _budgets(counted: Mapping[str, Any]) -> None:
    invocations = sum(n for name, n in counted["invocations"].items() if PER_MINUTE not in name)
    found = {
        "write units": counted["writeUnits"] / ORDERS,
        "invocations": invocations / ORDERS,
        "bus events": counted["busEvents"] / ORDERS,
        "Standard transitions": counted["transitions"]["STANDARD"] / ORDERS,
        "round trips of a capture": counted["roundTrips"]["throughline-local-orders"]["mean"],
    }
    print(f"one order of three lines, accepted to closed (mean of {ORDERS}):")
    for name, value in found.items():
        print(f"  {name:28} {value:6.1f}   budget {BUDGETS[name]:3d}")
    print(f"  {'Express transitions':28} {counted['transitions']['EXPRESS'] / ORDERS:6.1f}")
    print(f"  {'refused writes':28} {counted['refusedWrites'] / ORDERS:6.1f}")
    print(f"  {'read units':28} {counted['readUnits'] / ORDERS:6.1f}")


def _parts(title: str, parts: Mapping[str, float]) -> None:
    print(f"  {title}:")
    for name, count in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"    {name.removeprefix('throughline-local-'):60} {count / ORDERS:6.1f}")
