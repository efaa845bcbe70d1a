"""Queues that people and channels look at: replies to queued orders, and dead letters (INT-01)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oms.kernel.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

LOOK_SECONDS = 15
"""How long a dead letter is hidden from others while one request looks at it or retries it."""

PAGE = 10


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled; `handle` removes it."""

    id: str
    body: str
    client: str | None
    received_at: str | None
    handle: str


class Replies:
    """The reply queue."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, reply: Mapping[str, Any]) -> None:
        """Tell the channel what became of its message."""
        self._client.send_message(
            QueueUrl=self._url, MessageBody=json.dumps(reply, ensure_ascii=False)
        )


class DeadLetters:
    """A dead-letter queue and the queue its messages came from."""

    def __init__(self, client: SQSClient, dead: str, source: str) -> None:
        self._client = client
        self._dead = dead
        self._source = source

    def look(self) -> list[DeadLetter]:
        """Some of the messages, at most ten; they are shown to one caller at a time."""
        answer = self._client.receive_message(
            QueueUrl=self._dead, MaxNumberOfMessages=PAGE, VisibilityTimeout=LOOK_SECONDS,
            MessageAttributeNames=["All"], MessageSystemAttributeNames=["SentTimestamp"],
        )  # fmt: skip
        return [_letter(message) for message in answer.get("Messages", [])]

    def retry(self, letter_id: str, handle: str, body: str, client: str | None) -> None:
        """Send the corrected message to its queue and remove the dead letter.

        Sent first: a crash in between offers the message twice, and its id makes that harmless.
        """
        attributes: Any = {}
        if client is not None:
            attributes = {"client": {"DataType": "String", "StringValue": client}}
        self._client.send_message(
            QueueUrl=self._source, MessageBody=body, MessageAttributes=attributes
        )
        self.discard(letter_id, handle)

    def discard(self, letter_id: str, handle: str) -> None:
        """Remove a dead letter; raises `NotFound` when the handle is no longer good."""
        try:
            self._client.delete_message(QueueUrl=self._dead, ReceiptHandle=handle)
        except (
            self._client.exceptions.ReceiptHandleIsInvalid,
            self._client.exceptions.InvalidIdFormat,
        ) as error:
            raise NotFound("DEAD_LETTER_NOT_FOUND", f"no dead letter {letter_id}") from error

    def depth(self) -> int:
        """About how many messages wait here."""
        return queue_depth(self._client, self._dead)


def queue_depth(client: SQSClient, url: str) -> int:
    """About how many messages wait in a queue."""
    answer = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def _letter(message: Any) -> DeadLetter:
    client = message.get("MessageAttributes", {}).get("client", {}).get("StringValue")
    sent = message.get("Attributes", {}).get("SentTimestamp")
    return DeadLetter(message["MessageId"], message["Body"], client, sent, message["ReceiptHandle"])
