"""What waits for a person, and its fixes (AIT-01 to AIT-03)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from functions.console.backend import ApiProblem, Got
from functions.console.exchange import Answer, redirect
from functions.console.i18n import message
from functions.console.visits import Route, Visit, nowhere

SNOOZES = {"1": message("1 hour"), "4": message("4 hours"), "24": message("1 day")}
"""Hours that an item can be put off by."""


def listed(visit: Visit) -> Answer:
    """Open items, the most urgent first."""
    query = {"limit": "100"}
    if visit.request.query.get("cursor"):
        query["cursor"] = visit.request.query["cursor"]
    found = visit.backend.get("/v1/action-items", query).body
    return visit.page(
        "action_items.html", items=found["actionItems"], cursor=found["cursor"], **_offers(visit)
    )


def clear(visit: Visit) -> Answer:
    """Clear an item with a resolution text."""
    return _worked(visit, "clear", {"resolution": visit.request.field("resolution")})


def take(visit: Visit) -> Answer:
    """Make an item one's own."""
    return _worked(visit, "take", {})


def snooze(visit: Visit) -> Answer:
    """Put an item off."""
    until = visit.view.now + timedelta(hours=min(visit.request.whole("hours") or 1, 240))
    return _worked(visit, "snooze", {"until": until.isoformat()})


def fix_calculated(visit: Visit) -> Answer:
    """What a fix would come to; nothing is stored."""
    item, fix = _fix(visit)
    return _fix_shown(visit, item, fix)


def fix_submitted(visit: Visit) -> Answer:
    """Apply a fix as it was calculated."""
    item, fix = _fix(visit)
    asked = visit.request
    try:
        visit.backend.post(
            fix["request"]["path"], fix["request"]["body"], key=asked.field("key"),
            version=asked.whole("version"), expected=asked.field("expected"),
        )  # fmt: skip
    except ApiProblem as problem:
        if not problem.overtaken:
            raise
        return _fix_shown(visit, item, fix, problem)
    return redirect(asked, "/console/action-items")


def _fix_shown(
    visit: Visit, item: dict[str, Any], fix: dict[str, Any], problem: ApiProblem | None = None
) -> Answer:
    request = fix["request"]
    got = visit.backend.post(request["path"], request["body"], query={"dryRun": "true"})
    return visit.part(
        "fix.html", 200 if problem is None else problem.status, item=item, fix=fix, got=got,
        problem=problem, names={}, currency=_currency(visit, item),
        key=f"console-{secrets.token_urlsafe(16)}",
    )  # fmt: skip


def _currency(visit: Visit, item: dict[str, Any]) -> str | None:
    if not item.get("orderId"):
        return None
    order = visit.backend.get(f"/v1/orders/{item['orderId']}", {"fields": "order"}).body
    return str(order["order"]["currency"])


def _fix(visit: Visit) -> tuple[dict[str, Any], dict[str, Any]]:
    """The item, and the fix of that number if it can be sent as it is."""
    item = visit.backend.get(_path(visit)).body
    number = visit.names["number"]
    fixes = dict(enumerate(item["fixes"]))
    fix = fixes.get(int(number)) if number in "0123456789" else None
    if fix is None or "request" not in fix or fix["needs"]:
        raise nowhere()
    return item, fix


def _worked(visit: Visit, verb: str, body: dict[str, Any]) -> Answer:
    got: Got = visit.backend.post(f"{_path(visit)}/{verb}", body, key=visit.request.field("key"))
    return visit.part("action_item_row.html", item=got.body, **_offers(visit))


def _offers(visit: Visit) -> dict[str, Any]:
    may = visit.backend.may("POST", "/v1/action-items/any/take")
    return {"snoozes": SNOOZES, "may_work": may}


def _path(visit: Visit) -> str:
    return f"/v1/action-items/{visit.names['item_id']}"


ROUTES = (
    Route("GET", "/console/action-items", listed),
    Route("POST", "/console/action-items/{item_id}/clear", clear),
    Route("POST", "/console/action-items/{item_id}/take", take),
    Route("POST", "/console/action-items/{item_id}/snooze", snooze),
    Route("GET", "/console/action-items/{item_id}/fixes/{number}", fix_calculated),
    Route("POST", "/console/action-items/{item_id}/fixes/{number}", fix_submitted),
)
