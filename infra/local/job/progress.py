"""Watching orders until every one is done or waits for a reason a person can see."""

from __future__ import annotations

import time
from collections import Counter

from oms.lifecycle.record import OrderRecord

from infra.local.cloud import Endpoints
from infra.local.job.client import aws
from infra.local.job.evidence import records

PATIENCE = 420
QUIET = 6
TICK = 10


def settle(endpoints: Endpoints) -> int:
    """Follow the orders live; returns how many are stuck: not done, and nothing says why."""
    begun = last_change = last_tick = time.monotonic()
    before: Counter[str] = Counter()
    while True:
        orders = records(endpoints)
        versions = Counter({r.order.id: r.version for r in orders})
        now = time.monotonic()
        if versions != before:
            before, last_change = versions, now
            print(f"   {int(now - begun):3d} s  {_line(orders)}", flush=True)
        unexplained = [r for r in orders if not explained(r)]
        quiet = now - last_change > QUIET
        still = quiet and not unexplained and not any(map(money_moves, orders))
        if still or now - begun > PATIENCE:
            return len(unexplained)
        if now - last_tick > TICK:
            _tick(endpoints)
            last_tick = now
        time.sleep(1)


def explained(record: OrderRecord) -> bool:
    """Whether the order is done, or says what it waits for."""
    if record.order.reached in ("CLOSED", "VOID"):
        return True
    waits = [line for line in record.order.lines if line.buckets.open]
    lines_wait = bool(waits) and all(
        line.wait or line.suspended or line.buckets.backordered for line in waits
    )
    held = any(not hold.released_at for hold in record.holds.holds)
    return lines_wait or held or bool(record.attention.items)


def money_moves(record: OrderRecord) -> bool:
    """Whether a result of the gateway is still to come, by answer, webhook or look-up."""
    intents = record.payments.intents
    return any(intent.next_at is not None and not intent.state.final for intent in intents)


def _line(orders: list[OrderRecord]) -> str:
    states = Counter(r.order.reached for r in orders)
    return "  ".join(f"{name} {count}" for name, count in sorted(states.items()))


def _tick(endpoints: Endpoints) -> None:
    client = aws(endpoints, "lambda")
    client.invoke(FunctionName="throughline-local-deadlines", Payload=b"{}")
