"""Action items in DynamoDB: a table of their own, two indexes, never a scan (AIT-05).

access pattern                     key or index
one item                           pk={company}#{id} sk=ACTION_ITEM
open items, earliest due first     index `open`: openKey={company}#OPEN, openSort={due}#{id}
overdue items                      the same, up to now
every item of a record             index `record`: recordKey={company}#{record id}, createdAt
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from oms.action_items.model import ActionItem
from oms.kernel.codec import decode, stamp
from oms.kernel.errors import Malformed, VersionConflict
from oms.kernel.packing import unpack

from oms_aws.orders import action_item_row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Row = dict[str, Any]


class DynamoActionItems:
    """`ActionItemStore` on the action items table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, company: str, item_id: str) -> ActionItem | None:
        """The item, or None."""
        key = {"pk": {"S": f"{company}#{item_id}"}, "sk": {"S": "ACTION_ITEM"}}
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        row = answer.get("Item")
        return None if row is None else _item(row)

    def put(self, item: ActionItem) -> None:
        """Store a new item, or the next version of one; raises `VersionConflict` otherwise."""
        row = action_item_row(item)
        guard: Row = {"ConditionExpression": "attribute_not_exists(#pk)"}
        guard["ExpressionAttributeNames"] = {"#pk": "pk"}
        if item.version > 1:
            guard = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(item.version - 1)}},
            }
        try:
            self._client.put_item(TableName=self._table, Item=row, **guard)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise VersionConflict(f"action item {item.id} changed meanwhile") from error

    def open_items(
        self, company: str, limit: int, cursor: str | None
    ) -> tuple[tuple[ActionItem, ...], str | None]:
        """Open items, earliest due first, and the cursor of the next page."""
        of = f"{company}#OPEN"
        more: Row = {} if cursor is None else {"ExclusiveStartKey": _start(cursor, company, of)}
        answer = self._client.query(
            TableName=self._table, IndexName="open", KeyConditionExpression="#of = :of",
            ExpressionAttributeNames={"#of": "openKey"}, Limit=limit,
            ExpressionAttributeValues={":of": {"S": of}}, **more,
        )  # fmt: skip
        last = answer.get("LastEvaluatedKey")
        following = None if last is None else _cursor(last["pk"]["S"], last["openSort"]["S"])
        return tuple(_item(row) for row in answer["Items"]), following

    def overdue(self, company: str, now: datetime, limit: int) -> tuple[ActionItem, ...]:
        """Open items whose due time has come, earliest due first (AIT-04)."""
        answer = self._client.query(
            TableName=self._table, IndexName="open", Limit=limit,
            KeyConditionExpression="#of = :of AND #due <= :now",
            ExpressionAttributeNames={"#of": "openKey", "#due": "openSort"},
            ExpressionAttributeValues={
                ":of": {"S": f"{company}#OPEN"}, ":now": {"S": f"{stamp(now)}#~"},
            },
        )  # fmt: skip
        return tuple(_item(row) for row in answer["Items"])

    def of_record(self, company: str, record_id: str) -> tuple[ActionItem, ...]:
        """Every item of one record, ended ones included, oldest first (FLG-04)."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, IndexName="record", KeyConditionExpression="#record = :record",
            ExpressionAttributeNames={"#record": "recordKey"},
            ExpressionAttributeValues={":record": {"S": f"{company}#{record_id}"}},
        )  # fmt: skip
        return tuple(_item(row) for page in pages for row in page["Items"])


def _item(row: Any) -> ActionItem:
    return decode(ActionItem, unpack(bytes(row["doc"]["B"])))


def _cursor(pk: str, sort: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([pk, sort]).encode()).decode()


def _start(cursor: str, company: str, of: str) -> Row:
    try:
        pk, sort = json.loads(base64.b64decode(cursor.encode(), b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise _unreadable() from None
    # A cursor says where to go on, never whose items to read.
    if not isinstance(sort, str) or not str(pk).startswith(f"{company}#"):
        raise _unreadable()
    return {
        "pk": {"S": pk}, "sk": {"S": "ACTION_ITEM"}, "openKey": {"S": of}, "openSort": {"S": sort},
    }  # fmt: skip


def _unreadable() -> Malformed:
    return Malformed("INVALID_CURSOR", "this cursor is not one that was given out")
