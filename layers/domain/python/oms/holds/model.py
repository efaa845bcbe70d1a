"""Holds: named stops with scope, blocked transactions and a resolver (HLD-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Transaction(StrEnum):
    """What a hold can stop (HLD-03); nothing else is stopped."""

    APPROVE = "APPROVE"
    ALLOCATE = "ALLOCATE"
    RELEASE = "RELEASE"
    PICK = "PICK"
    SHIP = "SHIP"
    CAPTURE = "CAPTURE"
    REFUND = "REFUND"
    EDIT = "EDIT"
    CANCEL = "CANCEL"
    RETURN = "RETURN"


class Scope(StrEnum):
    """What a hold stands on (HLD-02)."""

    ORDER = "ORDER"
    LINE = "LINE"
    FO = "FO"
    ALLOCATION = "ALLOCATION"
    PAYMENT = "PAYMENT"


class Resolver(StrEnum):
    """Who or what releases it (HLD-05)."""

    MANUAL = "MANUAL"
    TIMER = "TIMER"
    AUTO_CHECK = "AUTO_CHECK"
    EXTERNAL = "EXTERNAL"


class DueAction(StrEnum):
    """What happens at `due` (HLD-06)."""

    ESCALATE = "ESCALATE"
    RELEASE = "RELEASE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Hold:
    """One stop. `scope_ref` names line number, FO or payment; open while `released_at` is None."""

    id: str
    type: str
    scope: Scope
    blocks: tuple[Transaction, ...]
    resolver: Resolver
    owner: str
    reason: str
    set_at: datetime
    scope_ref: str | None = None
    quantity: int | None = None
    next_check_at: datetime | None = None
    checks: int = 0
    due: datetime | None = None
    due_action: DueAction = DueAction.ESCALATE
    release_role: str | None = None
    handle: str | None = None
    note: str | None = None
    released_at: datetime | None = None
    released_by: str | None = None
    release_reason: str | None = None
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """All holds of one order record, released ones included."""

    holds: tuple[Hold, ...] = ()
