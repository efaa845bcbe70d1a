"""Random commands of every kind, on orders wherever they stand.

Cites VER-01, PVW-01, PVW-03, INV-A3, ACC-164, ACC-165, ACT-01, ACT-02.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oms.fulfillment import commands as floor
from oms.fulfillment.model import FulfillmentOrder, PackedUnits
from oms.fulfillment.rows import unpacked, unpicked
from oms.holds.commands import ReleaseHold, SetHold
from oms.kernel.context import Actor, Context
from oms.kernel.errors import OmsError
from oms.lifecycle.allowed import cancelable
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.view import view, with_actions
from oms.orders import commands as orders
from oms.orders.model import Address
from oms.orders.policy import approved, destination_reason
from oms.orders.totals import totals
from oms.payments import commands as payments

from tests.properties.order_walk import ACTORS, MOVES, POLICIES, WAYS, Walk

TOKENS = st.sampled_from(("tok_ok", "tok_ok", "tok_declined"))
UNITS = st.tuples(st.integers(1, 3), st.integers(1, 3))
WALKS = st.builds(Walk, POLICIES, UNITS, TOKENS, WAYS)
SETTINGS = settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


@SETTINGS
@given(WALKS, st.data())
def test_what_an_order_is_worth_is_told_by_its_changes(walk: Walk, data: st.DataObject) -> None:
    """VER-01: current total = original + sum of confirmed changes, at all times; one version for
    each command that changes something, and changes numbered without a gap.
    """
    original = totals(walk.record.order).current
    for _ in range(data.draw(st.integers(3, 10))):
        before = walk.record
        if data.draw(st.booleans()):
            walk.go_on(data.draw(MOVES))
        else:
            _submitted(walk, data.draw(ACTORS), data.draw(walk.commands()))
            assert walk.record.version - before.version in (0, 1)
        order = walk.record.order
        assert [change.change_no for change in order.changes] == [
            place for place, _ in enumerate(order.changes, 1)
        ]
        assert totals(order).current == original + sum(change.delta for change in order.changes)
        assert order.changes[: len(before.order.changes)] == before.order.changes


@SETTINGS
@given(WALKS, st.data())
def test_a_preview_is_the_command_without_its_effects(walk: Walk, data: st.DataObject) -> None:
    """ACC-164, INV-A3, PVW-01, PVW-03: it writes nothing at any port, and the command that follows
    comes to the very same outcome, byte for byte, or to the same refusal.
    """
    for turn in range(data.draw(st.integers(2, 8))):
        walk.go_on(data.draw(MOVES))
        actor = data.draw(ACTORS)
        commands = data.draw(st.lists(walk.commands(), min_size=1, max_size=2))
        before, walk.calls.writes = walk.record, 0
        foreseen = _tried(walk, actor, commands, dry_run=True)
        assert (walk.calls.writes, walk.record) == (0, before), walk.calls.names
        done = _tried(walk, actor, commands, dry_run=False, key=f"k{turn}")
        assert json.dumps(done) == json.dumps(foreseen)


@SETTINGS
@given(WALKS, st.data())
def test_allowed_means_allowed(walk: Walk, data: st.DataObject) -> None:
    """ACC-165, ACT-01, ACT-02: what is listed succeeds in preview at its most, what is not is
    refused with the reason listed, for whoever asks.
    """
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            walk.go_on(data.draw(MOVES))
        else:
            _submitted(walk, data.draw(ACTORS), data.draw(walk.commands()))
    actor, record = data.draw(ACTORS), walk.record
    ctx = walk.merchant.lifecycle.context(record, actor, "see")
    seen = with_actions(view(record, ctx), record, ctx)
    for listed, command in _every(seen, record, ctx):
        if command is None:
            continue
        code = _refused(walk, actor, command)
        reasons = [reason["code"] for reason in listed["reasons"]]
        if isinstance(command, orders.Approve) and approved(record.order):
            # A repeat is no error, and has nothing left to do (ORD-109).
            assert (code, reasons[:1]) == (None, ["STATE"])
            continue
        assert code == (reasons[0] if reasons else None), (listed, command)


def _submitted(walk: Walk, actor: Actor, command: object) -> None:
    try:
        walk.merchant.lifecycle.execute(actor, walk.order_id, [command])
    except OmsError:
        return


def _tried(walk: Walk, actor: Actor, commands: list[object], **how: Any) -> tuple[Any, ...]:
    try:
        body = walk.merchant.lifecycle.execute(actor, walk.order_id, commands, **how).body
    except OmsError as refusal:
        return refusal.code, [reason.code for reason in refusal.reasons]
    return body["outcome"], body["outcomeHash"]


def _refused(walk: Walk, actor: Actor, command: object) -> str | None:
    try:
        walk.merchant.lifecycle.execute(actor, walk.order_id, [command], dry_run=True)
    except OmsError as refusal:
        return refusal.reasons[0].code if refusal.reasons else refusal.code
    return None


def _every(seen: dict[str, Any], record: OrderRecord, ctx: Context) -> Iterator[tuple[Any, object]]:
    """Each listed action with the command that asks for the most of it; None: it needs more than
    an order on its usual way has, and its own tests try it.
    """
    for row in seen["allowedActions"]:
        yield row, _on_order(row["action"], record, ctx)
    for part, line in zip(seen["order"]["lines"], record.order.lines, strict=True):
        for row in part["allowedActions"]:
            yield row, _on_line(row, line.line_no)
    parts = seen.get("fulfillment", {}).get("orders", [])
    for part, fo in zip(parts, record.fulfillment.orders, strict=True):
        for row in part["allowedActions"]:
            yield row, _on_fulfillment(row["action"], fo)
    paid = seen.get("payments", {})
    for part in paid.get("tenders", []):
        for row in part["allowedActions"]:
            yield row, _on_payment(row, part["id"])
    for part in paid.get("intents", []):
        for row in part["allowedActions"]:
            yield row, payments.RetryIntent(part["id"])
    for part in seen.get("billing", {}).get("invoices", []):
        for row in part["allowedActions"]:
            yield row, payments.ApplyFunds(part["id"], row["maxAmount"])
    for part in seen.get("holds", {}).get("holds", []):
        for row in part["allowedActions"]:
            yield row, ReleaseHold(part["id"], "WHY")


def _on_order(action: str, record: OrderRecord, ctx: Context) -> object:
    order = record.order
    most = tuple(
        orders.CancelLine(line.line_no, cancelable(record, line, ctx))
        for line in order.lines if cancelable(record, line, ctx)
    )  # fmt: skip
    movable = [group.id for group in order.groups if destination_reason(order, group.id) is None]
    unsourced = [
        line.line_no for line in order.lines if line.buckets.unsourced + line.buckets.reserved
    ]
    table: dict[str, object] = {
        "complete": orders.Complete(),
        "changeAddress": orders.ChangeAddress((movable or ["1"])[0], Address("US", "99501")),
        "approve": orders.Approve(), "reject": orders.Reject("WHY"),
        "cancel": orders.Cancel("WHY", most), "void": orders.Void("WHY"),
        "suspend": orders.Suspend("WHY"), "resume": orders.Resume("WHY"),
        "lock": orders.Lock("WHY"), "unlock": orders.Unlock("WHY"),
        "setFlag": orders.SetFlag("BLUE"), "setTags": orders.SetTags(("t",)),
        "setAttributes": orders.SetAttributes({"a": "b"}),
        "setPriority": orders.SetPriority(3), "addNote": orders.AddNote("x"),
        "file": orders.File(), "backorder": orders.Backorder((unsourced or [1])[0], "WHY"),
        "addTender": payments.AddTender("CASH"),
        "createPaymentLink": payments.CreateLink("1" * 64),
        "setHold": SetHold("MANUAL", "WHY", blocks=("EDIT",)),
    }  # fmt: skip
    return table.get(action)


def _on_line(row: Any, line_no: int) -> object:
    most = orders.CancelLine(line_no, row["maxQuantity"] or None)
    table: dict[str, object] = {
        "cancel": orders.Cancel("WHY", (most,)), "backorder": orders.Backorder(line_no, "WHY"),
        "suspend": orders.Suspend("WHY", line_no), "resume": orders.Resume("WHY", line_no),
    }  # fmt: skip
    return table.get(row["action"])


def _on_payment(row: Any, payment_id: str) -> object:
    amount = row["maxAmount"]
    table: dict[str, object] = {
        "authorize": payments.Authorize(payment_id, amount),
        "capture": payments.CaptureFunds(payment_id, amount),
        "refund": payments.Refund(payment_id, amount or 0, "WHY"),
        "voidPayment": payments.VoidPayment(payment_id, "WHY"),
        "replaceMethod": payments.ReplaceMethod(payment_id, "tok_new"),
        "attachCustomer": payments.AttachCustomer(payment_id, "c1"),
        "detachCustomer": payments.DetachCustomer(payment_id),
    }
    return table.get(row["action"])


def _on_fulfillment(action: str, fo: FulfillmentOrder) -> object:
    def units(room: Any) -> tuple[PackedUnits, ...]:
        return tuple(PackedUnits(row.line_no, room(row)) for row in fo.lines if room(row))

    gone = tuple(
        floor.RejectedLine(row.line_no, unpicked(row), "DAMAGED")
        for row in fo.lines if unpicked(row)
    )  # fmt: skip
    waiting = [package.id for package in fo.packages if package.shipment_id is None]
    table: dict[str, object] = {
        "approve": floor.ApproveFulfillment(fo.id), "assign": floor.Assign(fo.id, "x"),
        "unassign": floor.Unassign(fo.id), "reject": floor.RejectFulfillment(fo.id, "TOO_BUSY"),
        "pick": floor.Pick(fo.id, units(unpicked)), "short": floor.ShortPick(fo.id, gone),
        "unpick": floor.Unpick(fo.id, units(unpacked)),
        "pack": floor.Pack(fo.id, (floor.NewPackage(units(unpacked)),)),
        "unpack": floor.Unpack(fo.id, (waiting or ["none"])[0]), "ship": floor.Ship(fo.id, "UPS"),
        "file": floor.FileFulfillment(fo.id),
    }  # fmt: skip
    return table.get(action)
