"""What every use case of stock is told besides its command."""

from __future__ import annotations

from collections.abc import Mapping

from oms.kernel.context import Actor, Context
from oms.settings.model import hiding

from oms_aws import wiring


def site_groups(company: str) -> Mapping[str, str]:
    """The supply group of each site."""
    return {site.code: site.group for site in wiring.settings().sites(company)}


def hidden_sites(company: str) -> frozenset[str]:
    """Sites whose stock is not for sale now (SIT-02)."""
    return hiding(wiring.settings().sites(company), wiring.clock())


def context(actor: Actor, cause: str) -> Context:
    """Now, the actor, what caused it, and the company's settings."""
    return Context(wiring.clock(), actor, cause, wiring.settings().policy(actor.company))
