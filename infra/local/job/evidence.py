"""Reading everything that is stored, as the invariants want it; only the job may scan tables."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from oms.inventory.model import InventoryLevel, Journal, PromiseCounter
from oms.kernel.facts import StoredFact
from oms.lifecycle.document import from_document
from oms.lifecycle.record import OrderRecord
from oms_aws.orders import DynamoOrders
from oms_aws.stock_rows import ROW_KINDS, journal_of
from oms_aws.stock_rows import record as stock_record

from infra.local.cloud import Endpoints
from infra.local.job.client import aws
from infra.local.job.invariants import Evidence
from infra.local.job.seed import COMPANY

Row = dict[str, Any]
MONEY = ("CAPTURE", "REFUND")


def records(endpoints: Endpoints) -> list[OrderRecord]:
    """Every order."""
    rows = _scan(endpoints, "Orders")
    return [from_document(bytes(r["doc"]["B"])) for r in rows if r["sk"]["S"] == "ORDER"]


def evidence(endpoints: Endpoints) -> Evidence:
    """Everything the invariants are counted over."""
    orders = records(endpoints)
    counters, levels, journals = _stock(endpoints)
    return Evidence(
        orders, counters, levels, journals, _facts(endpoints, orders), _moved(endpoints),
        _indexed(endpoints, orders),
    )  # fmt: skip


def gateway_totals(endpoints: Endpoints) -> dict[str, Any]:
    """Money moved at the gateway by currency and kind, in minor units."""
    return dict(_get(f"{endpoints.gateway_url}/v1/_stats")["totals"])


def _stock(
    endpoints: Endpoints,
) -> tuple[list[PromiseCounter], list[InventoryLevel], list[Journal]]:
    counters: list[PromiseCounter] = []
    levels: list[InventoryLevel] = []
    journals: list[Journal] = []
    for row in _scan(endpoints, "Stock"):
        kind = ROW_KINDS.get(row["sk"]["S"].split("#")[0])
        if kind is PromiseCounter:
            counters.append(stock_record(PromiseCounter, row))
        elif kind is InventoryLevel:
            levels.append(stock_record(InventoryLevel, row))
        elif row["sk"]["S"] == "MOVEMENTS":
            journals.append(journal_of(row))
    return counters, levels, journals


def _facts(endpoints: Endpoints, orders: list[OrderRecord]) -> dict[str, list[StoredFact]]:
    store = DynamoOrders(aws(endpoints, "dynamodb"), {"orders": endpoints.tables["Orders"]})
    return {r.order.id: list(store.facts(COMPANY, r.order.id, 0)) for r in orders}


def _moved(endpoints: Endpoints) -> dict[str, int]:
    moved = _get(f"{endpoints.gateway_url}/v1/_stats")["moved"]
    return {key: row["amount"] for key, row in moved.items() if row["kind"] in MONEY}


def _indexed(endpoints: Endpoints, orders: list[OrderRecord]) -> dict[str, int]:
    found: dict[str, int] = {}
    ids = [r.order.id for r in orders]
    for start in range(0, len(ids), 200):
        part = ids[start : start + 200]
        query = {"size": len(part), "query": {"terms": {"orderId": part}}}
        answer = _post(f"{endpoints.search_url}/orders/_search", query)
        for hit in answer["hits"]["hits"]:
            found[hit["_source"]["orderId"]] = hit["_source"]["version"]
    return found


def _scan(endpoints: Endpoints, table: str) -> Iterator[Row]:
    paginator = aws(endpoints, "dynamodb").get_paginator("scan")
    for page in paginator.paginate(TableName=endpoints.tables[table], ConsistentRead=True):
        yield from page["Items"]


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return dict(json.loads(answer.read()))


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.loads(answer.read()))
