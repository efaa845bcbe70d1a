"""What every decision is told besides state and command: time, actor, cause and policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from oms.kernel.policy import Policy


class ActorKind(StrEnum):
    """Who acts. WORKFLOW and SYSTEM are the product itself; everybody else is outside it."""

    USER = "USER"
    CLIENT = "CLIENT"
    GATEWAY = "GATEWAY"
    WORKFLOW = "WORKFLOW"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller as the token tells: id, company, roles, scopes, and the sites or channel it is
    bound to.
    """

    kind: ActorKind
    id: str
    company: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    channel: str | None = None
    sites: frozenset[str] = frozenset()
    money_limit: int | None = None

    @property
    def label(self) -> str:
        """`USER:ana`: how facts and timelines name the actor."""
        return f"{self.kind}:{self.id}"

    @property
    def automatic(self) -> bool:
        """Whether automation acts, so that suspensions, alerts and holds stop it (ENT-05,
        FLG-02).
        """
        return self.kind in (ActorKind.WORKFLOW, ActorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Context:
    """`cause_id` names the request, message or task; equal causes have equal effects and equal
    ids.
    """

    now: datetime
    actor: Actor
    cause_id: str
    policy: Policy
