"""Action items and dead letters as people send and see them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from oms_aws.shapes import MAX_PAGE, Answer, Bare, Long, Moment, Name, Query, Shape, Short
from pydantic import Field


class ActionItemsQuery(Query):
    """Open items, earliest due first; with `record`, every item of that record."""

    record: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class AssignShape(Shape):
    """Who owns the item."""

    owner: Short


class CommentShape(Shape):
    """A comment."""

    text: Long


class SnoozeShape(Shape):
    """Hide the item until then."""

    until: Moment


class ReopenShape(Shape):
    """Why it is open again."""

    reason: Name


class ClearShape(Shape):
    """How it was resolved (FLG-04)."""

    resolution: Long


class _One(Shape):
    """One kind of work for all items of a bulk request."""

    operation: str

    def bare(self) -> Shape:
        """What the same work on one item takes."""
        given = self.model_dump(by_alias=True, mode="json", exclude={"operation"})
        found: Shape = _BARE[self.operation].model_validate_json(json.dumps(given))
        return found


class AssignAll(_One, AssignShape):
    """Give all to somebody."""

    operation: Literal["assign"]


class TakeAll(_One):
    """Take all."""

    operation: Literal["take"]


class CommentAll(_One, CommentShape):
    """Comment on all."""

    operation: Literal["comment"]


class SnoozeAll(_One, SnoozeShape):
    """Hide all."""

    operation: Literal["snooze"]


class ReopenAll(_One, ReopenShape):
    """Open all again."""

    operation: Literal["reopen"]


class ClearAll(_One, ClearShape):
    """Clear all."""

    operation: Literal["clear"]


_BARE: dict[str, type[Shape]] = {
    "assign": AssignShape, "take": Bare, "comment": CommentShape, "snooze": SnoozeShape,
    "reopen": ReopenShape, "clear": ClearShape,
}  # fmt: skip


class BulkShape(Shape):
    """Up to a hundred items, and what is done to each of them (AIT-03)."""

    ids: Annotated[tuple[Short, ...], Field(min_length=1, max_length=100)]
    work: Annotated[
        AssignAll | TakeAll | CommentAll | SnoozeAll | ReopenAll | ClearAll,
        Field(discriminator="operation"),
    ]


class BulkAnswer(Answer):
    """By item: whether it is done, its version, or the code and text of the refusal."""

    results: list[dict[str, Any]]


class LetterShape(Shape):
    """A dead letter by the handle it was shown with."""

    handle: Annotated[str, Field(min_length=1, max_length=2_000)]


class RetryShape(LetterShape):
    """The corrected message: an object as the queue takes it."""

    message: dict[str, Any]
    client: Short | None = None


class ActionItemAnswer(Answer):
    """An action item with its history and fixes."""

    id: str
    type: str
    state: str
    version: int


class ActionItemList(Answer):
    """A page of action items."""

    action_items: list[dict[str, Any]]
    cursor: str | None


class DeadLetterList(Answer):
    """Some dead letters; `waiting` is about how many there are."""

    dead_letters: list[dict[str, Any]]
    waiting: int


class Done(Answer):
    """It is done."""

    id: str
