"""Order records in DynamoDB.

    access pattern                              key or index
    one order                                   pk={company}#{orderId} sk=ORDER
    its older facts                             same pk, sk=FACTS#{first sequence}
    the answer an idempotency key got           pk={company}#KEY#{client and key} sk=KEY
    orders with a deadline behind them          index `due`: dueBucket, dueAt (sparse, keys only)
    a block of human numbers                    pk={company}#SEQUENCE sk={name}
    orders by number, customer, time placed     indexes of `order_keys`
    proof that the stream flows                 pk=-#HEARTBEAT sk=HEARTBEAT

A commit is one PutItem guarded by the version, or one TransactWriteItems when counters, action
items, a marker or a page of facts move with it. The item's stream image is the outbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from oms.inventory.decisions import oversold
from oms.kernel.codec import decode, encode, stamp
from oms.kernel.errors import AlreadyDone, StockConflict, VersionConflict
from oms.kernel.facts import StoredFact
from oms.kernel.packing import pack, unpack
from oms.lifecycle.document import from_document, split_facts, stored, to_document
from oms.lifecycle.ports import Commit, Marker
from oms.lifecycle.record import OrderRecord

from oms_aws import telemetry
from oms_aws.order_keys import key_attributes
from oms_aws.stock import stock_transaction_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Row = dict[str, Any]
DUE_BUCKETS = 8
LEASE = 100
HEARTBEAT = "HEARTBEAT"
MARKER_SECONDS = 7 * 24 * 3600
"""How long before it expires an answer was given."""


class DynamoOrders:
    """`OrderStore` on DynamoDB; `tables` names orders, stock, action_items and decisions."""

    def __init__(self, client: DynamoDBClient, tables: Mapping[str, str]) -> None:
        self._client = client
        self._tables = tables

    def load(self, company: str, order_id: str) -> OrderRecord | None:
        """The record as of now, or None."""
        answer = self._client.get_item(
            TableName=self._tables["orders"],
            Key=_key(f"{company}#{order_id}", "ORDER"),
            ConsistentRead=True,
        )
        item = answer.get("Item")
        return None if item is None else from_document(bytes(item["doc"]["B"]))

    def commit(self, change: Commit) -> None:
        """Write all of `change` or nothing; see the port for what it raises."""
        writes = self._writes(change)
        try:
            if len(writes) == 1:
                self._client.put_item(**writes[0]["Put"])
            else:
                self._client.transact_write_items(TransactItems=[_bare(w) for w in writes])
        except ClientError as error:
            raise _translated(error, writes) from error
        if change.stock is not None:
            telemetry.oversold(oversold(change.stock))

    def marker(self, company: str, key: str) -> Marker | None:
        """The answer a key already got, or None."""
        answer = self._client.get_item(
            TableName=self._tables["orders"], Key=_key(_marker_pk(company, key), "KEY"),
            ConsistentRead=True,
        )  # fmt: skip
        item = answer.get("Item")
        if item is None:
            return None
        return Marker(
            key, item["bodyHash"]["S"], int(item["status"]["N"]),
            unpack(bytes(item["doc"]["B"])),
            datetime.fromtimestamp(int(item["expiresAt"]["N"]), UTC),
        )  # fmt: skip

    def remember(self, company: str, marker: Marker) -> None:
        """Keep an answer; the first one of a key stays until it expires."""
        try:
            self._client.put_item(**self._marker_put(company, marker))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def facts(self, company: str, order_id: str, after: int) -> tuple[StoredFact, ...]:
        """Facts above `after`, in order; pages first, then those in the record."""
        pages: list[Row] = []
        paginator = self._client.get_paginator("query")
        for page in paginator.paginate(
            TableName=self._tables["orders"],
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": {"S": f"{company}#{order_id}"}},
        ):
            pages.extend(page["Items"])
        found: list[StoredFact] = []
        for item in pages:
            data = bytes(item["doc"]["B"])
            whole = item["sk"]["S"] == "ORDER"
            raw = stored(data).get("facts", []) if whole else unpack(data)
            found.extend(decode(StoredFact, fact) for fact in raw)
        ordered = sorted({fact.order_seq: fact for fact in found}.items())
        return tuple(fact for seq, fact in ordered if seq > after)

    def beat(self, now: datetime) -> None:
        """Send the time through the stream, so that its readers show how far they have come."""
        item = _key(f"-#{HEARTBEAT}", HEARTBEAT) | {"at": {"S": stamp(now)}}
        self._client.put_item(TableName=self._tables["orders"], Item=item)

    def due(self, before: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """(company, order id) of records whose deadline passed, oldest first."""
        rows: list[tuple[str, str, str]] = []
        for bucket in range(DUE_BUCKETS):
            answer = self._client.query(
                TableName=self._tables["orders"],
                IndexName="due",
                KeyConditionExpression="#bucket = :bucket AND #at <= :before",
                ExpressionAttributeNames={"#bucket": "dueBucket", "#at": "dueAt"},
                ExpressionAttributeValues={
                    ":bucket": {"S": str(bucket)}, ":before": {"S": stamp(before)},
                },
                Limit=limit,
            )  # fmt: skip
            for item in answer["Items"]:
                company, _, order_id = item["pk"]["S"].partition("#")
                rows.append((item["dueAt"]["S"], company, order_id))
        return tuple((company, order_id) for _, company, order_id in sorted(rows)[:limit])

    def _writes(self, change: Commit) -> list[Row]:
        record, paged = split_facts(change.record)
        company = record.order.company
        writes = [{"kind": "order", "Put": self._order_put(record, change)}]
        if paged:
            writes.append({"kind": "facts", "Put": self._page_put(record, paged)})
        if change.marker is not None:
            writes.append({"kind": "marker", "Put": self._marker_put(company, change.marker)})
        for row in change.items:
            put = {"TableName": self._tables["action_items"], "Item": action_item_row(row)}
            put |= _guard(row.version - 1)
            writes.append({"kind": "item", "Put": put})
        if change.decision is not None:
            writes.append({"kind": "decision", "Put": self._decision_put(record, change.decision)})
        if change.stock is not None:
            table = self._tables["stock"]
            writes += [
                {"kind": "stock", **entry}
                for entry in stock_transaction_items(table, company, change.stock)
            ]
        return writes

    def _order_put(self, record: OrderRecord, change: Commit) -> Row:
        order = record.order
        plain: dict[str, str | None] = {
            "number": order.number, "channel": order.channel, "state": change.state,
            "next": change.step, "updatedAt": stamp(record.updated_at or order.received_at),
        }  # fmt: skip
        item: Row = _key(f"{order.company}#{order.id}", "ORDER")
        item |= {name: {"S": text} for name, text in plain.items() if text}
        item |= key_attributes(order)
        item |= {"version": {"N": str(record.version)}}
        item |= {"wake": {"BOOL": change.wake}, "doc": {"B": to_document(record)}}
        if change.due is not None:
            item |= {"dueBucket": {"S": _bucket(order.id)}, "dueAt": {"S": stamp(change.due)}}
        put: Row = {"TableName": self._tables["orders"], "Item": item}
        return put | _guard(record.version - 1)

    def _page_put(self, record: OrderRecord, facts: Sequence[StoredFact]) -> Row:
        order = record.order
        item: Row = _key(f"{order.company}#{order.id}", f"FACTS#{facts[0].order_seq:08}")
        item["doc"] = {"B": pack([encode(fact) for fact in facts])}
        return {"TableName": self._tables["orders"], "Item": item}

    def _marker_put(self, company: str, marker: Marker) -> Row:
        item: Row = _key(_marker_pk(company, marker.key), "KEY")
        item |= {
            "bodyHash": {"S": marker.body_hash}, "status": {"N": str(marker.status)},
            "doc": {"B": pack(marker.answer)},
            "expiresAt": {"N": str(int(marker.expires_at.timestamp()))},
        }  # fmt: skip
        given = int(marker.expires_at.timestamp()) - MARKER_SECONDS
        return {
            "TableName": self._tables["orders"], "Item": item,
            # A table forgets what expired some time later; a key is free from that moment on.
            "ConditionExpression": "attribute_not_exists(#pk) OR #expires <= :given",
            "ExpressionAttributeNames": {"#pk": "pk", "#expires": "expiresAt"},
            "ExpressionAttributeValues": {":given": {"N": str(given)}},
        }  # fmt: skip

    def _decision_put(self, record: OrderRecord, decision: Mapping[str, Any]) -> Row:
        order = record.order
        item: Row = _key(f"{order.company}#{order.id}", str(decision["id"]))
        item["doc"] = {"B": pack(decision)}
        item["expiresAt"] = {"N": str(int(decision["expiresAt"]))}
        return {"TableName": self._tables["decisions"], "Item": item}


class DynamoNumbers:
    """`Numbers` leased in blocks, so that the sequence is written once per hundred records."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._blocks: dict[tuple[str, str], tuple[int, int]] = {}

    def next(self, company: str, name: str) -> int:
        """The next number of the sequence `name`."""
        current, end = self._blocks.get((company, name), (0, 0))
        if current >= end:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(f"{company}#SEQUENCE", name),
                UpdateExpression="ADD #next :lease",
                ExpressionAttributeNames={"#next": "next"},
                ExpressionAttributeValues={":lease": {"N": str(LEASE)}},
                ReturnValues="UPDATED_NEW",
            )
            end = int(answer["Attributes"]["next"]["N"])
            current = end - LEASE
        self._blocks[(company, name)] = (current + 1, end)
        return current + 1


