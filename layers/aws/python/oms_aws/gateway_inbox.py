"""Webhooks as they came: stored before anything is done with them, each handled once (GTW-07)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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

    def store(self, company: str, event_id: str, body: bytes) -> bool:
        """Keep the body; False when this event was handled before and needs nothing more."""
        now = self._clock()
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "pk": {"S": f"{company}#WEBHOOK#{event_id}"}, "sk": {"S": "WEBHOOK"},
                    "body": {"B": body}, "receivedAt": {"S": now.isoformat()},
                    "expiresAt": {"N": str(int((now + KEPT).timestamp()))},
                },
                ConditionExpression="attribute_not_exists(#handled)",
                ExpressionAttributeNames={"#handled": "handledAt"},
            )  # fmt: skip
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def handled(self, company: str, event_id: str, outcome: str) -> None:
        """Note what became of an event, so that its duplicates are ignored."""
        self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": f"{company}#WEBHOOK#{event_id}"}, "sk": {"S": "WEBHOOK"}},
            UpdateExpression="SET #handled = :now, #outcome = :outcome",
            ExpressionAttributeNames={"#handled": "handledAt", "#outcome": "outcome"},
            ExpressionAttributeValues={
                ":now": {"S": self._clock().isoformat()}, ":outcome": {"S": outcome},
            },
        )  # fmt: skip
