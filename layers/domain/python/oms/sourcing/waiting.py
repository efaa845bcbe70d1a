"""Why units wait and when they are tried again (SRC-16, SRC-61)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from oms.sourcing.assignment import Bundle
from oms.sourcing.model import Exclusion, Request, WaitingUnits
from oms.sourcing.words import REASONS

SWEEP = timedelta(minutes=15)
"""The sweep looks at everything that waits this often (SRC-02)."""

PRECEDENCE = {code: place for place, code in enumerate(REASONS)}
"""Which of several reasons a line shows: the order of the table of words."""


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stood in the way: constraint of the plan, and per demand what excluded sites with
    stock.
    """

    constraint: str | None
    bundles: tuple[Bundle, ...]
    stocked: Mapping[int, tuple[Exclusion, ...]]
    servable: frozenset[int]


def waiting(
    request: Request, left: Mapping[int, int], obstacles: Obstacles
) -> Iterator[WaitingUnits]:
    """One row for every demand with units left, in order of demand."""
    for place, units in sorted(left.items()):
        if units > 0:
            demand = request.demands[place]
            reason = _reason(place, obstacles)
            at = next_try(request.now, obstacles.stocked.get(place, ()))
            yield WaitingUnits(demand.line_no, units, reason, at)


def next_try(now: datetime, exclusions: tuple[Exclusion, ...]) -> datetime:
    """The first moment at which an exclusion ends, but no later than the next sweep."""
    return min([now + SWEEP, *(e.until for e in exclusions if e.until is not None)])


def _reason(place: int, obstacles: Obstacles) -> str:
    """A constraint where some site could serve; else the first exclusion at a site with stock."""
    if place in obstacles.servable:
        together = any(b.whole and place in b.places for b in obstacles.bundles)
        return obstacles.constraint or ("NOT_TOGETHER" if together else "NO_STOCK")
    codes = {exclusion.code for exclusion in obstacles.stocked.get(place, ())}
    ordered = sorted(codes, key=lambda code: (PRECEDENCE.get(code, len(PRECEDENCE)), code))
    return next(iter(ordered), "NO_STOCK")
