"""Cancellation of units that the floor has begun on: asked, answered, or decided by silence
(CAN-04, CAN-05).

A request stops picking and shipping by a hold that is set in the same write, so whichever commits
first, request or shipment, wins, and the other finds it done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment import commands, facts
from oms.fulfillment.model import CancelRequest, Fulfillment, FulfillmentOrder, PackedUnits
from oms.fulfillment.packages import dropped
from oms.fulfillment.rows import remaining, store
from oms.fulfillment.states import ENDED, fo_state, moved
from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.ids import derive
from oms.kernel.policy import Silence

OWN_SITE = timedelta(minutes=60)
EXTERNAL = timedelta(hours=24)
"""How long the floor has for its answer, unless `fulfillment.cancelAnswerMinutes` says so."""


def open_requests(fo: FulfillmentOrder) -> tuple[CancelRequest, ...]:
    """Requests that wait for the floor's answer."""
    return tuple(request for request in fo.cancel_requests if request.answer is None)


def ask(
    fulfillment: Fulfillment, wanted: Units, reason: str, ctx: Context
) -> tuple[Fulfillment, list[Fact], int]:
    """Ask the floor for units of a line, newest FO first; also gives how many nobody holds."""
    left, told = wanted.quantity, list[Fact]()
    for fo in reversed(fulfillment.orders):
        units = min(left, _askable(fo, wanted.line_no))
        if units:
            left -= units
            fo, fact = _asked(fo, replace(wanted, quantity=units), reason, ctx)
            fulfillment = store(fulfillment, fo)
            told.append(fact)
    return fulfillment, told, left


def answer(
    fulfillment: Fulfillment, command: commands.AnswerCancellation, ctx: Context
) -> Step[Fulfillment]:
    """The floor accepts or denies what it was asked; a denial says why."""
    fo = fulfillment.find(command.fo_id)
    if not command.accept and not (command.reason or "").strip():
        raise Malformed("REASON_REQUIRED", "say why it cannot be canceled",
                        [Problem("reason", "REQUIRED", "a reason")])  # fmt: skip
    chosen = [r for r in open_requests(fo) if command.request_id in (None, r.id)]
    if not chosen:
        raise Refused.because("STATE", f"no request {command.request_id} waits", fo.id)
    given = Silence.ACCEPT if command.accept else Silence.DENY
    return _answered(fulfillment, fo, chosen, given, command.reason, False, ctx)


def tick(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """Let silence answer what is due (CAN-05): own sites accept, others deny, or as is set."""
    over = [request for request in open_requests(fo) if request.due <= ctx.now]
    if not over:
        return Step(fulfillment)
    chosen = ctx.policy.at(fo.site).cancel_answer_default
    given = chosen or (Silence.DENY if fo.external else Silence.ACCEPT)
    return _answered(fulfillment, fo, over, given, "UNANSWERED", True, ctx)


def moments(fo: FulfillmentOrder) -> Iterator[datetime]:
    """When silence becomes an answer."""
    return (request.due for request in open_requests(fo))


def _askable(fo: FulfillmentOrder, line_no: int) -> int:
    if fo.picking_at is None or fo_state(fo) in ENDED:
        return 0
    asked = sum(u.quantity for r in open_requests(fo) for u in r.units if u.line_no == line_no)
    return max(0, _left(fo, line_no) - asked)


def _left(fo: FulfillmentOrder, line_no: int) -> int:
    return sum(remaining(row) for row in fo.lines if row.line_no == line_no)


def _asked(
    fo: FulfillmentOrder, units: Units, reason: str, ctx: Context
) -> tuple[FulfillmentOrder, Fact]:
    minutes = ctx.policy.at(fo.site).cancel_answer_minutes
    time = EXTERNAL if fo.external else OWN_SITE
    due = ctx.now + (time if minutes is None else timedelta(minutes=minutes))
    identity = derive("req", fo.id, len(fo.cancel_requests) + 1)
    rows = (PackedUnits(units.line_no, units.quantity),)
    request = CancelRequest(identity, rows, reason, ctx.now, due)
    fo = replace(fo, cancel_requests=(*fo.cancel_requests, request))
    return fo, facts.CancellationAsked(fo.id, identity, fo.site, (units,), reason, stamp(due))


def _answered(
    fulfillment: Fulfillment, before: FulfillmentOrder, chosen: Sequence[CancelRequest],
    given: Silence, reason: str | None, timed_out: bool, ctx: Context,
) -> Step[Fulfillment]:  # fmt: skip
    fo, told = before, list[Fact]()
    for request in chosen:
        fo = _closed(fo, request, given, reason, timed_out, ctx)
        if given is Silence.ACCEPT:
            # Units that were not found meanwhile have left the FO by themselves.
            open_now = [replace(u, quantity=min(u.quantity, _left(fo, u.line_no)))
                        for u in request.units]  # fmt: skip
            wanted = [units for units in open_now if units.quantity]
            if wanted:
                fo, more = dropped(fo, wanted, request.reason, ctx)
                told += more
        told.append(
            facts.CancellationAnswered(fo.id, request.id, fo.site, given.value, reason, timed_out)
        )
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (*told, *follows))


def _closed(
    fo: FulfillmentOrder, request: CancelRequest, given: Silence, reason: str | None,
    timed_out: bool, ctx: Context,
) -> FulfillmentOrder:  # fmt: skip
    done = replace(
        request, answer=given.value, answered_at=ctx.now, answer_reason=reason, timed_out=timed_out
    )
    rows = tuple(done if known.id == request.id else known for known in fo.cancel_requests)
    return replace(fo, cancel_requests=rows)
