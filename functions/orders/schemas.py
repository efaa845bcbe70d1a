"""What the orders API takes: places, actions, batches (API-10, EDT-03)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from oms.action_items.commands import ClearItem
from oms.fulfillment import commands as fulfillment
from oms.holds.commands import ReleaseHold, SetHold
from oms.holds.model import DueAction, Scope, Transaction
from oms.orders import commands, drafts
from oms_aws.shapes import (
    MAX_ACTIONS,
    MAX_IDS,
    Answer,
    Attributes,
    Charge,
    Code,
    Currency,
    LineKey,
    LineNo,
    Long,
    Moment,
    Name,
    Query,
    RecordId,
    Shape,
    Short,
    Tags,
    Units,
    to_command,
)
from oms_aws.shapes_orders import (
    AddressShape,
    CustomerShape,
    DraftShape,
    GroupShape,
    TenderShape,
)
from pydantic import Field


class Complete(Shape):
    """Supply what an order lacks: `skus` by unknown SKU, unit `prices` by line number."""

    action: Literal["complete"]
    customer: CustomerShape | None = None
    bill_to: AddressShape | None = None
    groups: Annotated[tuple[GroupShape, ...], Field(max_length=100)] = ()
    stated_total: Charge | None = None
    skus: Annotated[dict[Short, Short], Field(max_length=500)] = Field(default_factory=dict)
    currency: Currency | None = None
    prices: Annotated[dict[LineKey, Charge], Field(max_length=500)] = Field(default_factory=dict)
    tenders: Annotated[tuple[TenderShape, ...], Field(max_length=20)] = ()


class Resubmit(Shape):
    """Run the intake of the order again."""

    action: Literal["resubmit"]


class ChangeAddress(Shape):
    """Correct the destination of a delivery group."""

    action: Literal["changeAddress"]
    group: Code
    address: AddressShape


class Approve(Shape):
    """Approve an order that waits for it."""

    action: Literal["approve"]
    reason: Name | None = None


class WithReason(Shape):
    """An action on the whole order that needs a reason."""

    action: Literal["reject", "void", "lock", "unlock", "breakLock"]
    reason: Name


class CancelLine(Shape):
    """Units of a line to cancel; none: all that are open."""

    line_no: LineNo
    quantity: Units | None = None


class Cancel(Shape):
    """Cancel units; no lines: every open unit."""

    action: Literal["cancel"]
    reason: Name
    lines: Annotated[tuple[CancelLine, ...], Field(max_length=500)] = ()


class Suspension(Shape):
    """Stop automation on the order or a line, or let it go on."""

    action: Literal["suspend", "resume"]
    reason: Name
    line_no: LineNo | None = None


class SetFlag(Shape):
    """Set the colored reminder; null clears it."""

    action: Literal["setFlag"]
    flag: Literal["RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "CHK"] | None


class SetTags(Shape):
    """Replace the tags."""

    action: Literal["setTags"]
    tags: Tags


class SetAttributes(Shape):
    """Set attributes; an empty value removes one."""

    action: Literal["setAttributes"]
    attributes: Attributes


class SetPriority(Shape):
    """Change the priority."""

    action: Literal["setPriority"]
    priority: Annotated[int, Field(ge=0, le=100)]


class AddNote(Shape):
    """Add a note."""

    action: Literal["addNote"]
    text: Long
    subject: Name | None = None
    visibility: Literal["INTERNAL", "FULFILLER", "CUSTOMER"] = "INTERNAL"


class File(Shape):
    """File a settled order."""

    action: Literal["file"]


class Backorder(Shape):
    """Backorder the unsourced units of a line."""

    action: Literal["backorder"]
    line_no: LineNo
    reason: Name


class SetHoldAction(Shape):
    """Put a hold on the order or a part of it."""

    action: Literal["setHold"]
    type: Code
    reason: Name
    scope: Scope = Scope.ORDER
    scope_ref: RecordId | None = None
    quantity: Units | None = None
    blocks: Annotated[tuple[Transaction, ...], Field(max_length=10)] = ()
    due: Moment | None = None
    due_action: DueAction | None = None
    handle: Short | None = None
    note: Long | None = None


class ReleaseHoldAction(Shape):
    """Release a hold."""

    action: Literal["releaseHold"]
    hold_id: RecordId
    reason: Name


class OnFulfillment(Shape):
    """What an agent decides on a fulfillment order: approve it, or keep a pickup longer."""

    action: Literal["approveFulfillment", "extendPickup"]
    fo_id: RecordId


class AnswerForSite(Shape):
    """Answer a cancellation request for its site (CAN-05)."""

    action: Literal["answerCancellation"]
    fo_id: RecordId
    accept: bool
    request_id: RecordId | None = None
    reason: Name | None = None


class ClearItemAction(Shape):
    """Clear an action item of the order, saying how it was resolved."""

    action: Literal["clearItem"]
    item_id: RecordId
    resolution: Long


class EditDraft(Shape):
    """Replace what was entered of a draft; tenders may come back without their tokens."""

    action: Literal["editDraft"]
    content: DraftShape


class DraftVerb(Shape):
    """Submit a draft as an order, or park it for later."""

    action: Literal["submit", "park"]


class TransferDraft(Shape):
    """Hand a draft to another agent, by user id."""

    action: Literal["transfer"]
    agent: RecordId
    reason: Name | None = None


Action = Annotated[
    Complete | Resubmit | ChangeAddress | Approve | WithReason | Cancel | Suspension | SetFlag
    | SetTags | SetAttributes | SetPriority | AddNote | File | Backorder | SetHoldAction
    | ReleaseHoldAction | ClearItemAction | OnFulfillment | AnswerForSite | EditDraft | DraftVerb
    | TransferDraft,
    Field(discriminator="action"),
]  # fmt: skip

_COMMANDS: Mapping[str, type] = {
    "complete": commands.Complete, "resubmit": commands.Resubmit,
    "changeAddress": commands.ChangeAddress,
    "approve": commands.Approve, "reject": commands.Reject, "cancel": commands.Cancel,
    "void": commands.Void, "suspend": commands.Suspend, "resume": commands.Resume,
    "lock": commands.Lock, "unlock": commands.Unlock, "setFlag": commands.SetFlag,
    "setTags": commands.SetTags, "setAttributes": commands.SetAttributes,
    "setPriority": commands.SetPriority, "addNote": commands.AddNote, "file": commands.File,
    "backorder": commands.Backorder, "setHold": SetHold, "releaseHold": ReleaseHold,
    "clearItem": ClearItem, "approveFulfillment": fulfillment.ApproveFulfillment,
    "extendPickup": fulfillment.ExtendPickup, "answerCancellation": fulfillment.AnswerCancellation,
    "editDraft": drafts.EditDraft, "submit": drafts.SubmitDraft,
    "park": drafts.ParkDraft, "transfer": drafts.TransferDraft, "breakLock": drafts.BreakLock,
}  # fmt: skip


class ActionList(Shape):
    """Actions that take effect together or not at all."""

    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=MAX_ACTIONS)]

    @property
    def header_wide(self) -> bool:
        """Whether an action touches the whole order, so that its version must be given (VER-06)."""
        return any(
            action.action in ("void", "editDraft")
            or (isinstance(action, Complete) and action.customer)
            for action in self.actions
        )

    def commands(self) -> list[object]:
        """The commands these actions stand for, in order."""
        return [_command(action) for action in self.actions]


def _command(action: Action) -> object:
    bare = action.model_copy()
    bare.__pydantic_fields_set__.discard("action")
    return to_command(_COMMANDS[action.action], bare)


Included = Literal["lines", "allowedActions", "ledger", "timeline"]
INCLUDE = r"^(lines|allowedActions|ledger|timeline)(,(lines|allowedActions|ledger|timeline)){0,3}$"


class BatchGet(Shape):
    """Orders to read at once."""

    ids: Annotated[tuple[RecordId, ...], Field(min_length=1, max_length=MAX_IDS)]
    include: Annotated[tuple[Included, ...], Field(max_length=4)] = ()


class ReadQuery(Query):
    """`fields`: top-level names to answer. `include`: what to add, of lines, allowedActions (of
    every part), ledger and timeline. Both are separated by commas.
    """

    fields: Annotated[str, Field(max_length=500)] | None = None
    include: Annotated[str, Field(pattern=INCLUDE)] | None = None

    @property
    def included(self) -> tuple[str, ...]:
        """What to add."""
        return tuple((self.include or "").split(","))


class EventsQuery(Query):
    """Facts with a sequence above `after`, at most `limit`."""

    after: Annotated[int, Field(ge=0, le=10**9)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 200


class OrderView(Answer):
    """The whole order: stored parts, computed statuses, totals and allowed actions."""

    id: str
    version: int


class OrderBatch(Answer):
    """The orders found; `missing` do not exist for the caller, `unread` did not fit: ask again."""

    orders: list[dict[str, Any]]
    missing: list[str]
    unread: list[str]


class SearchAnswer(Answer):
    """A page of search results; `cursor` asks for the next one, null on the last. The page shows
    the orders as of `asOf`, null while nothing is indexed; `degraded` says that search is down and
    the page was made by keys: without facets, newest first.
    """

    orders: list[dict[str, Any]]
    total: dict[str, Any]
    facets: dict[str, Any]
    cursor: str | None
    degraded: bool
    as_of: str | None


class FactPage(Answer):
    """Facts of an order in order; `next` is the `after` of the next page, null at the end."""

    events: list[dict[str, Any]]
    next: int | None
