"""What waits for a person: action items and dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from oms.action_items import commands, rows
from oms.action_items.model import ActionItem
from oms.kernel.codec import encode
from oms.kernel.context import Context
from oms.kernel.errors import Forbidden, NotFound, OmsError
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply
from oms_aws.http_actor import ADMIN, ORDERS_READ, ORDERS_WRITE
from oms_aws.pages import page_of
from oms_aws.queues import DeadLetter
from oms_aws.shapes import Bare, Shape, to_command

from functions.administration import schemas_attention as schemas
from functions.administration.fixes import fixes_of

ITEM = "/v1/action-items/{itemId}"
LETTER = "/v1/intake/dead-letters/{letterId}"


def listed(call: Call) -> Reply:
    """Open items, or all of one record."""
    query: schemas.ActionItemsQuery = call.query
    store, company = wiring.action_items(), call.actor.company
    if query.record is not None:
        every = store.of_record(company, query.record)
        found, cursor = page_of(every, attrgetter("id"), query.cursor, query.limit)
    else:
        found, cursor = store.open_items(company, query.limit, query.cursor)
    return Reply({"actionItems": [_shown(item) for item in found], "cursor": cursor})


def read(call: Call) -> Reply:
    """One action item."""
    return _answer(_item(call))


def work(decide: Callable[[ActionItem, Call, Context], ActionItem]) -> Callable[[Call], Reply]:
    """A command on the item's own row."""

    def run(call: Call) -> Reply:
        item = _item(call)
        changed = decide(item, call, _context(call))
        if changed != item and not call.dry_run:
            wiring.action_items().put(changed)
        return _answer(changed)

    return run


def reopen(call: Call) -> Reply:
    """Open an ended item again; one of an order with the order, so that it blocks as before."""
    item = _item(call)
    command = to_command(commands.ReopenItem, call.body, item_id=item.id)
    ctx = _context(call)
    again = rows.reopen(item, command, ctx)
    if item.order_id is None and not call.dry_run:
        wiring.action_items().put(again)
    elif item.order_id is not None:
        reinstate = commands.ReinstateItem(rows.reference(again), command.reason)
        wiring.lifecycle().execute(
            call.actor, item.order_id, [reinstate], key=call.key, body_hash=call.body_hash,
            correlation_id=call.correlation_id, dry_run=call.dry_run,
        )  # fmt: skip
    return _answer(again if call.dry_run else _item(call))


def in_bulk(call: Call) -> Reply:
    """One operation on many items, each on its own: what some are refused, the others get."""
    shape: schemas.BulkShape = call.body
    run, body = BULK[shape.work.operation], shape.work.bare()
    results = []
    for item_id in dict.fromkeys(shape.ids):
        key = None if call.key is None else f"{call.key}:{item_id}"
        one = replace(call, path={"itemId": item_id}, body=body, key=key)
        try:
            results.append({"id": item_id, "done": True, "version": run(one).version})
        except OmsError as refusal:
            told = {"code": refusal.code, "detail": refusal.detail}
            results.append({"id": item_id, "done": False, **told})
    return Reply({"results": results})


def clear(call: Call) -> Reply:
    """Clear an item; one of an order is cleared with the order, so that its alert ends too."""
    item, shape = _item(call), call.body
    if item.order_id is not None:
        command = commands.ClearItem(item.id, shape.resolution)
        wiring.lifecycle().execute(
            call.actor, item.order_id, [command], key=call.key, body_hash=call.body_hash,
            correlation_id=call.correlation_id, dry_run=call.dry_run,
        )  # fmt: skip
        item = _item(call)
    if item.state.open:
        by = call.actor.label
        item = rows.resolve_row(item, shape.resolution, by, True, _context(call))
        if not call.dry_run:
            wiring.action_items().put(item)
    return _answer(item)


def dead_letters(call: Call) -> Reply:
    """Queued orders that could not be read, with what is wrong to see in their text."""
    queue = wiring.dead_letters()
    letters = [letter for letter in queue.look() if _ours(letter.client, call.actor.company)]
    shown = [_letter(letter) for letter in letters]
    return Reply({"deadLetters": shown, "waiting": queue.depth()})


def retry(call: Call) -> Reply:
    """Send the corrected message again and drop the dead letter (INT-01)."""
    shape: schemas.RetryShape = call.body
    if not _ours(shape.client, call.actor.company):
        raise Forbidden("UNKNOWN_CLIENT", "this client belongs to somebody else")
    if call.dry_run:
        return _waiting(call)
    text = json.dumps(shape.message, ensure_ascii=False)
    wiring.dead_letters().retry(call.path["letterId"], shape.handle, text, shape.client)
    telemetry.count("DeadLettersRetried")
    return Reply({"id": call.path["letterId"]})


