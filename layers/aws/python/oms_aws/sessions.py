"""Sessions of people at the console: who signed in, until when; the browser holds a random name.

The table keeps only a digest of that name, so that nobody who reads the table can use a session.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LIFETIME = timedelta(minutes=480)
"""`security.sessionMinutes`: how long a person stays signed in."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person: the claims that Cognito gave, and the secret that forms must carry."""

    claims: Mapping[str, Any]
    csrf: str
    expires_at: datetime


class Sessions:
    """The sessions table."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def open(self, claims: Mapping[str, Any]) -> str:
        """Begin a session; the name for the browser's cookie."""
        name, expires = secrets.token_urlsafe(32), self._clock() + LIFETIME
        self._client.put_item(
            TableName=self._table,
            Item={
                **_key(name),
                "doc": {"S": json.dumps(dict(claims))},
                "csrf": {"S": secrets.token_urlsafe(24)},
                "expiresAt": {"N": str(int(expires.timestamp()))},
            },
        )
        return name

    def find(self, name: str) -> Session | None:
        """The session with that name, unless it has ended."""
        answer = self._client.get_item(TableName=self._table, Key=_key(name), ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return None
        expires = datetime.fromtimestamp(int(item["expiresAt"]["N"]), self._clock().tzinfo)
        if expires <= self._clock():
            return None
        return Session(json.loads(item["doc"]["S"]), item["csrf"]["S"], expires)

    def close(self, name: str) -> None:
        """End a session."""
        self._client.delete_item(TableName=self._table, Key=_key(name))


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": hashlib.sha256(name.encode()).hexdigest()}}
