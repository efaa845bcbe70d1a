"""Facts: what happened, in the past tense, typed, without personal data.

A fact names one record and carries the delta. `StoredFact` is the envelope it is kept and published
in
(EVT-02); `orderSeq` numbers all facts of one order 1, 2, 3 ... without a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

P = TypeVar("P")
INTERNAL = frozenset({"payment.intent_created", "payment.recovered", "line.backorder_released"})
"""Types of facts that stay inside, so that no rule is tempted to wait for one."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of every fact. `record_id` is the id of the record named by `RECORD`."""

    TYPE: ClassVar[str] = ""
    RECORD: ClassVar[str] = "order"

    record_id: str


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact in its envelope: `version` is the order version whose write stored it."""

    id: str
    type: str
    record_type: str
    record_id: str
    order_seq: int
    version: int
    occurred_at: datetime
    actor: str
    cause_id: str
    data: dict[str, Any]
    schema_version: int = 1


@dataclass(frozen=True, slots=True)
class Step(Generic[P]):
    """What a decision gives: the changed part of the record and the facts that say how it
    changed.
    """

    part: P
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Units:
    """`quantity` units of an order line, with the reservation that promises them (None: not
    reserved).
    """

    line_no: int
    item_id: str
    quantity: int
    reservation_id: str | None = None
    group: str | None = None
