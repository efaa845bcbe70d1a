"""The stream reader that keeps the search index: order images in, documents and failures out.

Cites SEA-06 (versions, lag), FLG-03, MON metrics of the projection.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from oms.kernel.codec import stamp
from oms.kernel.errors import Unavailable
from oms.lifecycle.document import to_document
from oms.lifecycle.record import OrderRecord
from oms.search.freshness import Mark
from oms.search.parse import parse
from oms.search.ports import IndexFailure
from oms_aws import wiring_stream
from oms_aws.failures import Failures, Parked
from oms_aws.search.projection import NotProjected, Projector

from tests.contracts.search_engines import service_url
from tests.contracts.search_samples import START, names, person, record
from tests.fakes.search_index import FakeSearchIndex
from tests.functions.doubles import FakeClient

LAG = timedelta(milliseconds=750)


def stream_record(
    stored: OrderRecord, sequence: int, sk: str = "ORDER", event: str = "MODIFY"
) -> dict[str, Any]:
    """A stream record as Lambda delivers it: attribute values, binary in base64."""
    order = stored.order
    keys = {"pk": {"S": f"{order.company}#{order.id}"}, "sk": {"S": sk}}
    image = {
        **keys,
        "version": {"N": str(stored.version)},
        "state": {"S": "AWAITING_ALLOCATION"},
        "updatedAt": {"S": stamp(stored.updated_at or START)},
        "doc": {"B": base64.b64encode(to_document(stored)).decode()},
    }
    return {
        "eventID": str(sequence),
        "eventName": event,
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": keys,
            "SequenceNumber": str(sequence),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **({} if event == "REMOVE" else {"NewImage": image}),
        },
    }


def heartbeat(at: datetime) -> dict[str, Any]:
    keys = {"pk": {"S": "-#HEARTBEAT"}, "sk": {"S": "HEARTBEAT"}}
    image = {**keys, "at": {"S": stamp(at)}}
    body = {"Keys": keys, "NewImage": image, "SequenceNumber": "9"}
    return {"eventSource": "aws:dynamodb", "dynamodb": body}


def build(stored: dict[str, Any], state: str) -> dict[str, Any]:
    order = stored["order"]
    return {
        "company": order["company"],
        "orderId": order["id"],
        "version": stored["version"],
        "state": state,
        "placedAt": order["placedAt"],
    }


class CountingIndex(FakeSearchIndex):
    """Remembers each call; refuses the orders in `refused`."""

    def __init__(self, refused: Sequence[str] = (), retryable: bool = True) -> None:
        super().__init__()
        self._retryable = retryable
        self.calls: list[list[tuple[str, int]]] = []
        self._refused = refused

    def index(self, documents: Sequence[Any], mark: Mark | None = None) -> tuple[IndexFailure, ...]:
        self.calls.append([(document["orderId"], document["version"]) for document in documents])
        taken = [document for document in documents if document["orderId"] not in self._refused]
        super().index(taken, mark)
        return tuple(
            IndexFailure(document["company"], document["orderId"], self._retryable, "429 rejected")
            for document in documents
            if document not in taken
        )


def projector(index: FakeSearchIndex, parked: list[Parked] | None = None) -> Projector:
    kept = [] if parked is None else parked
    return Projector(index, build, kept.append, clock=lambda: START + LAG)


def found(index: FakeSearchIndex, company: str = "acme") -> list[tuple[str, int]]:
    page = index.search(parse({}, company, START))
    return sorted((hit.order_id, hit.version) for hit in page.hits)


def test_the_newest_image_of_each_order_goes_out_in_one_call() -> None:
    """SEA-06: also when records of one order stand in the wrong order."""
    index = CountingIndex()
    records = [
        stream_record(record("acme", "a", version=3), 1),
        stream_record(record("acme", "b", version=1), 2),
        stream_record(record("acme", "a", version=2), 3),
        stream_record(record("acme", "b", version=2), 4),
    ]
    projector(index).project(records)
    assert index.calls == [[("ord_a", 3), ("ord_b", 2)]]
    assert found(index) == [("ord_a", 3), ("ord_b", 2)]


def test_pages_of_facts_markers_and_removals_are_no_orders() -> None:
    index = CountingIndex()
    stored = record("acme", "a")
    records = [
        stream_record(stored, 1, sk="FACTS#00000001"),
        stream_record(stored, 2, sk="KEY"),
        stream_record(stored, 3, event="REMOVE"),
    ]
    projector(index).project(records)
    assert index.calls == [[]]


def test_failed_orders_are_reported_by_their_records_and_the_rest_is_stored() -> None:
    """A refused order fails all its records of the batch, and nothing else does."""
    index = CountingIndex(refused=["ord_b"])
    records = [
        stream_record(record("acme", "a"), 1),
        stream_record(record("acme", "b"), 2),
        stream_record(record("acme", "b", version=2), 3),
        stream_record(record("acme", "b"), 4, sk="FACTS#00000001"),
        stream_record(record("acme", "c"), 5),
    ]
    assert _failed(projector(index), records) == ["2", "3"]
    assert found(index) == [("ord_a", 1), ("ord_c", 1)]


def test_equal_order_ids_of_two_companies_are_two_orders() -> None:
    """GEN-12."""
    index = CountingIndex()
    records = [
        stream_record(record("acme", "a"), 1),
        stream_record(record("other", "a", version=4), 2),
    ]
    projector(index).project(records)
    assert (found(index), found(index, "other")) == ([("ord_a", 1)], [("ord_a", 4)])


@pytest.mark.parametrize("doc", ["", "bm90IHppcHBlZA==", "eJyrrgUAAXUA+Q==", "=== not base64"])
def test_an_unreadable_image_is_parked_and_holds_up_nothing(doc: str) -> None:
    """SAG-03: it would be as unreadable in six hours; a person gets its id and version at once."""
    index, parked = CountingIndex(), list[Parked]()
    broken = stream_record(record("acme", "b", version=3), 2)
    broken["dynamodb"]["NewImage"]["doc"]["B"] = doc
    records = [stream_record(record("acme", "a"), 1), broken]
    assert _failed(projector(index, parked), records) == []
    assert found(index) == [("ord_a", 1)]
    ((key, version),) = [(order.key, order.version) for order in parked]
    assert (key, version) == ("acme#ord_b", 3)


def test_an_order_that_never_fits_is_parked_one_that_may_fit_later_comes_again() -> None:
    """SEA-06: only what can still succeed is tried again, for as long as the stream keeps it."""
    records = [stream_record(record("acme", name), at) for at, name in enumerate("ab")]
    parked = list[Parked]()
    assert _failed(projector(CountingIndex(["ord_b"], retryable=False), parked), records) == []
    assert parked == [Parked("acme#ord_b", 1, "429 rejected")]
    assert _failed(projector(CountingIndex(["ord_b"])), records) == ["1"]


def test_the_index_is_marked_with_the_newest_change_and_with_heartbeats() -> None:
    """UIX-09: what a list calls "as of"; a heartbeat counts although no order changed."""
    index = CountingIndex()
    projector(index).project([stream_record(record("acme", "a"), 1)])
    assert index.mark() == Mark(START, START + LAG)
    projector(index).project([heartbeat(START + timedelta(seconds=60))])
    assert index.mark() == Mark(START + timedelta(seconds=60), START + LAG)
    assert index.calls[-1] == []


def test_metrics_tell_lag_projected_and_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """SEA-06: lag is from the order's write to its indexing, in milliseconds."""
    index = CountingIndex(refused=["ord_b"])
    records = [stream_record(record("acme", name), at) for at, name in enumerate("abc")]
    projector(index).project(records)
    [line] = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    metrics = json.loads(line)
    assert metrics["IndexLagMs"] == [750.0, 750.0]
    assert (metrics["Projected"], metrics["ProjectionFailures"]) == ([2.0], [1.0])
    assert "acme" not in line


