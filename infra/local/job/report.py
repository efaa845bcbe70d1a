"""What happened: the figures of run.json, and the table a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from oms.lifecycle.record import OrderRecord

from infra.local.job.channels import Tally


def result(
    rows: int, tally: Tally, orders: Sequence[OrderRecord], found: Mapping[str, int], stuck: int,
    money: Mapping[str, Mapping[str, int]], meter: Mapping[str, Any], floor: Mapping[str, int],
) -> dict[str, Any]:  # fmt: skip
    """Everything that `.throughline/run.json` says."""
    items = Counter(item.type for r in orders for item in r.attention.items)
    works = sum(len(r.fulfillment.orders) for r in orders)
    return {
        "rowsRead": rows,
        "orders": {
            "accepted": len(tally.accepted), "refused": dict(tally.refused),
            "byState": dict(Counter(r.order.reached for r in orders)), "stuck": stuck,
        },
        "cancellations": dict(tally.canceled),
        "actionItems": dict(items),
        "fulfillmentOrders": works,
        "fulfillmentOrdersPerOrder": round(works / len(orders), 2) if orders else 0,
        "captured": {code: kinds.get("CAPTURE", 0) for code, kinds in money.items()},
        "refunded": {code: kinds.get("REFUND", 0) for code, kinds in money.items()},
        "invariants": dict(found),
        "floor": dict(floor),
        "perOrder": _per_order(meter, len(orders)),
        "meter": dict(meter),
    }  # fmt: skip


def table(done: Mapping[str, Any], api_url: str) -> str:
    """The end of the run in words and columns."""
    orders = done["orders"]
    lines = [
        "", f"rows read             {done['rowsRead']}",
        f"orders accepted       {orders['accepted']}",
        f"orders refused        {_pairs(orders['refused'])}",
        f"orders by state       {_pairs(orders['byState'])}",
        f"cancellations         {_pairs(done['cancellations'])}",
        f"parked feed rows      {_pairs(done['parkedRows'])}",
        f"action items          {_pairs(done['actionItems'])}",
        f"fulfillment orders    {done['fulfillmentOrders']}",
        f"  per order           {done['fulfillmentOrdersPerOrder']}",
        f"floor                 {_pairs(done['floor'])}",
        f"captured              {_pairs(done['captured'])} (minor units)",
        f"refunded              {_pairs(done['refunded'])} (minor units)",
        f"invariants            {_pairs(done['invariants'])}",
        f"per order             {_pairs(done['perOrder'])}",
        f"stuck                 {orders['stuck']}",
        f"api                   {api_url}",
    ]  # fmt: skip
    return "\n".join(lines)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items())) or "-"


def _per_order(meter: Mapping[str, Any], orders: int) -> dict[str, float]:
    if not orders:
        return {}
    return {
        name: round(_total(meter.get(name, 0)) / orders, 1)
        for name in ("calls", "writeUnits", "readUnits", "invocations", "busEvents", "transitions")
    }


def _total(value: Any) -> float:
    if isinstance(value, Mapping):
        return sum(_total(part) for part in value.values())
    return float(value)
