"""Home: what needs attention now, and one click to it (DSH-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from functions.console.backend import ApiProblem
from functions.console.exchange import Answer
from functions.console.i18n import message
from functions.console.visits import Route, Visit


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the summary: orders that match `criteria`."""

    label: str
    priority: str
    """high or medium."""
    criteria: dict[str, str]

    @property
    def link(self) -> str:
        """The list behind the number."""
        return f"/console/orders?{urlencode(self.criteria)}"


ORDERS = (
    Line(message("Alerted"), "high", {"quick": "ALERTED"}),
    Line(message("Suspended"), "high", {"quick": "SUSPENDED"}),
    Line(message("Held"), "high", {"quick": "HELD"}),
    Line(message("Incomplete"), "high", {"state": "INCOMPLETE"}),
    Line(message("Awaiting approval"), "high", {"state": "AWAITING_APPROVAL"}),
    Line(message("Awaiting allocation"), "medium", {"state": "AWAITING_ALLOCATION"}),
    Line(message("Awaiting fulfillment"), "medium", {"state": "AWAITING_FULFILLMENT"}),
    Line(message("Awaiting settlement"), "medium", {"state": "AWAITING_SETTLEMENT"}),
)


def home(visit: Visit) -> Answer:
    """The summary."""
    rows = [(line, _count(visit, line)) for line in ORDERS]
    down = any(total is None for _, total in rows)
    items = visit.backend.get("/v1/action-items", {"limit": "8"}).body["actionItems"]
    return visit.page("dashboard.html", rows=rows, items=items, down=down)


def _count(visit: Visit, line: Line) -> dict[str, Any] | None:
    query = line.criteria | {"limit": "1", "fields": "number", "total": "exact"}
    try:
        found = visit.backend.get("/v1/orders", query).body
    except ApiProblem as problem:
        if problem.status != 503:
            raise
        return None
    total: dict[str, Any] = found["total"]
    return None if found["degraded"] else total


ROUTES = (Route("GET", "/console", home),)
