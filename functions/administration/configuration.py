"""Sites, channels, items, clients and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypeVar

from oms.inventory.model import Item
from oms.inventory.rehearsal import Rehearsal
from oms.inventory.use_cases import Pair, availability, store_item
from oms.kernel.codec import encode
from oms.kernel.errors import Forbidden, NotFound
from oms.kernel.ids import derive
from oms.lifecycle.mapping import Reruns
from oms.settings import register
from oms.settings.model import Channel, Client, Site
from oms_aws import stock_calls, wiring
from oms_aws.http import Call, Key, Operation, Reply
from oms_aws.http_actor import ADMIN, INVENTORY_READ
from oms_aws.pages import PageQuery, page_of
from oms_aws.shapes import to_command

from functions.administration import schemas
from functions.administration.records import new_code, next_version, record, shown

R = TypeVar("R", Site, Channel, Item)


def list_sites(call: Call) -> Reply:
    """Sites by code."""
    found = wiring.settings().sites(call.actor.company)
    page, cursor = page_of(found, attrgetter("code"), call.query.cursor, call.query.limit)
    return Reply({"sites": [shown(site) for site in page], "cursor": cursor})


def get_site(call: Call) -> Reply:
    """One site."""
    return record(_found(_sites(call), call.path["code"]))


def put_site(call: Call) -> Reply:
    """Create or replace a site."""
    code = new_code(call)
    version = next_version(call, _sites(call).get(code))
    site = _located(to_command(Site, call.body, code=code, version=version))
    if not call.dry_run:
        wiring.settings().put_site(call.actor.company, site)
    return record(site)


def _located(site: Site) -> Site:
    """The site with coordinates: its own, else those of its postal code (SIT-01, SRC-27)."""
    if site.latitude is not None or site.longitude is not None or not site.postal_code:
        return site
    found = wiring.postal_codes().locate(site.country, site.postal_code)
    return site if found is None else replace(site, latitude=found[0], longitude=found[1])


def list_channels(call: Call) -> Reply:
    """Channels by code."""
    found = wiring.settings().channels(call.actor.company)
    page, cursor = page_of(found, attrgetter("code"), call.query.cursor, call.query.limit)
    return Reply({"channels": [shown(channel) for channel in page], "cursor": cursor})


def get_channel(call: Call) -> Reply:
    """One channel."""
    code = call.path["code"]
    channel = wiring.settings().channel(call.actor.company, code)
    return record(_found({} if channel is None else {code: channel}, code))


def put_channel(call: Call) -> Reply:
    """Create or replace a channel with its mapping tables; tells which orders waited for them, so
    that their intake can be run again (INT-06).
    """
    code = new_code(call)
    known = wiring.settings().channel(call.actor.company, code)
    version = next_version(call, known)
    channel = to_command(Channel, call.body, code=code, version=version)
    if not call.dry_run:
        wiring.settings().put_channel(call.actor.company, channel)
    waiting, _ = Reruns(wiring.lifecycle(), wiring.action_items()).stopped(call.actor, code)
    offer = {"stoppedOrders": [one.order_id for one in waiting]} if waiting else {}
    body, status = {**shown(channel), **offer}, {"version": channel.version}
    return Reply(body, version=channel.version, outcome={"next_statuses": status})


def list_items(call: Call) -> Reply:
    """Items by SKU."""
    query: schemas.ItemsQuery = call.query
    skus = list(dict.fromkeys(sku for sku in query.skus.split(",") if sku))
    found = wiring.stock().items_by_sku(call.actor.company, skus)
    said = _statuses(call, found.values())
    return Reply(
        {
            "items": [shown(found[sku]) | said[found[sku].id] for sku in skus if sku in found],
            "missing": [sku for sku in skus if sku not in found],
        }
    )


def get_item(call: Call) -> Reply:
    """One item."""
    sku = call.path["sku"]
    item = _found(wiring.stock().items_by_sku(call.actor.company, [sku]), sku)
    return _item(call, item)


def _item(call: Call, item: Item) -> Reply:
    return Reply(shown(item) | _statuses(call, [item])[item.id], version=item.version)


def _statuses(call: Call, items: Iterable[Item]) -> dict[str, dict[str, str]]:
    """What may be said of items over all supply groups, by id (ITM-05)."""
    company = call.actor.company
    groups = stock_calls.site_groups(company)
    pool = tuple(sorted(set(groups.values())))
    pairs = [Pair(item.id, pool) for item in items]
    ctx = stock_calls.context(call.actor, call.correlation_id)
    hidden = stock_calls.hidden_sites(company)
    answers = availability(wiring.stock(), pairs, groups, ctx, hidden)
    return {one.pair.item_id: {"availabilityStatus": one.status.value} for one in answers}


def put_item(call: Call) -> Reply:
    """Create or replace an item; its id stays when its SKU changes."""
    company, sku = call.actor.company, call.path["sku"]
    known = wiring.stock().items_by_sku(company, [sku]).get(sku)
    version = next_version(call, known)
    item_id = known.id if known else derive("itm", company, sku)
    item = to_command(Item, call.body, id=item_id, sku=sku, version=version)
    stock = Rehearsal(wiring.stock()) if call.dry_run else wiring.stock()
    store_item(stock, item, stock_calls.context(call.actor, call.correlation_id))
    return _item(call, item)


def put_client(call: Call) -> Reply:
    """Register an OAuth client for the caller's company."""
    client_id = call.path["clientId"]
    known = wiring.settings().client(client_id)
    if known is not None and known.company != call.actor.company:
        raise Forbidden("UNKNOWN_CLIENT", "this client belongs to somebody else")
    shape: schemas.ClientShape = call.body
    client = to_command(Client, shape, id=client_id, company=call.actor.company)
    if not call.dry_run:
        wiring.settings().put_client(client)
    return Reply({"id": client.id, "company": client.company, **encode(client)})


