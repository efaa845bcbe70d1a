"""Ranking: run a rule set top-down over the sites in the running (SRC-05)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oms.kernel.errors import Malformed
from oms.sourcing.assignment import Offer
from oms.sourcing.model import Exclusion, RankTerm, RuleSet
from oms.sourcing.rules import EXCLUDING, RULES, Situation


@dataclass(frozen=True, slots=True)
class Ranking:
    """Offers with their rank tuple, its terms by site, and what rules excluded."""

    offers: tuple[Offer, ...]
    terms: dict[str, tuple[RankTerm, ...]]
    exclusions: dict[str, Exclusion]


def rank(situation: Situation, rule_set: RuleSet) -> Ranking:
    """Apply every rule in turn; raises `Malformed` for a rule that does not exist."""
    terms: dict[str, tuple[RankTerm, ...]] = {o.site: () for o in situation.task.offers}
    exclusions: dict[str, Exclusion] = {}
    for rule in rule_set.rules:
        if rule.name not in RULES:
            raise Malformed("UNKNOWN_RULE", f"rule {rule.name!r} does not exist")
        for offer in situation.task.offers:
            opinion = RULES[rule.name](situation, offer, rule.params)
            if isinstance(opinion, Exclusion):
                exclusions[offer.site] = opinion
            elif rule.name not in EXCLUDING:
                terms[offer.site] += (RankTerm(rule.name, opinion),)
        situation = _without(situation, exclusions)
    offers = tuple(
        replace(offer, rank=tuple(term.value for term in terms[offer.site]))
        for offer in situation.task.offers
    )
    return Ranking(offers, terms, exclusions)


def _without(situation: Situation, exclusions: dict[str, Exclusion]) -> Situation:
    offers = tuple(o for o in situation.task.offers if o.site not in exclusions)
    return replace(situation, task=replace(situation.task, offers=offers))
