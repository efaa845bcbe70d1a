"""Calls on a table's stream are authorized on the stream that they name, as AWS documents it."""

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb_streams

Extract = Callable[..., str]


def authorize_streams_as_documented() -> None:
    """Have the rights to read a stream asked for the stream, not for everything."""
    extract: Extract = iam_actions.extract_resource_arn

    def resource(
        service: str, method: str, path: str, headers: Any, body: bytes, *more: Any
    ) -> str:
        named = stream_of(body) if service == "dynamodbstreams" else None
        return named or extract(service, method, path, headers, body, *more)

    iam_actions.extract_resource_arn = resource


def stream_of(body: bytes) -> str | None:
    """The ARN of the stream that a request is about, itself or by its iterator."""
    given = json.loads(body or b"{}")
    if "ShardIterator" in given:
        given = dynamodb_streams._decode_iterator(given["ShardIterator"]) or {}
    named = given.get("StreamArn") or given.get("arn")
    return None if named is None else str(named)
