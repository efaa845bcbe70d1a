"""The shop the bench buys from: one warehouse that holds all of its items, on the deployed cloud.

One order of three lines so comes from one site, and its happy path has no waiting and no rework.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oms.fulfillment.states import fo_state
from oms.lifecycle.document import from_document
from oms.lifecycle.record import OrderRecord

from infra.local.cloud import Endpoints
from infra.local.job.client import Caller, Reply, aws
from infra.local.job.seed import COMPANY, seed

SKUS = tuple(f"BENCH-{number:02}" for number in range(60))
SITE = "DC-EAST"
STOCK = 1_000_000
PATIENCE_SECONDS = 60
QUIET_SECONDS = 3


class BenchError(RuntimeError):
    """The system did not do what the bench measures."""


@dataclass
class Shop:
    """Places orders as the web shop and works on them as the warehouse."""

    endpoints: Endpoints

    def __post_init__(self) -> None:
        self._web = Caller(self.endpoints, "web")
        self._floor = Caller(self.endpoints, "wms")
        self._dynamodb = aws(self.endpoints, "dynamodb")

    def open(self) -> None:
        """Company, sites, items and stock."""
        seed(self.endpoints, ())
        admin = Caller(self.endpoints, "admin")
        for sku in SKUS:
            _need(admin.call("PUT", f"/v1/items/{sku}", {"name": f"Item {sku}"}))
        rows = [
            {"site": SITE, "sku": sku, "kind": "SNAPSHOT", "quantity": STOCK, "sequence": 1}
            for sku in SKUS
        ]
        body = {"feedId": "bench", "rows": rows}
        _need(admin.call("POST", "/v1/inventory/snapshots", body, key="bench"))

    def place(self, number: str) -> str:
        """Offer an order of three lines; returns its id."""
        address = {
            "country": "US", "region": "PA", "postalCode": "18202", "city": "Hazleton",
            "line1": "1 Main Street",
        }  # fmt: skip
        lines = [
            {"sku": sku, "name": f"Item {sku}", "quantity": 1 + place, "unitPrice": 1995}
            for place, sku in enumerate(random.Random(number).sample(SKUS, 3))
        ]
        body = {
            "channel": "web", "externalNumber": number, "currency": "USD",
            "customer": {"code": number, "name": "Ana Lopez", "email": f"{number}@example.org"},
            "groups": [{"id": "1", "method": "STANDARD", "address": address}], "lines": lines,
            "tenders": [{"method": "CARD", "token": "tok_ok", "brand": "VISA", "lastFour": "4242"}],
        }  # fmt: skip
        return str(_need(self._web.call("POST", "/v1/orders", body, key=f"k-{number}")).body["id"])

    def live(self, number: str) -> str:
        """Take one order from the channel to closed, as warehouse included; returns its id."""
        order_id = self.place(number)
        self._until(order_id, lambda r: any(_pickable(r)))
        record = self._read(order_id)
        for fo in record.fulfillment.orders:
            units = [{"lineNo": row.line_no, "quantity": row.quantity} for row in fo.lines]
            box = {"contents": units, "trackingNumber": f"1Z{fo.id[-16:]}"}
            self._work(order_id, fo.id, "pick", {"lines": units})
            self._work(order_id, fo.id, "pack", {"packages": [box]})
            self._work(order_id, fo.id, "ship", {"carrier": "UPS"})
        self._until(order_id, lambda r: r.order.reached == "CLOSED")
        return order_id

    def settle(self) -> None:
        """Wait until nothing is called any more: webhooks, index and bus have caught up."""
        meter, size, since = Path(self.endpoints.meter_file), -1, time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            if meter.stat().st_size != size:
                size, since = meter.stat().st_size, time.monotonic()
            time.sleep(0.2)

    def size(self, order_id: str) -> int:
        """Bytes of the stored document."""
        return len(self._row(order_id)["doc"]["B"])

    def _work(self, order_id: str, fo_id: str, verb: str, body: dict[str, Any]) -> None:
        path = f"/v1/orders/{order_id}/fulfillment-orders/{fo_id}/{verb}"
        _need(self._floor.call("POST", path, body, key=f"{fo_id}-{verb}"))

    def _until(self, order_id: str, reached: Callable[[OrderRecord], bool]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not reached(record := self._read(order_id)):
            if time.monotonic() > end:
                seen = [f.code for f in record.order.findings], [h.type for h in record.holds.holds]
                raise BenchError(f"{order_id} stands still: {record.order.reached} {seen}")
            time.sleep(0.1)

    def _read(self, order_id: str) -> OrderRecord:
        return from_document(bytes(self._row(order_id)["doc"]["B"]))

    def _row(self, order_id: str) -> dict[str, Any]:
        key = {"pk": {"S": f"{COMPANY}#{order_id}"}, "sk": {"S": "ORDER"}}
        answer = self._dynamodb.get_item(
            TableName=self.endpoints.tables["Orders"], Key=key, ConsistentRead=True
        )
        row: dict[str, Any] = answer["Item"]
        return row


def _pickable(record: OrderRecord) -> list[str]:
    return [fo.id for fo in record.fulfillment.orders if fo_state(fo) == "AWAITING_PICK"]


def _need(reply: Reply) -> Reply:
    if reply.status >= 300:
        raise BenchError(f"{reply.status} {reply.body}")
    return reply
