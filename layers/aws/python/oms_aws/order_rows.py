"""Items of the orders table as the stream shows them, for those who do again what it caused."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from oms_aws.failures import Parked, Range

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Json = dict[str, Any]
_UNKNOWN = datetime.fromtimestamp(0, UTC)


class Forgotten(Exception):
    """The stream does not hold these records any more."""


class OrderRows:
    """Single items, and segments of the whole table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def row(self, parked: Parked) -> Json | None:
        """The order's item as of now as the stream record of the parked version, None where it is
        gone. Facts of that version that moved to a page since are left to gap filling (EVT-03).
        """
        key = {"pk": {"S": parked.key}, "sk": {"S": "ORDER"}}
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return None
        return _record(item | {"version": {"N": str(parked.version)}}, _UNKNOWN)

    def segment(
        self, number: int, of: int, start: Mapping[str, Any] | None, limit: int
    ) -> tuple[list[Json], Json | None]:
        """Some orders of a segment of the table as stream records, and where it goes on."""
        more: Json = {} if start is None else {"ExclusiveStartKey": _keys(start)}
        answer = self._client.scan(
            TableName=self._table, Segment=number, TotalSegments=of, Limit=limit, **more
        )
        last = answer.get("LastEvaluatedKey")
        rows = [_record(i, _UNKNOWN) for i in answer["Items"] if i["sk"]["S"] == "ORDER"]
        return rows, None if last is None else {n: last[n]["S"] for n in ("pk", "sk")}


class StreamRecords:
    """Records of a table's stream by place."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def read(self, where: Range) -> Iterator[Json]:
        """The records of a range as Lambda delivers them; raises `Forgotten`."""
        try:
            iterator: str | None = self._client.get_shard_iterator(
                StreamArn=self._arn, ShardId=where.shard, SequenceNumber=where.first,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
            )["ShardIterator"]  # fmt: skip
        except (
            self._client.exceptions.TrimmedDataAccessException,
            self._client.exceptions.ResourceNotFoundException,
        ) as error:
            raise Forgotten from error
        while iterator is not None:
            answer = self._client.get_records(ShardIterator=iterator)
            for found in answer["Records"]:
                number = found["dynamodb"]["SequenceNumber"]
                if int(number) > int(where.last):
                    return
                yield _delivered(found)
                if int(number) == int(where.last):
                    return
            iterator = answer.get("NextShardIterator") if answer["Records"] else None


def _delivered(found: Any) -> Json:
    """A record of the API in the form in which Lambda delivers it."""
    body = found["dynamodb"]
    image = body.get("NewImage")
    record = _record(image or body["Keys"], body["ApproximateCreationDateTime"])
    record["dynamodb"]["SequenceNumber"] = body["SequenceNumber"]
    if image is None:
        del record["dynamodb"]["NewImage"]
    return record


def _record(item: Mapping[str, Any], created: datetime) -> Json:
    return {
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {name: item[name] for name in ("pk", "sk")},
            "NewImage": {name: _text(value) for name, value in item.items()},
            "SequenceNumber": "0",
            "ApproximateCreationDateTime": created.timestamp(),
        },
    }


def _text(value: Mapping[str, Any]) -> Json:
    if "B" in value:
        return {"B": base64.b64encode(bytes(value["B"])).decode()}
    return dict(value)


def _keys(start: Mapping[str, Any]) -> Json:
    return {name: {"S": start[name]} for name in ("pk", "sk")}
