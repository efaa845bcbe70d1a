"""Units that leave an FO: rejected, short, canceled, recalled, timed out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from oms.fulfillment import commands, facts
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, ReasonRule
from oms.fulfillment.reasons import reason
from oms.fulfillment.rows import gone, store, take, unpicked
from oms.fulfillment.states import ENDED, fo_state
from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Step, Units
from oms.orders.facts import CancellationRequested, RecallRequested


def reject(
    fulfillment: Fulfillment, command: commands.RejectFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """A site will not ship the FO, or some of its units (FUL-104, SRC-41)."""
    fo = fulfillment.find(command.fo_id)
    reason(command.reason, command.note, "reason")
    lines = command.lines or _everything(fo, command.reason)
    fo, left = _leave(fo, lines, command.note)
    fo = _ended(fo, command.reason, ctx)
    fact = facts.FulfillmentOrderRejected(
        fo.id, fo.site, command.reason, left, partial=fo.rejected_at is None
    )
    return Step(store(fulfillment, fo), (fact,))


def short(
    fulfillment: Fulfillment, command: commands.ShortPick, ctx: Context, allow_split: bool = True
) -> Step[Fulfillment]:
    """Units are not where they should be; the rest goes on, or all goes back (PCK-04)."""
    fo = fulfillment.find(command.fo_id)
    fo, left = _leave(fo, command.lines, command.note)
    fo = _ended(fo, command.lines[0].reason, ctx)
    if fo.picking_at is None and fo.rejected_at is None:
        fo = replace(fo, picking_at=ctx.now)
    told: list[Fact] = [facts.FulfillmentOrderShortPicked(fo.id, fo.site, left)]
    if not allow_split and not ctx.policy.short_no_split_ships_partial and fo.lines:
        fo, more = _recalled(fo, ctx)
        told += more
    return Step(store(fulfillment, fo), tuple(told))


def react(fulfillment: Fulfillment, fact: Fact, ctx: Context) -> Step[Fulfillment]:
    """Canceled units leave FOs that nobody picks yet, newest FO first (CAN-03); FOs whose
    destination changes are taken back (EDT-01).
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


def time_out(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """A store let an FO lie unclaimed: it counts as a rejection (FUL-04, FUL-104)."""
    command = commands.RejectFulfillment(fo.id, "CLAIM_TIMEOUT")
    return reject(fulfillment, command, ctx)


def recall(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """Take back an FO that is late and not yet picking; its units are sourced anew (FUL-112)."""
    changed, told = _recalled(fo, ctx)
    return Step(store(fulfillment, changed), tuple(told))


def _recall_group(fulfillment: Fulfillment, group_id: str, ctx: Context) -> Step[Fulfillment]:
    told: list[Fact] = []
    for fo in fulfillment.orders:
        if fo.group_id != group_id or fo_state(fo) in ENDED:
            continue
        if fo.picking_at is not None:
            raise Refused.because("PICKING_STARTED", "the site is picking", fo.id)
        step = recall(fulfillment, fo, ctx)
        fulfillment = step.part
        told += step.facts
    return Step(fulfillment, tuple(told))


def _everything(fo: FulfillmentOrder, code: str) -> tuple[commands.RejectedLine, ...]:
    return tuple(
        commands.RejectedLine(row.line_no, unpicked(row), code) for row in fo.lines if unpicked(row)
    )


def _leave(
    fo: FulfillmentOrder, lines: Sequence[commands.RejectedLine], note: str | None
) -> tuple[FulfillmentOrder, tuple[facts.UnitsLeft, ...]]:
    left: list[facts.UnitsLeft] = []
    for place, line in enumerate(lines):
        rule = reason(line.reason, note, f"lines[{place}].reason")
        fo, taken = take(fo, line.line_no, line.quantity, unpicked, gone)
        left += [_left(units, rule) for units in taken]
    if not left:
        raise Refused.because("QUANTITY_EXCEEDED", "every unit is picked", fo.id)
    return fo, tuple(left)


def _left(units: Units, rule: ReasonRule) -> facts.UnitsLeft:
    return facts.UnitsLeft(
        units, rule.code, rule.stock, rule.cooldown_hours, rule.keeps_reservation,
        rule.counts_attempt, "allocated",
    )  # fmt: skip


def _ended(fo: FulfillmentOrder, code: str, ctx: Context) -> FulfillmentOrder:
    return fo if fo.lines else replace(fo, rejected_at=ctx.now, end_reason=code)


def _recalled(fo: FulfillmentOrder, ctx: Context) -> tuple[FulfillmentOrder, list[Fact]]:
    if any(row.packed for row in fo.lines):
        raise Refused.because("PICKING_STARTED", "units are packed; unpack them first", fo.id)
    picked = tuple(
        Units(row.line_no, row.item_id, row.picked, row.reservation_id, row.group)
        for row in fo.lines
        if row.picked
    )
    units = tuple(
        Units(row.line_no, row.item_id, row.quantity, row.reservation_id, row.group)
        for row in fo.lines
    )
    told: list[Fact] = [facts.UnitsUnpicked(fo.id, picked)] if picked else []
    told.append(
        facts.FulfillmentOrderCanceled(
            fo.id, fo.site, "RECALL", units, recalled=True, partial=False
        )
    )
    return replace(fo, lines=(), canceled_at=ctx.now, end_reason="RECALL"), told


def _canceled(
    fulfillment: Fulfillment, wanted: Units, fact: CancellationRequested, ctx: Context
) -> tuple[Fulfillment, list[Fact]]:
    left, told, code = wanted.quantity, [], fact.reason
    for fo in _open_fos(fulfillment):
        room = sum(unpicked(row) for row in fo.lines if row.line_no == wanted.line_no)
        units = min(left, room)
        if not units:
            continue
        left -= units
        fo, taken = take(fo, wanted.line_no, units, unpicked, gone)
        if not fo.lines:
            fo = replace(fo, canceled_at=ctx.now, end_reason=code)
        fulfillment = store(fulfillment, fo)
        partial = fo.canceled_at is None
        told.append(
            facts.FulfillmentOrderCanceled(
                fo.id, fo.site, code, taken, recalled=False, partial=partial
            )
        )
    if left and not fact.where_possible:
        text = f"{left} units of line {wanted.line_no} are being picked"
        raise Refused.because("PICKING_STARTED", text, str(wanted.line_no))
    return fulfillment, list(told)


def _open_fos(fulfillment: Fulfillment) -> Iterable[FulfillmentOrder]:
    for fo in reversed(fulfillment.orders):
        if fo_state(fo) not in ENDED and fo.picking_at is None:
            yield fo
