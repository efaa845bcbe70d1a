"""The channels' part: offers over HTTP and over the intake queue, and the cancellations that
follow.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from infra.local.cloud import Endpoints
from infra.local.job.client import Caller, aws
from infra.local.job.feeds import Cancellation, Offer
from infra.local.job.world import tender

CLIENTS = 4


@dataclass(slots=True)
class Tally:
    """What became of the offers; `accepted` maps external numbers to order ids."""

    accepted: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    canceled: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, external_number: str, status: int, body: dict[str, Any]) -> None:
        """Count one answer."""
        with self.lock:
            if status < 300:
                self.accepted[external_number] = str(body["id"])
            else:
                self.refused[str(body.get("code", status))] += 1


class Channels:
    """Sends offers and hears the answers."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._callers: dict[str, Caller] = {}
        self._sqs = aws(endpoints, "sqs")
        self.tally = Tally()

    def offer(self, by_http: Sequence[Offer], by_queue: Sequence[Offer]) -> None:
        """Place every offer; returns when each got its answer, or after two minutes without one."""
        for offer in by_queue:
            body = _body(offer) | {"messageId": f"m-{offer.external_number}"}
            body["replyTo"] = offer.external_number
            self._sqs.send_message(
                QueueUrl=self._endpoints.queues["Intake"], MessageBody=json.dumps(body)
            )
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._place, by_http))
        self._hear(len(by_queue))

    def cancel(self, cancellations: Iterable[Cancellation], customers: dict[str, str]) -> None:
        """Cancel units of the customer's accepted orders; `customers` maps numbers to customers."""
        for cancellation in cancellations:
            for sku, quantity in cancellation.units:
                self.tally.canceled[self._cancel(cancellation, sku, quantity, customers)] += 1

    def _cancel(
        self, cancellation: Cancellation, sku: str, quantity: int, customers: dict[str, str]
    ) -> str:
        caller = self._caller("marketplace")
        for number, order_id in self.tally.accepted.items():
            if cancellation.customer is None or customers.get(number) != cancellation.customer:
                continue
            order = caller.call("GET", f"/v1/orders/{quote(order_id)}").body
            for line in order.get("order", {}).get("lines", []):
                if line["sku"] == sku:
                    units = min(quantity, line["quantity"])
                    action = {
                        "action": "cancel", "reason": "CUSTOMER",
                        "lines": [{"lineNo": line["lineNo"], "quantity": units}],
                    }  # fmt: skip
                    path = f"/v1/orders/{quote(order_id)}/actions"
                    key = f"{cancellation.reference}-{sku}"
                    reply = caller.call("POST", path, {"actions": [action]}, key)
                    return "APPLIED" if reply.status < 300 else reply.code
        return "ORIGINAL_NOT_FOUND"

    def _place(self, offer: Offer) -> None:
        caller = self._caller(offer.body["channel"])
        reply = caller.call("POST", "/v1/orders", _body(offer), key=f"k-{offer.external_number}")
        self.tally.take(offer.external_number, reply.status, reply.body)

    def _hear(self, expected: int) -> None:
        heard: set[str] = set()
        until = time.monotonic() + 120
        while len(heard) < expected and time.monotonic() < until:
            answer = self._sqs.receive_message(
                QueueUrl=self._endpoints.queues["Reply"], MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
            )  # fmt: skip
            for message in answer.get("Messages", []):
                reply = json.loads(message["Body"])
                number = str(reply.get("replyTo") or reply.get("messageId"))
                if number not in heard:
                    heard.add(number)
                    self.tally.take(number, int(reply["status"]), reply.get("body", {}))
                self._sqs.delete_message(
                    QueueUrl=self._endpoints.queues["Reply"],
                    ReceiptHandle=message["ReceiptHandle"],
                )
        if expected > len(heard):
            self.tally.refused["NO_REPLY"] += expected - len(heard)

    def _caller(self, channel: str) -> Caller:
        return self._callers.setdefault(channel, Caller(self._endpoints, channel))


def _body(offer: Offer) -> dict[str, Any]:
    return offer.body | {"tenders": [tender(offer)]}
