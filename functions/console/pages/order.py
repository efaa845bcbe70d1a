"""One order: everything about it, and what may be done with it now (REC-01 to REC-04).

Every action is first calculated by the API without being stored; submitting sends the outcome that
was shown along, so that a person never confirms one thing and gets another (UIX-06, PVW-03).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from functions.console.backend import ApiProblem
from functions.console.exchange import Answer, redirect
from functions.console.forms import FORMS, Form
from functions.console.i18n import message
from functions.console.visits import Route, Visit, nowhere

STEPS = {
    "COMPLETE": message("Complete"), "APPROVE": message("Approve"),
    "ALLOCATE": message("Allocate"), "FULFILL": message("Fulfill"), "SETTLE": message("Settle"),
    "FILE": message("File"),
}  # fmt: skip
CURRENT = {
    "DRAFT": "COMPLETE", "INCOMPLETE": "COMPLETE", "RECEIVED": "COMPLETE",
    "AWAITING_APPROVAL": "APPROVE", "AWAITING_ALLOCATION": "ALLOCATE",
    "AWAITING_FULFILLMENT": "FULFILL", "AWAITING_SETTLEMENT": "SETTLE", "AWAITING_FILING": "FILE",
}  # fmt: skip
BUCKETS = {
    "unsourced": message("unsourced"), "backordered": message("backordered"),
    "reserved": message("reserved"), "allocated": message("allocated"),
    "picked": message("picked"), "packed": message("packed"), "shipped": message("shipped"),
    "canceled": message("canceled"),
}  # fmt: skip


def shown(visit: Visit) -> Answer:
    """The order page."""
    path = _path(visit)
    order = visit.backend.get(path, {"include": "timeline"}).body
    steps, at = _steps(order)
    return visit.page(
        "order.html", order=order, decisions=_decisions(visit, path), steps=steps, current=at,
        buckets=BUCKETS, actions=_actions(visit, order),
    )  # fmt: skip


def asked(visit: Visit) -> Answer:
    """The form of an action."""
    form, order = _form(visit), visit.backend.get(_path(visit)).body
    return visit.part(
        "action_form.html", form=form, order=order, key=f"console-{secrets.token_urlsafe(16)}"
    )


def calculated(visit: Visit) -> Answer:
    """What an action would come to; nothing is stored."""
    return _outcome(visit, None)


def submitted(visit: Visit) -> Answer:
    """Apply an action as it was calculated; where it has changed, show what it would be now."""
    try:
        visit.backend.post(
            f"{_path(visit)}/actions", _body(visit), version=visit.request.whole("version"),
            key=visit.request.field("key"), expected=visit.request.field("expected"),
        )  # fmt: skip
    except ApiProblem as problem:
        if not problem.overtaken:
            raise
        return _outcome(visit, problem)
    return redirect(visit.request, f"/console/orders/{visit.names['order_id']}")


def _outcome(visit: Visit, problem: ApiProblem | None) -> Answer:
    path = _path(visit)
    got = visit.backend.post(f"{path}/actions", _body(visit), query={"dryRun": "true"})
    order = visit.backend.get(path, {"fields": "order"}).body["order"]
    return visit.part(
        "outcome.html", 200 if problem is None else problem.status, got=got, problem=problem,
        currency=order["currency"],
        target=f"/console/orders/{visit.names['order_id']}/actions/{visit.names['action']}",
        names={line.get("itemId"): line["name"] for line in order["lines"]},
    )  # fmt: skip


def _path(visit: Visit) -> str:
    return f"/v1/orders/{visit.names['order_id']}"


def _form(visit: Visit) -> Form:
    form = FORMS.get(visit.names["action"])
    if form is None:
        raise nowhere()
    return form


def _body(visit: Visit) -> dict[str, Any]:
    action = _form(visit).body(visit.request)
    if action.get("lines") == []:  # to the API that means all of them
        detail = message("Say how many units of which line.")
        raise ApiProblem(400, {"code": "NO_UNITS", "detail": detail})
    return {"actions": [action]}


def _steps(order: Mapping[str, Any]) -> tuple[list[str], int]:
    """The steps this order takes, and the number of the current one."""
    at, inner = CURRENT.get(order["state"], ""), order["order"]
    absent = {
        "APPROVE": "approval" not in inner and at != "APPROVE",
        "FILE": "filedAt" not in inner and at != "FILE",
    }
    names = [name for name in STEPS if not absent.get(name)]
    return [STEPS[name] for name in names], names.index(at) if at in names else len(names)


def _actions(visit: Visit, order: Mapping[str, Any]) -> list[tuple[Form, dict[str, Any]]]:
    """Actions that have a form, with what the API says of them; none without the permission."""
    if not visit.backend.may("POST", f"{_path(visit)}/actions"):
        return []
    said = {row["action"]: row for row in order["allowedActions"]}
    if order["order"].get("approval") == "APPROVED":
        said.pop("approve", None)
    return [(form, said[name]) for name, form in FORMS.items() if name in said]


def _decisions(visit: Visit, path: str) -> list[dict[str, object]]:
    try:
        found: list[dict[str, object]] = visit.backend.get(f"{path}/decisions").body["decisions"]
    except ApiProblem as problem:
        if problem.status != 503:
            raise
        return []
    return found


ROUTES = (
    Route("GET", "/console/orders/{order_id}", shown),
    Route("GET", "/console/orders/{order_id}/actions/{action}", asked),
    Route("POST", "/console/orders/{order_id}/actions/{action}/preview", calculated),
    Route("POST", "/console/orders/{order_id}/actions/{action}", submitted),
)
