"""What use cases answer, and the short form in which an answer is kept for its repeat (API-03).

Kept is what cannot be worked out from the rest: no sums beside their differences, nothing empty, no
zero, no status that stands in the answer anyway, no hash of what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oms.kernel.outcome import sealed, shape

Json = dict[str, Any]
_SUMS = ("before", "after")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets: HTTP-like status, body, and whether an earlier answer is replayed."""

    status: int
    body: dict[str, Any]
    replayed: bool = False
    version: int = 0


def kept(body: Mapping[str, Any]) -> Json:
    """The form in which the answer to a command is stored."""
    rest = {name: value for name, value in body.items() if name != "outcomeHash"}
    outcome = rest.pop("outcome", None)
    if outcome is None:
        return rest
    money, tax = dict(outcome["money"]), outcome["tax"]
    names = list(money.pop("after"))
    money["before"] = [money["before"][name] for name in names]
    short = outcome | {
        "money": _some(money) | {"names": names},
        "tax": [tax["before"], tax["after"]],
        "nextStatuses": list(outcome["nextStatuses"]),
    }
    return rest | {"outcome": _some(short)}


def given(stored: Mapping[str, Any]) -> Json:
    """The answer that was stored as `stored`."""
    short = stored.get("outcome")
    if short is None:
        return dict(stored)
    body = {name: value for name, value in stored.items() if name != "outcome"}
    money = dict(short["money"])
    before = dict(zip(money.pop("names"), money.pop("before"), strict=True))
    delta = money.get("delta", {})
    after = {name: units + delta.get(name, 0) for name, units in before.items()}
    had, has = short["tax"]
    outcome = shape(
        messages=short.get("messages", ()),
        money={"before": before, "after": after, **money},
        stock=short.get("stock", ()),
        tax={"before": had, "after": has, "delta": has - had},
        next_statuses={name: body[name] for name in short["nextStatuses"]},
        allocation_plan=short.get("allocationPlan", ()),
        notifications=short.get("notifications", ()),
        approvals=short.get("approvals", ()),
        allowed_after=short.get("allowedAfter", ()),
    )
    return body | sealed(outcome, None)


def _some(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value or name in _SUMS}
