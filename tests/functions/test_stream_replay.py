"""What the stream readers could not do is done again when somebody asks for it.

Cites MON-03 (dead letters are seen), SEA-06, EVT-01, EVT-04, SAG-03, INV-A4.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from oms.search.parse import parse
from oms_aws import wiring_stream
from oms_aws.failures import Failure, Failures, Parked, Range

from tests.functions.doubles import FakeClient, MemoryFailures, MemoryRecords, Stream
from tests.functions.test_streams import details
from tests.functions.world import COMPANY, Got, World, user

Queues = dict[str, MemoryFailures]


@pytest.fixture
def queues(world: World, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> Queues:
    found = {"PROJECTOR_FAILURES_URL": MemoryFailures(), "RELAY_FAILURES_URL": MemoryFailures()}
    records = MemoryRecords(stream)
    monkeypatch.setattr(wiring_stream, "reader_failures", found.__getitem__)
    monkeypatch.setattr(wiring_stream, "order_rows", lambda: records)
    monkeypatch.setattr(wiring_stream, "stream_records", lambda: records)
    monkeypatch.setattr(wiring_stream, "failures", lambda: found["RELAY_FAILURES_URL"])
    return found


def replay(world: World, reader: str, **body: Any) -> Got:
    path = f"/v1/stream-failures/{reader}/replay"
    return world.http("stream_replay", "POST", path, body, claims=user("eva", "[admin]"))


def counts(got: Got) -> tuple[int, ...]:
    assert got.status == 200, got
    return tuple(got.body[name] for name in ("done", "failed", "forgotten", "waiting"))


def indexed(world: World) -> list[tuple[str, int]]:
    hits = world.index.search(parse({}, COMPANY, world.now)).hits
    return [(hit.order_id, hit.version) for hit in hits]


def test_failures_are_counted_for_administrators_only(world: World, queues: Queues) -> None:
    """MON-03, ROL-02."""
    queues["RELAY_FAILURES_URL"].park(Parked("acme#ord_1", 1, "unreadable"))
    got = world.http("stream_replay", "GET", "/v1/stream-failures", claims=user("eva", "[admin]"))
    assert got.body == {"projector": 0, "relay": 1}
    assert world.http("stream_replay", "GET", "/v1/stream-failures", claims=user()).status == 403
    assert replay(world, "nobody").status == 404


def test_a_parked_order_is_indexed_from_the_table(
    world: World, aws: FakeClient, queues: Queues
) -> None:
    """SEA-06: at its present version, whatever was parked."""
    order_id = world.place()
    world.run(order_id)
    queue = queues["PROJECTOR_FAILURES_URL"]
    queue.park(Parked(f"{COMPANY}#{order_id}", 1, "400 mapper_parsing_exception"))
    assert counts(replay(world, "projector")) == (1, 0, 0, 0)
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    assert indexed(world) == [(order_id, record.version)]


def test_a_range_of_the_stream_is_read_and_taken_again(
    world: World, aws: FakeClient, stream: Stream, queues: Queues
) -> None:
    """EVT-01, EVT-04, INV-A4: exactly the records of the range, their facts without a gap."""
    order_id = world.place()
    world.run(order_id)
    first, last = (stream.records[at]["dynamodb"]["SequenceNumber"] for at in (0, 2))
    for queue in queues.values():
        queue.waiting.append(Failure(Range("shard", first, last), "h"))
    assert counts(replay(world, "relay")) == (1, 0, 0, 0)
    assert [detail["version"] for detail in details(aws)] == [1, 3], "and not the fourth commit"
    sent = [fact["orderSeq"] for detail in details(aws) for fact in detail["facts"]]
    assert sent == list(range(1, len(sent) + 1))
    assert counts(replay(world, "projector")) == (1, 0, 0, 0)
    assert indexed(world) == [(order_id, 3)]


def test_facts_of_a_parked_commit_are_published(
    world: World, aws: FakeClient, queues: Queues
) -> None:
    """EVT-01: those of the parked version, although the order has moved on."""
    order_id = world.place()
    world.run(order_id)
    queues["RELAY_FAILURES_URL"].park(Parked(f"{COMPANY}#{order_id}", 1, "unreadable"))
    assert counts(replay(world, "relay")) == (1, 0, 0, 0)
    assert {fact["version"] for detail in details(aws) for fact in detail["facts"]} == {1}


def test_what_fails_again_stays(
    world: World, aws: FakeClient, stream: Stream, queues: Queues
) -> None:
    """MON-03: the alarm stays on until it is done."""
    world.place()
    queue = queues["RELAY_FAILURES_URL"]
    queue.waiting.append(Failure(Range("shard", "100", "100"), "h"))
    aws.failing = {"put_events"}
    assert counts(replay(world, "relay")) == (0, 1, 0, 1)
    stream.records[0]["dynamodb"]["NewImage"]["doc"]["B"] = ""
    assert counts(replay(world, "relay")) == (0, 1, 0, 1), "unreadable still, and not parked twice"


def test_what_the_stream_forgot_stays_until_it_is_dropped(world: World, queues: Queues) -> None:
    """MON-03: a person decides, after rebuilding the index."""
    queue = queues["PROJECTOR_FAILURES_URL"]
    queue.waiting.append(Failure(Range("forgotten", "1", "2"), "h"))
    assert counts(replay(world, "projector")) == (0, 0, 1, 1)
    assert counts(replay(world, "projector", dropForgotten=True)) == (0, 0, 1, 0)


def test_an_unreadable_commit_is_parked_and_holds_up_nothing(
    world: World, aws: FakeClient, stream: Stream, queues: Queues
) -> None:
    """SAG-03, EVT-01: the commits behind it are relayed at once."""
    first, second = world.place("W-1"), world.place("W-2")
    stream.records[0]["dynamodb"]["NewImage"]["doc"]["B"] = "bm90IHppcHBlZA=="
    answer = world.call("fact_relay", {"Records": stream.records})
    assert answer == {"batchItemFailures": []}
    assert [detail["orderId"] for detail in details(aws)] == [second]
    (failure,) = queues["RELAY_FAILURES_URL"].waiting
    assert isinstance(failure.what, Parked)
    assert (failure.what.key, failure.what.version) == (f"{COMPANY}#{first}", 1)


def test_both_kinds_of_messages_are_read() -> None:
    """What the reader parks, and what Lambda puts there after its last attempt."""
    sent: list[dict[str, Any]] = []
    body = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1", "startSequenceNumber": "800", "endSequenceNumber": "900",
            "batchSize": 2, "streamArn": "arn:aws:dynamodb:us-east-1:1:table/t/stream/s",
        },
    }  # fmt: skip

    class Queue:
        def send_message(self, **given: Any) -> None:
            sent.append(given)

        def receive_message(self, **_: Any) -> dict[str, Any]:
            bodies = [sent[0]["MessageBody"], json.dumps(body)]
            return {
                "Messages": [{"Body": b, "ReceiptHandle": str(n)} for n, b in enumerate(bodies)]
            }

    client: Any = Queue()
    failures = Failures(client, "url")
    failures.park(Parked("acme#ord_1", 4, "400 mapper_parsing_exception"))
    assert failures.take() == [
        Failure(Parked("acme#ord_1", 4, "400 mapper_parsing_exception"), "0"),
        Failure(Range("shardId-1", "800", "900"), "1"),
    ]
