"""How fast orders are captured, by clients that each place one after the other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from infra.local.meter import Meter
from tests.bench.shop import Shop

CLIENTS = (1, 4, 16)
ORDERS = 48


def measure(shop: Shop, meter: Meter) -> None:
    """Print throughput and latency by number of clients, and what capture and intake cost then."""
    print("orders captured over HTTP, answered when durable:")
    for clients in CLIENTS:
        # Environments start and tokens are fetched before anything is timed.
        _run(shop, clients, clients, "WARM")
        shop.settle()
        mark = meter.mark()
        seconds, times = _run(shop, clients, ORDERS, "LOAD")
        rate, middle, high = ORDERS / seconds, _share(times, 0.5), _share(times, 0.95)
        print(
            f"  {clients:2d} clients: {rate:5.1f} orders/s   "
            f"p50 {middle * 1000:6.0f} ms   p95 {high * 1000:6.0f} ms",
            flush=True,
        )
        shop.settle()
        counted = meter.snapshot(mark)
        print(
            f"      up to allocated, per order: {counted['writeUnits'] / ORDERS:.1f} write units, "
            f"{sum(counted['invocations'].values()) / ORDERS:.1f} invocations, "
            f"{counted['busEvents'] / ORDERS:.1f} bus events, "
            f"{counted['refusedWrites'] / ORDERS:.1f} refused writes",
            flush=True,
        )


def _run(shop: Shop, clients: int, orders: int, name: str) -> tuple[float, list[float]]:
    def place(number: int) -> float:
        begun = time.perf_counter()
        shop.place(f"{name}-{clients}-{number}")
        return time.perf_counter() - begun

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        times = list(pool.map(place, range(orders)))
    return time.perf_counter() - begun, sorted(times)


def _share(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]
