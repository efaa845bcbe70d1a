"""Facts of approval requests; `record_id` is the request's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class ApprovalRequested(Fact):
    """Somebody else must decide; amount in minor units."""

    TYPE: ClassVar[str] = "approval.requested"
    RECORD: ClassVar[str] = "approvalRequest"
    subject_type: str
    subject_id: str
    mode: str
    amount: int | None


@dataclass(frozen=True, slots=True)
class ApprovalDecided(Fact):
    """The request is APPROVED, REJECTED, SYSTEM_APPROVED or EXPIRED."""

    TYPE: ClassVar[str] = "approval.decided"
    RECORD: ClassVar[str] = "approvalRequest"
    subject_type: str
    subject_id: str
    state: str
    reason: str | None
