"""Customers in DynamoDB: a table of their own, no index.

    access pattern                     key
    one customer                       pk={company}#CUSTOMERS sk={code}
    customers by code, in pages        the same partition
    customers with an e-mail or phone  pk={company}#BY#{hash of it} sk={code}
    an order like this one just now    pk={company}#LIKE#{digest} sk=ORDER (expires)

What a customer is found by is a row beside it in the same write, since one customer has several
phones and an index takes one value per item; keys hold hashes, so that no key is personal data.
The partition of a company takes 1,000 writes and 3,000 reads a second before DynamoDB splits it by
code; an order reads at most one customer and writes none.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from oms.customers.model import Customer, handles_of
from oms.kernel.codec import decode, encode, stamp
from oms.kernel.errors import Malformed, VersionConflict
from oms.kernel.packing import pack, unpack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Row = dict[str, Any]


class DynamoCustomers:
    """`CustomerStore` on the customers table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, company: str, code: str) -> Customer | None:
        """One strongly consistent get."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(company, code), ConsistentRead=True
        )
        row = answer.get("Item")
        return None if row is None else _customer(row)

    def put(self, customer: Customer, before: Customer | None) -> None:
        """The record, and the rows it is found by as far as they changed, in one transaction."""
        known = frozenset() if before is None else frozenset(handles_of(before.profile))
        wanted = frozenset(handles_of(customer.profile))
        writes: list[Row] = [{"Put": self._record(customer)}]
        for handle in sorted(wanted - known):
            item = _finder(customer.company, handle, customer.code)
            writes.append({"Put": {"TableName": self._table, "Item": item}})
        for handle in sorted(known - wanted):
            gone = _finder(customer.company, handle, customer.code)
            writes.append({"Delete": {"TableName": self._table, "Key": gone}})
        try:
            self._client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            raise VersionConflict(f"customer {customer.id} changed meanwhile") from error

    def page(
        self, company: str, limit: int, cursor: str | None
    ) -> tuple[tuple[Customer, ...], str | None]:
        """One query."""
        more: Row = {} if cursor is None else {"ExclusiveStartKey": _start(company, cursor)}
        answer = self._client.query(
            TableName=self._table, KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": {"S": f"{company}#CUSTOMERS"}}, Limit=limit, **more,
        )  # fmt: skip
        last = answer.get("LastEvaluatedKey")
        following = None if last is None else f"{company}|{last['sk']['S']}"
        return tuple(_customer(row) for row in answer["Items"]), following

    def find(self, company: str, handle: str) -> tuple[Customer, ...]:
        """One query for the codes, one get for each."""
        pk = _finder(company, handle, "")["pk"]
        answer = self._client.query(
            TableName=self._table, KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"}, ExpressionAttributeValues={":pk": pk},
            ConsistentRead=True, Limit=MOST_FOUND,
        )  # fmt: skip
        found = [self.get(company, row["sk"]["S"]) for row in answer["Items"]]
        return tuple(customer for customer in found if customer is not None)

    def _record(self, customer: Customer) -> Row:
        item: Row = _key(customer.company, customer.code)
        item |= {
            "version": {"N": str(customer.version)}, "doc": {"B": pack(encode(customer))},
        }  # fmt: skip
        guard: Row = {
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        }
        if customer.version > 1:
            guard = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(customer.version - 1)}},
            }
        return {"TableName": self._table, "Item": item} | guard


class DynamoRecentOrders:
    """`RecentOrders` on the customers table: one conditional write for each order."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def claim(
        self, company: str, digest: str, order_id: str, now: datetime, within: timedelta
    ) -> str | None:
        """The order that was like this one within that time, or None, and then this is it."""
        item: Row = {
            "pk": {"S": f"{company}#LIKE#{digest}"}, "sk": {"S": "ORDER"},
            "orderId": {"S": order_id}, "at": {"S": stamp(now)},
            "expiresAt": {"N": str(int((now + within).timestamp()))},
        }  # fmt: skip
        try:
            self._client.put_item(
                TableName=self._table, Item=item,
                ConditionExpression="attribute_not_exists(#pk) OR #order = :order OR #at < :since",
                ExpressionAttributeNames={"#pk": "pk", "#order": "orderId", "#at": "at"},
                ExpressionAttributeValues={
                    ":order": {"S": order_id}, ":since": {"S": stamp(now - within)},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )  # fmt: skip
        except self._client.exceptions.ConditionalCheckFailedException as error:
            held: Any = error.response.get("Item", {})
            return str(held["orderId"]["S"])
        return None


MOST_FOUND = 50


def _customer(row: Any) -> Customer:
    return decode(Customer, unpack(bytes(row["doc"]["B"])))


def _key(company: str, code: str) -> Row:
    return {"pk": {"S": f"{company}#CUSTOMERS"}, "sk": {"S": code}}


def _finder(company: str, handle: str, code: str) -> Row:
    digest = hashlib.sha256(f"{company}\x1f{handle}".encode()).hexdigest()
    return {"pk": {"S": f"{company}#BY#{digest}"}, "sk": {"S": code}}


def _start(company: str, cursor: str) -> Row:
    if not cursor.startswith(f"{company}|"):
        raise Malformed("INVALID_CURSOR", "this cursor is not one that was given out")
    return _key(company, cursor.removeprefix(f"{company}|"))
