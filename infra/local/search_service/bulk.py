"""`_bulk`: documents under external versions, each with its own result."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from infra.local.search_service.errors import Rejected, expect_keys, no_index, unsupported
from infra.local.search_service.store import Store

_ACTION = ("_index", "_id", "routing", "version", "version_type")


def bulk(store: Store, text: str, require_alias: bool) -> dict[str, Any]:
    """Apply the actions of a newline-delimited body in one transaction; answers per item."""
    with store.writing() as database:
        items = [
            _item(store, database, action, source, require_alias) for action, source in _pairs(text)
        ]
    failed = any(item["index"]["status"] >= 300 for item in items)
    return {"took": 0, "errors": failed, "items": items}


def _pairs(text: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) % 2:
        raise Rejected(400, "illegal_argument_exception", "an action without its document")
    for at in range(0, len(lines), 2):
        action = json.loads(lines[at])
        if list(action) != ["index"]:
            raise unsupported(f"bulk action {list(action)}")
        expect_keys("a bulk action", action["index"], _ACTION)
        yield action["index"], json.loads(lines[at + 1])


def _item(
    store: Store,
    database: sqlite3.Connection,
    action: Mapping[str, Any],
    source: Mapping[str, Any],
    require_alias: bool,
) -> dict[str, Any]:
    named = {"_index": action["_index"], "_id": action["_id"]}
    try:
        if "routing" not in action:
            reason = f"routing is required for [{action['_index']}]/[{action['_id']}]"
            raise Rejected(400, "routing_missing_exception", reason)
        if action.get("version_type") != "external":
            raise unsupported("writing without an external version")
        catalog = store.catalog(action["_index"])
        if require_alias and catalog.name == action["_index"]:
            raise no_index(action["_index"])
        version = int(action["version"])
        first = store.write(database, catalog, action["_id"], version, source)
    except Rejected as refusal:
        return {"index": {**named, "status": refusal.status, "error": refusal.error}}
    result = {"_version": version, "result": "created" if first else "updated"}
    return {"index": {**named, **result, "status": 201 if first else 200}}
