"""Adapters without a second implementation, against the services' doubles.

Cites INT-01 (dead letters), GTW-07 (raw bodies, once), SRC-60 (decision records), SRC-27 (places).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from oms.kernel.errors import NotFound
from oms.kernel.packing import pack as packed
from oms_aws.decisions import DynamoDecisions
from oms_aws.gateway_inbox import KEPT, GatewayInbox
from oms_aws.postal_codes import PostalTable, pack
from oms_aws.queues import DeadLetters, Replies, queue_depth

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None) -> Any:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
    )  # fmt: skip
    return client


@pytest.fixture
def sqs(aws: None) -> Any:
    return boto3.client("sqs", region_name="us-east-1")


def test_a_webhook_is_kept_until_it_was_handled(table: Any) -> None:
    """GTW-07: stored again while unhandled, ignored once handled, gone after thirty days."""
    inbox = GatewayInbox(table, "t", lambda: NOW)
    inbox.keep("acme", "evt_1", b"first", None)
    assert not inbox.handled("acme", "evt_1")
    inbox.keep("acme", "evt_1", b"again", "HANDLED")
    assert inbox.handled("acme", "evt_1")
    inbox.keep("acme", "evt_1", b"late", None)
    assert inbox.handled("acme", "evt_1")
    assert not inbox.handled("zeta", "evt_1")
    key = {"pk": {"S": "acme#WEBHOOK#evt_1"}, "sk": {"S": "WEBHOOK"}}
    row = table.get_item(TableName="t", Key=key)["Item"]
    assert (row["body"]["B"], row["outcome"]["S"]) == (b"again", "HANDLED")
    assert int(row["expiresAt"]["N"]) == int((NOW + KEPT).timestamp())
    assert timedelta(days=30) == KEPT


def test_money_without_an_order_is_kept_and_given_once(table: Any) -> None:
    """PAY-35, GTW-07: an orphan does not expire, and one order gets it, however often it asks."""
    inbox = GatewayInbox(table, "t", lambda: NOW)
    for event_id, outcome in (("evt_1", "ORPHAN"), ("evt_2", "HANDLED")):
        inbox.keep("acme", event_id, b"body", outcome)
    key = {"pk": {"S": "acme#WEBHOOK#evt_1"}, "sk": {"S": "WEBHOOK"}}
    assert "expiresAt" not in table.get_item(TableName="t", Key=key)["Item"]
    assert inbox.orphan("acme", "evt_1") == b"body"
    found = [inbox.orphan(*place) for place in (("acme", "evt_2"), ("zeta", "evt_1"))]
    assert found == [None, None]
    asked = [inbox.adopt("acme", "evt_1", order) for order in ("ord_1", "ord_2", "ord_1")]
    assert asked == [True, False, True]
    assert not inbox.adopt("acme", "evt_2", "ord_1")


def test_decisions_of_an_order(table: Any) -> None:
    """SRC-60: all of one order and company."""
    for pk, sk in (("acme#ord_1", "dec_1"), ("acme#ord_1", "dec_2"), ("zeta#ord_1", "dec_3")):
        doc = {"B": packed({"id": sk})}
        table.put_item(TableName="t", Item={"pk": {"S": pk}, "sk": {"S": sk}, "doc": doc})
    found = DynamoDecisions(table, "t").of_order("acme", "ord_1")
    assert [decision["id"] for decision in found] == ["dec_1", "dec_2"]


def test_replies_reach_their_queue(sqs: Any) -> None:
    """INT-01."""
    url = sqs.create_queue(QueueName="reply")["QueueUrl"]
    Replies(sqs, url).send({"messageId": "m1", "status": 201})
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"messageId": "m1", "status": 201}


def test_a_dead_letter_goes_back_corrected(sqs: Any) -> None:
    """INT-01: seen with its client, sent to its queue as corrected, and gone from the dead."""
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    source = sqs.create_queue(QueueName="source")["QueueUrl"]
    attributes = {"client": {"DataType": "String", "StringValue": "c1"}}
    sqs.send_message(QueueUrl=dead, MessageBody="broken", MessageAttributes=attributes)
    letters = DeadLetters(sqs, dead, source)
    assert letters.depth() == 1
    (letter,) = letters.look()
    assert (letter.body, letter.client) == ("broken", "c1")
    assert letters.look() == []
    letters.retry(letter.id, letter.handle, "{}", letter.client)
    assert letters.depth() == 0
    (message,) = sqs.receive_message(QueueUrl=source, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "{}"
    assert message["MessageAttributes"]["client"]["StringValue"] == "c1"
    assert queue_depth(sqs, source) == 0
    with pytest.raises(NotFound):
        letters.discard("x", "no handle")


def test_places_of_postal_codes(tmp_path: Path) -> None:
    """SRC-27: exact codes only, extensions dropped; what is not known is None."""
    rows = {2108: (42_357_000, -71_064_000), 60601: (41_886_000, -87_618_000)}
    (tmp_path / "postal_codes_US.bin").write_bytes(pack(rows))
    table = PostalTable(tmp_path)
    assert table.locate("US", "02108") == rows[2108]
    assert table.locate("us", "60601-1234") == rows[60601]
    for country, code in (("US", "60602"), ("CA", "60601"), ("US", "A1A 1A1"), ("../US", "1")):
        assert table.locate(country, code) is None