def action_item_row(item: Any) -> Row:
    """DynamoDB form of an action item; only open ones stand in the sparse index `open`."""
    row: Row = _key(f"{item.company}#{item.id}", "ACTION_ITEM")
    row |= {
        "recordKey": {"S": f"{item.company}#{item.record_id}"},
        "createdAt": {"S": stamp(item.created_at)}, "type": {"S": item.type},
        "state": {"S": item.state.value}, "version": {"N": str(item.version)},
        "doc": {"B": pack(encode(item))},
    }  # fmt: skip
    if item.state.open:
        row |= {"openKey": {"S": f"{item.company}#OPEN"}}
        row |= {"openSort": {"S": f"{stamp(item.due_at)}#{item.id}"}}
    return row


def _key(pk: str, sk: str) -> Row:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _marker_pk(company: str, key: str) -> str:
    return f"{company}#KEY#{key}"


def _bucket(order_id: str) -> str:
    return str(int.from_bytes(hashlib.sha256(order_id.encode()).digest()[:2], "big") % DUE_BUCKETS)


def _guard(version: int) -> Row:
    if version == 0:
        return {
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        }
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


def _bare(write: Row) -> Any:
    return {name: body for name, body in write.items() if name != "kind"}


def _translated(error: ClientError, writes: Sequence[Row]) -> Exception:
    code = error.response["Error"]["Code"]
    if code in ("ConditionalCheckFailedException", "TransactionConflictException"):
        return VersionConflict("the order changed meanwhile")
    if code != "TransactionCanceledException":
        return error
    reasons = error.response.get("CancellationReasons", [])
    failed = {
        str(write["kind"])
        for write, reason in zip(writes, reasons, strict=False)
        if reason.get("Code") not in (None, "None")
    }
    if "marker" in failed:
        return AlreadyDone("idempotency key")
    if failed & {"order", "item"}:
        return VersionConflict("the order changed meanwhile")
    if "stock" in failed:
        return StockConflict("stock moved meanwhile")
    return error
