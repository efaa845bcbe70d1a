"""From commits to bus, workflow and lanes, and the clock.

Cites EVT-01, EVT-02, EVT-03, EVT-04, INT-03, MON-05, SAG-01, SAG-05, RCN-01.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from oms_aws.bus import ENTRY_BYTES, Bus
from oms_aws.stream import Committed, committed
from oms_aws.workflow import Segment, Workflow

from tests.functions.doubles import FakeClient, Stream
from tests.functions.world import COMPANY, Context, World, invocation


def details(aws: FakeClient) -> list[dict[str, Any]]:
    """Details of all published entries, in order."""
    entries = [entry for call in aws.named("put_events") for entry in call["Entries"]]
    return [json.loads(entry["Detail"]) for entry in entries]


def test_a_commit_is_published_and_wakes_the_workflow(
    world: World, aws: FakeClient, stream: Stream
) -> None:
    """EVT-01, EVT-02, MON-05: every fact once, in order, with the trace id of the call."""
    event = invocation("orders", "place_order")
    order_id = world.answer(world.call("orders", event)).body["id"]
    assert world.call("fact_relay", {"Records": stream.records}) == {"batchItemFailures": []}
    (entry,) = aws.named("put_events")[0]["Entries"]
    assert (entry["EventBusName"], entry["Source"]) == ("bus", "throughline")
    assert entry["DetailType"] == "order.received"
    (detail,) = details(aws)
    assert (detail["company"], detail["orderId"], detail["version"]) == (COMPANY, order_id, 1)
    assert detail["correlationId"] == "web-7f3a2b91c4"
    facts = detail["facts"]
    assert [fact["orderSeq"] for fact in facts] == list(range(1, len(facts) + 1))
    assert {fact["schemaVersion"] for fact in facts} == {1}
    assert detail["types"] == list(dict.fromkeys(fact["type"] for fact in facts))
    for private in ("Alvarez", "Main Street", "example.com"):
        assert private not in entry["Detail"]
    (start,) = aws.named("start_execution")
    assert start["name"] == f"{order_id}-1-VALIDATE"
    assert json.loads(start["input"]) == {
        "company": COMPANY, "orderId": order_id, "correlationId": "web-7f3a2b91c4",
        "step": "VALIDATE", "version": 1,
    }  # fmt: skip


def test_what_is_published_over_a_life_has_no_gap(
    world: World, aws: FakeClient, stream: Stream
) -> None:
    """EVT-03: the sequence over all commits of an order is 1, 2, 3 ...; the read API agrees."""
    order_id = world.place()
    world.run(order_id)
    world.call("fact_relay", {"Records": stream.records})
    assert [committed(record).breaches for record in stream.records] == [()] * 4  # type: ignore[union-attr]
    facts = [fact for detail in details(aws) for fact in detail["facts"]]
    assert [fact["orderSeq"] for fact in facts] == list(range(1, len(facts) + 1))
    stored = world.http("orders", "GET", f"/v1/orders/{order_id}/events").body["events"]
    assert facts == stored
    assert len(details(aws)) <= len(stream.records)


def test_a_segment_that_runs_is_not_started_again(
    world: World, aws: FakeClient, stream: Stream
) -> None:
    """ENT-05: commits of the workflow itself start nothing."""
    world.run(world.place())
    world.call("fact_relay", {"Records": stream.records})
    assert len(aws.named("start_execution")) == 1


def test_lanes_other_than_live_wait_in_queues(
    world: World, aws: FakeClient, stream: Stream
) -> None:
    """INT-03: LIVE starts at once, the others through their queue and the lane starter."""
    for number, lane in (("W-1", "LIVE"), ("W-2", "BACKLOG"), ("W-3", "IMPORT")):
        world.place(number, lane=lane)
    world.call("fact_relay", {"Records": stream.records})
    assert len(aws.named("start_execution")) == 1
    sent = aws.named("send_message")
    assert [message["QueueUrl"] for message in sent] == ["backlog-url", "import-url"]
    batch = invocation("lane_starter", "backlog")
    batch["Records"][0]["body"] = sent[0]["MessageBody"]
    assert world.call("lane_starter", batch) == {"batchItemFailures": []}
    segment = Segment.read(json.loads(sent[0]["MessageBody"]))
    assert aws.named("start_execution")[1]["name"] == segment.name


def test_a_batch_is_tried_again_from_its_first_failure(
    world: World, aws: FakeClient, stream: Stream
) -> None:
    """EVT-01: nothing is lost when bus or workflow do not answer, nor when one entry is refused."""
    order_id = world.place()
    world.run(order_id)
    batch = {"Records": stream.records}
    aws.refused = {4}
    assert world.call("fact_relay", batch) == {"batchItemFailures": [{"itemIdentifier": "103"}]}
    aws.refused, aws.failing = set(), {"put_events"}
    assert world.call("fact_relay", batch) == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    aws.failing = {"start_execution"}
    assert world.call("fact_relay", batch) == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    aws.failing = set()
    assert world.call("fact_relay", batch) == {"batchItemFailures": []}


def test_a_lane_keeps_what_could_not_be_started(world: World, aws: FakeClient) -> None:
    """INT-03: partial batch failure."""
    batch = invocation("lane_starter", "backlog")
    aws.failing = {"start_execution"}
    failed = [{"itemIdentifier": batch["Records"][0]["messageId"]}]
    assert world.call("lane_starter", batch) == {"batchItemFailures": failed}


def test_other_rows_of_the_table_are_none_of_its_business(world: World, aws: FakeClient) -> None:
    """EVT-01: pages of facts, keys and deletions are no commits."""
    record = invocation("fact_relay", "order_received")["Records"][0]
    page, gone = copy.deepcopy(record), copy.deepcopy(record)
    page["dynamodb"]["NewImage"] = {"sk": {"S": "FACTS#00000001"}}
    del gone["dynamodb"]["NewImage"]
    assert world.call("fact_relay", {"Records": [page, gone]}) == {"batchItemFailures": []}
    assert aws.calls == []


def commit_of(facts: Sequence[Mapping[str, Any]], version: int = 1) -> Committed:
    return Committed(
        COMPANY, "ord_1", "T1", version, "c", "LIVE", tuple(dict(f) for f in facts), None
    )


def test_facts_that_do_not_fit_are_split_in_order() -> None:
    """EVT-04: an order of thousands of lines still reaches the bus, all of it, within limits."""
    client: Any = FakeClient()
    facts = [{"type": "line.changed", "orderSeq": n, "data": "x" * 900} for n in range(1, 1001)]
    assert Bus(client, "bus").publish([commit_of(facts)]) == frozenset()
    entries = [entry for call in client.named("put_events") for entry in call["Entries"]]
    assert len(entries) > 4
    published = [f["orderSeq"] for e in entries for f in json.loads(e["Detail"])["facts"]]
    assert published == list(range(1, 1001))
    for call in client.named("put_events"):
        assert sum(len(entry["Detail"]) for entry in call["Entries"]) < 256_000
        assert all(len(entry["Detail"]) < ENTRY_BYTES + 2_000 for entry in call["Entries"])


def test_ten_entries_at_a_time() -> None:
    """EVT-04: the bus takes ten; internal facts never name an entry."""
    client: Any = FakeClient()
    fact = {"type": "payment.intent_created", "orderSeq": 1}
    public = {"type": "order.changed", "orderSeq": 2}
    Bus(client, "bus").publish([commit_of([fact, public], n) for n in range(23)])
    calls = client.named("put_events")
    assert [len(call["Entries"]) for call in calls] == [10, 10, 3]
    assert {e["DetailType"] for call in calls for e in call["Entries"]} == {"order.changed"}


def test_starting_twice_is_no_error() -> None:
    """SAG-01: a repeated start of an equal segment is what retries look like."""

    class Known(FakeClient):
        def start_execution(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": code}}, "StartExecution")

    client: Any = Known()
    code = "ExecutionAlreadyExists"
    Workflow(client, "arn").start(Segment(COMPANY, "ord_1", "c", "VALIDATE", 1))
    code = "StateMachineDeleting"
    with pytest.raises(ClientError):
        Workflow(client, "arn").start(Segment(COMPANY, "ord_1", "c", "VALIDATE", 1))


def test_time_passes_for_due_orders(
    world: World, aws: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAG-05, GTW-03: what is due again is started; one order's trouble does not stop the next."""
    world.gateway.down = True
    order_id = world.place()
    world.run(order_id)
    event = invocation("deadlines", "schedule")
    world.call("deadlines", event)
    assert aws.named("start_execution") == []
    world.now += timedelta(seconds=6)
    broken = (COMPANY, "ord_gone")
    due = world.orders.due
    monkeypatch.setattr(world.orders, "due", lambda at, limit: (broken, *due(at, limit)))
    world.call("deadlines", event)
    (start,) = aws.named("start_execution")
    assert start["name"].startswith(f"{order_id}-")
    assert start["name"].endswith("-AUTHORIZE")


def test_the_clock_stops_in_time(
    world: World, aws: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAG-05: no order is begun when the invocation is about to end."""
    monkeypatch.setattr(world.orders, "due", lambda _at, _limit: ((COMPANY, "ord_1"),))
    monkeypatch.setattr(type(world.steps), "tick", lambda *_: pytest.fail("begun"))
    world.call("deadlines", invocation("deadlines", "schedule"), Context(left=9_000))
    assert aws.named("start_execution") == []
