"""Measures the system and prints counts and ratios; asserts nothing.

    python -m tests.bench [--only life,load,start]

* life: what one order of three lines costs over its happy path, against the budgets
* load: orders captured per second, p50 and p95, at 1, 4 and 16 clients of the laptop cloud
* start: import time of each function, as a ratio to boto3 with one client, and its peak memory
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from infra.local.cloud import LocalCloud
from tests.bench import life, load, start
from tests.bench.shop import Shop

PARTS = ("life", "load", "start")


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    chosen = parser.parse_args().only.split(",")
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"unknown parts {sorted(unknown)}")
    if {"life", "load"} & set(chosen):
        _on_the_cloud(chosen)
    if "start" in chosen:
        start.measure()


def _on_the_cloud(chosen: list[str]) -> None:
    with tempfile.TemporaryDirectory() as state:
        cloud = LocalCloud.start(Path(state))
        with cloud as endpoints:
            shop = Shop(endpoints)
            shop.open()
            if "life" in chosen:
                life.measure(shop, cloud.meter)
            if "load" in chosen:
                load.measure(shop, cloud.meter)


if __name__ == "__main__":
    main()
