"""`SettingsStore` in memory: the same guards and checks as the table, no network."""

from __future__ import annotations

from typing import Any

from oms.kernel.errors import VersionConflict
from oms.kernel.policy import Policy
from oms.settings import register
from oms.settings.model import Attribute, Channel, Client, Company, LegalEntity, Site, Tag


class MemorySettings:
    """Holds any number of companies."""

    def __init__(self) -> None:
        self._channels: dict[tuple[str, str], Channel] = {}
        self._sites: dict[tuple[str, str], Site] = {}
        self._attributes: dict[tuple[str, str, str], Attribute] = {}
        self._tags: dict[tuple[str, str], Tag] = {}
        self._profiles: dict[str, Company] = {}
        self._entities: dict[tuple[str, str], LegalEntity] = {}
        self._clients: dict[str, Client] = {}
        self._values: dict[tuple[str, str], dict[str, Any]] = {}

    def channel(self, company: str, code: str) -> Channel | None:
        """The channel, or None."""
        return self._channels.get((company, code))

    def channels(self, company: str) -> tuple[Channel, ...]:
        """All channels by code."""
        return tuple(
            found for (owner, _), found in sorted(self._channels.items()) if owner == company
        )

    def put_channel(self, company: str, channel: Channel) -> None:
        """Store the next version of a channel."""
        _guard(self.channel(company, channel.code), channel)
        self._channels[company, channel.code] = channel

    def profile(self, company: str) -> Company | None:
        """The company, or None."""
        return self._profiles.get(company)

    def put_profile(self, company: str, profile: Company) -> None:
        """Store the next version of the company."""
        _guard(self.profile(company), profile)
        self._profiles[company] = profile

    def entities(self, company: str) -> tuple[LegalEntity, ...]:
        """All legal entities by code."""
        return tuple(e for (owner, _), e in sorted(self._entities.items()) if owner == company)

    def put_entity(self, company: str, entity: LegalEntity) -> None:
        """Store the next version of a legal entity."""
        _guard(self._entities.get((company, entity.code)), entity)
        self._entities[company, entity.code] = entity

    def sites(self, company: str) -> tuple[Site, ...]:
        """All sites by code."""
        return tuple(found for (owner, _), found in sorted(self._sites.items()) if owner == company)

    def put_site(self, company: str, site: Site) -> None:
        """Store the next version of a site."""
        _guard(self._sites.get((company, site.code)), site)
        self._sites[company, site.code] = site

    def attributes(self, company: str) -> tuple[Attribute, ...]:
        """All attribute definitions."""
        return tuple(a for (owner, *_), a in sorted(self._attributes.items()) if owner == company)

    def put_attribute(self, company: str, attribute: Attribute) -> None:
        """Store the next version of a definition."""
        key = (company, attribute.record_type, attribute.id)
        _guard(self._attributes.get(key), attribute)
        self._attributes[key] = attribute

    def tags(self, company: str) -> tuple[Tag, ...]:
        """All tags by code."""
        return tuple(tag for (owner, _), tag in sorted(self._tags.items()) if owner == company)

    def put_tag(self, company: str, tag: Tag) -> None:
        """Store the next version of a tag."""
        _guard(self._tags.get((company, tag.code)), tag)
        self._tags[company, tag.code] = tag

    def client(self, client_id: str) -> Client | None:
        """Whom a client acts for."""
        return self._clients.get(client_id)

    def put_client(self, client: Client) -> None:
        """Register a client."""
        self._clients[client.id] = client

    def policy(self, company: str, channel: str | None = None) -> Policy:
        """Effective settings."""
        own = {} if channel is None else self.settings(company, f"CHANNEL#{channel}")
        sites = {
            level.removeprefix("SITE#"): values
            for (owner, level), values in self._values.items()
            if owner == company and level.startswith("SITE#")
        }
        return register.policy(self.settings(company, register.COMPANY), own, sites)

    def settings(self, company: str, level: str) -> dict[str, Any]:
        """Values of a level."""
        return dict(self._values.get((company, level), {}))

    def put_settings(self, company: str, level: str, values: dict[str, Any]) -> None:
        """Replace the values of a level."""
        register.check(level, values)
        self._values[company, level] = dict(values)

    def companies(self) -> tuple[str, ...]:
        """Companies that have configured anything."""
        keyed = (*self._channels, *self._sites, *self._values, *self._entities)
        return tuple(sorted({*self._profiles, *(company for company, _ in keyed)}))


Record = Channel | Site | Attribute | Tag | Company | LegalEntity


def _guard(known: Record | None, new: Record) -> None:
    if (0 if known is None else known.version) != new.version - 1:
        raise VersionConflict("changed meanwhile")
