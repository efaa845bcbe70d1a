"""From commits to bus and workflow, in the order of the stream (EVT-01).

A batch is tried again from its first failure on, so records behind it are relayed twice: consumers
know facts by their id, and a segment that is started twice finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from oms_aws import telemetry, wiring
from oms_aws.stream import Committed, committed
from oms_aws.workflow import Segment


def relay(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Publish and start what the records ask for; answers with the partial batch failure."""
    found = [(place, commit) for place, r in enumerate(records) if (commit := committed(r))]
    commits = [commit for _, commit in found]
    failed = {found[index][0] for index in _published(commits)}
    failed |= {place for place, commit in found if not _started(commit)}
    telemetry.count("CommitsRelayed", len(commits))
    telemetry.flush()
    if not failed:
        return {"batchItemFailures": []}
    first = records[min(failed)]["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": first}]}


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
    telemetry.count("SegmentsStarted")
    return True
