"""What the shapes of the API have in common: strictness, limits (API-10) and the way to a command.

A shape is the outside of a command: camelCase, nothing beyond its fields, no type conversions.
Shapes that more than one entry takes (HTTP and queue) stand next to this module; the others in the
`schemas` of their function.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypeVar

from oms.kernel.codec import camel, decode
from oms.kernel.money import MAX_AMOUNT
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

T = TypeVar("T")

MAX_LINES = 5_000
MAX_UNITS = 1_000_000
MAX_PAGE = 200
MAX_IDS = 500
MAX_PAIRS = 1_000
MAX_ACTIONS = 500

Amount = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, description="minor units")]
Charge = Annotated[int, Field(ge=0, le=MAX_AMOUNT, description="minor units")]
Units = Annotated[int, Field(ge=1, le=MAX_UNITS)]
LineNo = Annotated[int, Field(ge=1, le=1_000_000)]
LineKey = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/+-]*$")
]
RecordId = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=250)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Moment = AwareDatetime
Day = date
Attributes = Annotated[dict[Code, Annotated[str, Field(max_length=1_000)]], Field(max_length=100)]
Tags = Annotated[tuple[Code, ...], Field(max_length=100)]


class Shape(BaseModel):
    """Base of every request shape."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=camel)


class Bare(Shape):
    """A verb that says everything by itself."""


class Query(BaseModel):
    """Base of query strings: text as it stands in a URL, nothing beyond the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=camel)


class Answer(BaseModel):
    """Base of answer shapes; more names may be added within a version (API-01)."""

    model_config = ConfigDict(extra="allow", alias_generator=camel)


def to_command(kind: type[T], shape: Shape, **more: Any) -> T:
    """The command that a shape describes; fields the caller left out keep the command's default."""
    given = shape.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return decode(kind, given | {camel(name): value for name, value in more.items()})


def broken_rule(code: str, message: str) -> PydanticCustomError:
    """What a validator raises for a rule between fields; `code` becomes the code of the problem."""
    return PydanticCustomError(f"rule.{code}", message)
