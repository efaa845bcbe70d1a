"""The simulated warehouse and stores: they take released FOs from their queue and work on them over
the API.

Most units are picked, packed and shipped; now and then a site rejects an FO or does not find a
unit, so that
re-sourcing really happens. What happens follows from the FO's id.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from infra.local.cloud import Endpoints
from infra.local.job.client import Caller, Reply, aws
from infra.local.job.world import draw

REJECT, SHORT = 0.04, 0.08


class Warehouse:
    """Workers that poll the fulfillment queue until told to stop."""

    def __init__(self, endpoints: Endpoints, workers: int = 3) -> None:
        self._queue = endpoints.queues["Fulfillment"]
        self._sqs = aws(endpoints, "sqs")
        self._caller = Caller(endpoints, "wms")
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(workers, "warehouse")
        self.done: Counter[str] = Counter()
        for _ in range(workers):
            self._pool.submit(self._work)

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._ended.set()
        self._pool.shutdown()

    def _work(self) -> None:
        while not self._ended.is_set():
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                if self._handle(json.loads(message["Body"])["detail"]):
                    self._sqs.delete_message(
                        QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                    )

    def _handle(self, detail: dict[str, Any]) -> bool:
        order_id = detail["orderId"]
        released = [
            fact["recordId"]
            for fact in detail["facts"]
            if fact["type"] == "fulfillment_order.released"
        ]
        taken = [self._take(order_id, fo_id) for fo_id in released]
        return all(taken)

    def _take(self, order_id: str, fo_id: str) -> bool:
        path = f"/v1/orders/{quote(order_id)}/fulfillment-orders/{quote(fo_id)}"
        reply = self._caller.call("GET", path)
        if reply.status != 200:
            self.done[f"unread {reply.code}"] += 1
            return False
        return self._fulfill(order_id, reply.body)

    def _fulfill(self, order_id: str, fo: dict[str, Any]) -> bool:
        if fo["state"] == "AWAITING_ASSIGNMENT":
            self._send(order_id, fo, "claim", {})
        elif fo["state"] != "AWAITING_PICK":
            return True
        chance = draw(fo["id"], "fate")
        if chance < REJECT:
            return self._send(order_id, fo, "reject", {"reason": "TOO_BUSY"}).status < 300
        return self._ship(order_id, fo, short=chance < SHORT)

    def _ship(self, order_id: str, fo: dict[str, Any], short: bool) -> bool:
        units = _by_line(fo["lines"])
        if short:
            line_no = min(units)
            gone = {"lineNo": line_no, "quantity": 1, "reason": "QUANTITY_MISMATCH"}
            self._send(order_id, fo, "short", {"lines": [gone]})
            units[line_no] -= 1
        rows = [{"lineNo": no, "quantity": n} for no, n in units.items() if n]
        if not rows:
            return True
        box = {"contents": rows, "trackingNumber": f"1Z{fo['id'][-16:]}"}
        steps = (
            ("pick", {"lines": rows}), ("pack", {"packages": [box]}), ("ship", {"carrier": "UPS"}),
        )  # fmt: skip
        return all(self._send(order_id, fo, verb, body).status < 300 for verb, body in steps)

    def _send(self, order_id: str, fo: dict[str, Any], verb: str, body: dict[str, Any]) -> Reply:
        path = f"/v1/orders/{quote(order_id)}/fulfillment-orders/{fo['id']}/{verb}"
        reply = self._caller.call("POST", path, body, key=f"{fo['id']}-{verb}")
        self.done[verb if reply.status < 300 else f"{verb} refused {reply.code}"] += 1
        return reply


def _by_line(rows: list[dict[str, Any]]) -> Counter[int]:
    units: Counter[int] = Counter()
    for row in rows:
        units[row["lineNo"]] += row["quantity"]
    return units
