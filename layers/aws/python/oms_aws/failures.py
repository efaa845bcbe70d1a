"""What a reader of the orders stream could not do, kept for a person to have done again.

A queue holds two kinds of messages. The reader itself parks an order that will never fit as it is:
then the message names the order. Lambda puts there what failed until it was too old: that message
names a place in the stream, which forgets after a day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oms_aws.queues import queue_depth

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

PAGE = 10
WORK_SECONDS = 60
"""How long a message is hidden from others while one request works on it."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An order's version under its key `company#id`, and why it failed; never a value of it."""

    key: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class Range:
    """Stream records of a shard from the first to the last sequence number, both included."""

    shard: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A message; `handle` removes it."""

    what: Parked | Range
    handle: str


class Failures:
    """The failure queue of one reader."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def park(self, parked: Parked) -> None:
        """Keep an order that will not fit before somebody repairs something."""
        body = {"order": parked.key, "version": parked.version, "reason": parked.reason}
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(body))

    def take(self) -> list[Failure]:
        """Some failures, at most ten, for this caller alone for a minute."""
        answer = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=PAGE, VisibilityTimeout=WORK_SECONDS
        )
        messages = answer.get("Messages", [])
        return [Failure(_what(json.loads(m["Body"])), m["ReceiptHandle"]) for m in messages]

    def done(self, failure: Failure) -> None:
        """Remove a failure."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=failure.handle)

    def depth(self) -> int:
        """About how many failures wait."""
        return queue_depth(self._client, self._url)


def _what(body: Mapping[str, Any]) -> Parked | Range:
    if "order" in body:
        return Parked(body["order"], body["version"], body["reason"])
    batch = body["DDBStreamBatchInfo"]
    return Range(batch["shardId"], batch["startSequenceNumber"], batch["endSequenceNumber"])
