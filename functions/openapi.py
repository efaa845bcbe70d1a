"""The OpenAPI 3.1 document, made of the very operations that answer (API-01).

    python -m functions.openapi        writes functions/administration/openapi.json

A test compares the written document with the operations, so it cannot fall behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oms.search.criteria import RANGES, criterion_names
from oms_aws import http_actor
from oms_aws.http import ANONYMOUS, Key, Operation
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.administration.routes import DOCUMENT
from functions.administration.routes import OPERATIONS as ADMINISTRATION
from functions.customers.routes import OPERATIONS as CUSTOMERS
from functions.fulfillment.routes import OPERATIONS as FULFILLMENT
from functions.gateway_webhook.routes import OPERATIONS as GATEWAY_WEBHOOK
from functions.inventory.routes import OPERATIONS as INVENTORY
from functions.orders.last_change import PATTERN
from functions.orders.routes import OPERATIONS as ORDERS
from functions.payments.routes import OPERATIONS as PAYMENTS
from functions.stream_replay.routes import OPERATIONS as STREAM_REPLAY

Json = dict[str, Any]
OPERATIONS: Mapping[str, tuple[Operation, ...]] = {
    "orders": ORDERS, "payments": PAYMENTS, "fulfillment": FULFILLMENT, "inventory": INVENTORY,
    "customers": CUSTOMERS,
    "administration": ADMINISTRATION, "gateway": GATEWAY_WEBHOOK,
    "stream": STREAM_REPLAY,
}  # fmt: skip
SCOPES = {
    http_actor.ORDERS_READ: "Read and search orders",
    http_actor.ORDERS_WRITE: "Place and change orders",
    http_actor.PAYMENTS_WRITE: "Authorize, capture, refund and void payments",
    http_actor.FULFILLMENT_READ: "Read fulfillment orders",
    http_actor.FULFILLMENT_WRITE: "Work fulfillment orders",
    http_actor.INVENTORY_READ: "Read availability and levels",
    http_actor.INVENTORY_WRITE: "Report movements and counts",
    http_actor.ADMIN: "Settings, sites, items, channels and dead letters",
}
REFUSALS = {
    "400": "Malformed: `errors` names each field",
    "401": "No valid token, or no valid signature",
    "403": "The token's scopes, roles, sites or channel do not reach this far",
    "404": "No such record for this caller",
    "409": "Another record or version is in the way",
    "413": "The body has more than 5 MB",
    "415": "The body is not JSON",
    "422": "Refused by a rule: `reasons` says which",
    "428": "`If-Match` is required",
    "429": "Too many requests",
    "500": "Our fault; nothing was done",
    "503": "Something this needs does not answer; nothing was done",
}
_LAST_CHANGE = (
    "Orders the caller has just changed, as `id@version` from the answers of its commands, up to "
    "20. The page shows them at that version or a newer one although the index may be a second "
    "behind. Leave it out after ten seconds."
)
_EVERY = ("400", "404", "429", "500", "503")


def document() -> Json:
    """The whole document."""
    every = [operation for group in OPERATIONS.values() for operation in group]
    paths: Json = {}
    for tag, operations in OPERATIONS.items():
        for operation in operations:
            entry = _operation(tag, operation)
            paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Throughline", "version": "1",
            "description": "Order management. Money is integer minor units, time is UTC.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in OPERATIONS],
        "paths": paths,
        "components": {
            "schemas": _schemas(every), "responses": _responses(),
            "securitySchemes": {
                "oauth": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": SCOPES}},
                }
            },
        },
    }  # fmt: skip


def _operation(tag: str, operation: Operation) -> Json:
    entry: Json = {
        "operationId": operation.name, "tags": [tag], "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": {**_successes(operation), **_refusals(operation)},
        "security": [] if operation.scope == ANONYMOUS else [{"oauth": [operation.scope]}],
    }  # fmt: skip
    if operation.body is not None:
        needed = any(field.is_required() for field in operation.body.model_fields.values())
        entry["requestBody"] = _content(_ref(operation.body)) | {"required": needed}
    elif operation.raw:
        entry["requestBody"] = _content({"type": "object"}) | {"required": True}
    return entry


def _parameters(operation: Operation) -> Iterable[Json]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield _parameter(name, "path", {"type": "string", "minLength": 1, "maxLength": 128})
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        for name, rule in schema["properties"].items():
            yield _parameter(name, "query", _plain(rule), name in schema.get("required", ()))
    if operation.open_query:
        yield from _search_parameters()
    if operation.preview:
        yield _parameter("dryRun", "query", {"type": "boolean"})
        words = "The `outcomeHash` of a preview: another outcome is 409 OUTCOME_CHANGED (PVW-03)"
        rule = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": words}
        yield _parameter("Expected-Outcome", "header", rule)
    if operation.key is not Key.NONE:
        rule = {"type": "string", "pattern": "^[\\x21-\\x7e]{1,128}$"}
        yield _parameter("Idempotency-Key", "header", rule, operation.key is Key.REQUIRED)
    if operation.if_match:
        rule = {"type": "string", "pattern": '^("[0-9]{1,9}"|\\*)$'}
        yield _parameter("If-Match", "header", rule)
    yield _parameter("X-Correlation-Id", "header", {"type": "string"})


def _search_parameters() -> Iterable[Json]:
    ends = [f"{name}{end}" for name in RANGES for end in ("From", "To")]
    controls = ("q", "quick", "sort", "cursor", "limit", "facets", "fields", "total")
    for name in (*controls, *criterion_names(), *ends):
        yield _parameter(name, "query", {"type": "string"})
    rule = {"type": "string", "pattern": f"^{PATTERN}(, *{PATTERN})*$", "maxLength": 1_600}
    yield _parameter("X-Last-Change", "header", rule) | {"description": _LAST_CHANGE}


def _parameter(name: str, place: str, schema: Json, required: bool = False) -> Json:
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema}


def _plain(rule: Json) -> Json:
    """A parameter is there or it is not: null is no value of a query string."""
    rule = {key: value for key, value in rule.items() if key not in ("title", "default")}
    choices = [choice for choice in rule.pop("anyOf", []) if choice != {"type": "null"}]
    return rule | (choices[0] if choices else {})


def _successes(operation: Operation) -> Json:
    headers: Json = {"X-Correlation-Id": {"schema": {"type": "string"}}}
    if operation.key is not Key.NONE:
        headers["Idempotent-Replayed"] = {"schema": {"const": "true", "type": "string"}}
    if operation.if_match:
        headers["ETag"] = {"schema": {"type": "string"}}
    return {
        str(status): {
            "description": operation.summary,
            "headers": headers,
            **_content(_ref(answer)),
        }
        for status, answer in operation.answers.items()
    }


def _refusals(operation: Operation) -> Json:
    statuses = {*_EVERY}
    if operation.scope != ANONYMOUS:
        statuses |= {"401", "403"}
    if operation.raw:
        statuses |= {"401", "413", "415"}
    if operation.body is not None:
        statuses |= {"409", "413", "415", "422"}
    if operation.if_match:
        statuses |= {"428"}
    return {s: {"$ref": f"#/components/responses/{_name(s)}"} for s in sorted(statuses)}


def _responses() -> Json:
    problem = {"$ref": "#/components/schemas/Problem"}
    answers: Json = {}
    for status, words in REFUSALS.items():
        answers[_name(status)] = {
            "description": words, "content": {"application/problem+json": {"schema": problem}},
        }  # fmt: skip
        if status in ("429", "503"):
            answers[_name(status)]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return answers


def _name(status: str) -> str:
    return f"Problem{status}"


def _content(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas(operations: Iterable[Operation]) -> Json:
    models = [(model, "validation") for model in _models(operations)]
    _, definitions = models_json_schema(
        models,  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    return {**definitions["$defs"], "Problem": _PROBLEM}


def _models(operations: Iterable[Operation]) -> list[type[BaseModel]]:
    found = [model for o in operations for model in (o.body, *o.answers.values()) if model]
    return list(dict.fromkeys(found))


_TEXT: Json = {"type": "string"}
_PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "traceId"],
    "properties": {
        "type": {"type": "string", "format": "uri"}, "title": _TEXT,
        "status": {"type": "integer"}, "code": _TEXT, "detail": _TEXT, "traceId": _TEXT,
        "existingId": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object", "required": ["path", "code", "message"],
                "properties": {"path": _TEXT, "code": _TEXT, "message": _TEXT},
            },
        },
        "reasons": {
            "type": "array",
            "items": {
                "type": "object", "required": ["code", "message"],
                "properties": {"code": _TEXT, "message": _TEXT, "ref": _TEXT},
            },
        },
    },
}  # fmt: skip


def render() -> str:
    """The document as it is stored."""
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(DOCUMENT).write_text(render(), encoding="utf-8")
