"""Where configuration is kept. Reads may be cached for at most five seconds (SET-02)."""

from __future__ import annotations

from typing import Any, Protocol

from oms.kernel.policy import Policy
from oms.settings.model import Attribute, Channel, Client, Company, LegalEntity, Site, Tag


class SettingsStore(Protocol):
    """Configuration of a company; a lower level inherits what it does not set (SET-01)."""

    def channel(self, company: str, code: str) -> Channel | None:
        """The channel, or None."""

    def channels(self, company: str) -> tuple[Channel, ...]:
        """All channels by code."""

    def put_channel(self, company: str, channel: Channel) -> None:
        """Store a channel; raises `VersionConflict` if it changed since it was read."""

    def profile(self, company: str) -> Company | None:
        """The company itself, or None before it is described."""

    def put_profile(self, company: str, profile: Company) -> None:
        """Store the company; raises `VersionConflict` if it changed since it was read."""

    def entities(self, company: str) -> tuple[LegalEntity, ...]:
        """All legal entities by code."""

    def put_entity(self, company: str, entity: LegalEntity) -> None:
        """Store a legal entity; raises `VersionConflict` if it changed since it was read."""

    def sites(self, company: str) -> tuple[Site, ...]:
        """All sites by code."""

    def put_site(self, company: str, site: Site) -> None:
        """Store a site; raises `VersionConflict` if it changed since it was read."""

    def attributes(self, company: str) -> tuple[Attribute, ...]:
        """All attribute definitions by type of record and id."""

    def put_attribute(self, company: str, attribute: Attribute) -> None:
        """Store a definition; raises `VersionConflict` if it changed since it was read."""

    def tags(self, company: str) -> tuple[Tag, ...]:
        """All tags by code."""

    def put_tag(self, company: str, tag: Tag) -> None:
        """Store a tag; raises `VersionConflict` if it changed since it was read."""

    def client(self, client_id: str) -> Client | None:
        """Whom an OAuth client acts for, or None."""

    def put_client(self, client: Client) -> None:
        """Register an OAuth client."""

    def policy(self, company: str, channel: str | None = None) -> Policy:
        """Effective settings of a channel, with those that sites set for themselves."""

    def settings(self, company: str, level: str) -> dict[str, Any]:
        """Values set at one level (`COMPANY`, `CHANNEL#code`, `SITE#code`), by setting name."""

    def put_settings(self, company: str, level: str, values: dict[str, Any]) -> None:
        """Replace the values set at one level; unknown or ill-typed ones raise `Malformed`."""
