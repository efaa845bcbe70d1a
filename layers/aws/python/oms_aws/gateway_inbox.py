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
        """Keep the body and what became of it; without an outcome it is yet to be handled."""
        now = self._clock()
        item: dict[str, Any] = {
            **_key(company, event_id), "body": {"B": body}, "receivedAt": {"S": now.isoformat()},
            "expiresAt": {"N": str(int((now + KEPT).timestamp()))},
        }  # fmt: skip
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


def _key(company: str, event_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"{company}#WEBHOOK#{event_id}"}, "sk": {"S": "WEBHOOK"}}
