"""Facts of stock that no order caused; `record_id` is the item's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class InventoryChanged(Fact):
    """A level changed by feed, count or adjustment."""

    TYPE: ClassVar[str] = "inventory.changed"
    RECORD: ClassVar[str] = "item"
    site: str
    counter: str
    delta: int
    cause: str
