"""Units that leave an FO: rejected, short, canceled, recalled, timed out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from oms.fulfillment import commands, facts
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, ReasonRule
from oms.fulfillment.packages import freed
from oms.fulfillment.reasons import reason
from oms.fulfillment.rows import by_line, each, gone, held, remaining, store, take, unpicked
from oms.fulfillment.starting import answered
from oms.fulfillment.states import ENDED, fo_state, moved
from oms.fulfillment.withdrawal import ask
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step, Units
from oms.kernel.policy import ShortNoSplit
from oms.orders.facts import CancellationRequested, RecallRequested

SHORT = "STOCK_SHORT"
"""End reason of an FO whose units are not at its site."""

RECALL = "RECALL"
"""End reason of an FO whose units were taken back for sourcing."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    line_no: int
    quantity: int
    rule: ReasonRule


def reject(
    fulfillment: Fulfillment, command: commands.RejectFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """A site will not ship the FO, or some of its units (FUL-104, SRC-41).

    Without lines all units that nobody picked are meant.
    """
    fo = fulfillment.find(command.fo_id)
    rule = reason(command.reason, command.note, "reason")
    rows = _ruled(command.lines, command.note) if command.lines else _everything(fo, rule)
    return _reject(fulfillment, fo, rule, rows, ctx, reply=command.note)


def short(
    fulfillment: Fulfillment, command: commands.ShortPick, ctx: Context, allow_split: bool = True
) -> Step[Fulfillment]:
    """Units are not where they should be. The rest goes on; where the order may not be split all
    goes back to sourcing, unless policy ships what was found (PCK-04).
    """
    if not command.lines:
        raise Malformed("NO_LINES", "name what is missing",
                        [Problem("lines", "REQUIRED", "at least one")])  # fmt: skip
    before = fulfillment.find(command.fo_id)
    rows = _ruled(command.lines, command.note)
    fo, left = _leave(before, rows)
    told: list[Fact] = [facts.FulfillmentOrderShortPicked(fo.id, fo.site, left)]
    if not fo.lines:
        fo = replace(fo, rejected_at=ctx.now, end_reason=rows[0].rule.code)
    elif not allow_split and _recalls(fo, ctx):
        fo, more = _recalled(fo, ctx)
        told += more
    fo, follows = moved(before, fo, ctx)
    return Step(store(fulfillment, fo), (*told, *follows))


def time_out(
    fulfillment: Fulfillment, fo: FulfillmentOrder, rule: ReasonRule, ctx: Context
) -> Step[Fulfillment]:
    """A site let unpicked work lie; that counts as a rejection (FUL-04, FUL-104, FUL-112)."""
    return _reject(fulfillment, fo, rule, _everything(fo, rule), ctx, "TIMEOUT")


def react(fulfillment: Fulfillment, fact: Fact, ctx: Context) -> Step[Fulfillment]:
    """Canceled units leave FOs that nobody picks yet, newest FO first (CAN-03); for those on the
    floor it is asked (CAN-04). FOs whose destination changes are taken back (EDT-01).
    """
    if isinstance(fact, RecallRequested):
        return _recall_group(fulfillment, fact.group, ctx)
    if not isinstance(fact, CancellationRequested):
        return Step(fulfillment)
    told: list[Fact] = []
    for wanted in fact.units:
        fulfillment, more = _canceled(fulfillment, wanted, fact, ctx)
        told += more
    return Step(fulfillment, tuple(told))


def _recall_group(fulfillment: Fulfillment, group_id: str, ctx: Context) -> Step[Fulfillment]:
    told: list[Fact] = []
    for before in fulfillment.orders:
        if before.group_id != group_id or fo_state(before) in ENDED:
            continue
        if before.picking_at is not None:
            raise Refused.because("PICKING_STARTED", "the site is picking", before.id)
        fo, more = _recalled(before, ctx)
        fo, follows = moved(before, fo, ctx)
        fulfillment = store(fulfillment, fo)
        told += [*more, *follows]
    return Step(fulfillment, tuple(told))


def _ruled(lines: Sequence[commands.RejectedLine], note: str | None) -> list[_Leaving]:
    return [
        _Leaving(row.line_no, row.quantity, reason(row.reason, note, f"lines[{place}].reason"))
        for place, row in enumerate(lines)
    ]


def _recalls(fo: FulfillmentOrder, ctx: Context) -> bool:
    return ctx.policy.at(fo.site).short_no_split is ShortNoSplit.RECALL


def _everything(fo: FulfillmentOrder, rule: ReasonRule) -> list[_Leaving]:
    return [_Leaving(units.line_no, units.quantity, rule) for units in held(fo, unpicked)]


def _reject(
    fulfillment: Fulfillment,
    before: FulfillmentOrder,
    rule: ReasonRule,
    rows: Sequence[_Leaving],
    ctx: Context,
    answer: str = "REJECT",
    reply: str | None = None,
) -> Step[Fulfillment]:
    fo, left = _leave(before, rows)
    told: tuple[Fact, ...] = ()
    if not fo.lines:
        fo, told = answered(fo, answer, rule.code, reply, ctx)
        fo = replace(fo, rejected_at=ctx.now, end_reason=rule.code)
    fo, follows = moved(before, fo, ctx)
    fact = facts.FulfillmentOrderRejected(
        fo.id, fo.site, rule.code, left, partial=fo.rejected_at is None
    )
    return Step(store(fulfillment, fo), (*told, fact, *follows))


def _leave(
    fo: FulfillmentOrder, rows: Sequence[_Leaving]
) -> tuple[FulfillmentOrder, tuple[facts.UnitsLeft, ...]]:
    left: list[facts.UnitsLeft] = []
    for row in rows:
        fo, taken = take(fo, row.line_no, row.quantity, unpicked, gone)
        left += [_left(units, row.rule) for units in taken]
    if not left:
        raise Refused.because("QUANTITY_EXCEEDED", "every unit is picked", fo.id)
    return fo, tuple(left)


def _left(units: Units, rule: ReasonRule) -> facts.UnitsLeft:
    return facts.UnitsLeft(
        units, rule.code, rule.stock, rule.cooldown_hours, rule.keeps_reservation,
        rule.counts_attempt, "allocated", rule.follow_up,
    )  # fmt: skip


def _recalled(fo: FulfillmentOrder, ctx: Context) -> tuple[FulfillmentOrder, list[Fact]]:
    """Take back every unit that has not left, out of packages and off the cart if need be."""
    fo, told = freed(fo, by_line(fo, remaining))
    fo, back = each(fo, by_line(fo, unpicked), unpicked, gone)
    if not fo.lines:
        fo = replace(fo, canceled_at=ctx.now, end_reason=RECALL)
    partial = fo.canceled_at is None
    told.append(facts.FulfillmentOrderCanceled(fo.id, fo.site, RECALL, back, True, partial))
    return fo, told


def take_back(
    fulfillment: Fulfillment, site: str, item_id: str, units: int, ctx: Context
) -> Step[Fulfillment]:
    """Take back up to `units` that nobody picked and that the site does not have (STK-15), newest
    FO first; the customers keep their promise.
    """
    told: list[Fact] = []
    for before in reversed(fulfillment.orders):
        if before.site != site or fo_state(before) in ENDED:
            continue
        fo, back = before, list[Units]()
        for row in held(before, unpicked):
            part = min(units, row.quantity) if row.item_id == item_id else 0
            if part:
                units -= part
                fo, taken = take(fo, row.line_no, part, unpicked, gone)
                back += taken
        if back:
            if not fo.lines:
                fo = replace(fo, canceled_at=ctx.now, end_reason=SHORT)
            partial = fo.canceled_at is None
            told.append(
                facts.FulfillmentOrderCanceled(fo.id, site, SHORT, tuple(back), True, partial)
            )
            fo, follows = moved(before, fo, ctx)
            told += follows
            fulfillment = store(fulfillment, fo)
    return Step(fulfillment, tuple(told))


def _canceled(
    fulfillment: Fulfillment, wanted: Units, fact: CancellationRequested, ctx: Context
) -> tuple[Fulfillment, list[Fact]]:
    left, told, code = wanted.quantity, list[Fact](), fact.reason
    for before in _cancelable(fulfillment):
        rows = (row for row in before.lines if row.line_no == wanted.line_no)
        units = min(left, sum(unpicked(row) for row in rows))
        if not units:
            continue
        left -= units
        fo, taken = take(before, wanted.line_no, units, unpicked, gone)
        if not fo.lines:
            fo = replace(fo, canceled_at=ctx.now, end_reason=code)
        fulfillment = store(fulfillment, fo)
        partial = fo.canceled_at is None
        told.append(facts.FulfillmentOrderCanceled(fo.id, fo.site, code, taken, False, partial))
    if left and fact.ask:
        rest = replace(wanted, quantity=left)
        fulfillment, more, left = ask(fulfillment, rest, code, ctx)
        told += more
    if left and not fact.where_possible:
        text = f"{left} units of line {wanted.line_no} are being picked"
        raise Refused.because("PICKING_STARTED", text, str(wanted.line_no))
    return fulfillment, told


def _cancelable(fulfillment: Fulfillment) -> Iterator[FulfillmentOrder]:
    orders: Iterable[FulfillmentOrder] = reversed(fulfillment.orders)
    return (fo for fo in orders if fo_state(fo) not in ENDED and fo.picking_at is None)
