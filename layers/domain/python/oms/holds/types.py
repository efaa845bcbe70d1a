"""The shipped hold types: what each blocks, who or what ends it, and by when (HLD-10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from oms.holds.model import DueAction, Resolver, Scope, Transaction

ALLOCATE_AND_RELEASE = (Transaction.ALLOCATE, Transaction.RELEASE)


@dataclass(frozen=True, slots=True)
class HoldType:
    """Defaults of a type. `release_roles` empty: whoever set it, the system or an administrator.

    `due_in` None: no time limit unless the command that sets the hold names one.
    """

    code: str
    scopes: tuple[Scope, ...]
    blocks: tuple[Transaction, ...]
    resolver: Resolver
    release_roles: tuple[str, ...] = ()
    due_in: timedelta | None = None
    due_action: DueAction = DueAction.ESCALATE


HOLD_TYPES: dict[str, HoldType] = {
    row.code: row
    for row in (
        HoldType(
            "FRAUD_REVIEW",
            (Scope.ORDER,),
            (Transaction.APPROVE, Transaction.ALLOCATE, Transaction.CAPTURE, Transaction.EDIT),
            Resolver.EXTERNAL,
            ("service_manager", "fraud"),
            timedelta(hours=24),
        ),
        HoldType(
            "PAYMENT_REQUIRED",
            (Scope.ORDER,),
            ALLOCATE_AND_RELEASE,
            Resolver.AUTO_CHECK,
            ("finance", "service_manager"),
            timedelta(hours=72),
            DueAction.CANCEL,
        ),
        HoldType(
            "ADDRESS_CHECK",
            (Scope.ORDER,),
            ALLOCATE_AND_RELEASE,
            Resolver.MANUAL,
            ("service_agent", "service_manager"),
            timedelta(hours=48),
        ),
        HoldType(
            "REMORSE",
            (Scope.ORDER,),
            (Transaction.ALLOCATE,),
            Resolver.TIMER,
        ),
        HoldType(
            "APPROVAL",
            (Scope.LINE, Scope.ORDER),
            ALLOCATE_AND_RELEASE,
            Resolver.MANUAL,
            ("service_manager",),
        ),
        HoldType(
            "CUSTOMER_REQUEST",
            tuple(Scope),
            (*ALLOCATE_AND_RELEASE, Transaction.SHIP),
            Resolver.MANUAL,
            ("service_agent", "service_manager"),
        ),
        HoldType(
            "PREORDER_RELEASE",
            (Scope.LINE,),
            (Transaction.RELEASE,),
            Resolver.TIMER,
            ("planner",),
        ),
        HoldType(
            "EXCHANGE_UNPAID",
            (Scope.FO,),
            (Transaction.RELEASE,),
            Resolver.AUTO_CHECK,
            ("finance",),
            timedelta(days=7),
            DueAction.CANCEL,
        ),
        HoldType(
            "QUALITY",
            (Scope.ALLOCATION,),
            (Transaction.PICK, Transaction.SHIP),
            Resolver.MANUAL,
            ("warehouse",),
            timedelta(hours=24),
        ),
        HoldType(
            "CANCEL_REQUEST",
            (Scope.FO,),
            (Transaction.PICK, Transaction.SHIP),
            Resolver.EXTERNAL,
        ),
        HoldType("MANUAL", tuple(Scope), (), Resolver.MANUAL),
    )
}

BACK_OFF = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""Waits between the checks of an AUTO_CHECK hold; the last one repeats (HLD-05)."""
