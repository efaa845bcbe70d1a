"""A list of orders: from the index with the caller's last changes, or by keys (SEA-06, UIX-09).

The list always says up to which time it is true (`as_of`), and whether it comes from the index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from oms.action_items.types import TYPES as ITEM_TYPES
from oms.kernel.context import Actor, Context
from oms.kernel.errors import Unavailable
from oms.kernel.policy import Policy
from oms.lifecycle.key_lists import KeyLists, OrderKeys
from oms.lifecycle.projection import document_of
from oms.lifecycle.use_cases import Lifecycle
from oms.search.criteria import AttributeKind, Vocabulary
from oms.search.fresh import merge_fresh
from oms.search.freshness import as_of
from oms.search.parse import Scope, parse
from oms.search.ports import SearchIndex
from oms.search.query import SearchPage, SearchQuery
from oms.settings.model import AttributeType
from oms.settings.ports import SettingsStore

_KINDS = {
    AttributeType.NUMBER: AttributeKind.NUMBER, AttributeType.MONEY: AttributeKind.NUMBER,
    AttributeType.DATE: AttributeKind.TIME,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changed:
    """An order the caller has just changed, and the version its command answered."""

    order_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page; `degraded` when it was made by keys because the index did not answer."""

    page: SearchPage
    query: SearchQuery
    as_of: datetime | None
    degraded: bool


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of orders for a caller."""

    index: SearchIndex
    keys: OrderKeys
    settings: SettingsStore
    lifecycle: Lifecycle
    clock: Callable[[], datetime]

    def search(
        self, actor: Actor, params: Mapping[str, str], page_limit: int,
        changed: Sequence[Changed] = (),
    ) -> Listed:  # fmt: skip
        """The page that `params` ask for within the actor's scope.

        Raises Malformed for what is not understood, Unavailable where only the index could answer
        and does not.
        """
        now = self.clock()
        channels = None if actor.channel is None else frozenset({actor.channel})
        scope = Scope(channels, actor.sites or None)
        vocabulary = vocabulary_of(self.settings, actor.company)
        query = parse(params, actor.company, now, vocabulary, scope, page_limit)
        if query.resume is None:
            try:
                page, mark = self.index.search(query), self.index.mark()
            except Unavailable:
                pass
            else:
                page = merge_fresh(page, query, self._fresh(actor, page, changed))
                return Listed(page, query, as_of(mark, now), degraded=False)
        found = KeyLists(self.keys, self.settings, self.lifecycle)
        ctx = Context(now, actor, "list", Policy())
        return Listed(found.search(params, query, ctx), query, now, degraded=True)

    def _fresh(
        self, actor: Actor, page: SearchPage, changed: Sequence[Changed]
    ) -> list[dict[str, Any]]:
        """Documents of the changed orders that the page does not show at that version yet."""
        shown = {hit.order_id: hit.version for hit in page.hits}
        late = [c.order_id for c in changed if shown.get(c.order_id, 0) < c.version]
        records = self.keys.records(actor.company, late) if late else ()
        return [document_of(r, self.lifecycle.context(r, actor, "list")) for r in records]


def vocabulary_of(settings: SettingsStore, company: str) -> Vocabulary:
    """What the company has configured to search by (SEA-05).

    A company that defines no attribute of orders, or no tag, has not limited them.
    """
    attributes = [a for a in settings.attributes(company) if a.record_type == "ORDER"]
    searchable = {a.id: _KINDS.get(a.type, AttributeKind.TEXT) for a in attributes if a.searchable}
    values = {
        "channel": frozenset(channel.code for channel in settings.channels(company)),
        "site": frozenset(site.code for site in settings.sites(company)),
        "tag": frozenset(tag.code for tag in settings.tags(company)),
        "actionItem": frozenset(ITEM_TYPES),
    }
    known = {name: codes for name, codes in values.items() if codes}
    return replace(Vocabulary(known), attributes=searchable if attributes else None)
