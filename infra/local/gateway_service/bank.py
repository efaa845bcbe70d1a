"""The operations of the test gateway, each one transaction: submit, look up, settle, notify.

The key is the identity of an operation: whoever sends it first causes the effect, everybody else
gets the stored answer, however many arrive at once (GTW-01).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from infra.local.gateway_service import rules
from infra.local.gateway_service.behaviors import (
    HANGING,
    LOST,
    UNKNOWN_LOOKUPS,
    Behavior,
    behavior_of,
)
from infra.local.gateway_service.model import Balance, Instruction, Operation, Rejected, iso
from infra.local.gateway_service.store import Store

_PARENT_KIND = {"CAPTURE": "AUTHORIZE", "VOID": "AUTHORIZE", "REFUND": "CAPTURE"}
_COPIES_OF_DUPLICATE = 3
_FALLBACK_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the client and how: after hanging, or after the webhook of `notify_first`.

    `operation` is absent if the request was lost, so there is nothing to tell.
    """

    operation: Operation | None
    hang: bool = False
    notify_first: int | None = None


class Bank:
    """All rules of the gateway over its store.

    `settle_seconds` is how long pending operations stay so; `notify_all` sends a webhook for every
    result, otherwise only for those that the answer to the request did not tell.
    """

    def __init__(
        self, store: Store, clock: Callable[[], float], settle_seconds: float, notify_all: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._notify_all = notify_all

    def submit(self, told: Instruction) -> Answer:
        """Carry out an instruction once; raises Rejected for one that makes no sense."""
        with self._store.transaction():
            self._store.count_call(told.kind)
            known = self._store.operation(told.key)
            if known is not None:
                if known.instruction != told:
                    raise Rejected(422, "idempotency_mismatch")
                return Answer(known)
            parent = self._parent(told)
            token = parent.token if parent is not None else told.token or ""
            behavior = behavior_of(token, told.kind)
            if behavior is None:
                raise Rejected(400, "unknown_token")
            return self._take_up(told, token, behavior, parent)

    def lookup(self, key: str) -> Operation | None:
        """The operation with the key, None if never seen; raises Rejected(409) while unclear."""
        self.settle(self._clock())
        with self._store.transaction():
            self._store.count_call("LOOKUP")
            known = self._store.operation(key)
            lookups = self._store.lookups_of_lost(key)
            if known is not None or lookups is None or lookups >= UNKNOWN_LOOKUPS:
                return known
            self._store.lose(key, lookups + 1)
        raise Rejected(409, "still_processing")

    def settle(self, until: float) -> None:
        """Give pending operations that are due by then their final verdict."""
        with self._store.transaction():
            for pending in self._store.unsettled(until):
                told, now = pending.instruction, self._clock()
                behavior = behavior_of(pending.token, told.kind) or Behavior.OK
                parent = self._parent(told)
                verdict = rules.conclude(told, behavior, parent, self._balance(told), now)
                settled = replace(pending, verdict=verdict)
                self._save(settled)
                self._announce(settled, behavior)

    def _take_up(
        self, told: Instruction, token: str, behavior: Behavior, parent: Operation | None
    ) -> Answer:
        lookups = self._store.lookups_of_lost(told.key)
        if behavior in LOST and lookups is None:
            unclear = behavior is Behavior.TIMEOUT_THEN_UNKNOWN
            self._store.lose(told.key, 0 if unclear else UNKNOWN_LOOKUPS)
            return Answer(None, hang=True)
        if lookups is not None and lookups < UNKNOWN_LOOKUPS:
            raise Rejected(409, "still_processing")
        now = self._clock()
        balance = self._balance(told)
        verdict = rules.decide(told, behavior, parent, balance, now, self._settle_seconds)
        operation = Operation(told, token, _reference(told), verdict, now)
        self._save(operation)
        if behavior in HANGING:
            return Answer(operation, hang=lookups is None)
        if behavior in (Behavior.DUP_WEBHOOK, Behavior.LATE_WEBHOOK_FIRST) or self._notify_all:
            return Answer(operation, notify_first=self._announce(operation, behavior))
        return Answer(operation)

    def _parent(self, told: Instruction) -> Operation | None:
        if told.parent is None:
            return None
        parent = self._store.referred(told.parent)
        if parent is None or parent.instruction.kind != _PARENT_KIND[told.kind]:
            raise Rejected(404, "unknown_reference")
        return parent

    def _balance(self, told: Instruction) -> Balance:
        return self._store.balance(told.parent or "", told.kind, told.key)

    def _save(self, operation: Operation) -> None:
        self._store.save(operation)
        if operation.verdict.status == "SUCCEEDED" and operation.instruction.kind != "VERIFY":
            self._store.record_movement(operation)

    def _announce(self, operation: Operation, behavior: Behavior) -> int | None:
        """Queue the webhook of an operation's status; returns the delivery to be made first."""
        told, now = operation.instruction, self._clock()
        event_id = f"evt_{_digest(told.key, operation.verdict.status)}"
        event: dict[str, Any] = {
            "id": event_id,
            "type": f"{told.kind}.{operation.verdict.status}".lower(),
            "createdAt": iso(now),
            "data": operation.as_json(),
        }
        first = behavior is Behavior.LATE_WEBHOOK_FIRST
        copies = _COPIES_OF_DUPLICATE if behavior is Behavior.DUP_WEBHOOK else 1
        self._store.rows(
            "INSERT INTO events VALUES (?, ?, ?)", event_id, told.key, json.dumps(event)
        )
        for _ in range(copies):
            # The caller makes this delivery itself; the background takes over if it does not.
            due_at = now + _FALLBACK_SECONDS if first else now
            self._store.rows("INSERT INTO deliveries VALUES (NULL, ?, ?, 0)", event_id, due_at)
        (row,) = self._store.rows("SELECT last_insert_rowid() AS id")
        return int(row["id"]) if first else None


def _reference(told: Instruction) -> str:
    prefix = {"AUTHORIZE": "auth", "CAPTURE": "cap", "REFUND": "ref", "VOID": "void"}
    return f"{prefix.get(told.kind, 'ver')}_{_digest(told.key)}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
