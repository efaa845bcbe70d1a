"""Approval requests of one order record (ENT-35)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """`state` is PENDING, APPROVED, REJECTED, SYSTEM_APPROVED or EXPIRED; amount in minor units."""

    id: str
    subject_type: str
    subject_id: str
    mode: str
    requested_by: str
    requested_at: datetime
    amount: int | None = None
    rule: str | None = None
    expires_at: datetime | None = None
    state: str = "PENDING"
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Approvals:
    """All requests of one order, oldest first."""

    requests: tuple[ApprovalRequest, ...] = ()
