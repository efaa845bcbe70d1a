"""Facts of fulfillment orders. `record_id` is the FO's id unless the class says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms.kernel.facts import Fact, Units


@dataclass(frozen=True, slots=True)
class FulfillmentFact(Fact):
    """Base: the record is a fulfillment order."""

    RECORD: ClassVar[str] = "fulfillmentOrder"


@dataclass(frozen=True, slots=True)
class FulfillmentOrderCreated(FulfillmentFact):
    """Units were bound to a site: stock moves there in the same write (FUL-100, LIN-103)."""

    TYPE: ClassVar[str] = "fulfillment_order.created"
    number: str
    site: str
    type: str
    method: str
    attempt: int
    units: tuple[Units, ...]
    decision_id: str | None


@dataclass(frozen=True, slots=True)
class LinesWaiting(Fact):
    """Sourcing left units without a site (SRC-16); pairs of line number and reason. Record: the
    order.
    """

    TYPE: ClassVar[str] = "order.waiting"
    lines: tuple[tuple[int, str], ...]
    decision_id: str | None


@dataclass(frozen=True, slots=True)
class FulfillmentOrderAwaitingApproval(FulfillmentFact):
    """Somebody must approve the FO (FUL-101, WFL-04); amount in minor units."""

    TYPE: ClassVar[str] = "fulfillment_order.awaiting_approval"
    mode: str
    amount: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderApproved(FulfillmentFact):
    """FUL-101."""

    TYPE: ClassVar[str] = "fulfillment_order.approved"


@dataclass(frozen=True, slots=True)
class FulfillmentOrderReleased(FulfillmentFact):
    """Covered by money and on its way to the floor (FUL-102)."""

    TYPE: ClassVar[str] = "fulfillment_order.released"
    site: str


@dataclass(frozen=True, slots=True)
class FulfillmentOrderAssigned(FulfillmentFact):
    """FUL-103; `assignee` is a user id, a store or AUTO; empty when it was given back."""

    TYPE: ClassVar[str] = "fulfillment_order.assigned"
    assignee: str


@dataclass(frozen=True, slots=True)
class UnitsLeft:
    """Units that left an FO with the reason's effects (SRC-44).

    `stock` is the effect at the site (NONE, ZERO_UNPICKED, MINUS_UNITS, DAMAGED, DISPLAY); `keeps`
    says whether the reservation goes back to its pool or is released; `follow_up` names the task
    for a person (COUNT, DISPOSITION ...).
    """

    units: Units
    reason: str
    stock: str
    cooldown_hours: int
    keeps: bool
    counts_attempt: bool
    from_bucket: str
    follow_up: str | None = None


@dataclass(frozen=True, slots=True)
class FulfillmentOrderRejected(FulfillmentFact):
    """The whole FO, or some of its units (`partial`), were rejected (FUL-104)."""

    TYPE: ClassVar[str] = "fulfillment_order.rejected"
    site: str
    reason: str
    lines: tuple[UnitsLeft, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class FulfillmentOrderPicking(FulfillmentFact):
    """Picking began; cancellation needs acceptance from now on (FUL-105)."""

    TYPE: ClassVar[str] = "fulfillment_order.picking"


@dataclass(frozen=True, slots=True)
class UnitsPicked(FulfillmentFact):
    """Units were picked (LIN-105)."""

    TYPE: ClassVar[str] = "fulfillment_order.units_picked"
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class FulfillmentOrderShortPicked(FulfillmentFact):
    """Units were not there (FUL-107)."""

    TYPE: ClassVar[str] = "fulfillment_order.short_picked"
    site: str
    lines: tuple[UnitsLeft, ...]


@dataclass(frozen=True, slots=True)
class UnitsPacked(FulfillmentFact):
    """Units were packed into a package (PCK-05)."""

    TYPE: ClassVar[str] = "fulfillment_order.units_packed"
    package_id: str
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class UnitsUnpacked(FulfillmentFact):
    """A package was opened again; its units are picked (LIN-106, PCK-09)."""

    TYPE: ClassVar[str] = "fulfillment_order.units_unpacked"
    package_id: str
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class FulfillmentOrderPacked(FulfillmentFact):
    """All remaining units are packed (FUL-106)."""

    TYPE: ClassVar[str] = "fulfillment_order.packed"


@dataclass(frozen=True, slots=True)
class ShipmentCreated(FulfillmentFact):
    """Units left the site: stock and reservations are consumed in the same write (SHP-01,
    LIN-107).
    """

    TYPE: ClassVar[str] = "shipment.created"
    shipment_id: str
    site: str
    carrier: str
    tracking_numbers: tuple[str, ...]
    units: tuple[Units, ...]
    notify: bool = True


@dataclass(frozen=True, slots=True)
class FulfillmentOrderFulfilled(FulfillmentFact):
    """Nothing is left to ship (FUL-109)."""

    TYPE: ClassVar[str] = "fulfillment_order.fulfilled"


@dataclass(frozen=True, slots=True)
class FulfillmentOrderClosed(FulfillmentFact):
    """FUL-110."""

    TYPE: ClassVar[str] = "fulfillment_order.closed"


@dataclass(frozen=True, slots=True)
class FulfillmentOrderCanceled(FulfillmentFact):
    """The FO was canceled, or some of its units left it by cancellation (FUL-111).

    `units` are those that left; orders decides whether they go back to the pool (recall) or are
    canceled.
    """

    TYPE: ClassVar[str] = "fulfillment_order.canceled"
    site: str
    reason: str
    units: tuple[Units, ...]
    recalled: bool
    partial: bool


@dataclass(frozen=True, slots=True)
class FulfillmentOrderLate(FulfillmentFact):
    """Past its time to be claimed or fulfilled (FUL-112)."""

    TYPE: ClassVar[str] = "fulfillment_order.late"
    site: str


@dataclass(frozen=True, slots=True)
class UnitsUnpicked(FulfillmentFact):
    """Picked units went back to their place (LIN-106)."""

    TYPE: ClassVar[str] = "fulfillment_order.units_unpicked"
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class FulfillmentOrderChanged(FulfillmentFact):
    """Something about the FO changed that no other fact tells, such as `suspended` (FUL-11)."""

    TYPE: ClassVar[str] = "fulfillment_order.changed"
    what: str
    old: str | None
    new: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class FulfillmentRequested(FulfillmentFact):
    """A fulfiller was asked to take the work, until `due` (FUL-03)."""

    TYPE: ClassVar[str] = "fulfillment_order.requested"
    request_id: str
    site: str
    due: str


@dataclass(frozen=True, slots=True)
class FulfillmentAnswered(FulfillmentFact):
    """The fulfiller's answer: ACCEPT, REJECT or, by silence, TIMEOUT (FUL-04)."""

    TYPE: ClassVar[str] = "fulfillment_order.answered"
    request_id: str
    answer: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class CancellationAsked(FulfillmentFact):
    """Units on the floor are to be canceled: the site answers until `due`, and neither picks nor
    ships meanwhile (CAN-04).
    """

    TYPE: ClassVar[str] = "fulfillment_order.cancel_requested"
    request_id: str
    site: str
    units: tuple[Units, ...]
    reason: str
    due: str


