"""What people say the stock is: adjustments, counts, receipts, returns, suppression (STK-14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from oms.inventory.commands import AdjustStock, Change, Set
from oms.inventory.draft import Draft, Note
from oms.inventory.feeds import UNAVAILABLE_REASONS
from oms.inventory.model import InventoryLevel, MovementType, StockSnapshot, StockWrite
from oms.kernel.codec import camel
from oms.kernel.context import Context
from oms.kernel.errors import Conflict, Malformed, Problem, Refused

TYPES = frozenset(
    {MovementType.ADJUST, MovementType.COUNT, MovementType.RECEIPT, MovementType.RETURN}
)
SEEN = frozenset({MovementType.COUNT, MovementType.RECEIPT})
"""Somebody stood before the shelf: what kept automation off it is over (SRC-44)."""

FIELDS = ("on_hand", "on_order", "in_transit", "safety_sell", "safety_source")


def adjust(
    command: AdjustStock,
    snapshot: StockSnapshot,
    site_groups: Mapping[str, str],
    cause_id: str,
    ctx: Context,
) -> StockWrite:
    """The write that makes it so; reservations never refuse it (STK-15).

    `snapshot` holds all levels of the item, and its counter of the site's group. Raises `Malformed`
    for a missing reason or an absolute value without the expected one, `Conflict` where the
    expected value is not the current one, `Refused` UNIQUE_ITEM for a second unit of a unique item,
    `NotFound` for an unknown site.
    """
    _check(command)
    draft = Draft(snapshot, ctx.now, site_groups)
    note = Note(command.type, reason=command.reason)
    level = draft.open_level(note, command.item_id, command.site)
    for name, change in _changes(command):
        delta = _delta(change, getattr(level, name) or 0, camel(name), command.type)
        draft.shift(note, command.item_id, command.site, **{name: delta})
        if name == "on_hand" and command.type is MovementType.RECEIPT:
            due = min(level.on_order, delta)
            draft.shift(note, command.item_id, command.site, on_order=-due)
    for reason, change in sorted(command.unavailable.items()):
        units = level.unavailable.get(reason, 0)
        delta = _delta(change, units, f"unavailable.{reason}", command.type)
        draft.shift_unavailable(note, command.item_id, command.site, reason, delta)
    _marks(draft, note, command)
    _guard(draft, command, snapshot)
    return draft.finish(cause_id, ctx)


def one_too_many(snapshot: StockSnapshot, level: InventoryLevel) -> bool:
    """Whether the new level is a second unit of a one-of-a-kind item in the company (ITM-01).

    `snapshot` holds all levels of the item as they were.
    """
    item = snapshot.items.get(level.item_id)
    before = snapshot.levels.get((level.item_id, level.site))
    if item is None or not item.unique or level.on_hand <= (before.on_hand if before else 0):
        return False
    elsewhere = sum(
        max(0, other.on_hand) for (item_id, site), other in snapshot.levels.items()
        if item_id == level.item_id and site != level.site
    )  # fmt: skip
    return elsewhere + level.on_hand > 1


def _check(command: AdjustStock) -> None:
    if command.type not in TYPES:
        raise _malformed("type", "UNKNOWN_TYPE", "ADJUST, COUNT, RECEIPT or RETURN is expected")
    if not command.reason.strip():
        raise _malformed("reason", "REASON_REQUIRED", "an adjustment needs a reason")
    for reason in command.unavailable:
        if reason not in UNAVAILABLE_REASONS:
            raise _malformed("unavailable", "UNKNOWN_REASON", f"{reason} is not a known reason")
    nothing = not _changes(command) and not command.unavailable
    if nothing and command.suppressed is None and command.next_supply is None:
        raise _malformed("", "NOTHING_TO_CHANGE", "every field is empty")


def _changes(command: AdjustStock) -> list[tuple[str, Change]]:
    given = ((name, getattr(command, name)) for name in FIELDS)
    return [(name, change) for name, change in given if change is not None]


def _delta(change: Change, current: int, path: str, kind: MovementType) -> int:
    if not isinstance(change, Set):
        return change.units
    counted = kind is MovementType.COUNT and path == "onHand"
    if change.expected is None and not counted:
        raise _malformed(path, "EXPECTED_REQUIRED", "an absolute value needs the expected one")
    if change.expected not in (None, current):
        raise Conflict(
            "EXPECTED_MISMATCH", f"{path} is {current}, not {change.expected}",
            [Problem(path, "EXPECTED_MISMATCH", f"the current value is {current}")],
        )  # fmt: skip
    return change.units - current


def _marks(draft: Draft, note: Note, command: AdjustStock) -> None:
    level = draft.level(command.item_id, command.site)
    if command.suppressed is not None:
        level = replace(level, suppressed=command.suppressed)
    if command.next_supply is not None:
        level = replace(level, next_supply=command.next_supply)
    if command.type in SEEN and command.on_hand is not None:
        level = replace(level, cooldown_until=None)
    draft.put(note, level)


def _guard(draft: Draft, command: AdjustStock, snapshot: StockSnapshot) -> None:
    level = draft.level(command.item_id, command.site)
    counted = {
        "onOrder": level.on_order, "inTransit": level.in_transit, "safetySell": level.safety_sell,
        "safetySource": level.safety_source or 0,
        **{f"unavailable.{reason}": units for reason, units in level.unavailable.items()},
    }  # fmt: skip
    for path, units in counted.items():
        if units < 0:
            raise _malformed(path, "NEGATIVE", "only on hand may be negative")
    if one_too_many(snapshot, level):
        raise Refused.because("UNIQUE_ITEM", "the item is one of a kind", command.item_id)


def _malformed(path: str, code: str, message: str) -> Malformed:
    return Malformed(code, message, [Problem(path, code, message)])
