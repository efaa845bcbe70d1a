"""The deployed system without its search engine, with it again, and with its index built anew.

Cites ACC-151, UIX-09, INV-A6 (search down), SEA-06 (catching up, rebuild), EVT-01, EVT-03, ACC-143
(events without a gap), MON-03 (failures replayed).
"""

from __future__ import annotations

import json

import pytest

from infra.local.cloud import LocalCloud
from infra.local.job.client import aws
from infra.local.job.feeds import Offer
from infra.local.job.world import invented
from tests.infra.shop import Shop, until


@pytest.fixture(scope="module")
def shop(cloud: LocalCloud) -> Shop:
    assert cloud.endpoints
    offers = [entry for entry in invented(6).entries if isinstance(entry, Offer)]
    return Shop(cloud.endpoints, offers)


def indexed(shop: Shop, order_id: str) -> int:
    """The version of the order in the index, 0 where it is not there."""
    body = shop.listed("?fields=orderId,version")
    assert body["degraded"] is False
    versions = {order["orderId"]: int(order["version"]) for order in body["orders"]}
    return versions.get(order_id, 0)


def test_orders_are_placed_allocated_and_shipped_while_search_is_down(
    cloud: LocalCloud, shop: Shop
) -> None:
    """ACC-151, INV-A6, UIX-09: lists go on by keys; after the restart nobody has to do anything."""
    before = shop.place()
    assert until(lambda: shop.ids(), {before}) == {before}
    cloud.stop_search()
    during = shop.place()
    state = until(lambda: shop.read(during)["state"], "AWAITING_FULFILLMENT")
    assert state == "AWAITING_FULFILLMENT"
    shop.ship(during)
    assert until(lambda: shop.read(during)["state"], "CLOSED") == "CLOSED"
    body = shop.listed()
    assert body["degraded"] is True
    assert [order["orderId"] for order in body["orders"]] == [during, before]
    seen = shop.read(during)
    assert shop.ids(f"?number={seen['number']}") == shop.ids("?state=CLOSED") == {during}
    assert shop.ids(f"?customerCode={seen['order']['customer']['code']}") >= {during}
    assert shop.ids("?placedFrom=2000-01-01") == {before, during}
    cloud.start_search()
    version = shop.read(during)["version"]
    assert until(lambda: indexed(shop, during), version) == version
    assert shop.ids("?state=CLOSED") == {during}


def test_a_consumer_that_lost_an_event_sees_the_gap_and_fills_it(shop: Shop) -> None:
    """ACC-143, EVT-02, EVT-03: numbers have no holes; event 7 is fetched by its place."""
    order_id = next(iter(shop.ids("?state=CLOSED")))
    every = shop.web.call("GET", f"/v1/orders/{order_id}/events").body["events"]
    assert [event["orderSeq"] for event in every] == list(range(1, len(every) + 1))
    received = [event for event in every[:8] if event["orderSeq"] != 7]
    last = 0
    for event in received:
        if event["orderSeq"] > last + 1:
            path = f"/v1/orders/{order_id}/events?after={last}&limit=1"
            (missing,) = shop.web.call("GET", path).body["events"]
            assert missing == every[6]
            last = missing["orderSeq"]
        assert event["orderSeq"] == last + 1
        last = event["orderSeq"]
    assert last == 8


def test_the_index_is_built_anew_beside_the_live_one(shop: Shop) -> None:
    """SEA-06: started over the API, run by its workflow with its own rights; lists go on."""
    known = shop.ids()
    started = shop.admin.call("POST", "/v1/search/rebuilds", {})
    assert started.status == 202, started
    late = shop.place()
    path = f"/v1/search/rebuilds/{started.body['id']}"

    def state() -> str:
        assert shop.listed()["degraded"] is False
        return str(shop.admin.call("GET", path).body["state"])

    assert until(state, "SUCCEEDED") == "SUCCEEDED"
    assert until(lambda: shop.ids(), known | {late}) == known | {late}


def test_a_parked_order_is_replayed_by_an_administrator(shop: Shop) -> None:
    """MON-03: both readers, with the rights of the function that does it."""
    order_id = shop.place()
    sqs = aws(shop.endpoints, "sqs")
    message = {"order": f"acme#{order_id}", "version": 1, "reason": "test"}
    for reader in ("projector", "relay"):
        url = sqs.get_queue_url(QueueName=f"throughline-local-{reader}-failures")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))
        path = f"/v1/stream-failures/{reader}/replay"
        reply = shop.admin.call("POST", path, {})
        assert (reply.status, reply.body) == (
            200, {"done": 1, "failed": 0, "forgotten": 0, "waiting": 0},
        )  # fmt: skip
    assert shop.admin.call("GET", "/v1/stream-failures").body == {"projector": 0, "relay": 0}


def test_a_place_in_the_stream_is_replayed(shop: Shop) -> None:
    """MON-03, EVT-01: Lambda leaves shard and sequence numbers after its last attempt."""
    streams = aws(shop.endpoints, "dynamodbstreams")
    (stream,) = streams.list_streams(TableName=shop.endpoints.tables["Orders"])["Streams"]
    described = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
    shard = described["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records[:3]]
    batch = {
        "shardId": shard, "startSequenceNumber": numbers[0], "endSequenceNumber": numbers[-1],
        "batchSize": 3, "streamArn": stream["StreamArn"],
    }  # fmt: skip
    sqs = aws(shop.endpoints, "sqs")
    for reader in ("projector", "relay"):
        url = sqs.get_queue_url(QueueName=f"throughline-local-{reader}-failures")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"DDBStreamBatchInfo": batch}))
        reply = shop.admin.call("POST", f"/v1/stream-failures/{reader}/replay", {})
        assert (reply.body["done"], reply.body["waiting"]) == (1, 0), reply
