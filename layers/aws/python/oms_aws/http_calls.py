"""What an HTTP operation declares, what it is called with, what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from oms.kernel.context import Actor
from pydantic import BaseModel

MAX_ID = 128
"""Longest id or code in a path; keys of the tables hold it with room for the company."""

ANONYMOUS = "anonymous"
"""Scope of the operations that need no token."""


class Key(Enum):
    """What an operation does with `Idempotency-Key` (API-03)."""

    NONE = "NONE"
    HONORED = "HONORED"
    REQUIRED = "REQUIRED"


@dataclass(frozen=True, slots=True)
class Call:
    """A checked request. `body` and `query` are what the operation's schemas made of it; `params`
    is the query string as sent.
    """

    actor: Actor
    path: Mapping[str, str]
    body: Any
    query: Any
    params: Mapping[str, str]
    correlation_id: str
    key: str | None = None
    body_hash: str = ""
    expected_version: int | None = None
    dry_run: bool = False
    expected_outcome: str | None = None
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers. `version` becomes the ETag; `outcome` are the parts of what a
    command comes to, where no order record tells (PVW-02).
    """

    body: Any
    status: int = 200
    version: int | None = None
    replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route. `answers` maps the statuses of success to their schemas; `query` None means no
    parameters, `open_query` that `run` checks them itself, `raw` that it reads the bytes itself,
    `remembered` that its answers are kept by key and told with their outcome here, since no order
    record does it.
    """

    name: str
    method: str
    path: str
    scope: str
    summary: str
    run: Callable[[Call], Reply]
    answers: Mapping[int, type[BaseModel]]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    open_query: bool = False
    key: Key = Key.NONE
    if_match: bool = False
    preview: bool = False
    raw: bool = False
    remembered: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this route looks like."""
        return re.compile(re.sub(r"\{\w+\}", r"[^/]+", self.path))