def get_settings(call: Call) -> Reply:
    """What is set at a level, and what is effective there."""
    return _settings(call)


def put_settings(call: Call) -> Reply:
    """Replace what is set at a level; it takes effect within five seconds (SET-02)."""
    shape: schemas.SettingsShape = call.body
    if "code" in call.path:
        get_channel(call)
    if "siteCode" in call.path:
        _found(_sites(call), call.path["siteCode"])
    if call.dry_run:
        register.check(_level(call), shape.values)
    else:
        wiring.settings().put_settings(call.actor.company, _level(call), dict(shape.values))
    return _settings(call)


def _settings(call: Call) -> Reply:
    company, store = call.actor.company, wiring.settings()
    policy = store.policy(company, call.path.get("code")).at(call.path.get("siteCode", ""))
    effective = {name: encode(getattr(policy, field)) for name, field in register.NAMES.items()}
    return Reply({"values": store.settings(company, _level(call)), "effective": effective})


def _level(call: Call) -> str:
    if "siteCode" in call.path:
        return f"{register.SITE}#{call.path['siteCode']}"
    code = call.path.get("code")
    return register.COMPANY if code is None else f"{register.CHANNEL}#{code}"


def _sites(call: Call) -> dict[str, Site]:
    return {site.code: site for site in wiring.settings().sites(call.actor.company)}


def _found(records: Mapping[str, R], code: str) -> R:
    if code not in records:
        raise NotFound("NOT_FOUND", f"there is no {code}")
    return records[code]


def _put(name: str, path: str, words: str, run: Any, body: Any) -> Operation:
    answers = {200: schemas.Record}
    return Operation(
        name, "PUT", path, ADMIN, words, run, answers, body=body, if_match=True, key=Key.HONORED,
        preview=True, remembered=True,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        "listSites", "GET", "/v1/sites", INVENTORY_READ, "List sites", list_sites,
        {200: schemas.SiteList}, query=PageQuery,
    ),
    Operation(
        "getSite", "GET", "/v1/sites/{code}", INVENTORY_READ, "Read a site", get_site,
        {200: schemas.Record},
    ),
    _put("putSite", "/v1/sites/{code}", "Create or replace a site", put_site, schemas.SiteShape),
    Operation(
        "listChannels", "GET", "/v1/channels", ADMIN, "List channels", list_channels,
        {200: schemas.ChannelList}, query=PageQuery,
    ),
    Operation(
        "getChannel", "GET", "/v1/channels/{code}", ADMIN, "Read a channel", get_channel,
        {200: schemas.Record},
    ),
    _put(
        "putChannel", "/v1/channels/{code}", "Create or replace a channel", put_channel,
        schemas.ChannelShape,
    ),
    Operation(
        "listItems", "GET", "/v1/items", INVENTORY_READ, "Read items by SKU", list_items,
        {200: schemas.ItemList}, query=schemas.ItemsQuery,
    ),
    Operation(
        "getItem", "GET", "/v1/items/{sku}", INVENTORY_READ, "Read an item", get_item,
        {200: schemas.Record},
    ),
    _put("putItem", "/v1/items/{sku}", "Create or replace an item", put_item, schemas.ItemShape),
    Operation(
        "getSettings", "GET", "/v1/settings", ADMIN, "Read the company's settings", get_settings,
        {200: schemas.SettingsAnswer},
    ),
    Operation(
        "putSettings", "PUT", "/v1/settings", ADMIN, "Replace the company's settings",
        put_settings, {200: schemas.SettingsAnswer}, body=schemas.SettingsShape,
        key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "getChannelSettings", "GET", "/v1/settings/channels/{code}", ADMIN,
        "Read a channel's settings", get_settings, {200: schemas.SettingsAnswer},
    ),
    Operation(
        "putChannelSettings", "PUT", "/v1/settings/channels/{code}", ADMIN,
        "Replace a channel's settings", put_settings, {200: schemas.SettingsAnswer},
        body=schemas.SettingsShape, key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "getSiteSettings", "GET", "/v1/settings/sites/{siteCode}", ADMIN,
        "Read a site's settings", get_settings, {200: schemas.SettingsAnswer},
    ),
    Operation(
        "putSiteSettings", "PUT", "/v1/settings/sites/{siteCode}", ADMIN,
        "Replace a site's settings", put_settings, {200: schemas.SettingsAnswer},
        body=schemas.SettingsShape, key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "putClient", "PUT", "/v1/settings/clients/{clientId}", ADMIN,
        "Say whom an OAuth client acts for", put_client, {200: schemas.ClientAnswer},
        body=schemas.ClientShape, key=Key.HONORED, preview=True, remembered=True,
    ),
)  # fmt: skip
