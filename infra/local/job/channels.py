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
from infra.local.job.counter import groups
from infra.local.job.feeds import Offer, Remainder
from infra.local.job.sample import Claim
from infra.local.job.seed import COMPANY
from infra.local.job.world import tender

CLIENTS = 2
AT_ONCE = 4
PATIENCE = 15


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
        self._dynamodb = aws(endpoints, "dynamodb")
        self.tally = Tally()
        self.unapplied: list[Remainder] = []

    def offer(
        self, offers: Sequence[Offer], by_queue: frozenset[str], claims: Sequence[Claim]
    ) -> None:
        """Place every offer, a few at a time, as fast as the system takes them up.

        Those of the channels `by_queue` go through the intake queue, the others over HTTP. What a
        customer takes back is canceled as soon as automation has the order, in a race with the
        floor that either may win; a claim that finds no order, or is refused, is left over.
        """
        for start in range(0, len(offers), AT_ONCE):
            part = offers[start : start + AT_ONCE]
            queued = [offer for offer in part if offer.body["channel"] in by_queue]
            for offer in queued:
                self._enqueue(offer)
            with ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(self._place, [offer for offer in part if offer not in queued]))
            self._hear({offer.external_number for offer in queued})
            numbers = [offer.external_number for offer in part]
            self._wait_for(numbers)
            for claim in claims:
                if claim.original in numbers:
                    self._settle(claim)
        placed = {offer.external_number for offer in offers}
        for claim in claims:
            if claim.original not in placed:
                self._settle(claim)

    def _enqueue(self, offer: Offer) -> None:
        body = _body(offer) | {"messageId": f"m-{offer.external_number}"}
        body["replyTo"] = offer.external_number
        self._sqs.send_message(
            QueueUrl=self._endpoints.queues["Intake"], MessageBody=json.dumps(body)
        )

    def _wait_for(self, numbers: Iterable[str]) -> None:
        """Let automation take the orders up before more are offered; not longer than a while."""
        until = time.monotonic() + PATIENCE
        waiting = [self.tally.accepted[n] for n in numbers if n in self.tally.accepted]
        while waiting and time.monotonic() < until:
            waiting = [order_id for order_id in waiting if self._untouched(order_id)]
            time.sleep(0.1)

    def _untouched(self, order_id: str) -> bool:
        answer = self._dynamodb.get_item(
            TableName=self._endpoints.tables["Orders"],
            Key={"pk": {"S": f"{COMPANY}#{order_id}"}, "sk": {"S": "ORDER"}},
        )
        row = answer.get("Item", {})
        return "next" in row and row["state"]["S"] == "RECEIVED"

    def _settle(self, claim: Claim) -> None:
        outcome = self._cancel(claim)
        self.tally.canceled[outcome] += 1
        if outcome != "APPLIED":
            row = {"StockCode": claim.sku, "Quantity": str(-claim.quantity)}
            reference = claim.cancellation.reference
            reason = f"CANCELLATION_{outcome}: {claim.sku}"
            self.unapplied.append(Remainder(reference, reason, (row,)))

    def _cancel(self, claim: Claim) -> str:
        order_id = self.tally.accepted.get(claim.original or "")
        if order_id is None:
            return "ORIGINAL_NOT_FOUND"
        caller = self._caller("marketplace")
        path = f"/v1/orders/{quote(order_id)}"
        order = caller.call("GET", path).body["order"]
        line = next(line for line in order["lines"] if line["sku"] == claim.sku)
        units = {"lineNo": line["lineNo"], "quantity": min(claim.quantity, line["quantity"])}
        action = {"action": "cancel", "reason": "CUSTOMER", "lines": [units]}
        key = f"{claim.cancellation.reference}-{claim.sku}"
        reply = caller.call("POST", f"{path}/actions", {"actions": [action]}, key)
        return "APPLIED" if reply.status < 300 else reply.code

    def _place(self, offer: Offer) -> None:
        caller = self._caller(offer.body["channel"])
        reply = caller.call("POST", "/v1/orders", _body(offer), key=f"k-{offer.external_number}")
        self.tally.take(offer.external_number, reply.status, reply.body)

    def _hear(self, expected: set[str]) -> None:
        until = time.monotonic() + 120
        missing = set(expected)
        while missing and time.monotonic() < until:
            answer = self._sqs.receive_message(
                QueueUrl=self._endpoints.queues["Reply"], MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                reply = json.loads(message["Body"])
                number = str(reply.get("replyTo") or reply.get("messageId"))
                if number in missing:
                    missing.remove(number)
                    self.tally.take(number, int(reply["status"]), reply.get("body", {}))
                self._sqs.delete_message(
                    QueueUrl=self._endpoints.queues["Reply"],
                    ReceiptHandle=message["ReceiptHandle"],
                )
        if missing:
            self.tally.refused["NO_REPLY"] += len(missing)

    def _caller(self, channel: str) -> Caller:
        return self._callers.setdefault(channel, Caller(self._endpoints, channel))


def _body(offer: Offer) -> dict[str, Any]:
    return offer.body | {"groups": groups(offer), "tenders": [tender(offer)]}
