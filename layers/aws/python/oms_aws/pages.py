"""Pages of lists that are read whole because they are short by nature (API-07)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from oms.kernel.errors import Malformed, Problem
from pydantic import Field

from oms_aws.shapes import MAX_PAGE, Answer, Query

R = TypeVar("R")
Cursor = Annotated[str, Field(min_length=1, max_length=1_000)]


class PageQuery(Query):
    """How much of a list, and after which of its members."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class Paged(Answer):
    """A page of a list; `cursor` asks for the next one, null on the last."""

    cursor: str | None


def page_of(
    rows: Sequence[R], name: Callable[[R], str], cursor: str | None, limit: int
) -> tuple[Sequence[R], str | None]:
    """The members after the one that `cursor` names, at most `limit`, and the next cursor; raises
    `Malformed` for a cursor that names none.
    """
    names = [name(row) for row in rows]
    if cursor is not None and cursor not in names:
        text = "the cursor is of no page of this list"
        raise Malformed("INVALID_CURSOR", text, [Problem("cursor", "INVALID_CURSOR", text)])
    start = 0 if cursor is None else names.index(cursor) + 1
    found = rows[start : start + limit]
    more = start + limit < len(rows)
    return found, names[start + limit - 1] if more else None
