"""Delivery of a DynamoDB stream batch to a function, as Lambda documents it.

A batch that fails is halved until the record that fails stands alone (when the source says so);
a partial batch response moves the start to the first failed record; a record that failed more
often than the source allows goes to the on-failure destination, so that it never blocks the ones
behind it. A batch that is not full waits until its batching window is over. Records may be
delivered again, never skipped.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
Function = dict[str, Any]
Source = dict[str, Any]

_FOR_EVER = -1
_LONGEST_PAUSE_SECONDS = 15.0
_PAUSING: dict[str, Any] = {"error": True, "body": {"errorType": "Backoff"}, "log": ""}
_OK: dict[str, Any] = {"body": None}


def pause_seconds(failures: int) -> float:
    """How long to wait after a record's `failures`-th failure: doubling, up to a limit."""
    return float(min(0.5 * 2 ** (failures - 1), _LONGEST_PAUSE_SECONDS))


@dataclass
class StreamDelivery:
    """What stands between the poller and the function.

    `execute` invokes the function; `source_of` finds the event source mapping; `give_up` sends
    records to its on-failure destination; `clock` gives seconds. The poller repeats a batch
    while the answer is an error; what was done of it before is remembered by sequence number.
    """

    execute: Callable[[Function, Any], dict[str, Any]]
    source_of: Callable[[Function, str], Source | None]
    give_up: Callable[[Source, Function, Sequence[Record]], None]
    clock: Callable[[], float] = time.monotonic
    _not_before: dict[str, float] = field(default_factory=dict)
    _done: dict[str, str] = field(default_factory=dict)
    _gathering: dict[str, float] = field(default_factory=dict)
    _failures: dict[tuple[str, str], int] = field(default_factory=dict)

    def deliver(self, func: Function, records: Sequence[Record]) -> dict[str, Any]:
        """Deliver what is new of `records`; an error result asks the poller to come again."""
        source = self.source_of(func, records[0]["eventSourceARN"])
        if source is None:
            return self.execute(func, {"Records": list(records)})
        if self.clock() < self._not_before.get(source["UUID"], 0.0):
            return _PAUSING
        done = self._done.get(source["UUID"], "")
        fresh = [r for r in records if _order(_sequence(r)) > _order(done)]
        if fresh and self._gathers(source, fresh):
            return _PAUSING
        return self._deliver(func, source, fresh)

    def _gathers(self, source: Source, fresh: Sequence[Record]) -> bool:
        """Whether the batching window is still open and the batch not full."""
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        since = self._gathering.setdefault(source["UUID"], self.clock())
        if len(fresh) < source.get("BatchSize", 100) and self.clock() - since < window:
            return True
        del self._gathering[source["UUID"]]
        return False

    def _deliver(self, func: Function, source: Source, records: list[Record]) -> dict[str, Any]:
        while records:
            result = self.execute(func, {"Records": records})
            failed = _first_failure(result, records)
            if failed is None:
                self._finish(source, records)
                return _OK
            if (
                result.get("error")
                and len(records) > 1
                and source.get("BisectBatchOnFunctionError")
            ):
                half = len(records) // 2
                first = self._deliver(func, source, records[:half])
                if first.get("error"):
                    return first
                records = records[half:]
                continue
            self._finish(source, records[:failed])
            records = records[failed:]
            if not self._gave_up(func, source, records[0]):
                return {"error": True, "body": result.get("body"), "log": result.get("log", "")}
            records = records[1:]
        return _OK

    def _gave_up(self, func: Function, source: Source, record: Record) -> bool:
        key = (source["UUID"], _sequence(record))
        self._failures[key] = self._failures.get(key, 0) + 1
        allowed = source.get("MaximumRetryAttempts", _FOR_EVER)
        if allowed == _FOR_EVER or self._failures[key] <= allowed:
            self._not_before[source["UUID"]] = self.clock() + pause_seconds(self._failures[key])
            return False
        self.give_up(source, func, [record])
        self._finish(source, [record])
        del self._failures[key]
        return True

    def _finish(self, source: Source, records: Sequence[Record]) -> None:
        if records:
            self._done[source["UUID"]] = _sequence(records[-1])


def _first_failure(result: dict[str, Any], records: Sequence[Record]) -> int | None:
    if result.get("error"):
        return 0
    body = result.get("body")
    failures = body.get("batchItemFailures", []) if isinstance(body, dict) else []
    failed = {failure["itemIdentifier"] for failure in failures}
    return next((i for i, record in enumerate(records) if _sequence(record) in failed), None)


def _sequence(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _order(sequence: str) -> tuple[int, str]:
    return len(sequence.lstrip("0")), sequence.lstrip("0")
