"""Streams, queues, webhooks and the clock.

Cites EVT-01, EVT-02, EVT-03, EVT-04, INT-01, INT-03, GTW-07, PAY-35, MON-05, SAG-05, FED-01
and FED-03.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from oms.kernel.codec import encode
from oms.kernel.errors import Unavailable
from oms.lifecycle.document import pack
from oms.lifecycle.ports import Commit
from oms.lifecycle.record import OrderRecord
from oms_aws import wiring
from oms_aws.bus import ENTRY_BYTES, Bus
from oms_aws.stream import Committed, committed
from oms_aws.workflow import Lanes, Segment, Workflow

from infra.local.gateway_service.webhooks import SIGNATURE_HEADER, sign
from tests.functions.doubles import Inbox
from tests.functions.world import COMPANY, Context, World, invocation


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


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    """Bus, workflow and queues that record what they are told."""
    client: Any = FakeClient()
    workflow = Workflow(client, "arn:workflow")
    lanes = Lanes(workflow, client, {"BACKLOG": "backlog-url", "IMPORT": "import-url"})
    for name, found in {
        "bus": Bus(client, "bus"), "workflow": workflow, "lanes": lanes, "sqs": client,
    }.items():  # fmt: skip
        monkeypatch.setattr(wiring, name, lambda found=found: found)
    return client  # type: ignore[no-any-return]


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
            "company": {"S": order.company}, "orderId": {"S": order.id},
            "number": {"S": order.number}, "lane": {"S": order.lane.value},
            "version": {"N": str(record.version)}, "wake": {"BOOL": change.wake},
            "doc": {"B": base64.b64encode(pack(encode(record))).decode()},
        }  # fmt: skip
        if change.step:
            image["next"] = {"S": change.step}
        if record.correlation_id:
            image["correlationId"] = {"S": record.correlation_id}
        event["dynamodb"]["NewImage"] = image
        event["dynamodb"]["SequenceNumber"] = str(100 + len(self.records))
        return event


@pytest.fixture
def stream(world: World, monkeypatch: pytest.MonkeyPatch) -> Stream:
    return Stream(world, monkeypatch)


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
    assert [committed(record).breaches for record in stream.records] == [()] * 5  # type: ignore[union-attr]
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


def queued(**changes: Any) -> dict[str, Any]:
    """One message of the intake queue."""
    event = invocation("order_intake", "two_orders")
    event["Records"] = event["Records"][:1]
    record = event["Records"][0]
    record["body"] = json.dumps(json.loads(record["body"]) | changes)
    return event


def test_queued_orders_are_placed_and_answered(world: World) -> None:
    """INT-01: the API's body, the message id as key, a reply per message."""
    event = invocation("order_intake", "two_orders")
    assert world.call("order_intake", event) == {"batchItemFailures": []}
    assert [(r["messageId"], r["status"], r["replyTo"]) for r in world.replies] == [
        ("mkt-7001", 201, "marketplace"), ("mkt-7002", 201, "marketplace"),
    ]  # fmt: skip
    order = world.orders.load(COMPANY, world.replies[0]["body"]["id"])
    assert order is not None
    assert (order.order.entry, order.order.external_number) == ("QUEUE", "M-7001")


def test_a_message_delivered_twice_is_one_order(world: World) -> None:
    """INT-01, API-03: at least once from the queue, once in the store, the same reply."""
    for _ in range(2):
        world.call("order_intake", queued())
    first, second = world.replies
    assert (first["status"], first["body"]) == (second["status"], second["body"])


def test_short_queued_orders_are_accepted(world: World) -> None:
    """INT-04, ACC-010: the customer was already told yes."""
    event = queued(lines=[{"sku": "A", "quantity": 11, "unitPrice": 100}])
    world.call("order_intake", event)
    assert world.replies[0]["status"] == 201
    order = world.orders.load(COMPANY, world.replies[0]["body"]["id"])
    assert order is not None
    assert order.order.lines[0].buckets.reserved == 10


def test_refusals_are_replies(world: World) -> None:
    """INT-01: told to the channel, and the message is done."""
    world.call("order_intake", queued())
    assert world.call("order_intake", queued(messageId="mkt-9")) == {"batchItemFailures": []}
    assert world.replies[1]["status"] == 409
    assert world.replies[1]["body"]["code"] == "DUPLICATE_ORDER"
    assert world.replies[1]["body"]["existingId"] == world.replies[0]["body"]["id"]
    assert world.call("order_intake", queued(channel="pos")) == {"batchItemFailures": []}
    assert world.replies[2]["body"]["code"] == "CHANNEL_SCOPE"


def test_what_cannot_be_read_becomes_a_dead_letter(world: World) -> None:
    """INT-01: kept for five receives, the channel told once with the last, the others unharmed."""
    event = invocation("order_intake", "two_orders")
    bad, good = event["Records"]
    bad["body"] = json.dumps({"messageId": "mkt-1", "channel": "web"})
    failed = {"batchItemFailures": [{"itemIdentifier": bad["messageId"]}]}
    assert world.call("order_intake", event) == failed
    assert [reply["messageId"] for reply in world.replies] == ["mkt-7002"]
    bad["attributes"]["ApproximateReceiveCount"] = "5"
    world.call("order_intake", {"Records": [bad]})
    assert (world.replies[1]["messageId"], world.replies[1]["status"]) == ("mkt-1", 400)
    assert {error["path"] for error in world.replies[1]["body"]["errors"]} == {"lines"}
    bad["body"] = "not json"
    assert world.call("order_intake", {"Records": [bad]}) == failed
    assert len(world.replies) == 2
    good["messageAttributes"]["client"]["stringValue"] = "stranger"
    failed = {"batchItemFailures": [{"itemIdentifier": good["messageId"]}]}
    assert world.call("order_intake", {"Records": [good]}) == failed


