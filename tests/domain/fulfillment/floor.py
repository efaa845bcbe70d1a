"""A fulfillment order on the floor, and the verbs on it, for tests.

A verb is refused by the policy table first, then decided, as the lifecycle does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from oms.fulfillment import commands, decisions
from oms.fulfillment.confirmations import news
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, PackedUnits
from oms.fulfillment.policy import fo_refusals
from oms.fulfillment.states import fo_state
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.policy import Policy
from oms.orders.facts import CancellationRequested

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

    def _say(
        self, action: str, kind: Callable[..., Any], decide: Callable[..., Step[Fulfillment]],
        number: int, views: dict[str, Any] | None = None, **values: Any,
    ) -> tuple[Fact, ...]:  # fmt: skip
        return self.do(action, kind(self.fo(number).id, **values), decide, **(views or {}))

    def ready(self, code: str = "123456", number: int = 1, **values: Any) -> tuple[Fact, ...]:
        """Stage for the customer."""
        return self._say("ready", commands.MakeReady, decisions.ready, number, code=code, **values)

    def hand_over(self, *lines: tuple[int, int], number: int = 1, **proof: Any) -> tuple[Fact, ...]:
        """Give it to the customer of order T100, for whom Bo may come."""
        views = {"order_number": "T100", "persons": ("Ann Other", "Bo Berg")}
        values = {"lines": units(*lines)} | (proof or {"code": "123456"})
        return self._say(
            "handOver", commands.HandOver, decisions.hand_over, number, views, **values
        )

    def notice(self, *lines: tuple[int, int], number: int = 1, **values: Any) -> tuple[Fact, ...]:
        """A ship notification."""
        given = {"carrier": "UPS", "lines": units(*lines)} | values
        return self._say("shipNotice", commands.ShipNotice, decisions.notice, number, **given)

    def confirm(
        self, version: int, status: str, message: str = "", number: int = 1, **values: Any
    ) -> tuple[Fact, ...]:
        """A warehouse's report; one that says nothing new is let through as the lifecycle does."""
        command = commands.Confirm(
            self.fo(number).id, message or f"m{version}", version, status, "wms", **values
        )
        if not news(self.fo(number), command):
            return self.take(decisions.confirm(self.part, command, self.ctx))
        return self.do("confirm", command, decisions.confirm)

    def track(self, *events: commands.CarrierEvent, number: int = 1) -> tuple[Fact, ...]:
        """What the carrier says of the first package."""
        package = self.fo(number).packages[0].id
        return self._say(
            "track", commands.Track, decisions.track, number, events=events, package_id=package
        )

    def suspend(self, on: bool = True, number: int = 1) -> tuple[Fact, ...]:
        """Stop the FO, or let it go on."""
        if on:
            kind: type = commands.SuspendFulfillment
            return self._say("suspend", kind, decisions.suspend, number, reason="x")
        return self._say("resume", commands.ResumeFulfillment, decisions.resume, number, reason="x")

    def cancel(self, line_no: int, quantity: int, ask: bool = True) -> tuple[Fact, ...]:
        """The customer no longer wants units."""
        wanted = (Units(line_no, f"item{line_no}", quantity),)
        fact = CancellationRequested("ord_1", wanted, "CUSTOMER", ask=ask)
        return self.take(decisions.react(self.part, fact, self.ctx))

    def answer(self, accept: bool, number: int = 1, **values: Any) -> tuple[Fact, ...]:
        """The floor's answer to every request."""
        given = {"accept": accept, "reason": None if accept else "LOADED"} | values
        return self._say(
            "cancelAnswer", commands.AnswerCancellation, decisions.answer, number, **given
        )


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
