"""Ways to orders beside their id: by number, customer and time placed (UIX-09).

    access pattern                       index and key
    orders with a number                 `number`: number, of whatever company
    a customer's orders by time placed   `customer`: customerKey={company}#{folded code}, placedKey
    a company's orders by time placed    `placed`: placedBucket={company}#{0..7}, placedKey

The indexes hold keys only, and these hardly ever change, so they cost one write unit each in the
whole life of an order. Their part is to be there when the search engine is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from oms.kernel.codec import stamp
from oms.lifecycle.document import from_document
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Order
from oms.search.keyed import Span
from oms.search.text import fold

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

BUCKETS = 8
"""Writes of one company's newest orders spread over as many partitions."""

READ_AT_ONCE = 100


def key_attributes(order: Order) -> dict[str, Any]:
    """The attributes of an order's item under which the indexes find it."""
    found = {
        "placedBucket": {"S": f"{order.company}#{_bucket(order.id)}"},
        "placedKey": {"S": f"{stamp(order.placed_at or order.received_at)}#{order.id}"},
    }
    if order.customer.code:
        found["customerKey"] = {"S": f"{order.company}#{fold(order.customer.code)}"}
    return found


class DynamoOrderKeys:
    """`OrderKeys` on the orders table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def numbered(self, company: str, number: str) -> tuple[str, ...]:
        """Ids of the orders with this number, as it is written or all upper or lower case."""
        found: dict[str, None] = {}
        for written in dict.fromkeys((number, number.upper(), number.lower())):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table, IndexName="number", KeyConditionExpression="#key = :key",
                ExpressionAttributeNames={"#key": "number"},
                ExpressionAttributeValues={":key": {"S": written}},
            )  # fmt: skip
            items = (item for page in pages for item in page["Items"])
            mine = (item for item in items if item["pk"]["S"].startswith(f"{company}#"))
            found |= dict.fromkeys(_order_id(item) for item in mine)
        return tuple(found)

    def walk(
        self, company: str, customer: str | None, span: Span, limit: int
    ) -> tuple[tuple[str, str], ...]:
        """Key and id of orders by time placed within `span`, of a customer or of all."""
        found: list[tuple[str, str]] = []
        if customer is None:
            for bucket in range(BUCKETS):
                found += self._part("placed", "placedBucket", f"{company}#{bucket}", span, limit)
        else:
            key = f"{company}#{fold(customer)}"
            found += self._part("customer", "customerKey", key, span, limit)
        return tuple(sorted(found, reverse=span.newest_first)[:limit])

    def records(self, company: str, ids: Sequence[str]) -> tuple[OrderRecord, ...]:
        """The records of these ids that exist, in any order, as of now."""
        found: list[OrderRecord] = []
        left: list[Any] = [{"pk": {"S": f"{company}#{i}"}, "sk": {"S": "ORDER"}} for i in ids]
        while left:
            part, left = left[:READ_AT_ONCE], left[READ_AT_ONCE:]
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": part, "ConsistentRead": True}}
            )
            rows = answer["Responses"].get(self._table, [])
            found += [from_document(bytes(row["doc"]["B"])) for row in rows]
            unread: Any = answer["UnprocessedKeys"].get(self._table)
            left += unread["Keys"] if unread else []
        return tuple(found)

    def _part(
        self, index: str, hash_key: str, value: str, span: Span, limit: int
    ) -> list[tuple[str, str]]:
        first, last = span.first, span.last
        if span.after is not None:
            first, last = (first, span.after) if span.newest_first else (span.after, last)
        if first > last:
            return []
        answer = self._client.query(
            TableName=self._table, IndexName=index, Limit=limit + 1,
            KeyConditionExpression="#hash = :hash AND #at BETWEEN :first AND :last",
            ExpressionAttributeNames={"#hash": hash_key, "#at": "placedKey"},
            ExpressionAttributeValues={
                ":hash": {"S": value}, ":first": {"S": first}, ":last": {"S": last},
            },
            ScanIndexForward=not span.newest_first,
        )  # fmt: skip
        pairs = [(item["placedKey"]["S"], _order_id(item)) for item in answer["Items"]]
        return [pair for pair in pairs if pair[0] != span.after]


def _order_id(item: Any) -> str:
    return str(item["pk"]["S"].partition("#")[2])


def _bucket(order_id: str) -> int:
    return hashlib.sha256(order_id.encode()).digest()[2] % BUCKETS
