"""Facts of the commercial part of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact, Units


@dataclass(frozen=True, slots=True)
class OrderReceived(Fact):
    """The order was accepted and is durable (ORD-100)."""

    TYPE: ClassVar[str] = "order.received"
    number: str
    external_number: str | None
    channel: str
    lane: str
    currency: str
    total: int
    line_count: int
    units: int


@dataclass(frozen=True, slots=True)
class OrderDrafted(Fact):
    """An agent began to enter an order (ORD-101)."""

    TYPE: ClassVar[str] = "order.drafted"
    number: str
    channel: str
    agent: str


@dataclass(frozen=True, slots=True)
class DraftTransferred(Fact):
    """A draft went from one agent's queue to another's, both by user id (CSC-02)."""

    TYPE: ClassVar[str] = "order.transferred"
    from_agent: str
    to_agent: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class CartReleased(Fact):
    """A draft gave back a soft reservation by id (ORD-103, RSV-09)."""

    TYPE: ClassVar[str] = "reservation.cart_released"
    RECORD: ClassVar[str] = "reservation"
    item_id: str
    group: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReservationCreated(Fact):
    """Units of a line were promised from a supply group's stock (RSV-02); LIN-100."""

    TYPE: ClassVar[str] = "reservation.created"
    RECORD: ClassVar[str] = "reservation"
    line_no: int
    item_id: str
    group: str
    quantity: int
    from_bucket: str = "unsourced"
    site: str | None = None
    converted_from: str | None = None


@dataclass(frozen=True, slots=True)
class ReservationReleased(Fact):
    """Units were given back by reservation id; `site` where they were placed (RSV-09)."""

    TYPE: ClassVar[str] = "reservation.released"
    RECORD: ClassVar[str] = "reservation"
    line_no: int
    item_id: str
    group: str
    quantity: int
    site: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class UnitsBackordered(Fact):
    """Units were promised from supply that is not there yet (LIN-101); record is the order.

    `short` says that only the stock policy ACCEPT made it so, against the item's own policy
    (INT-04).
    """

    TYPE: ClassVar[str] = "line.backordered"
    line_no: int
    item_id: str
    group: str
    quantity: int
    short: bool = False


@dataclass(frozen=True, slots=True)
class BackorderReleased(Fact):
    """A backorder commitment ended: by cancellation, or because stock was reserved instead.

    `left` counts the units of the line that still wait for supply.
    """

    TYPE: ClassVar[str] = "line.backorder_released"
    line_no: int
    item_id: str
    group: str
    quantity: int
    reason: str
    left: int = 0


@dataclass(frozen=True, slots=True)
class UnitsCanceled(Fact):
    """Open units of a line were canceled from a bucket (LIN-110)."""

    TYPE: ClassVar[str] = "line.canceled"
    line_no: int
    item_id: str | None
    quantity: int
    from_bucket: str
    reason: str
    amount: int


@dataclass(frozen=True, slots=True)
class CancellationRequested(Fact):
    """Units on FOs not yet picking leave them; fulfillment shrinks or cancels the FOs (CAN-03).

    Of units that are being picked, `ask` makes a request to the floor (CAN-04), `where_possible`
    leaves them alone; with neither all of it is refused.
    """

    TYPE: ClassVar[str] = "order.cancellation_requested"
    units: tuple[Units, ...]
    reason: str
    where_possible: bool = False
    ask: bool = False


@dataclass(frozen=True, slots=True)
class RecallRequested(Fact):
    """Every FO of a delivery group comes back to be sourced anew; none is picking yet (EDT-01)."""

    TYPE: ClassVar[str] = "order.recall_requested"
    group: str


@dataclass(frozen=True, slots=True)
class LineChanged(Fact):
    """Something else about a line changed: `what` names it, `old` and `new` say how."""

    TYPE: ClassVar[str] = "line.changed"
    line_no: int
    what: str
    old: str | None
    new: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OrderChanged(Fact):
    """A flag, tag, attribute, address or priority changed; never the personal data itself."""

    TYPE: ClassVar[str] = "order.changed"
    what: str
    old: str | None
    new: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NoteAdded(Fact):
    """A note was added; its text stays in the record."""

    TYPE: ClassVar[str] = "note.added"
    note_id: str
    visibility: str


@dataclass(frozen=True, slots=True)
class OrderIncomplete(Fact):
    """Validation found missing or unusable mandatory data (ORD-104)."""

    TYPE: ClassVar[str] = "order.incomplete"
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderCompleted(Fact):
    """An incomplete order has all it needs (ORD-105)."""

    TYPE: ClassVar[str] = "order.completed"


@dataclass(frozen=True, slots=True)
class OrderAttention(Fact):
    """Intake waits for a blocking item (ORD-106); `messages` say what is wrong, code by code."""

    TYPE: ClassVar[str] = "order.attention"
    codes: tuple[str, ...]
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingsResolved(Fact):
    """Blocking findings of an earlier validation no longer hold (AIT-02)."""

    TYPE: ClassVar[str] = "order.findings_resolved"
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IntakeDone(Fact):
    """Validation and payment information are complete; approval follows."""

    TYPE: ClassVar[str] = "order.intake_done"


@dataclass(frozen=True, slots=True)
class OrderAwaitingApproval(Fact):
    """A person, a job or a rule's approver must approve (ORD-107)."""

    TYPE: ClassVar[str] = "order.awaiting_approval"
    mode: str


@dataclass(frozen=True, slots=True)
class OrderApproved(Fact):
    """Approved by a person, a job or the system (ORD-108, ORD-109)."""

    TYPE: ClassVar[str] = "order.approved"
    approval: str


@dataclass(frozen=True, slots=True)
class OrderRejected(Fact):
    """Approval was refused; the order is void (ORD-110)."""

    TYPE: ClassVar[str] = "order.rejected"
    reason: str


@dataclass(frozen=True, slots=True)
class OrderAllocated(Fact):
    """First unit allocated (ORD-111)."""

    TYPE: ClassVar[str] = "order.allocated"


@dataclass(frozen=True, slots=True)
class OrderDeallocated(Fact):
    """The last allocated unit went back (ORD-112)."""

    TYPE: ClassVar[str] = "order.deallocated"


@dataclass(frozen=True, slots=True)
class OrderFulfilled(Fact):
    """No open unit is left (ORD-113)."""

    TYPE: ClassVar[str] = "order.fulfilled"


@dataclass(frozen=True, slots=True)
class OrderSettled(Fact):
    """All money is in its place (ORD-114)."""

    TYPE: ClassVar[str] = "order.settled"


@dataclass(frozen=True, slots=True)
class OrderClosed(Fact):
    """Nothing is left to do (ORD-115, ORD-116)."""

    TYPE: ClassVar[str] = "order.closed"


@dataclass(frozen=True, slots=True)
class OrderReopened(Fact):
    """New open units or new money on a closed order (ORD-117)."""

    TYPE: ClassVar[str] = "order.reopened"


@dataclass(frozen=True, slots=True)
class OrderVoided(Fact):
    """The order is annulled (ORD-118)."""

    TYPE: ClassVar[str] = "order.voided"
    reason: str
