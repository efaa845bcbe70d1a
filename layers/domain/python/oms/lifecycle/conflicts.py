"""Whether a command commutes with what happened since its caller read the order (VER-04)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import OmsError, VersionConflict
from oms.lifecycle.dispatch import action_of
from oms.lifecycle.engine import attempt
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.scopes import named, touched, version_of
from oms.lifecycle.sums import sums
from oms.lifecycle.view import summary


def check(
    record: OrderRecord, commands: Sequence[object], scopes: Iterable[str], expected: int | None,
    ctx: Context,
) -> None:  # fmt: skip
    """Raise `VersionConflict` where one of `scopes` moved since version `expected`."""
    if expected is None or expected == record.version:
        return
    moved = _moved(record, scopes, expected)
    if not moved and expected < record.version:
        return
    error = VersionConflict(f"the order is at version {record.version}")
    error.more = {
        "currentVersion": record.version,
        "changedScopes": [_change(record, scope) for scope in moved],
        "current": {**summary(record, ctx), "totals": sums(record, ctx)},
        "mergeHint": _merge_hint(record, commands, expected, ctx),
    }
    raise error


def names(record: OrderRecord, commands: Sequence[object]) -> frozenset[str]:
    """Scopes that the commands name, known before they are decided on."""
    return frozenset().union(*(named(command, record) for command in commands))


def _moved(record: OrderRecord, scopes: Iterable[str], expected: int) -> list[str]:
    return sorted(scope for scope in scopes if version_of(record.scopes, scope) > expected)


def _change(record: OrderRecord, scope: str) -> dict[str, Any]:
    """Who changed a scope last and when, as far as the record still tells."""
    version = version_of(record.scopes, scope)
    told = next((fact for fact in record.facts if fact.version == version), None)
    return {
        "scope": scope, "version": version, "by": told.actor if told else record.updated_by,
        "at": stamp(told.occurred_at) if told else None,
    }  # fmt: skip


def _merge_hint(
    record: OrderRecord, commands: Sequence[object], expected: int, ctx: Context
) -> list[dict[str, Any]]:
    """Which of the actions would still apply to the order as it is now, one after the other."""
    draft, hints = Draft(record, ctx), []
    for place, command in enumerate(commands):
        before = draft.record
        hint: dict[str, Any] = {"index": place, "action": action_of(command), "applies": True}
        try:
            attempt(draft, command)
        except OmsError as refusal:
            hint |= {"applies": False, "code": refusal.code}
            draft = Draft(before, ctx)
        about = touched(command, before, draft.record)
        hints.append(hint | {"changedScopes": _moved(record, about, expected)})
    return hints
