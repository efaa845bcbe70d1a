"""Refusals in the form OpenSearch gives them: a status, an error type and a reason."""

from __future__ import annotations

from typing import Any


class Rejected(Exception):
    """The request is refused; anything this service does not implement is named in `reason`."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason

    @property
    def error(self) -> dict[str, str]:
        """As it stands in an item of a bulk answer."""
        return {"type": self.kind, "reason": self.reason}

    @property
    def body(self) -> dict[str, Any]:
        """As it stands alone."""
        return {"error": {**self.error, "root_cause": [self.error]}, "status": self.status}


def unsupported(what: str) -> Rejected:
    """The refusal of a part of the API that the product does not use."""
    reason = f"the local search service does not implement {what}"
    return Rejected(400, "illegal_argument_exception", reason)


def no_index(name: str) -> Rejected:
    """The refusal of an unknown index or alias."""
    return Rejected(404, "index_not_found_exception", f"no such index [{name}]")


def expect_keys(where: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuse keys that would otherwise be ignored."""
    for key in given:
        if key not in known:
            raise unsupported(f"[{key}] in {where}")
