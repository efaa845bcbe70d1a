"""A fulfillment order on the floor, and the verbs on it, for tests.

A verb is refused by the policy table first, then decided, as the lifecycle does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from oms.fulfillment import commands, decisions
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, PackedUnits
from oms.fulfillment.policy import fo_refusals
from oms.fulfillment.states import fo_state
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.policy import Policy

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ACTOR = Actor(ActorKind.USER, "ana", "acme")
F = TypeVar("F", bound=Fact)


def planned(
    *lines: tuple[int, int], site: str = "DC", site_type: str = "WAREHOUSE", **values: Any
) -> commands.PlannedFulfillment:
    """An FO of a plan; lines are (line number, quantity), reservation `r<line>`."""
    rows = tuple(
        commands.PlannedLine(no, f"item{no}", f"SKU{no}", quantity, f"r{no}", "main")
        for no, quantity in lines
    )
    assignment = {"WAREHOUSE": "AUTO", "STORE": "CLAIM"}[site_type]
    base = commands.PlannedFulfillment(
        site, site_type, "GROUND", "g1", "STANDARD", assignment, rows
    )
    return replace(base, **values)


@dataclass
class Floor:
    """The FOs of one order, what happened to them, and the time."""

    policy: Policy = field(default_factory=Policy)
    part: Fulfillment = field(default_factory=Fulfillment)
    facts: list[Fact] = field(default_factory=list)
    now: datetime = START

    @property
    def ctx(self) -> Context:
        """Context of the next command."""
        return Context(self.now, ACTOR, "cause", self.policy)

    def fo(self, number: int = 1) -> FulfillmentOrder:
        """The FO with that number."""
        return self.part.orders[number - 1]

    def state(self, number: int = 1) -> str:
        """Its state."""
        return fo_state(self.fo(number))

    def wait(self, **time: float) -> None:
        """Let time pass and tick."""
        self.now += timedelta(**time)
        self.take(decisions.tick(self.part, self.ctx))

    def take(self, step: Step[Fulfillment]) -> tuple[Fact, ...]:
        """Take a step over; returns what happened in it."""
        self.part = step.part
        self.facts += step.facts
        return step.facts

    def allocate(
        self, *plan: commands.PlannedFulfillment, decision: str = "dec_1", waits: Any = ()
    ) -> tuple[Fact, ...]:
        """Create the FOs of a plan."""
        command = commands.Allocate(decision, plan, waits)
        return self.take(decisions.allocate(self.part, command, self.ctx, "ord_1", "T100"))

    def release(self, number: int = 1) -> tuple[Fact, ...]:
        """Money covers the FO."""
        command = commands.Release(self.fo(number).id)
        return self.take(decisions.release(self.part, command, self.ctx))

    def do(
        self, action: str, command: Any, decide: Callable[..., Step[Fulfillment]], **views: Any
    ) -> tuple[Fact, ...]:
        """Ask the policy table, then decide."""
        fo = self.part.find(command.fo_id)
        reasons = fo_refusals(fo, action, False, False, frozenset())
        if reasons:
            raise Refused(reasons[0].code, reasons[0].message, reasons=reasons)
        return self.take(decide(self.part, command, self.ctx, **views))

    def assign(self, assignee: str, number: int = 1) -> tuple[Fact, ...]:
        """Assign or claim."""
        return self.do("assign", commands.Assign(self.fo(number).id, assignee), decisions.assign)

    def unassign(self, number: int = 1) -> tuple[Fact, ...]:
        """Give it back."""
        return self.do("unassign", commands.Unassign(self.fo(number).id), decisions.unassign)

    def reject(
        self, reason: str, *lines: tuple[int, int], note: str | None = None, number: int = 1
    ) -> tuple[Fact, ...]:
        """Reject all, or units of lines, for one reason."""
        rows = tuple(commands.RejectedLine(no, quantity, reason) for no, quantity in lines)
        command = commands.RejectFulfillment(self.fo(number).id, reason, rows, note)
        return self.do("reject", command, decisions.reject)

    def pick(self, *lines: tuple[int, int], number: int = 1) -> tuple[Fact, ...]:
        """Start picking, or pick."""
        command = commands.Pick(self.fo(number).id, units(*lines))
        return self.do("pick", command, decisions.pick)

    def unpick(self, *lines: tuple[int, int], number: int = 1) -> tuple[Fact, ...]:
        """Put back."""
        command = commands.Unpick(self.fo(number).id, units(*lines))
        return self.do("unpick", command, decisions.unpick)

    def short(
        self, reason: str, *lines: tuple[int, int], split: bool = True, number: int = 1
    ) -> tuple[Fact, ...]:
        """Report units that are not there."""
        rows = tuple(commands.RejectedLine(no, quantity, reason) for no, quantity in lines)
        command = commands.ShortPick(self.fo(number).id, rows)
        return self.do("short", command, decisions.short, allow_split=split)

    def pack(self, *lines: tuple[int, int], number: int = 1) -> tuple[Fact, ...]:
        """Close one package."""
        command = commands.Pack(self.fo(number).id, (commands.NewPackage(units(*lines)),))
        return self.do("pack", command, decisions.pack)

    def unpack(self, place: int = -1, number: int = 1) -> tuple[Fact, ...]:
        """Open a package, the last one unless told otherwise."""
        fo = self.fo(number)
        command = commands.Unpack(fo.id, fo.packages[place].id)
        return self.do("unpack", command, decisions.unpack)

    def ship(self, *places: int, number: int = 1, **values: Any) -> tuple[Fact, ...]:
        """Hand packages over, all that wait unless told otherwise."""
        fo = self.fo(number)
        chosen = tuple(fo.packages[place].id for place in places)
        command = commands.Ship(fo.id, "UPS", package_ids=chosen, **values)
        return self.do("ship", command, decisions.ship)


def units(*lines: tuple[int, int]) -> tuple[PackedUnits, ...]:
    """Units by (line number, quantity)."""
    return tuple(PackedUnits(no, quantity) for no, quantity in lines)


def released(*lines: tuple[int, int], policy: Policy | None = None, **values: Any) -> Floor:
    """A floor with one FO that is released."""
    floor = Floor(policy or Policy())
    floor.allocate(planned(*lines, **values))
    floor.release()
    floor.facts.clear()
    return floor


def one(facts: tuple[Fact, ...], kind: type[F]) -> F:
    """The one fact of that kind."""
    (found,) = (fact for fact in facts if isinstance(fact, kind))
    return found


def types(facts: tuple[Fact, ...]) -> list[str]:
    """What kinds of facts, in order, without the prefix."""
    return [fact.TYPE.removeprefix("fulfillment_order.") for fact in facts]
