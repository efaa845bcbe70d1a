"""A sourcing decision in plain words, for the order page (SRC-60)."""

from __future__ import annotations

from collections.abc import Iterator

from oms.sourcing.model import Candidate, DecisionRecord, Exclusion, PlannedSite

REASONS: dict[str, str] = {
    "SUSPENDED": "the order is suspended",
    "ALERTED": "the order has a blocking action item",
    "HELD": "a hold blocks allocation",
    "NOT_APPROVED": "the order is not approved",
    "LINE_SUSPENDED": "the line is suspended",
    "GROUP_STOPPED": "a line it must ship with may not be sourced now",
    "NOT_RESERVED": "the units are not reserved",
    "SITE_SUPPRESSED": "allocation to the site is suppressed",
    "SITE_DISABLED": "the site is disabled",
    "SITE_INVISIBLE": "the site is not visible",
    "WRONG_TYPE": "this type of site does not serve this delivery",
    "NOT_CHOSEN_STORE": "another store was chosen for pickup",
    "SITE_OUTAGE": "the site has an outage",
    "SITE_CLOSED": "the site is closed",
    "CAPACITY_FULL": "the site has no capacity left",
    "DROP_SHIP_ONLY": "the item is drop-shipped by vendors only",
    "HAZMAT": "the site may not ship hazardous goods",
    "COUNTRY": "the item may not be shipped to this country",
    "PRIOR_REJECTION": "the site rejected, shorted or let lapse this line before",
    "COOL_DOWN": "the item cools down at the site after a rejection",
    "OTHER_GROUP": "the units are reserved in another supply group",
    "NO_SPLIT": "the site does not cover the whole group",
    "MAX_DISTANCE": "the site is too far away",
    "NO_STOCK": "no sourceable stock",
    "NO_SINGLE_SITE": "no single site covers all, and splitting is off",
    "MAX_SPLITS": "more shipments would be needed than the order allows",
    "SHIP_COMPLETE": "the order waits until everything can ship",
    "NOT_TOGETHER": "no site covers all units that must ship together",
}
"""Why a site is out or units wait, by code; the codes are stable, the words are for people."""


def explain(decision: DecisionRecord) -> list[str]:
    """What was decided, why each site was or was not chosen, and what waits; one sentence each."""
    return [
        _summary(decision),
        *(_chosen(row) for row in decision.chosen),
        *_excluded(decision),
        *_compared(decision),
        *(
            f"Line {row.line_no}: {_count(row.quantity, 'unit')} waiting, {_meaning(row.reason)} "
            f"({row.reason}); "
            f"next try {row.next_try:%Y-%m-%d %H:%M} UTC."
            for row in decision.waits
        ),
    ]


def _summary(decision: DecisionRecord) -> str:
    rules = decision.inputs.rule_set
    waiting = sum(row.quantity for row in decision.waits)
    return (
        f"Attempt {decision.attempt} ({decision.trigger}) by rule set {rules.name} version "
        f"{rules.version}: {_count(len(decision.chosen), 'fulfillment order')} made "
        f"({decision.method}), {_count(waiting, 'unit')} waiting."
    )


def _chosen(row: PlannedSite) -> str:
    units = ", ".join(f"{u.quantity} × {u.sku} (line {u.line_no})" for u in row.units)
    return f"{row.site} ships {units}."


def _excluded(decision: DecisionRecord) -> Iterator[str]:
    for candidate in decision.candidates:
        for exclusion in candidate.exclusions:
            yield f"{candidate.site} was excluded{_lines(exclusion)}: {_why(exclusion)}."
        if candidate.excluded and not candidate.exclusions:
            yield f"{candidate.site} has some units, but not all that must stay together."


def _lines(exclusion: Exclusion) -> str:
    if not exclusion.lines:
        return ""
    numbers = ", ".join(str(line_no) for line_no in exclusion.lines)
    return f" for line {numbers}" if len(exclusion.lines) == 1 else f" for lines {numbers}"


def _why(exclusion: Exclusion) -> str:
    return f"{_meaning(exclusion.code)} ({exclusion.code}, {exclusion.value})"


def _meaning(code: str) -> str:
    """Words of a shipped code; a replaced layer may bring codes of its own."""
    return REASONS.get(code, "a rule of this company")


def _compared(decision: DecisionRecord) -> Iterator[str]:
    chosen = [row.site for row in decision.chosen]
    by_site = {candidate.site: candidate for candidate in decision.candidates}
    if not chosen:
        return
    best = by_site[chosen[0]]
    yield f"{best.site} came first: {_terms(best)}."
    for candidate in decision.candidates:
        if candidate.site != best.site and not candidate.excluded:
            yield _comparison(candidate, best, decision.method)


def _comparison(candidate: Candidate, best: Candidate, method: str) -> str:
    if method == "FEWEST_SITES":
        return (
            f"{candidate.site} covers {_count(candidate.covers, 'unit')}; as ranking would have "
            f"needed too many shipments, most units came first: {_terms(candidate)}."
        )
    for mine, theirs in zip(candidate.rank, best.rank, strict=True):
        if mine.value > theirs.value:
            return (
                f"{candidate.site} came after {best.site} by {mine.rule}: {mine.value} against "
                f"{theirs.value}; {_terms(candidate)}."
            )
        if mine.value < theirs.value:
            return f"{candidate.site} ranks higher but cannot ship all; {_terms(candidate)}."
    if candidate.covers < best.covers:
        return f"{candidate.site} ranks equal to {best.site} but covers fewer units."
    return f"{candidate.site} ranks equal to {best.site}; the site code decided."


def _terms(candidate: Candidate) -> str:
    away = "distance unknown"
    if candidate.distance is not None:
        away = f"{candidate.distance // 1000} km away"
    terms = ", ".join(f"{term.rule} {term.value}" for term in candidate.rank)
    return f"{away}; {terms}" if terms else away


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