@dataclass(frozen=True, slots=True)
class CancellationAnswered(FulfillmentFact):
    """ACCEPT: the units are put back and canceled. DENY: they ship; return them instead (CAN-04).

    `timed_out`: nobody answered in time (CAN-05).
    """

    TYPE: ClassVar[str] = "fulfillment_order.cancel_answered"
    request_id: str
    site: str
    answer: str
    reason: str | None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class ReadyForPickup(FulfillmentFact):
    """The units wait for the customer until `hold_until` (FUL-108)."""

    TYPE: ClassVar[str] = "fulfillment_order.ready_for_pickup"
    site: str
    hold_until: str


@dataclass(frozen=True, slots=True)
class PickupNotice(FulfillmentFact):
    """The customer is to be told: READY, REMINDER with the `day`, EXTENDED or NO_SHOW (PKP-03)."""

    TYPE: ClassVar[str] = "pickup.notified"
    notice: str
    day: int = 0


@dataclass(frozen=True, slots=True)
class PickupArrived(FulfillmentFact):
    """The customer is there (PKP-01)."""

    TYPE: ClassVar[str] = "pickup.arrived"
    site: str


@dataclass(frozen=True, slots=True)
class HandedOver(FulfillmentFact):
    """The customer has the units; `proof` is CODE, ID or PERSON (PKP-02)."""

    TYPE: ClassVar[str] = "pickup.handed_over"
    shipment_id: str
    proof: str


@dataclass(frozen=True, slots=True)
class ShipmentTracked(FulfillmentFact):
    """A carrier event was stored (SHP-06)."""

    TYPE: ClassVar[str] = "shipment.tracked"
    shipment_id: str
    package_id: str
    event_id: str
    status: str
    at: str


@dataclass(frozen=True, slots=True)
class ShipmentDelivered(FulfillmentFact):
    """Units arrived, or are taken as arrived after a while without news (LIN-111); what is not
    carried has no package.
    """

    TYPE: ClassVar[str] = "shipment.delivered"
    shipment_id: str
    package_id: str | None
    units: tuple[Units, ...]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryFailed(FulfillmentFact):
    """A parcel on its way met EXCEPTION, LOST, DAMAGED or RETURN_TO_SENDER (SHP-06)."""

    TYPE: ClassVar[str] = "shipment.exception"
    shipment_id: str
    package_id: str
    status: str
