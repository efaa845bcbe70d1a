"""Everything the domain can say no with.

* OmsError
  * Malformed            the input itself is wrong                                  (400)
  * Forbidden            the caller may not                                         (403)
  * NotFound             no such record in the caller's scope                       (404)
  * Conflict             another record or another version is in the way            (409)
    * VersionConflict    a touched scope changed since it was read
    * StockConflict      a guarded counter moved: read again and decide again
    * AlreadyDone        this effect id took effect before
  * Refused              a rule says no, with reason codes                          (422)
  * PreconditionRequired the command needs `If-Match`                               (428)
  * Unavailable          a port is down; try again later                            (503)

`code` is stable and part of the API; `detail` is for people and never carries personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that is wrong: `path` into the input, stable `code`, message for people."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an action is not allowed now (ACT-03); `ref` names the record in the way."""

    code: str
    message: str
    ref: str | None = None


class OmsError(Exception):
    """Base of every refusal the product gives; see the tree in the module docstring.

    `more` is what the answer tells besides, ready for JSON.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        problems: Sequence[Problem] = (),
        reasons: Sequence[Reason] = (),
        existing_id: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.problems = tuple(problems)
        self.reasons = tuple(reasons)
        self.existing_id = existing_id
        self.more: Mapping[str, Any] = {}


class Malformed(OmsError):
    """The input cannot be understood or contradicts itself."""


class Forbidden(OmsError):
    """The caller's roles, scopes or limits do not reach this far."""


class NotFound(OmsError):
    """No such record, or none within the caller's company and scope."""


class Conflict(OmsError):
    """Another record or version is in the way."""


class VersionConflict(Conflict):
    """A touched scope changed since the caller read it."""

    def __init__(self, detail: str) -> None:
        super().__init__("VERSION_CONFLICT", detail)


class StockConflict(Conflict):
    """A guarded stock counter changed between reading and writing."""

    def __init__(self, detail: str) -> None:
        super().__init__("STOCK_CONFLICT", detail)


class AlreadyDone(Conflict):
    """The effect with this id has been written before; nothing was written now."""

    def __init__(self, effect_id: str) -> None:
        super().__init__(
            "ALREADY_DONE", f"effect {effect_id} took place before", existing_id=effect_id
        )


class Refused(OmsError):
    """A rule refuses the command; `reasons` say which (the same codes as `allowedActions`)."""

    @classmethod
    def because(cls, code: str, message: str, ref: str | None = None) -> Refused:
        """Refusal with one reason."""
        return cls(code, message, reasons=[Reason(code, message, ref)])


class PreconditionRequired(OmsError):
    """The command touches the whole record and must state the version it was decided on."""


class Unavailable(OmsError):
    """Something this command cannot do without does not answer."""
