"""The rules a rule set may name (RUL-10 to RUL-18), and the shipped rule set (RUL-05).

A rule either excludes a site or gives it a number, lower is better. A rule without what it needs
to know (a site without coordinates or priority) ranks the site last, and never excludes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oms.sourcing.assignment import Offer, Task, sites_needed, take
from oms.sourcing.geography import miles, zone
from oms.sourcing.model import Exclusion, Rule, RuleSet, SiteView

LAST = 10**9
"""Rank of a site on which a rule has nothing to go by."""

SCALE = 10**6
"""Loads are compared as integer millionths."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rule may look at: the sites still in the running, their distance, the task."""

    sites: Mapping[str, SiteView]
    distances: Mapping[str, int | None]
    task: Task


Params = Mapping[str, Any]
Opinion = int | Exclusion
RuleFunction = Callable[[Situation, Offer, Params], Opinion]


def covers_all(situation: Situation, offer: Offer) -> bool:
    """Whether the site alone could ship every unit."""
    wanted = situation.task.wanted()
    return take(situation.task, offer, wanted) == wanted


def ship_complete(situation: Situation, offer: Offer, _: Params) -> Opinion:
    """RUL-10."""
    return 0 if covers_all(situation, offer) else 1


def no_split(situation: Situation, offer: Offer, _: Params) -> Opinion:
    """RUL-11."""
    if covers_all(situation, offer):
        return 0
    return Exclusion("NO_SPLIT", "does not cover the whole group")


def site_type_order(situation: Situation, offer: Offer, params: Params) -> Opinion:
    """RUL-12: place in the list `types`; a type that is not named comes last."""
    types = [str(name) for name in params["types"]]
    kind = str(situation.sites[offer.site].type)
    return types.index(kind) if kind in types else len(types)


def site_priority(situation: Situation, offer: Offer, _: Params) -> Opinion:
    """RUL-13."""
    priority = situation.sites[offer.site].priority
    return LAST if priority is None else priority


def range_zone(situation: Situation, offer: Offer, params: Params) -> Opinion:
    """RUL-14: `width` in meters."""
    meters = situation.distances[offer.site]
    return LAST if meters is None else zone(meters, int(params["width"]))


def max_distance(situation: Situation, offer: Offer, params: Params) -> Opinion:
    """RUL-15: `meters`."""
    meters, limit = situation.distances[offer.site], int(params["meters"])
    if meters is None or meters <= limit:
        return 0
    return Exclusion("MAX_DISTANCE", f"{meters} m, at most {limit} m")


def most_available(situation: Situation, offer: Offer, _: Params) -> Opinion:
    """RUL-16: units of the wanted items."""
    items = {situation.task.demands[place].item_id for place in offer.allowed}
    return -sum(offer.stock[item] for item in items)


def fewest_shipments(situation: Situation, offer: Offer, _: Params) -> Opinion:
    """RUL-17."""
    return sites_needed(situation.task, offer)


def lowest_load(situation: Situation, offer: Offer, _: Params) -> Opinion:
    """RUL-18: against the site's capacity, or else against the mean of the sites in the running."""
    site = situation.sites[offer.site]
    if site.capacity:
        return site.open_orders * SCALE // site.capacity
    running = [situation.sites[other.site].open_orders for other in situation.task.offers]
    return site.open_orders * SCALE * len(running) // sum(running) if any(running) else 0


RULES: dict[str, RuleFunction] = {
    "SHIP_COMPLETE": ship_complete,
    "NO_SPLIT": no_split,
    "SITE_TYPE_ORDER": site_type_order,
    "SITE_PRIORITY": site_priority,
    "RANGE_ZONE": range_zone,
    "MAX_DISTANCE": max_distance,
    "MOST_AVAILABLE": most_available,
    "FEWEST_SHIPMENTS": fewest_shipments,
    "LOWEST_LOAD": lowest_load,
}
EXCLUDING = frozenset({"NO_SPLIT", "MAX_DISTANCE"})

STANDARD = RuleSet(
    "Standard", 1,
    (
        Rule("SHIP_COMPLETE"),
        Rule("RANGE_ZONE", {"width": miles(100)}),
        Rule("SITE_TYPE_ORDER", {"types": ["WAREHOUSE", "STORE", "VIRTUAL", "DROPSHIP_VENDOR"]}),
        Rule("SITE_PRIORITY"),
        Rule("LOWEST_LOAD"),
    ),
)  # fmt: skip
"""The shipped default (RUL-05): zones of 100 miles."""
