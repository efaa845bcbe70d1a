"""Assignment: who ships what, given the sites in order of rank (SRC-05).

Demands are handled in bundles: a bundle that must stay whole goes to one site or nowhere (SRC-12),
any other may be cut wherever a site runs out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oms.sourcing.model import Demand, Request

Rank = tuple[int, ...]
Take = Mapping[int, int]
"""Units by the place of their demand."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Places of demands; `whole` ones are not divided between sites."""

    places: tuple[int, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A site in the running: its rank, the demands it may serve, and its units by item."""

    site: str
    rank: Rank
    allowed: frozenset[int]
    stock: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be assigned; `limit` is the number of sites a plan may use."""

    demands: Sequence[Demand]
    bundles: tuple[Bundle, ...]
    offers: tuple[Offer, ...]
    allow_split: bool
    complete: bool
    limit: int

    def wanted(self) -> dict[int, int]:
        """Units of every demand."""
        return {place: demand.quantity for place, demand in enumerate(self.demands)}


@dataclass(frozen=True, slots=True)
class Assigned:
    """Sites in the order they were chosen with what they take; `obstacle` is the constraint that
    kept units from a site, if one did.
    """

    takes: tuple[tuple[str, Take], ...]
    method: str
    obstacle: str | None = None


Assignment = Callable[[Task], Assigned]


def task(request: Request, offers: tuple[Offer, ...]) -> Task:
    """The task that the request's constraints make of its demands."""
    return Task(
        request.demands, bundles(request.demands), offers, request.allow_split,
        request.ship_complete, max(0, request.max_splits + 1 - request.existing),
    )  # fmt: skip


def bundles(demands: Sequence[Demand]) -> tuple[Bundle, ...]:
    """Demands that ship together, or whose line may not be split, as one; in order of demand."""
    places: dict[str, list[int]] = {}
    for place, demand in enumerate(demands):
        if demand.together is not None:
            key = f"together {demand.together}"
        elif not demand.splittable:
            key = f"line {demand.line_no}"
        else:
            key = f"place {place}"
        places.setdefault(key, []).append(place)
    return tuple(Bundle(tuple(row), not key.startswith("place")) for key, row in places.items())


def take(task: Task, offer: Offer, left: Mapping[int, int]) -> dict[int, int]:
    """All that a site can ship of what is left."""
    stock = dict(offer.stock)
    taken: dict[int, int] = {}
    for bundle in task.bundles:
        units = _cut(task, bundle, offer, stock, left)
        for place, quantity in units.items():
            stock[task.demands[place].item_id] -= quantity
        taken.update(units)
    return taken


def ranked(task: Task) -> Assigned:
    """The best-ranked site that covers all where splitting is off; else site after site by rank.

    A plan by rank that needs too many sites gives way to one that takes most units first; what
    even that leaves over waits for MAX_SPLITS.
    """
    if not task.allow_split:
        return _single(task)
    takes, method = _greedy(task, by_rank=True), "RANKED"
    if len(takes) > task.limit:
        takes, method = _greedy(task, by_rank=False), "FEWEST_SITES"
    obstacle = "MAX_SPLITS" if len(takes) > task.limit else None
    takes = takes[: task.limit]
    if task.complete and _units(takes) < sum(task.wanted().values()):
        return Assigned((), method, obstacle or "SHIP_COMPLETE")
    return Assigned(takes, method, obstacle)


def sites_needed(task: Task, first: Offer) -> int:
    """Sites of the shortest greedy plan that starts with `first`; what no site can take counts as
    one more site (RUL-17).
    """
    start = take(task, first, task.wanted())
    rest = {place: units - start.get(place, 0) for place, units in task.wanted().items()}
    others = tuple(offer for offer in task.offers if offer.site != first.site)
    more = _greedy(task, by_rank=False, left=rest, offers=others)
    missing = sum(rest.values()) - _units(more)
    return 1 + len(more) + (missing > 0)


def _cut(
    task: Task, bundle: Bundle, offer: Offer, stock: Mapping[str, int], left: Mapping[int, int]
) -> dict[int, int]:
    if not bundle.whole:
        (place,) = bundle.places
        units = min(left[place], stock.get(task.demands[place].item_id, 0))
        return {place: units} if units > 0 and place in offer.allowed else {}
    units_of: dict[str, int] = {}
    for place in bundle.places:
        item = task.demands[place].item_id
        units_of[item] = units_of.get(item, 0) + left[place]
    fits = all(stock.get(item, 0) >= units for item, units in units_of.items())
    if not fits or not offer.allowed.issuperset(bundle.places):
        return {}
    return {place: left[place] for place in bundle.places if left[place]}


def _single(task: Task) -> Assigned:
    wanted = task.wanted()
    covering = [offer for offer in task.offers if take(task, offer, wanted) == wanted]
    if not covering:
        return Assigned((), "SINGLE_SITE", "NO_SINGLE_SITE")
    if task.limit == 0:
        return Assigned((), "SINGLE_SITE", "MAX_SPLITS")
    best = min(covering, key=lambda offer: (offer.rank, offer.site))
    return Assigned(((best.site, wanted),), "SINGLE_SITE")


def _greedy(
    task: Task,
    by_rank: bool,
    left: Mapping[int, int] | None = None,
    offers: tuple[Offer, ...] | None = None,
) -> tuple[tuple[str, Take], ...]:
    remaining = dict(task.wanted() if left is None else left)
    open_offers = list(task.offers if offers is None else offers)
    takes: list[tuple[str, Take]] = []
    while any(remaining.values()):
        options = [(offer, take(task, offer, remaining)) for offer in open_offers]
        options = [(offer, taken) for offer, taken in options if taken]
        if not options:
            break
        offer, taken = min(options, key=lambda option: _order(option, by_rank))
        open_offers.remove(offer)
        takes.append((offer.site, taken))
        for place, units in taken.items():
            remaining[place] -= units
    return tuple(takes)


def _order(
    option: tuple[Offer, Take], by_rank: bool
) -> tuple[tuple[int, ...], int, tuple[int, ...], str]:
    """Rank, then most units, then site code; or most units before rank."""
    offer, taken = option
    units = -sum(taken.values())
    return (offer.rank, units, (), offer.site) if by_rank else ((), units, offer.rank, offer.site)


def _units(takes: Sequence[tuple[str, Take]]) -> int:
    return sum(sum(taken.values()) for _, taken in takes)
