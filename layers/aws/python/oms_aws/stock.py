"""Stock in DynamoDB: `StockStore` on the stock table; rows and keys are in `oms_aws.stock_rows`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from oms.inventory.capacity import DayLoad
from oms.inventory.decisions import oversold
from oms.inventory.model import Item, Journal, StockSnapshot, StockWrite
from oms.inventory.queue import Waiting
from oms.inventory.reports import FeedReport
from oms.kernel.errors import AlreadyDone, Conflict, StockConflict, Unavailable, VersionConflict

from oms_aws import telemetry
from oms_aws.stock_rows import (
    ROW_KINDS,
    Row,
    capacity_key,
    cart_key,
    counter_key,
    day_load,
    is_journal,
    item_key,
    item_row,
    journal_key,
    journal_of,
    level_key,
    put,
    record,
    report_key,
    report_row,
    site_key,
    sku_key,
    stock_transaction_items,
    waiting_key,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

__all__ = ["DynamoStock", "stock_refusal", "stock_transaction_items"]

BATCH = 100
ATTEMPTS = 8
READERS = 8


class DynamoStock:
    """`StockStore` on one DynamoDB table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(
        self,
        company: str,
        item_ids: Sequence[str],
        groups: Sequence[str],
        sites: Sequence[str] | None = None,
        carts: Sequence[str] = (),
    ) -> StockSnapshot:
        """Keyed reads in batches; one query per item where all its sites are wanted."""
        wanted = [cart_key(company, cart_id) for cart_id in sorted(set(carts))]
        rows: list[Row] = []
        if sites is None:
            rows = self._item_rows(company, sorted(set(item_ids)), frozenset(groups))
        else:
            for item_id in sorted(set(item_ids)):
                wanted.append(item_key(company, item_id))
                wanted += [counter_key(company, item_id, group) for group in sorted(set(groups))]
                wanted += [level_key(company, item_id, site) for site in sorted(set(sites))]
        rows += self._get_all(wanted)
        return _snapshot(rows)

    def write(self, company: str, change: StockWrite) -> None:
        """One transaction, or one put where nothing else goes with it."""
        entries = stock_transaction_items(self._table, company, change)
        if not entries:
            return
        try:
            if len(entries) == 1 and "Put" in entries[0]:
                self._client.put_item(**entries[0]["Put"])
            else:
                self._client.transact_write_items(TransactItems=entries)  # type: ignore[arg-type]
        except ClientError as error:
            raise stock_refusal(error, entries, change.journal.cause_id) or error from error
        telemetry.oversold(oversold(change))

    def journal(self, company: str, cause_id: str) -> Journal | None:
        """One strongly consistent get."""
        row = self._get(journal_key(company, cause_id))
        return None if row is None else journal_of(row)

    def loads(self, company: str, days: Sequence[tuple[str, str]]) -> tuple[DayLoad, ...]:
        """One batch read."""
        keys = [capacity_key(company, site, day) for site, day in days]
        return tuple(day_load(company, row) for row in self._get_all(keys))

    def waiting(self, company: str, item_id: str) -> tuple[Waiting, ...]:
        """One strongly consistent query."""
        return tuple(record(Waiting, row) for row in self._query(f"{company}#WAITING#{item_id}"))

    def forget(self, company: str, rows: Sequence[Waiting]) -> None:
        """One delete each."""
        for row in rows:
            self._client.delete_item(TableName=self._table, Key=waiting_key(company, row))

    def items_by_sku(self, company: str, skus: Sequence[str]) -> dict[str, Item]:
        """Two batch reads: names, then items."""
        keys = [sku_key(company, sku) for sku in sorted(set(skus))]
        names = {row["sku"]["S"]: row["itemId"]["S"] for row in self._get_all(keys)}
        ids = sorted(set(names.values()))
        rows = self._get_all([item_key(company, item_id) for item_id in ids])
        items = {row["id"]["S"]: record(Item, row) for row in rows}
        return {sku: items[item_id] for sku, item_id in names.items() if item_id in items}

    def put_item(self, company: str, item: Item) -> None:
        """The item and its sku in one transaction."""
        row = sku_key(company, item.sku) | {"sku": {"S": item.sku}, "itemId": {"S": item.id}}
        name: Row = {
            "TableName": self._table,
            "Item": row,
            "ConditionExpression": "attribute_not_exists(#pk) OR #item = :item",
            "ExpressionAttributeNames": {"#pk": "pk", "#item": "itemId"},
            "ExpressionAttributeValues": {":item": {"S": item.id}},
        }
        entries = [put(self._table, item_row(company, item), item.version - 1), {"Put": name}]
        try:
            self._client.transact_write_items(TransactItems=entries)  # type: ignore[arg-type]
        except ClientError as error:
            raise _item_refusal(error, item) or error from error

    def items_at(
        self, company: str, site: str, after: str = "", limit: int | None = None
    ) -> tuple[str, ...]:
        """Keys of the site index, which are in the order of the ids."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="site",
            KeyConditionExpression="#site = :site AND #pk > :after",
            ExpressionAttributeNames={"#site": "siteKey", "#pk": "pk"},
            ExpressionAttributeValues={
                ":site": {"S": site_key(company, site)},
                ":after": {"S": item_key(company, after)["pk"]["S"]},
            },
            PaginationConfig={} if limit is None else {"MaxItems": limit},
        )
        rows = (row for page in pages for row in page["Items"])
        return tuple(row["pk"]["S"].partition("#ITEM#")[2] for row in rows)

    def put_report(self, company: str, report: FeedReport) -> None:
        """One put."""
        self._client.put_item(TableName=self._table, Item=report_row(company, report))

    def report(self, company: str, feed_id: str) -> FeedReport | None:
        """One strongly consistent get."""
        row = self._get(report_key(company, feed_id))
        return None if row is None else record(FeedReport, row)

    def _get(self, row_key: Row) -> Row | None:
        answer = self._client.get_item(TableName=self._table, Key=row_key, ConsistentRead=True)
        return dict(answer["Item"]) if "Item" in answer else None

    def _get_all(self, keys: Sequence[Row]) -> list[Row]:
        chunks = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
        return _gathered(self._get_batch, chunks)

    def _get_batch(self, keys: Sequence[Row]) -> list[Row]:
        wanted: Any = {self._table: {"Keys": list(keys), "ConsistentRead": True}}
        rows: list[Any] = []
        for attempt in range(ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems=wanted)
            rows += answer["Responses"].get(self._table, [])
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return rows
            time.sleep(0.02 * 2**attempt)
        raise Unavailable("STOCK_BUSY", "the stock table is too busy to be read")

    def _item_rows(
        self, company: str, item_ids: Sequence[str], groups: frozenset[str]
    ) -> list[Row]:
        counters = {f"PROMISE#{group}" for group in groups}

        def rows_of(item_id: str) -> list[Row]:
            rows = self._query(item_key(company, item_id)["pk"]["S"])
            return [
                row for row in rows
                if not row["sk"]["S"].startswith("PROMISE#") or row["sk"]["S"] in counters
            ]  # fmt: skip

        return _gathered(rows_of, item_ids)

    def _query(self, pk: str) -> list[Row]:
        rows: list[Row] = []
        for page in self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": {"S": pk}},
        ):
            rows += page["Items"]
        return rows


def stock_refusal(
    error: ClientError, entries: Sequence[Row], cause_id: str
) -> StockConflict | AlreadyDone | None:
    """What a failed write of these entries means, or None where stock is not the reason.

    The entries are those of the transaction from its first stock entry on, with the cancellation
    reasons in the same places.
    """
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        codes = ["ConditionalCheckFailed"]
    elif code == "TransactionCanceledException":
        codes = _codes(error)
    elif code in ("TransactionConflictException", "TransactionInProgressException"):
        return StockConflict("another write of the same stock is under way")
    else:
        return None
    failed = [entry for entry, why in zip(entries, codes, strict=False) if why in _REFUSED]
    if any(is_journal(entry) for entry in failed) and "TransactionConflict" not in codes:
        return AlreadyDone(cause_id)
    return StockConflict("stock moved meanwhile") if failed else None


_REFUSED = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


def _codes(error: ClientError) -> list[str]:
    reasons: Iterable[Any] = error.response.get("CancellationReasons", [])
    return [str(reason.get("Code", "None")) for reason in reasons]


def _item_refusal(error: ClientError, item: Item) -> Conflict | None:
    codes = _codes(error)
    if codes and codes[0] in _REFUSED:
        return VersionConflict(f"item {item.id} changed meanwhile")
    if len(codes) > 1 and codes[1] == "ConditionalCheckFailed":
        return Conflict("SKU_TAKEN", f"sku {item.sku} names another item")
    return VersionConflict(f"sku {item.sku} is being written") if _REFUSED & set(codes) else None


def _snapshot(rows: Iterable[Row]) -> StockSnapshot:
    found = StockSnapshot()
    for row in rows:
        kind = row["sk"]["S"].partition("#")[0]
        value = record(ROW_KINDS[kind], row)
        match kind:
            case "ITEM":
                found.items[value.id] = value
            case "PROMISE":
                found.counters[(value.item_id, value.group)] = value
            case "LEVEL":
                found.levels[(value.item_id, value.site)] = value
            case _:
                found.carts[value.id] = value
    return found


def _gathered(read: Any, parts: Sequence[Any]) -> list[Row]:
    if len(parts) < 2:
        return [row for part in parts for row in read(part)]
    with ThreadPoolExecutor(READERS) as pool:
        return [row for rows in pool.map(read, parts) for row in rows]
