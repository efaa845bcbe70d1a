"""The event bus: one entry per commit, more only where the facts of one do not fit (EVT-04).

All facts are published, also those that are of no use outside: consumers find gaps by `orderSeq`,
and a gap that is meant would look like one that is not (EVT-03).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from oms.kernel.facts import INTERNAL

from oms_aws.stream import Committed

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef as Entry

SOURCE = "throughline"
ENTRY_BYTES = 200_000
"""Facts of one entry; EventBridge takes 256 kB with everything around them."""

CALL_BYTES = 240_000
CALL_ENTRIES = 10


class Bus:
    """Publishes commits; safe to repeat, because consumers know facts by their id."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, commits: Sequence[Committed]) -> frozenset[int]:
        """Publish the facts of commits in order; returns the places of those that failed."""
        entries = [(place, entry) for place, c in enumerate(commits) for entry in self._entries(c)]
        failed: set[int] = set()
        for batch in _batches(entries):
            answer = self._client.put_events(Entries=[entry for _, entry in batch])
            for (place, _), result in zip(batch, answer["Entries"], strict=True):
                if "ErrorCode" in result:
                    failed.add(place)
        return frozenset(failed)

    def _entries(self, commit: Committed) -> Iterator[Entry]:
        for facts in _parts(commit.facts):
            types = list(dict.fromkeys(fact["type"] for fact in facts))
            public = [name for name in types if name not in INTERNAL]
            detail = {
                "company": commit.company, "orderId": commit.order_id, "number": commit.number,
                "version": commit.version, "correlationId": commit.correlation_id,
                "types": types, "facts": facts,
            }  # fmt: skip
            yield {
                "EventBusName": self._name, "Source": SOURCE,
                "DetailType": (public or types)[0], "Detail": _json(detail),
            }  # fmt: skip


def _parts(facts: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    size = 0
    for fact in facts:
        length = len(_json(fact).encode())
        if part and size + length > ENTRY_BYTES:
            yield part
            part, size = [], 0
        part.append(fact)
        size += length + 1
    if part:
        yield part


def _batches(entries: Sequence[tuple[int, Entry]]) -> Iterator[list[tuple[int, Entry]]]:
    batch: list[tuple[int, Entry]] = []
    size = 0
    for place, entry in entries:
        length = len(entry["Detail"].encode()) + len(entry["DetailType"]) + len(SOURCE)
        if batch and (len(batch) == CALL_ENTRIES or size + length > CALL_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((place, entry))
        size += length
    if batch:
        yield batch


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
