"""Scopes of an order record: the parts that change on their own, each with its version (VER-03).

    header, line:{no}, group:{id}, payment:{id}, fo:{id}, holds, notes, documents, ...

A scope's version is the order version that changed it last. Stored is only what differs: `line` is
the version of every line that has no entry of its own, and a scope without any entry is as old as
the order. A command conflicts with another one only where it touches a scope that moved since its
caller read (VER-04); what merely follows from it is decided anew on the fresh record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from oms.action_items.commands import ClearItem
from oms.fulfillment.model import Fulfillment
from oms.holds.commands import ReleaseHold, SetHold
from oms.lifecycle.record import OrderRecord
from oms.orders import commands as orders
from oms.orders.commands import AddNote, Cancel
from oms.orders.model import Order
from oms.payments.model import Payments

COMMUTATIVE = (AddNote, SetHold, ReleaseHold, ClearItem)
"""Commands that add or end something by its id, in any order (VER-06): they touch no scope."""

_NAMES = {"billing": "documents", "attention": "actionItems"}
_OUTSIDE = frozenset({
    "facts", "handled", "scopes", "version", "seq", "updated_at", "updated_by", "correlation_id",
    "due_at",
})  # fmt: skip

Members = dict[str, Any]


def _order(order: Order) -> Members:
    header = replace(order, lines=(), groups=(), notes=(), changes=(), reached="")
    members: Members = {"header": header, "notes": order.notes}
    members |= {f"line:{line.line_no}": line for line in order.lines}
    return members | {f"group:{group.id}": group for group in order.groups}


def _payments(payments: Payments) -> Members:
    intents: dict[str, list[Any]] = defaultdict(list)
    for intent in payments.intents:
        intents[intent.payment_id].append(intent)
    return {f"payment:{t.id}": (t, intents[t.id]) for t in payments.tenders}


def _fulfillment(fulfillment: Fulfillment) -> Members:
    return {f"fo:{fo.id}": fo for fo in fulfillment.orders}


_SPLIT: Mapping[str, Callable[[Any], Members]] = {
    "order": _order, "payments": _payments, "fulfillment": _fulfillment,
}  # fmt: skip
_PARTS = tuple(f.name for f in fields(OrderRecord) if f.name not in _OUTSIDE)


def changed(before: OrderRecord, after: OrderRecord) -> frozenset[str]:
    """Scopes that differ between two states of a record."""
    found: set[str] = set()
    for part in _PARTS:
        old, new = getattr(before, part), getattr(after, part)
        if old is new:
            continue
        was, now = _members(part, old), _members(part, new)
        found |= {
            scope
            for scope in was.keys() | now.keys()
            if was.get(scope) is not now.get(scope) and was.get(scope) != now.get(scope)
        }
    return frozenset(found)


def touched(command: object, before: OrderRecord, after: OrderRecord) -> frozenset[str]:
    """Scopes that a command names or that its own decision changed, reactions left out."""
    if isinstance(command, COMMUTATIVE):
        return frozenset()
    return changed(before, after) | named(command, before)


def named(command: object, record: OrderRecord) -> frozenset[str]:
    """Scopes that a command names, whether it may change them or not."""
    if isinstance(command, COMMUTATIVE):
        return frozenset()
    ends = {"fo_id": "fo", "payment_id": "payment", "line_no": "line", "group": "group"}
    found = {
        f"{kind}:{value}"
        for name, kind in ends.items()
        if (value := getattr(command, name, None)) is not None
    }
    intent_id = getattr(command, "intent_id", None)
    found |= {f"payment:{i.payment_id}" for i in record.payments.intents if i.id == intent_id}
    if isinstance(command, Cancel):
        open_lines = [line.line_no for line in record.order.lines if line.buckets.open]
        found |= {f"line:{no}" for no in [r.line_no for r in command.lines] or open_lines}
    if not found and type(command).__module__ == orders.__name__:
        found = {"header"}
    return frozenset(found)


def version_of(versions: Mapping[str, int], scope: str) -> int:
    """The order version that changed a scope last."""
    return versions.get(scope, versions.get(_kind(scope), 1))


def moved(before: OrderRecord, after: OrderRecord, version: int) -> dict[str, int]:
    """Stored versions of all scopes once `after` is version `version`."""
    fresh = changed(before, after)
    every = (scope for part in _PARTS for scope in _members(part, getattr(after, part)))
    return compact(
        {scope: version if scope in fresh else version_of(before.scopes, scope) for scope in every}
    )


def compact(versions: Mapping[str, int]) -> dict[str, int]:
    """The stored form of scope versions: per kind the most frequent one, and what differs."""
    kinds: dict[str, dict[str, int]] = defaultdict(dict)
    for scope, version in versions.items():
        kinds[_kind(scope)][scope] = version
    found: dict[str, int] = {}
    for kind, members in kinds.items():
        base = Counter(members.values()).most_common(1)[0][0]
        found |= {kind: base} if base != 1 else {}
        found |= {scope: version for scope, version in members.items() if version != base}
    return found


def _members(part: str, value: Any) -> Members:
    split = _SPLIT.get(part)
    return {_NAMES.get(part, part): value} if split is None else split(value)


def _kind(scope: str) -> str:
    return scope.partition(":")[0]
