"""Facts of holds; `record_id` is the hold's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class HoldSet(Fact):
    """A hold stops the listed transactions."""

    TYPE: ClassVar[str] = "hold.set"
    RECORD: ClassVar[str] = "hold"
    type: str
    scope: str
    scope_ref: str | None
    blocks: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class HoldReleased(Fact):
    """A hold ended; what it blocked is tried again (HLD-08)."""

    TYPE: ClassVar[str] = "hold.released"
    RECORD: ClassVar[str] = "hold"
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldDue(Fact):
    """A hold reached its due time; `action` is ESCALATE, RELEASE or CANCEL (HLD-06)."""

    TYPE: ClassVar[str] = "hold.due"
    RECORD: ClassVar[str] = "hold"
    type: str
    action: str
    scope: str
    scope_ref: str | None
