"""The simulated warehouses and stores: they take released FOs from their queue and work on them
over the API.

Most units are picked, packed and shipped, some handed to customers who come for them. Now and then
a site rejects an FO or does not find a unit, an agent wants units back that are being picked, a
carrier tells what became of a parcel. What happens follows from the FO's id.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from infra.local.cloud import Endpoints
from infra.local.job.client import Caller, Reply, aws
from infra.local.job.counter import proof
from infra.local.job.world import draw

REJECT, SHORT, WITHDRAWN = 0.04, 0.08, 0.16
DENIED = 0.5
DELIVERED, DAMAGED = 0.4, 0.43

Body = dict[str, Any]


class Warehouse:
    """Workers that poll the fulfillment queue until told to stop."""

    def __init__(self, endpoints: Endpoints, workers: int = 3) -> None:
        self._queue = endpoints.queues["Fulfillment"]
        self._sqs = aws(endpoints, "sqs")
        self._floor = Caller(endpoints, "wms")
        self._agent = Caller(endpoints, "admin")
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

    def _handle(self, detail: Body) -> bool:
        released = [
            fact["recordId"]
            for fact in detail["facts"]
            if fact["type"] == "fulfillment_order.released"
        ]
        taken = [self._take(fo_id) for fo_id in released]
        return all(taken)

    def _take(self, fo_id: str) -> bool:
        reply = self._floor.call("GET", f"/v1/fulfillment-orders/{quote(fo_id)}")
        if reply.status != 200:
            self.done[f"unread {reply.code}"] += 1
            return False
        return self._fulfill(reply.body)

    def _fulfill(self, fo: Body) -> bool:
        if fo["state"] == "AWAITING_ASSIGNMENT":
            self._send(fo, "claim", {})
        elif fo["state"] != "AWAITING_PICK":
            return True
        chance = draw(fo["id"], "fate")
        if chance < REJECT:
            return self._good(fo, "reject", {"reason": "TOO_BUSY"})
        units = _by_line(fo["lines"])
        if chance < SHORT:
            line_no = min(units)
            gone = {"lineNo": line_no, "quantity": 1, "reason": "QUANTITY_MISMATCH"}
            self._send(fo, "short", {"lines": [gone]})
            units[line_no] -= 1
        if not _rows(units):
            return True
        if not self._good(fo, "pick", {"lines": _rows(units)}):
            return False
        if SHORT <= chance < WITHDRAWN:
            units = self._withdraw(fo, units)
        return not _rows(units) or self._leave(fo, units)

    def _withdraw(self, fo: Body, units: Counter[int]) -> Counter[int]:
        """An agent wants a picked unit back; the floor agrees or not. Returns what is left."""
        line_no = max(units)
        wanted = {"lineNo": line_no, "quantity": 1}
        action = {"action": "cancel", "reason": "CUSTOMER", "lines": [wanted]}
        path = f"/v1/orders/{fo['orderId']}/actions"
        self._agent.call("POST", path, {"actions": [action]}, key=f"{fo['id']}-withdraw")
        now = self._floor.call("GET", f"/v1/fulfillment-orders/{fo['id']}").body
        if not any("answer" not in row for row in now.get("cancelRequests", ())):
            return units
        accept = draw(fo["id"], "answer") >= DENIED
        answer = {"accept": accept} if accept else {"accept": False, "reason": "LOADED"}
        self._send(fo, "cancel-answer", answer)
        self.done["withdrawn" if accept else "withdrawal denied"] += 1
        return units - Counter({line_no: 1}) if accept else units

    def _leave(self, fo: Body, units: Counter[int]) -> bool:
        if fo["type"] == "PICKUP":
            return self._good(fo, "ready", {"bin": "A-1"}) and self._collect(fo)
        number = f"1Z{fo['id'][3:19]}{fo['id'].rpartition('-')[2]}"
        box = {"contents": _rows(units), "trackingNumber": number}
        shipped = self._good(fo, "pack", {"packages": [box]}) and self._good(
            fo, "ship", {"carrier": "UPS"}
        )
        if shipped:
            self._carry(fo, number)
        return shipped

    def _collect(self, fo: Body) -> bool:
        order = self._agent.call("GET", f"/v1/orders/{fo['orderId']}").body
        return self._good(fo, "hand-over", proof(order, fo))

    def _carry(self, fo: Body, number: str) -> None:
        """What the carrier says, newest first and twice, as carriers do."""
        fate, now = draw(fo["id"], "carrier"), datetime.now(UTC)
        if fate >= DAMAGED:
            return
        last = "DL" if fate < DELIVERED else "DAMAGED"
        words = ((2, last), (1, "out for delivery"), (0, "PU"), (2, last))
        events = [
            {"id": f"{number}-{place}", "status": word, "at": _later(now, place)}
            for place, word in words
        ]
        self._send(fo, "track", {"trackingNumber": number, "events": events})
        self.done["delivered" if last == "DL" else "damaged"] += 1

    def _good(self, fo: Body, verb: str, body: Body) -> bool:
        return self._send(fo, verb, body).status < 300

    def _send(self, fo: Body, verb: str, body: Body) -> Reply:
        path = f"/v1/fulfillment-orders/{fo['id']}/{verb}"
        reply = self._floor.call("POST", path, body, key=f"{fo['id']}-{verb}")
        self.done[verb if reply.status < 300 else f"{verb} refused {reply.code}"] += 1
        return reply


def _later(now: datetime, hours: int) -> str:
    return (now + timedelta(hours=hours)).isoformat()


def _rows(units: Counter[int]) -> list[Body]:
    return [{"lineNo": line_no, "quantity": n} for line_no, n in units.items() if n > 0]


def _by_line(rows: list[Body]) -> Counter[int]:
    units: Counter[int] = Counter()
    for row in rows:
        units[row["lineNo"]] += row["quantity"]
    return units
