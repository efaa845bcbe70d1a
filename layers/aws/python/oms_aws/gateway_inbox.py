"""Webhooks as they came, each handled once and kept before it is answered (GTW-07).

One write keeps body and outcome together, since what an event does to its order is durable by then;
an event that could not be handled is kept without an outcome, and the gateway sends it again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

KEPT = timedelta(days=30)
ORPHAN = "ORPHAN"
"""Outcome of an event about money that no order explains."""


class GatewayInbox:
    """Raw webhook bodies by company and event id."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def handled(self, company: str, event_id: str) -> bool:
        """Whether this event was handled before and needs nothing more."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(company, event_id), ConsistentRead=True,
            ProjectionExpression="#handled", ExpressionAttributeNames={"#handled": "handledAt"},
        )  # fmt: skip
        return "handledAt" in answer.get("Item", {})

    def keep(self, company: str, event_id: str, body: bytes, outcome: str | None) -> None:
        """Keep the body and what became of it; without an outcome it is yet to be handled.

        An orphan stays until a person gave it to an order (PAY-35).
        """
        now = self._clock()
        item: dict[str, Any] = {
            **_key(company, event_id), "body": {"B": body}, "receivedAt": {"S": now.isoformat()},
        }  # fmt: skip
        if outcome != ORPHAN:
            item["expiresAt"] = {"N": str(int((now + KEPT).timestamp()))}
        if outcome is not None:
            item |= {"handledAt": {"S": now.isoformat()}, "outcome": {"S": outcome}}
        try:
            self._client.put_item(
                TableName=self._table, Item=item,
                ConditionExpression="attribute_not_exists(#handled)",
                ExpressionAttributeNames={"#handled": "handledAt"},
            )  # fmt: skip
        except ClientError as error:
            # Its twin was handled meanwhile.
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def orphan(self, company: str, event_id: str) -> bytes | None:
        """The body of an event that no order explained, or None."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(company, event_id), ConsistentRead=True
        )
        row = answer.get("Item")
        if row is None or row.get("outcome") != {"S": ORPHAN}:
            return None
        return bytes(row["body"]["B"])

    def adopt(self, company: str, event_id: str, order_id: str) -> bool:
        """Give an orphan to an order; False when another order has it (PAY-35)."""
        try:
            self._client.update_item(
                TableName=self._table, Key=_key(company, event_id),
                UpdateExpression="SET #order = :order",
                ConditionExpression="#outcome = :orphan"
                " AND (attribute_not_exists(#order) OR #order = :order)",
                ExpressionAttributeNames={"#order": "orderId", "#outcome": "outcome"},
                ExpressionAttributeValues={
                    ":order": {"S": order_id}, ":orphan": {"S": ORPHAN},
                },
            )  # fmt: skip
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _key(company: str, event_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"{company}#WEBHOOK#{event_id}"}, "sk": {"S": "WEBHOOK"}}