def test_card_numbers_do_not_enter_by_the_queue(world: World) -> None:
    """PAY-05: the same reading as over HTTP."""
    world.call("order_intake", queued(instructions="4111 1111 1111 1111"))
    assert all(reply["status"] != 201 for reply in world.replies)


def test_an_order_waits_while_a_table_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INT-01: neither lost nor answered wrongly."""

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("STOCK_DOWN", "no answer")

    monkeypatch.setattr(world.lifecycle, "place", fail)
    event = queued()
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert world.call("order_intake", event) == {"batchItemFailures": failed}
    assert world.replies == []


def test_feeds_from_the_queue(world: World) -> None:
    """FED-01, FED-03: rows count once, a bad row stops no other, the report tells."""
    event = invocation("inventory_feed", "snapshot")
    assert world.call("inventory_feed", event) == {"batchItemFailures": []}
    report = world.stock.report(COMPANY, "dc-20260301")
    assert report is not None
    assert (report.changed, [row.reason for row in report.refused]) == (1, ["UNKNOWN_SKU"])
    world.call("inventory_feed", event)
    report = world.stock.report(COMPANY, "dc-20260301")
    assert report is not None
    assert (report.changed, report.repeated) == (0, 1)
    event["Records"][0]["body"] = "{}"
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert world.call("inventory_feed", event) == {"batchItemFailures": failed}


@pytest.fixture
def inbox(world: World, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    found = Inbox()
    monkeypatch.setattr(wiring, "gateway_inbox", lambda: found)
    secret = {"apiKey": "k", "webhookSecret": "new", "previousSecret": "old"}
    monkeypatch.setattr(wiring, "gateway_secret", lambda: secret)
    return found


def webhook(world: World, secret: str = "new", raw: bool = False, **changes: Any) -> Any:
    """Deliver a signed webhook; `changes` go into its operation."""
    event = invocation("gateway_webhook", "captured")
    body = json.loads(event["body"])
    body["data"] |= changes
    event["body"] = "{}" if raw else json.dumps(body)
    signature = sign(event["body"].encode(), int(world.now.timestamp()), [secret])
    event["headers"][SIGNATURE_HEADER.lower()] = signature
    return world.answer(world.call("gateway_webhook", event))


def of_order(world: World, order_id: str) -> dict[str, Any]:
    """The operation of the order's own authorization."""
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    intent = record.payments.intents[0]
    metadata = {"company": COMPANY, "orderId": order_id, "paymentId": intent.payment_id}
    return {
        "kind": "AUTHORIZE", "key": intent.id, "reference": "aut_1", "amount": intent.amount,
        "approvedAmount": intent.amount, "parentReference": None, "metadata": metadata,
        "expiresAt": "2026-03-08T10:00:00Z",
    }  # fmt: skip


def test_a_webhook_settles_its_intent_once(world: World, inbox: Inbox) -> None:
    """GTW-07: stored raw, handled, answered; its duplicate is ignored."""
    order_id = world.place()
    operation = of_order(world, order_id)
    first, again = webhook(world, **operation), webhook(world, secret="old", **operation)
    assert (first.status, first.body["outcome"]) == (200, "HANDLED")
    assert (again.status, again.body["outcome"]) == (200, "REPEATED")
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    assert record.payments.intents[0].state == "SUCCEEDED"
    assert json.loads(inbox.bodies[COMPANY, "evt_00000042"])["data"]["key"] == operation["key"]


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_forged_webhook_is_not_looked_at(world: World, inbox: Inbox, secret: str) -> None:
    """GTW-07: 401, nothing stored."""
    got = webhook(world, secret=secret)
    assert (got.status, inbox.bodies) == (401, {})
    event = invocation("gateway_webhook", "captured")
    del event["headers"]["gateway-signature"]
    assert world.answer(world.call("gateway_webhook", event)).status == 401


def test_an_authentic_webhook_that_cannot_be_read(world: World, inbox: Inbox) -> None:
    """GTW-07: 400, so that the gateway shows it as failed."""
    assert webhook(world, raw=True).status == 400
    assert inbox.bodies == {}


def test_a_webhook_is_answered_only_when_it_is_durable(
    world: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GTW-07: no 2xx while the order cannot be written; the retry is handled in full."""
    operation = of_order(world, world.place())
    whole = type(world.steps).webhook

    def fail(*_: object) -> None:
        raise Unavailable("ORDERS_DOWN", "no answer")

    monkeypatch.setattr(type(world.steps), "webhook", fail)
    assert webhook(world, **operation).status == 503
    monkeypatch.setattr(type(world.steps), "webhook", whole)
    assert webhook(world, **operation).body["outcome"] == "HANDLED"


@pytest.mark.parametrize("metadata", [None, {"company": COMPANY, "paymentId": "pay_1"}])
def test_money_nobody_asked_for_is_for_people(
    world: World, inbox: Inbox, metadata: dict[str, str] | None
) -> None:
    """PAY-35: an orphan opens one action item, however often it is delivered."""
    changes: dict[str, Any] = {} if metadata is None else {"metadata": metadata}
    got = webhook(world, **changes)
    assert (got.status, got.body["outcome"]) == (200, "ORPHAN")
    inbox.outcomes.clear()
    assert webhook(world, **changes).body["outcome"] == "ORPHAN"
    (item,) = world.items.open_items(COMPANY, 10, None)[0]
    assert (item.type, item.data["reference"]) == ("ORPHAN_PAYMENT", "cap_42")


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
