"""What each operation on failures of the stream readers does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oms.kernel.errors import NotFound
from oms.lifecycle.projection import search_document
from oms_aws import wiring, wiring_stream
from oms_aws.failures import Failures, Parked
from oms_aws.http import Call, Operation, Reply
from oms_aws.http_actor import ADMIN
from oms_aws.relay import relay
from oms_aws.replay import Again, replay
from oms_aws.search.projection import Projector

from functions.stream_replay import schemas

QUEUES: Mapping[str, Callable[[], Failures]] = {
    "projector": lambda: wiring_stream.reader_failures("PROJECTOR_FAILURES_URL"),
    "relay": lambda: wiring_stream.reader_failures("RELAY_FAILURES_URL"),
}


def waiting(_: Call) -> Reply:
    """How many failures wait."""
    return Reply({reader: queue().depth() for reader, queue in QUEUES.items()})


def replay_some(call: Call) -> Reply:
    """Do some failures of a reader again."""
    shape: schemas.ReplayShape = call.body
    reader = call.path["reader"]
    if reader not in QUEUES:
        raise NotFound("NOT_FOUND", f"{reader} is none of {', '.join(QUEUES)}")
    failures = QUEUES[reader]()
    found = replay(
        failures,
        wiring_stream.order_rows(),
        wiring_stream.stream_records(),
        AGAIN[reader],
        shape.drop_forgotten,
    )
    counts = {"done": found.done, "failed": found.failed, "forgotten": found.forgotten}
    return Reply({**counts, "waiting": failures.depth()})


def _project(records: Sequence[Mapping[str, Any]]) -> bool:
    parked: list[Parked] = []
    projector = Projector(wiring.search_index(), search_document, parked.append, wiring.clock)
    outcome = projector.project(records)
    return not outcome.failures and not parked


def _relay(records: Sequence[Mapping[str, Any]]) -> bool:
    parked: list[Parked] = []
    answer = relay(records, parked.append)
    return not answer["batchItemFailures"] and not parked


AGAIN: Mapping[str, Again] = {"projector": _project, "relay": _relay}

OPERATIONS = (
    Operation(
        "listStreamFailures", "GET", "/v1/stream-failures", ADMIN,
        "Count what the readers of the orders stream could not do", waiting,
        {200: schemas.Waiting},
    ),
    Operation(
        "replayStreamFailures", "POST", "/v1/stream-failures/{reader}/replay", ADMIN,
        "Do failures of a reader again", replay_some, {200: schemas.ReplayAnswer},
        body=schemas.ReplayShape,
    ),
)  # fmt: skip
