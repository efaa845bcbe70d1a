"""Parts of the running system are killed while orders flow; nothing is lost.

Cites MON-07, GEN-07, INV-A6, ACC-009, ACC-151.
"""

from __future__ import annotations

import os
import signal
import threading

from infra.local.job.channels import Channels
from infra.local.job.evidence import evidence, records
from infra.local.job.invariants import breaches
from infra.local.job.progress import settle
from infra.local.job.warehouse import Warehouse
from tests.e2e.shop import Shop, until

FUNCTIONS = ("orders", "allocate-order", "authorize-order", "settle-order", "search-projector")


def warm(shop: Shop) -> set[str]:
    """Functions that have a warm environment."""
    running = shop.cloud.workers().values()
    return {name for name in FUNCTIONS if any(f"local-{name}-" in line for line in running)}


def kill_workers(shop: Shop) -> list[str]:
    """Kill one warm environment of each function that has any, by its process id."""
    killed = []
    for name in FUNCTIONS:
        for pid, command in shop.cloud.workers().items():
            if f"local-{name}-" in command:
                os.kill(pid, signal.SIGKILL)
                killed.append(name)
                break
    return killed


def test_orders_flow_on_while_parts_of_the_system_die(shop: Shop) -> None:
    """MON-07, GEN-07, INV-A6: workers, search and gateway die under twelve orders; all arrive."""
    channels, warehouse = Channels(shop.endpoints), Warehouse(shop.endpoints)
    before = len(records(shop.endpoints))
    flow = threading.Thread(
        target=channels.offer, args=(shop.offers, frozenset({"marketplace"}), [])
    )
    flow.start()
    assert until(lambda: len(records(shop.endpoints)) > before + 1, True)
    assert until(lambda: len(warm(shop)) > 2, True)
    killed = kill_workers(shop)
    assert len(killed) > 2, "the test hit something"
    shop.cloud.stop_search()
    shop.cloud.stop_gateway()
    assert until(lambda: len(records(shop.endpoints)) > before + 5, True), "capture keeps working"
    shop.cloud.start_gateway()
    shop.cloud.start_search()
    kill_workers(shop)
    flow.join()
    accepted = set(channels.tally.accepted.values())
    assert len(accepted) + sum(channels.tally.refused.values()) == len(shop.offers)
    assert set(channels.tally.refused) <= {"OUT_OF_STOCK"}
    stuck = settle(shop.endpoints)
    warehouse.stop()
    assert stuck == 0
    assert accepted <= {record.order.id for record in records(shop.endpoints)}
    until(lambda: any(breaches(evidence(shop.endpoints)).values()), False)
    found = evidence(shop.endpoints)
    assert not any(breaches(found).values()), breaches(found)
    assert accepted <= set(found.indexed)