def test_an_engine_that_is_down_fails_the_whole_batch() -> None:
    """ACC-151: the stream brings everything again."""

    class Down(FakeSearchIndex):
        def index(
            self, documents: Sequence[Any], mark: Mark | None = None
        ) -> tuple[IndexFailure, ...]:
            raise Unavailable("SEARCH_UNAVAILABLE", "down")

    with pytest.raises(Unavailable):
        projector(Down()).project([stream_record(record("acme", "a"), 1)])


def _failed(subject: Projector, records: list[dict[str, Any]]) -> list[str]:
    outcome = subject.project(records)
    failed = []
    for entry in records:
        try:
            outcome.check(DynamoDBRecord(entry))
        except NotProjected:
            failed.append(entry["dynamodb"]["SequenceNumber"])
    return failed


@dataclass
class LambdaContext:
    function_name: str = "search-projector"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:x"
    aws_request_id: str = "request"


@pytest.fixture
def search_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with service_url() as url:
        monkeypatch.setenv("SEARCH_URL", url)
        yield url


@pytest.fixture
def parked(monkeypatch: pytest.MonkeyPatch) -> list[Parked]:
    """What the reader parks."""
    client: Any = FakeClient()
    failures = Failures(client, "failures-url")
    found: list[Parked] = []
    monkeypatch.setattr(failures, "park", found.append)
    monkeypatch.setattr(wiring_stream, "failures", lambda: failures)
    return found


def test_the_handler_indexes_real_records_and_parks_what_it_cannot_read(
    search_url: str, parked: list[Parked]
) -> None:
    """The whole path: stream event, bulk call, search; the poisoned record alone is parked."""
    handler = importlib.import_module("functions.search_projector.handler")
    broken = stream_record(record("acme", "broken"), 3)
    broken["dynamodb"]["NewImage"]["doc"]["B"] = ""
    maria = record("acme", "a", customer=person("María Núñez"))
    marked = replace(maria, version=2, order=replace(maria.order, tags=("VIP",)))
    event = {"Records": [stream_record(maria, 1), stream_record(marked, 2), broken]}
    answer = handler.handler(event, LambdaContext())
    assert answer == {"batchItemFailures": []}
    assert [order.key for order in parked] == ["acme#ord_broken"]
    assert handler.index.mark().changed_at == START
    page = handler.index.search(parse({"q": "maria nunez", "tag": "vip"}, "acme", START))
    assert names(page.hits) == ["a"]
    assert handler.handler({"Records": [stream_record(maria, 1)]}, LambdaContext()) == {
        "batchItemFailures": []
    }
    assert handler.index.search(parse({}, "acme", START)).hits[0].version == 2
