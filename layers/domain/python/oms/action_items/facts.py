"""Facts of action items; `record_id` is the item's id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class ActionItemOpened(Fact):
    """A person is needed; `subject_id` is the record it is about."""

    TYPE: ClassVar[str] = "action_item.opened"
    RECORD: ClassVar[str] = "actionItem"
    type: str
    blocking: bool
    subject_type: str
    subject_id: str
    cause_key: str
    message: str
    line_no: int | None = None
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionItemRepeated(Fact):
    """The same cause came again; the open item counts it (AIT-02)."""

    TYPE: ClassVar[str] = "action_item.repeated"
    RECORD: ClassVar[str] = "actionItem"
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class ActionItemReopened(Fact):
    """A person opened an ended item again, which blocks again if it is `blocking` (AIT-03)."""

    TYPE: ClassVar[str] = "action_item.reopened"
    RECORD: ClassVar[str] = "actionItem"
    type: str
    blocking: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ActionItemResolved(Fact):
    """Its condition no longer holds, or a person cleared it (`cleared`)."""

    TYPE: ClassVar[str] = "action_item.resolved"
    RECORD: ClassVar[str] = "actionItem"
    type: str
    cleared: bool
    resolution: str
