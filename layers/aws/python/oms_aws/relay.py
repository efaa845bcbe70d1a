"""From commits to bus and workflow, in the order of the stream (EVT-01).

A batch is tried again from its first failure on, so records behind it are relayed twice: consumers
know facts by their id, and a segment that is started twice finds nothing to do. A record that
cannot be read is parked for a person, so that it does not keep the others waiting.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from oms_aws import telemetry, wiring
from oms_aws.failures import Parked
from oms_aws.stream import LIVE, Committed, committed
from oms_aws.workflow import Segment

MONEY = {"payment.captured": "CapturedAmount", "payment.refunded": "RefundedAmount"}
"""Amounts in minor units, all currencies of a deployment in one sum."""


def relay(records: Sequence[Mapping[str, Any]], park: Callable[[Parked], None]) -> dict[str, Any]:
    """Publish and start what the records ask for; answers with the partial batch failure."""
    found = list(_readable(records, park))
    commits = [commit for _, commit in found]
    failed = {found[index][0] for index in _published(commits)}
    failed |= {place for place, commit in found if not _started(commit)}
    for place, commit in found:
        if place not in failed:
            _measure(commit)
    telemetry.flush()
    if not failed:
        return {"batchItemFailures": []}
    first = records[min(failed)]["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": first}]}


def _readable(
    records: Sequence[Mapping[str, Any]], park: Callable[[Parked], None]
) -> Iterator[tuple[int, Committed]]:
    for place, record in enumerate(records):
        try:
            commit = committed(record)
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            image = record["dynamodb"]["NewImage"]
            order, version = image["pk"]["S"], int(image["version"]["N"])
            reason = f"unreadable {type(error).__name__}"
            telemetry.logger.error("commit not relayed", extra={"order": order, "reason": reason})
            park(Parked(order, version, reason))
        else:
            if commit is not None:
                yield place, commit


def _measure(commit: Committed) -> None:
    telemetry.count("FactsPublished", len(commit.facts))
    telemetry.count("InvariantBreaches", len(commit.breaches))
    telemetry.count("LedgerImbalance", abs(commit.imbalance))
    if commit.breaches:
        ids = {"order_id": commit.order_id, "version": commit.version}
        telemetry.logger.error("invariant broken", extra={**ids, "codes": commit.breaches})
    for fact in commit.facts:
        kind = str(fact["type"])
        if kind in MONEY:
            telemetry.count(MONEY[kind], fact["data"]["amount"])
        elif kind == "order.intake_done":
            telemetry.count("OrdersProcessed")
        elif kind.startswith("fulfillment_order."):
            telemetry.count_by("FulfillmentOrders", "state", kind.partition(".")[2].upper())


def _published(commits: Sequence[Committed]) -> frozenset[int]:
    try:
        return wiring.bus().publish(commits)
    except (BotoCoreError, ClientError) as error:
        telemetry.logger.error("bus failed", extra={"error": type(error).__name__})
        return frozenset(range(len(commits)))


def _started(commit: Committed) -> bool:
    if commit.step is None:
        return True
    try:
        wiring.lanes().start(Segment.of(commit, commit.step), commit.lane)
    except (BotoCoreError, ClientError) as error:
        ids = {"order_id": commit.order_id, "error": type(error).__name__}
        telemetry.logger.error("segment not started", extra=ids)
        return False
    if commit.lane == LIVE:
        telemetry.lane_age(LIVE, wiring.clock().timestamp() - commit.committed_at)
    return True
