"""Doing again what a reader of the orders stream could not do, once the cause is repaired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from oms_aws.failures import Failures, Parked
from oms_aws.order_rows import Forgotten, OrderRows, StreamRecords

Again = Callable[[Sequence[Mapping[str, Any]]], bool]
"""Has a reader take stream records again; False where one of them failed again."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many failures were done, failed again, or name records the stream has forgotten."""

    done: int = 0
    failed: int = 0
    forgotten: int = 0


def replay(
    failures: Failures, rows: OrderRows, stream: StreamRecords, again: Again, drop_forgotten: bool
) -> Replayed:
    """Take ten failures and do them again; those that are done leave the queue.

    Forgotten ones stay there as a reminder unless `drop_forgotten`: then the index is to be
    rebuilt, and consumers of facts fill their gaps from the API.
    """
    counts = Replayed()
    for failure in failures.take():
        try:
            records = _records(failure.what, rows, stream)
        except Forgotten:
            counts = replace(counts, forgotten=counts.forgotten + 1)
            if drop_forgotten:
                failures.done(failure)
            continue
        if again(records):
            failures.done(failure)
            counts = replace(counts, done=counts.done + 1)
        else:
            counts = replace(counts, failed=counts.failed + 1)
    return counts


def _records(what: Any, rows: OrderRows, stream: StreamRecords) -> list[Mapping[str, Any]]:
    if not isinstance(what, Parked):
        return list(stream.read(what))
    row = rows.row(what)
    return [] if row is None else [row]
