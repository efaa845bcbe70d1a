"""What the test gateway keeps: operations, and the instructions they come from."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Instruction:
    """A request as the client sent it; `amount` in minor units, zero for VOID and VERIFY."""

    key: str
    kind: str
    amount: int
    currency: str
    token: str | None
    parent: str | None
    final: bool
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an operation stands: status PENDING, SUCCEEDED or DECLINED and what belongs to it.

    `released` is the part of the parent authorization that this operation gives back to the payer.
    Times are seconds since the epoch.
    """

    status: str
    approved: int = 0
    released: int = 0
    expires_at: float | None = None
    decline_class: str | None = None
    code: str | None = None
    settle_at: float | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """An instruction the gateway has taken up under its key, for ever."""

    instruction: Instruction
    token: str
    reference: str
    verdict: Verdict
    created_at: float

    def as_json(self) -> dict[str, Any]:
        """The operation as every answer, lookup and webhook shows it."""
        told, verdict = self.instruction, self.verdict
        return {
            "key": told.key,
            "kind": told.kind,
            "status": verdict.status,
            "reference": self.reference,
            "parentReference": told.parent,
            "amount": told.amount,
            "approvedAmount": verdict.approved,
            "currency": told.currency,
            "expiresAt": None if verdict.expires_at is None else iso(verdict.expires_at),
            "declineClass": verdict.decline_class,
            "code": verdict.code,
            "metadata": told.metadata,
            "createdAt": iso(self.created_at),
            "livemode": False,
        }


@dataclass(frozen=True, slots=True)
class Balance:
    """What children, pending or succeeded, claimed from an operation so far; minor units."""

    claimed: int
    released: int
    declined_once: bool


class Rejected(Exception):
    """The request itself is wrong; nothing is stored under its key."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, microseconds included."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
