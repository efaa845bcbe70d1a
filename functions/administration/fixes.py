"""The fixes of an action item as requests to send: one click, or a preview first (AIT-01, AIT-03).

Fixing is sending the request, under the rights of whoever sends it; the item resolves itself once
its condition is over. With `?dryRun=true` the same request shows what would happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oms.action_items.model import ActionItem, Fix

Json = dict[str, Any]


def fixes_of(item: ActionItem) -> list[Json]:
    """Each fix with its request; `needs` are the fields of the body that only a person can fill."""
    return [_shown(item, fix) for fix in item.fixes]


def _shown(item: ActionItem, fix: Fix) -> Json:
    needs: tuple[str, ...] = ()
    shown: Json = {"label": fix.label, "command": fix.command, "arguments": dict(fix.arguments)}
    if fix.command == "clear":
        path, body = f"/v1/action-items/{item.id}/clear", {"resolution": fix.label}
        preview = False
    elif item.order_id is None or fix.command not in _REQUESTS or _unpaid(item, fix):
        return shown
    else:
        order = f"/v1/orders/{item.order_id}"
        suffix, body, needs = _REQUESTS[fix.command](item, fix)
        path, preview = f"{order}/{suffix}", True
    request = {"method": "POST", "path": path, "body": body}
    return shown | {"request": request, "needs": list(needs), "preview": preview}


Request = tuple[str, Json, tuple[str, ...]]


def _actions(action: str, needs: tuple[str, ...] = (), **more: Any) -> Request:
    return "actions", {"actions": [{"action": action, **more}]}, needs


def _cancel(item: ActionItem, fix: Fix) -> Request:
    more: Json = {"lines": [{"lineNo": item.line_no}]} if "lineNo" in fix.arguments else {}
    return _actions("cancel", reason=item.message[:250], **more)


def _resume(item: ActionItem, fix: Fix) -> Request:
    more: Json = {"lineNo": item.line_no} if "lineNo" in fix.arguments else {}
    return _actions("resume", reason=fix.label, **more)


def _retry(item: ActionItem, fix: Fix) -> Request:
    path = f"payments/{item.record_id}/retry"
    return path, {"intentId": fix.arguments["intentId"]}, ()


def _refund(item: ActionItem, fix: Fix) -> Request:
    body: Json = {"reason": fix.label}
    if "amount" not in item.data:
        return f"payments/{item.record_id}/refund", body, ("amount",)
    return f"payments/{item.record_id}/refund", body | {"amount": int(item.data["amount"])}, ()


def _unpaid(item: ActionItem, fix: Fix) -> bool:
    """Whether no payment has the funds that the fix would give back."""
    return fix.command == "refund" and item.record_type != "payment"


def _distribute(item: ActionItem, _: Fix) -> Request:
    return f"payments/{item.record_id}/distribute", {}, ("invoices",)


_REQUESTS: Mapping[str, Callable[[ActionItem, Fix], Request]] = {
    "complete": lambda *_: _actions("complete"),
    "changeAddress": lambda *_: _actions("changeAddress", ("group", "address")),
    "approve": lambda _, fix: _actions("approve", reason=fix.label),
    "cancel": _cancel,
    "resume": _resume,
    "backorder": lambda item, fix: _actions("backorder", lineNo=item.line_no, reason=fix.label),
    "addTender": lambda *_: ("payments", {}, ("method", "token")),
    "retryPayment": _retry,
    "refund": _refund,
    "distributeFunds": _distribute,
}
