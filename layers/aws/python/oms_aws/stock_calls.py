"""What every use case of stock is told besides its command."""

from __future__ import annotations

from collections.abc import Mapping

from oms.kernel.context import Actor, Context

from oms_aws import wiring


def site_groups(company: str) -> Mapping[str, str]:
    """The supply group of each site."""
    return {site.code: site.group for site in wiring.settings().sites(company)}


def context(actor: Actor, cause: str) -> Context:
    """Now, the actor, what caused it, and the company's settings."""
    return Context(wiring.clock(), actor, cause, wiring.settings().policy(actor.company))
