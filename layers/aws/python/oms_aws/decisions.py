"""Sourcing decisions of an order, as the allocation wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oms.kernel.packing import unpack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoDecisions:
    """Reads the decisions table: pk={company}#{orderId}, sk={decision id}."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def of_order(self, company: str, order_id: str) -> list[dict[str, Any]]:
        """Every decision record of an order that is still kept."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": {"S": f"{company}#{order_id}"}},
        )  # fmt: skip
        return [unpack(bytes(row["doc"]["B"])) for page in pages for row in page["Items"]]
