"""JSON Schema and example of every fact, made of the dataclasses that are stored and published.

    python -m functions.fact_schemas    writes events/facts/<capability>/<type>.*.json

A test compares the written files with the dataclasses, so that a fact cannot change unnoticed.
"""

from __future__ import annotations

import importlib
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from oms.kernel.codec import camel
from oms.kernel.facts import Fact
from oms.kernel.ids import derive, part_of

FOLDER = Path(__file__).parents[1] / "events" / "facts"
CAPABILITIES = (
    "orders", "payments", "billing", "inventory", "fulfillment", "holds", "action_items",
    "approvals", "customers",
)  # fmt: skip
Json = dict[str, Any]

ENVELOPE: Mapping[str, Json] = {
    "id": {"type": "string", "description": "dedupe by it; equal for every delivery"},
    "type": {"type": "string"},
    "company": {"type": "string"},
    "recordType": {"type": "string"},
    "recordId": {"type": "string"},
    "orderId": {"type": "string"},
    "orderSeq": {"type": "integer", "minimum": 1, "description": "1, 2, 3 ... without a gap"},
    "version": {"type": "integer", "minimum": 1, "description": "order version of the commit"},
    "occurredAt": {"type": "string", "format": "date-time"},
    "actor": {"type": "string", "description": "kind and id of who caused it"},
    "causeId": {"type": "string", "description": "request, message or task that caused it"},
    "schemaVersion": {"const": 1},
}
KNOWN: Mapping[str, Any] = {
    "item_id": derive("itm", "acme", "A"), "reservation_id": derive("rsv", "acme", 1),
    "fo_id": part_of("fo", derive("ord", "acme", 1), 1), "request_id": derive("req", "acme", 1),
    "shipment_id": derive("shp", "acme", 1),
    "intent_id": derive("int", "acme", 1), "invoice_id": derive("inv", "acme", 1),
    "credit_id": derive("cm", "acme", 1), "package_id": derive("pkg", "acme", 1),
    "decision_id": derive("dec", "acme", 1), "note_id": "1", "subject_id": derive("ord", "acme", 1),
    "line_no": 1, "quantity": 2, "amount": 4915, "total": 4915, "units": 3, "line_count": 2,
    "currency": "USD", "channel": "web", "lane": "LIVE", "number": "T26-000001", "group": "main",
    "external_number": "W-100042", "site": "DC", "carrier": "UPS", "expires_at":
    "2026-03-08T10:00:00.000Z", "from_bucket": "reserved", "decline_class": "SOFT",
    "delta": -2, "counter": "onHand", "attempt": 1, "count": 2, "cooldown_hours": 24,
}  # fmt: skip
"""Plausible values by field name; what is not here is made of the field's type."""


def fact_types() -> Iterator[tuple[str, type[Fact]]]:
    """Capability and class of every fact that has a type."""
    for capability in CAPABILITIES:
        module = importlib.import_module(f"oms.{capability}.facts")
        for found in vars(module).values():
            fact = isinstance(found, type) and issubclass(found, Fact) and bool(found.TYPE)
            if fact and found.__module__ == module.__name__:
                yield capability, found


def schema(kind: type[Fact]) -> Json:
    """JSON Schema of the fact in its envelope."""
    data = _object(kind, skip=("record_id",))
    properties = {**ENVELOPE, "type": {"const": kind.TYPE}, "recordType": {"const": kind.RECORD}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:throughline:fact:{kind.TYPE}:1",
        "title": kind.__name__,
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "properties": {**properties, "data": data},
        "required": [*ENVELOPE, "data"],
    }


def example(kind: type[Fact]) -> Json:
    """The fact as a consumer may get it."""
    hints = get_type_hints(kind)
    data = {camel(f.name): _value(f.name, hints[f.name]) for f in _own(kind)}
    order_id = derive("ord", "acme", "web", "W-100042")
    return {
        "id": derive("fct", order_id, 7), "type": kind.TYPE, "company": "acme",
        "recordType": kind.RECORD, "recordId": _record_id(kind, order_id), "orderId": order_id,
        "orderSeq": 7, "version": 3, "occurredAt": "2026-03-01T10:00:00.000Z",
        "actor": "WORKFLOW:workflow", "causeId": "web-7f3a2b91c4:SETTLE:2", "data": data,
        "schemaVersion": 1,
    }  # fmt: skip


def files() -> dict[Path, str]:
    """Every file with its content."""
    written: dict[Path, str] = {}
    for capability, kind in fact_types():
        for name, value in (("schema", schema(kind)), ("example", example(kind))):
            path = FOLDER / capability / f"{kind.TYPE}.{name}.json"
            written[path] = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return written


def _own(kind: Any) -> list[Field[Any]]:
    return [f for f in fields(kind) if f.name != "record_id"]


def _object(kind: Any, skip: tuple[str, ...] = ()) -> Json:
    hints = get_type_hints(kind)
    members = [f for f in fields(kind) if f.name not in skip]
    return {
        "type": "object",
        "properties": {camel(f.name): _type(hints[f.name]) for f in members},
        "required": [camel(f.name) for f in members if _always(f)],
        "additionalProperties": False,
    }


def _always(member: Field[Any]) -> bool:
    """Whether the field is always written: one with a default is left out where it has it."""
    return member.default is MISSING and member.default_factory is MISSING


def _type(hint: Any) -> Json:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not type(None))
        return {"anyOf": [_type(inner), {"type": "null"}]}
    if origin is tuple and arguments[-1] is Ellipsis:
        return {"type": "array", "items": _type(arguments[0])}
    if origin is tuple:
        parts = [_type(argument) for argument in arguments]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "items": False}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    if is_dataclass(hint):
        return _object(hint)
    return {"type": {str: "string", int: "integer", bool: "boolean"}[hint]}


def _value(name: str, hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _value(name, next(a for a in arguments if a is not type(None)))
    if origin is tuple and arguments[-1] is Ellipsis:
        return [_value(name.removesuffix("s"), arguments[0])]
    if origin is tuple:
        return [_value(name, argument) for argument in arguments]
    if origin is dict:
        return {"sku": "A"}
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return {camel(f.name): _value(f.name, hints[f.name]) for f in fields(hint)}
    known = KNOWN.get(name)
    if isinstance(known, hint):
        return known
    return {str: name.upper(), int: 1, bool: True}[hint]


def _record_id(kind: type[Fact], order_id: str) -> str:
    prefixes = {
        "reservation": "rsv", "payment": "pay", "invoice": "inv", "creditMemo": "cm",
        "hold": "hld", "actionItem": "act", "item": "itm", "approvalRequest": "apr",
        "customer": "cus",
    }  # fmt: skip
    if kind.RECORD == "fulfillmentOrder":
        return part_of("fo", order_id, 1)
    prefix = prefixes.get(kind.RECORD)
    return order_id if prefix is None else derive(prefix, "acme", 1)


if __name__ == "__main__":
    for target, text in files().items():
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
