"""Doubles of what functions talk to, and the stream of what the order store commits."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from oms.kernel.codec import stamp
from oms.kernel.errors import NotFound
from oms.lifecycle.document import to_document
from oms.lifecycle.ports import Commit
from oms.lifecycle.record import OrderRecord
from oms_aws.failures import Failure, Parked, Range
from oms_aws.order_rows import Forgotten
from oms_aws.queues import DeadLetter

from tests.functions.world import World, invocation


class FakeClient:
    """Records calls of any AWS client; `failing` names operations that do not answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failing: set[str] = set()
        self.refused: set[int] = set()

    def named(self, operation: str) -> list[dict[str, Any]]:
        """Arguments of the calls of one operation."""
        return [given for name, given in self.calls if name == operation]

    def put_events(self, **given: Any) -> dict[str, Any]:
        self._take("put_events", given)
        refused = [
            {"ErrorCode": "InternalFailure"} if json.loads(e["Detail"])["version"] in self.refused
            else {"EventId": "1"}
            for e in given["Entries"]
        ]  # fmt: skip
        return {"Entries": refused, "FailedEntryCount": 0}

    def start_execution(self, **given: Any) -> dict[str, Any]:
        self._take("start_execution", given)
        return {}

    def send_message(self, **given: Any) -> dict[str, Any]:
        self._take("send_message", given)
        return {}

    def _take(self, name: str, given: dict[str, Any]) -> None:
        if name in self.failing:
            raise EndpointConnectionError(endpoint_url="https://x")
        self.calls.append((name, given))


class Stream:
    """Stream records of what the order store commits."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.records: list[dict[str, Any]] = []
        store = type(world.orders).commit

        def commit(orders: Any, change: Commit) -> None:
            store(orders, change)
            self.records.append(self._record(change))

        monkeypatch.setattr(type(world.orders), "commit", commit)

    def _record(self, change: Commit) -> dict[str, Any]:
        record: OrderRecord = change.record
        order = record.order
        event: dict[str, Any] = copy.deepcopy(
            invocation("fact_relay", "order_received")["Records"][0]
        )
        image: dict[str, Any] = {
            "pk": {"S": f"{order.company}#{order.id}"}, "sk": {"S": "ORDER"},
            "number": {"S": order.number},
            "state": {"S": change.state},
            "updatedAt": {"S": stamp(record.updated_at or order.received_at)},
            "version": {"N": str(record.version)}, "wake": {"BOOL": change.wake},
            "doc": {"B": base64.b64encode(to_document(record)).decode()},
        }  # fmt: skip
        if change.step:
            image["next"] = {"S": change.step}
        event["dynamodb"]["NewImage"] = image
        event["dynamodb"]["Keys"] = {"pk": image["pk"], "sk": image["sk"]}
        event["dynamodb"]["SequenceNumber"] = str(100 + len(self.records))
        return event


class Inbox:
    """The webhook table in memory."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.outcomes: dict[tuple[str, str], str] = {}
        self.kept: set[tuple[str, str]] = set()
        self.adopted: dict[tuple[str, str], str] = {}

    def handled(self, company: str, event_id: str) -> bool:
        return (company, event_id) in self.outcomes

    def keep(self, company: str, event_id: str, body: bytes, outcome: str | None) -> None:
        self.bodies[company, event_id] = body
        if outcome is not None:
            self.outcomes[company, event_id] = outcome
        if outcome == "ORPHAN":
            self.kept.add((company, event_id))

    def orphan(self, company: str, event_id: str) -> bytes | None:
        known = self.outcomes.get((company, event_id)) == "ORPHAN"
        return self.bodies[company, event_id] if known else None

    def adopt(self, company: str, event_id: str, order_id: str) -> bool:
        return self.adopted.setdefault((company, event_id), order_id) == order_id


@dataclass
class Letters:
    """The dead letters in memory."""

    letters: list[DeadLetter]
    sent: list[tuple[str, str | None]] = field(default_factory=list)

    def look(self) -> list[DeadLetter]:
        return self.letters

    def depth(self) -> int:
        return len(self.letters)

    def retry(self, letter_id: str, handle: str, body: str, client_id: str | None) -> None:
        self.discard(letter_id, handle)
        self.sent.append((body, client_id))

    def discard(self, letter_id: str, handle: str) -> None:
        kept = [letter for letter in self.letters if letter.handle != handle]
        if len(kept) == len(self.letters):
            raise NotFound("DEAD_LETTER_NOT_FOUND", letter_id)
        self.letters = kept


@dataclass
class MemoryFailures:
    """The failure queue of a stream reader in memory."""

    waiting: list[Failure] = field(default_factory=list)

    def park(self, parked: Parked) -> None:
        self.waiting.append(Failure(parked, f"h{len(self.waiting)}"))

    def take(self) -> list[Failure]:
        return self.waiting[:10]

    def done(self, failure: Failure) -> None:
        self.waiting.remove(failure)

    def depth(self) -> int:
        return len(self.waiting)


class MemoryRecords:
    """Items and stream records by key and place, read as the table and its stream are."""

    def __init__(self, stream: Stream | None = None) -> None:
        self._records = stream.records if stream else []

    def row(self, parked: Parked) -> dict[str, Any] | None:
        for record in reversed(self._records):
            image: dict[str, Any] = record["dynamodb"]["NewImage"]
            if image["pk"]["S"] == parked.key:
                image = image | {"version": {"N": str(parked.version)}}
                return {"dynamodb": record["dynamodb"] | {"NewImage": image}}
        return None

    def read(self, where: Range) -> list[dict[str, Any]]:
        if where.shard == "forgotten":
            raise Forgotten
        found = [(int(r["dynamodb"]["SequenceNumber"]), r) for r in self._records]
        return [r for n, r in found if int(where.first) <= n <= int(where.last)]


class MemoryRebuilds:
    """Rebuilds that nobody runs."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, now: datetime) -> str:
        self.started.append(f"rebuild-{now:%Y%m%dT%H%M}")
        return self.started[-1]

    def state(self, name: str) -> str | None:
        return "RUNNING" if name in self.started else None


class NoDecisions:
    """No order has a decision record."""

    def of_order(self, company: str, order_id: str) -> list[dict[str, Any]]:
        return []
