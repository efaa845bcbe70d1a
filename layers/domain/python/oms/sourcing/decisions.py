"""The sourcing decision: eligibility, ranking, assignment and packing put together.

Pure and deterministic: the same request, sites, stock and rule set give the same plan in whatever
order they are listed, and `replay` makes a recorded decision again. Each layer can be replaced
(SRC-03).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from oms.kernel.codec import encode
from oms.kernel.ids import derive
from oms.sourcing import assignment as assigning
from oms.sourcing.assignment import Assigned, Assignment, Offer, Take
from oms.sourcing.eligibility import UNLIMITED, Eligibility, eligible, grouped, room
from oms.sourcing.geography import distance
from oms.sourcing.model import (
    Candidate,
    DecisionRecord,
    Delivery,
    Demand,
    Exclusion,
    Inputs,
    LevelView,
    Plan,
    PlannedSite,
    PlannedUnits,
    Request,
    RuleSet,
    SiteView,
    StockRow,
    StockView,
    WaitingUnits,
)
from oms.sourcing.packing import Packing, one_parcel
from oms.sourcing.ranking import Ranking, rank
from oms.sourcing.rules import STANDARD, Situation
from oms.sourcing.waiting import Obstacles, next_try, waiting
from oms.sourcing.words import explain

__all__ = ["LAYERS", "Layers", "explain", "news", "plan", "plan_groups", "replay"]

EligibilityLayer = Callable[[Request, Sequence[SiteView], StockView], Eligibility]


@dataclass(frozen=True, slots=True)
class Layers:
    """The three replaceable layers (SRC-03)."""

    eligibility: EligibilityLayer = eligible
    assignment: Assignment = assigning.ranked
    packing: Packing = one_parcel


LAYERS = Layers()
NONE_KEPT: Mapping[tuple[str, str], int] = {}


def plan(
    request: Request,
    sites: Sequence[SiteView],
    stock: StockView,
    rule_set: RuleSet = STANDARD,
    layers: Layers = LAYERS,
) -> Plan:
    """Decide which sites ship what of one delivery group, and why; raises `Malformed` for an
    unknown rule.
    """
    inputs = _inputs(request, sites, stock, rule_set)
    active, stopped = _split_stopped(inputs.request)
    known = {site.code: site for site in inputs.sites}
    verdict = layers.eligibility(active, inputs.sites, stock)
    situation = _situation(active, known, verdict, stock)
    ranking = rank(situation, rule_set)
    assigned = layers.assignment(replace(situation.task, offers=ranking.offers))
    chosen = tuple(_planned(active, site, take, layers) for site, take in assigned.takes)
    waits = (*_waits(active, known, stock, verdict, ranking, assigned), *stopped)
    return _answer(
        inputs, assigned.method, _candidates(active, situation, verdict, ranking), chosen,
        tuple(sorted(waits, key=lambda row: row.line_no)),
    )  # fmt: skip


def plan_groups(
    requests: Sequence[Request],
    sites: Sequence[SiteView],
    stock: StockView,
    rule_set: RuleSet = STANDARD,
    layers: Layers = LAYERS,
    stocks: Sequence[StockView] = (),
    kept: Mapping[tuple[str, str], int] = NONE_KEPT,
) -> tuple[Plan, ...]:
    """Plan the delivery groups of one order one after the other, each with what the former left of
    stock, splits and capacity, so that together they never take a unit twice (SRC-03).

    `stocks` are the views of the single requests where they differ from `stock`; `kept` are units
    in them that are the order's own already and in nobody else's view.
    """
    plans: list[Plan] = []
    used: dict[tuple[str, str], int] = {key: -units for key, units in kept.items()}
    made: dict[str, int] = {}
    for place, request in enumerate(requests):
        view = stocks[place] if stocks else stock
        left = {key: _less(key, level, used) for key, level in view.items()}
        digital = request.delivery_type is Delivery.DIGITAL
        more = 0 if digital else sum(made.values())
        current = replace(request, existing=request.existing + more)
        fuller = [replace(s, open_orders=s.open_orders + made.get(s.code, 0)) for s in sites]
        plans.append(plan(current, fuller, left, rule_set, layers))
        for row in plans[-1].fulfillments:
            made[row.site] = made.get(row.site, 0) + (not digital)
            for units in row.units:
                key = (units.item_id, row.site)
                used[key] = used.get(key, 0) + units.quantity
    return tuple(plans)


def replay(decision: DecisionRecord, layers: Layers = LAYERS) -> Plan:
    """Make a recorded decision again from its stored inputs (SRC-60)."""
    inputs = decision.inputs
    stock = {(row.item_id, row.site): row for row in inputs.stock}
    return plan(inputs.request, inputs.sites, stock, inputs.rule_set, layers)


def news(found: Plan, known: Mapping[int, str]) -> bool:
    """Whether carrying the plan out changes anything, given the reasons lines already wait for:
    without news nothing is written (SRC-08).
    """
    reasons = {line_no: reason for line_no, _, reason in found.waits}
    return bool(found.fulfillments) or any(
        known.get(line_no) != reason for line_no, reason in reasons.items()
    )


def _inputs(
    request: Request, sites: Sequence[SiteView], stock: StockView, rule_set: RuleSet
) -> Inputs:
    wanted = tuple(row for row in request.demands if row.quantity > 0)
    demands = sorted(wanted, key=lambda row: (row.line_no, row.reservation_id or ""))
    items = {demand.item_id for demand in demands}
    rows = (
        StockRow(item, site, level.sourceable, level.cooldown_until)
        for (item, site), level in sorted(stock.items(), key=lambda entry: entry[0])
        if item in items
    )
    ordered = tuple(sorted(sites, key=lambda site: site.code))
    return Inputs(replace(request, demands=tuple(demands)), ordered, tuple(rows), rule_set)


def _split_stopped(request: Request) -> tuple[Request, tuple[WaitingUnits, ...]]:
    """The request without what may not be sourced now (SRC-01), and the rows that say so."""
    stops = {place: request.stop or demand.stop for place, demand in enumerate(request.demands)}
    if any(stops.values()):
        bound = assigning.bundles(request.demands)
        if request.ship_complete or not request.allow_split:
            bound = (assigning.Bundle(tuple(stops), whole=True),)
        for bundle in bound:
            if any(stops[place] for place in bundle.places):
                stops |= {place: stops[place] or "GROUP_STOPPED" for place in bundle.places}
    rows = enumerate(request.demands)
    active = tuple(demand for place, demand in rows if not stops[place])
    at = next_try(request.now, ())
    waits = tuple(
        WaitingUnits(demand.line_no, demand.quantity, reason, at)
        for demand, reason in zip(request.demands, stops.values(), strict=True)
        if reason
    )
    return replace(request, demands=active), waits


def _situation(
    request: Request, known: Mapping[str, SiteView], verdict: Eligibility, stock: StockView
) -> Situation:
    items = {demand.item_id for demand in request.demands}
    offers = tuple(
        Offer(code, (), verdict.allowed[code], {item: room(site, item, stock) for item in items})
        for code, site in known.items()
        if verdict.allowed[code]
    )
    distances = {code: _distance(request, site) for code, site in known.items()}
    return Situation(known, distances, assigning.task(request, offers))


def _distance(request: Request, site: SiteView) -> int | None:
    if request.destination is None or site.coordinates is None:
        return None
    return distance(request.destination, site.coordinates)


def _planned(request: Request, site: str, taken: Take, layers: Layers) -> PlannedSite:
    units = tuple(
        _units(request.demands[place], quantity) for place, quantity in sorted(taken.items())
    )
    return PlannedSite(site, units, layers.packing(units, request.demands))


def _units(demand: Demand, quantity: int) -> PlannedUnits:
    return PlannedUnits(
        demand.line_no, demand.item_id, demand.sku, quantity, demand.reservation_id, demand.group
    )


def _waits(
    request: Request,
    known: Mapping[str, SiteView],
    stock: StockView,
    verdict: Eligibility,
    ranking: Ranking,
    assigned: Assigned,
) -> tuple[WaitingUnits, ...]:
    left = {place: demand.quantity for place, demand in enumerate(request.demands)}
    for _, taken in assigned.takes:
        for place, quantity in taken.items():
            left[place] -= quantity
    # Of a pickup only what keeps the chosen store from it says anything.
    chosen = request.pickup_site if request.delivery_type is Delivery.PICKUP else None
    stocked: dict[int, tuple[Exclusion, ...]] = {}
    for place, demand in enumerate(request.demands):
        found = (
            verdict.exclusions[code].get(place) or ranking.exclusions.get(code)
            for code, site in known.items()
            if chosen in (None, code) and 0 < room(site, demand.item_id, stock) < UNLIMITED
        )
        stocked[place] = tuple(exclusion for exclusion in found if exclusion is not None)
    servable = frozenset(place for offer in ranking.offers for place in offer.allowed)
    bundles = assigning.bundles(request.demands)
    obstacles = Obstacles(assigned.obstacle, bundles, stocked, servable)
    return tuple(waiting(request, left, obstacles))


def _candidates(
    request: Request, situation: Situation, verdict: Eligibility, ranking: Ranking
) -> tuple[Candidate, ...]:
    offers = {offer.site: offer for offer in ranking.offers}
    wanted = situation.task.wanted()
    candidates = []
    for code in situation.sites:
        exclusions = grouped(verdict.exclusions[code], request.demands)
        if code in ranking.exclusions:
            exclusions += (ranking.exclusions[code],)
        covers = 0
        if code in offers:
            covers = sum(assigning.take(situation.task, offers[code], wanted).values())
        candidates.append(
            Candidate(
                code, situation.distances[code], covers, exclusions, ranking.terms.get(code, ())
            )
        )
    return tuple(candidates)


def _answer(
    inputs: Inputs,
    method: str,
    candidates: tuple[Candidate, ...],
    chosen: tuple[PlannedSite, ...],
    waits: tuple[WaitingUnits, ...],
) -> Plan:
    request = inputs.request
    text = json.dumps(encode(inputs), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    decision = DecisionRecord(
        derive("dec", request.order_id, request.group_id, digest), request.order_id,
        request.group_id, request.now, request.trigger, request.attempt, digest, inputs, method,
        candidates, chosen, waits,
    )  # fmt: skip
    return Plan(chosen, tuple((row.line_no, row.quantity, row.reason) for row in waits), decision)


def _less(key: tuple[str, str], level: LevelView, used: Mapping[tuple[str, str], int]) -> StockRow:
    return StockRow(*key, level.sourceable - max(0, used.get(key, 0)), level.cooldown_until)