def discard(call: Call) -> Reply:
    """Drop a dead letter."""
    shape: schemas.LetterShape = call.body
    if call.dry_run:
        return _waiting(call)
    wiring.dead_letters().discard(call.path["letterId"], shape.handle)
    return Reply({"id": call.path["letterId"]})


def _waiting(call: Call) -> Reply:
    """A preview: the letter would go. Receiving it only to look would count against it."""
    return Reply({"id": call.path["letterId"]})


def _item(call: Call) -> ActionItem:
    item = wiring.action_items().get(call.actor.company, call.path["itemId"])
    if item is None:
        raise NotFound("ACTION_ITEM_NOT_FOUND", f"no action item {call.path['itemId']}")
    return item


def _context(call: Call) -> Context:
    policy = wiring.settings().policy(call.actor.company)
    return Context(wiring.clock(), call.actor, call.correlation_id, policy)


def _answer(item: ActionItem) -> Reply:
    # Items of orders change by way of the order, so versions are no part of the outcome.
    status = {"state": item.state.value, "owner": item.owner}
    return Reply(_shown(item), version=item.version, outcome={"next_statuses": status})


def _shown(item: ActionItem) -> dict[str, Any]:
    state = rows.state_at(item, wiring.clock())
    more = {"state": state.value, "version": item.version, "fixes": fixes_of(item)}
    return {**encode(item), **more}


def _ours(client_id: str | None, company: str) -> bool:
    """Whether a message is of this company; one without a client is of the only one there is."""
    if client_id is None:
        return wiring.settings().companies() == (company,)
    client = wiring.settings().client(client_id)
    return client is not None and client.company == company


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id, "handle": letter.handle, "message": letter.body, "client": letter.client,
        "sentAt": letter.received_at,
    }  # fmt: skip


def _change(verb: str, kind: type, decide: Any) -> Callable[[Call], Reply]:
    def run(item: ActionItem, call: Call, ctx: Context) -> ActionItem:
        more = {"item_id": item.id} | ({"owner": call.actor.id} if verb == "take" else {})
        changed: ActionItem = decide(item, to_command(kind, call.body, **more), ctx)
        return changed

    return work(run)


BULK: Mapping[str, Callable[[Call], Reply]] = {
    "assign": _change("assign", commands.AssignItem, rows.assign),
    "take": _change("take", commands.AssignItem, rows.assign),
    "comment": _change("comment", commands.CommentItem, rows.comment),
    "snooze": _change("snooze", commands.SnoozeItem, rows.snooze),
    "reopen": reopen,
    "clear": clear,
}
"""What may be done to many items at once: everything but fixing (AIT-03)."""


def _verb(verb: str, words: str, body: type[Shape]) -> Operation:
    return Operation(
        f"{verb}ActionItem", "POST", f"{ITEM}/{verb}", ORDERS_WRITE, words, BULK[verb],
        {200: schemas.ActionItemAnswer}, body=body, key=Key.HONORED, preview=True,
        remembered=True,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        "listActionItems", "GET", "/v1/action-items", ORDERS_READ, "List action items", listed,
        {200: schemas.ActionItemList}, query=schemas.ActionItemsQuery,
    ),
    Operation(
        "getActionItem", "GET", ITEM, ORDERS_READ, "Read an action item", read,
        {200: schemas.ActionItemAnswer},
    ),
    _verb("assign", "Give to somebody", schemas.AssignShape),
    _verb("take", "Take", Bare),
    _verb("comment", "Comment", schemas.CommentShape),
    _verb("snooze", "Hide for a time", schemas.SnoozeShape),
    _verb("reopen", "Open again", schemas.ReopenShape),
    _verb("clear", "Clear", schemas.ClearShape),
    Operation(
        "bulkActionItems", "POST", "/v1/action-items/bulk", ORDERS_WRITE,
        "Do one thing to many action items", in_bulk, {200: schemas.BulkAnswer},
        body=schemas.BulkShape, key=Key.HONORED, preview=True, remembered=True,
    ),
    Operation(
        "listDeadLetters", "GET", "/v1/intake/dead-letters", ADMIN,
        "Look at queued orders that could not be read", dead_letters,
        {200: schemas.DeadLetterList},
    ),
    Operation(
        "retryDeadLetter", "POST", f"{LETTER}/retry", ADMIN, "Fix and retry a queued order",
        retry, {200: schemas.Done}, body=schemas.RetryShape, key=Key.HONORED, preview=True,
        remembered=True,
    ),
    Operation(
        "discardDeadLetter", "POST", f"{LETTER}/discard", ADMIN, "Drop a queued order", discard,
        {200: schemas.Done}, body=schemas.LetterShape, key=Key.HONORED, preview=True,
        remembered=True,
    ),
)  # fmt: skip
