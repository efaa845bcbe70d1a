"""The main job: real orders from the channel to shipped, invoiced, captured and found.

    python -m infra.local.job [--once] [--feed path.csv] [--orders n] [--search local|opensearch]

Exits 0 only if nothing is stuck and no invariant is broken; writes .throughline/run.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.build import ROOT
from infra.local.cloud import Endpoints, LocalCloud
from infra.local.job import report
from infra.local.job.channels import Channels
from infra.local.job.evidence import evidence, gateway_totals, records
from infra.local.job.feeds import Feed, Remainder, offers, read
from infra.local.job.invariants import breaches
from infra.local.job.progress import settle
from infra.local.job.remainders import park
from infra.local.job.sample import claims, first
from infra.local.job.seed import seed
from infra.local.job.warehouse import Warehouse
from infra.local.job.world import invented

STATE = ROOT / ".throughline"
REAL = (ROOT.parent / "shared/data/us_store/orders.csv",
        ROOT.parent / "shared/data/online_retail/lines.csv")  # fmt: skip
DEFAULT_ORDERS = 60
INDEX_LAG = 60
BY_QUEUE = frozenset({"marketplace"})


class Clock:
    """Seconds per stage, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage and say that it runs."""
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 2)


def main() -> int:
    """Run the job; see the module docstring."""
    options = _options()
    clock = Clock()
    with clock.stage("feeds"):
        feeds = _feeds(options.feed, options.orders)
    with clock.stage("cloud"):
        cloud = LocalCloud.start(STATE, options.search)
    try:
        good = _job(cloud, feeds, clock)
        if not options.once:
            print("The system stays up; Ctrl-C ends it.", flush=True)
            _wait()
    except KeyboardInterrupt:
        return 130
    finally:
        cloud.stop()
    return 0 if good else 1


def _job(cloud: LocalCloud, feeds: list[Feed], clock: Clock) -> bool:
    endpoints = _ready(cloud)
    entries = [entry for feed in feeds for entry in feed.entries]
    wanted = [offer for feed in feeds for offer in offers(feed)]
    with clock.stage("seed"):
        positions = seed(endpoints, wanted)
    print(f"   {positions} stock positions", flush=True)
    mark = cloud.meter.mark()
    channels = Channels(endpoints)
    warehouse = Warehouse(endpoints)
    with clock.stage("capture"):
        channels.offer(wanted, BY_QUEUE, claims(entries))
    with clock.stage("parking"):
        parked = park(endpoints, [e for e in entries if isinstance(e, Remainder)])
        parked += park(endpoints, channels.unapplied)
    with clock.stage("fulfillment"):
        stuck = settle(endpoints)
    warehouse.stop()
    with clock.stage("invariants"):
        found = _counted(endpoints)
    result = report.result(
        sum(feed.rows for feed in feeds), channels.tally, records(endpoints), found, stuck,
        gateway_totals(endpoints), cloud.meter.snapshot(mark), warehouse.done,
    )  # fmt: skip
    result["parkedRows"] = dict(parked)
    result["seconds"] = clock.seconds
    (STATE / "run.json").write_text(json.dumps(result, indent=2) + "\n")
    print(report.table(result, endpoints.api_url), flush=True)
    return stuck == 0 and not any(found.values())


def _counted(endpoints: Endpoints) -> dict[str, int]:
    """Breaches once the index has caught up, or when it had time enough to."""
    until = time.monotonic() + INDEX_LAG
    found = breaches(evidence(endpoints))
    while found["unindexed"] and time.monotonic() < until:
        time.sleep(1)
        found = breaches(evidence(endpoints))
    return found


def _feeds(given: str | None, orders: int) -> list[Feed]:
    paths = [Path(given)] if given else [path for path in REAL if path.exists()]
    feeds = [read(path) for path in paths] or [invented(orders)]
    share = -(-orders // len(feeds))
    return [first(feed, share) for feed in feeds]


def _ready(cloud: LocalCloud) -> Endpoints:
    if cloud.endpoints is None:
        raise RuntimeError("the laptop cloud has no endpoints")
    return cloud.endpoints


def _wait() -> None:
    while True:
        time.sleep(3600)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--feed")
    parser.add_argument("--orders", type=int, default=DEFAULT_ORDERS)
    parser.add_argument("--search", choices=("local", "opensearch"), default="local")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
