"""Finding orders: one box, criteria, facets, sort, pages by cursor (SEA-01 to SEA-07)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from functions.console.backend import ApiProblem
from functions.console.exchange import Answer
from functions.console.i18n import message
from functions.console.visits import Route, Visit

FACETS = {
    "state": message("State"), "fulfillmentStatus": message("Fulfillment"),
    "paymentStatus": message("Payment"), "channel": message("Channel"), "site": message("Site"),
    "method": message("Shipping method"),
}  # fmt: skip
CODED = ("state", "fulfillmentStatus", "paymentStatus", "quick")
"""Criteria whose values are codes of the system; all others are the company's own words."""
LABELS = {**FACETS, "q": message("Text"), "quick": message("Quick search")}
SORTS = {
    "-placedAt": message("Newest first"), "placedAt": message("Oldest first"),
    "-total": message("Highest total"), "-updatedAt": message("Changed last"),
    "number": message("Number"),
}  # fmt: skip
SIZES = ("25", "50", "100", "250")


def listed(visit: Visit) -> Answer:
    """A page of orders, or where the box holds the number of one order, that order."""
    asked = {name: text for name, text in visit.request.query.items() if text}
    query = asked | {"facets": ",".join(FACETS)}
    query.setdefault("limit", "50")
    try:
        found = visit.backend.get("/v1/orders", query).body
    except ApiProblem as problem:
        if problem.status not in (400, 503):
            raise
        return visit.page(
            "orders.html", problem.status, **_frame(asked), problem=problem.body, found=None
        )
    return visit.page("orders.html", **_frame(asked), problem=None, found=found)


def _frame(asked: Mapping[str, str]) -> dict[str, Any]:
    criteria = {name: text for name, text in asked.items() if name not in ("cursor", "limit")}

    def link(**changes: str | None) -> str:
        merged = {**asked, "cursor": None, **changes}
        return "/console/orders?" + urlencode({n: t for n, t in merged.items() if t})

    return {
        "asked": asked, "criteria": criteria, "link": link, "facets": FACETS, "coded": CODED,
        "labels": LABELS, "sorts": SORTS, "sizes": SIZES,
    }  # fmt: skip


ROUTES = (Route("GET", "/console/orders", listed),)
