"""Commands on customers; `key` and `body_hash` make the creation idempotent (API-03)."""

from __future__ import annotations

from dataclasses import dataclass

from oms.customers.model import Profile


@dataclass(frozen=True, slots=True)
class CreateCustomer:
    """A new customer; without a code it gets one."""

    profile: Profile
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeProfile:
    """Replace what is known of the customer; a payment sent back without its token keeps it."""

    profile: Profile


@dataclass(frozen=True, slots=True)
class ApproveCustomer:
    """Let a new customer be invoiced on terms (WFL-13)."""


@dataclass(frozen=True, slots=True)
class FileCustomer:
    """Mark a customer as filed where filing is on (WFL-13)."""


@dataclass(frozen=True, slots=True)
class SuspendCustomer:
    """Stop business on terms with the customer (FLG-02)."""

    reason: str


@dataclass(frozen=True, slots=True)
class ResumeCustomer:
    """Let it go on."""

    reason: str


@dataclass(frozen=True, slots=True)
class BlockCustomer:
    """Let each new order of the customer wait for a person (INT-05)."""

    reason: str


@dataclass(frozen=True, slots=True)
class UnblockCustomer:
    """End the block."""

    reason: str
