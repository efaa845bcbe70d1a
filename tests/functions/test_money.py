"""Money over HTTP: what operators, and whoever has a payment link, may do with it.

Cites PAY-01, PAY-07, PAY-35, PAY-36, PAY-41, PAY-52, GTW-07, BIL-04, BIL-05, REF-01, REF-05,
ACC-047, ACC-049.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from oms.kernel.codec import encode
from oms.lifecycle.record import OrderRecord

from tests.functions.doubles import Inbox
from tests.functions.test_webhooks import webhook
from tests.functions.test_work import PACKAGES, UNITS, released, stored, verb
from tests.functions.world import COMPANY, Got, World, user

MANAGER = user()


def post(
    world: World, order_id: str, path: str, body: Any = None, key: str = "k", **more: Any
) -> Got:
    headers = {"Idempotency-Key": f"{path}-{key}"}
    more.setdefault("claims", MANAGER)
    return world.http(
        "payments", "POST", f"/v1/orders/{order_id}/{path}", body or {}, headers=headers, **more
    )


def shipped(world: World) -> tuple[str, OrderRecord]:
    """An order of 49.15, shipped and paid."""
    order_id, fo_id = released(world)
    verb(world, order_id, fo_id, "pick", UNITS)
    verb(world, order_id, fo_id, "pack", PACKAGES)
    verb(world, order_id, fo_id, "ship", {"carrier": "UPS"})
    world.run(order_id)
    return order_id, stored(world, order_id)


def totals(world: World, order_id: str) -> dict[str, int]:
    found: dict[str, int] = world.http("orders", "GET", f"/v1/orders/{order_id}").body["totals"]
    return found


def test_taking_back_and_applying_again(world: World) -> None:
    """PAY-07, BIL-04, BIL-105: the balance of the invoice returns, then it is paid again."""
    order_id, record = shipped(world)
    invoice, tender = record.billing.invoices[0].id, record.payments.tenders[0].id
    got = post(world, order_id, f"payments/{tender}/unapply", {"invoiceId": invoice})
    assert (got.status, got.body["state"]) == (200, "AWAITING_SETTLEMENT")
    assert totals(world, order_id)["amountDue"] == totals(world, order_id)["unapplied"] == 4915
    body = {"invoiceId": invoice, "amount": 4915}
    assert post(world, order_id, f"payments/{tender}/apply", body | {"amount": 4916}).status == 422
    assert post(world, order_id, f"payments/{tender}/apply", body, key="2").status == 200
    assert totals(world, order_id)["amountDue"] == 0
    again = post(world, order_id, f"payments/{tender}/unapply", {"invoiceId": "inv_x"}, key="2")
    assert (again.status, again.body["code"]) == (422, "STATE")


def test_a_credit_memo_is_posted_and_refunded(world: World) -> None:
    """BIL-05, BIL-07, BIL-106: what was charged for one unit comes back, and not twice."""
    order_id, record = shipped(world)
    line = {"invoiceId": record.billing.invoices[0].id, "lineNo": 2, "quantity": 1}
    body = {"kind": "RETURN", "reason": "BROKEN", "units": [line]}
    assert post(world, order_id, "credit-memos", body).status == 200
    world.run(order_id)
    memo = stored(world, order_id).billing.credit_memos[0]
    assert totals(world, order_id)["refunded"] == memo.total == memo.applied > 0
    got = post(world, order_id, "credit-memos", body, key="2")
    assert (got.status, got.body["reasons"][0]["code"]) == (422, "QUANTITY_EXCEEDED")
    got = post(world, order_id, "credit-memos", {"kind": "RETURN", "units": [line]}, key="3")
    assert got.body["errors"][0]["path"] == "reason"
    got = post(world, order_id, "credit-memos", body | {"kind": "GIFT"}, key="4")
    assert got.status == 400


def test_credit_is_taken_back_from_an_invoice_and_applied_again(world: World) -> None:
    """BIL-04: part of an invoice paid by credit; an unknown memo is 404."""
    order_id, record = shipped(world)
    invoice, tender = record.billing.invoices[0].id, record.payments.tenders[0].id
    post(world, order_id, f"payments/{tender}/unapply", {"invoiceId": invoice})
    body = {"kind": "GOODWILL", "reason": "LATE", "goodwill": 300}
    post(world, order_id, "credit-memos", body)
    memo = stored(world, order_id).billing.credit_memos[0]
    assert memo.applied == 300
    path = f"credit-memos/{memo.id}"
    assert post(world, order_id, f"{path}/unapply", {"invoiceId": invoice}).status == 200
    assert totals(world, order_id)["openCredit"] == 300
    part = {"invoiceId": invoice, "amount": 200}
    assert post(world, order_id, f"{path}/apply", part).status == 200
    assert (totals(world, order_id)["openCredit"], totals(world, order_id)["amountDue"]) == (
        100,
        4715,
    )
    assert post(world, order_id, "credit-memos/cm_x/apply", part).body["code"] == (
        "CREDIT_MEMO_NOT_FOUND"
    )


def test_totals_tell_what_was_given_back(world: World) -> None:
    """TOT-07, STA-04, LED-03: whole and by component, read from the ledger."""
    order_id, record = shipped(world)
    line = {"invoiceId": record.billing.invoices[0].id, "lineNo": 1, "quantity": 2}
    post(world, order_id, "credit-memos", {"kind": "RETURN", "reason": "X", "units": [line]})
    world.run(order_id)
    seen = world.http("orders", "GET", f"/v1/orders/{order_id}").body
    found = seen["totals"]
    assert found["ordered"] == found["invoiced"] == 4915
    assert found["current"] == 4915 - found["credited"] == found["captured"] - found["refunded"]
    assert (found["excess"], found["openValue"], seen["paymentStatus"]) == (
        0, 0, "PARTIALLY_REFUNDED",
    )  # fmt: skip
    parts = seen["componentTotals"]
    assert parts["invoiced"] == {"PRODUCT": 4250, "SHIPPING": 500, "TAX": 165}
    assert sum(parts["credited"].values()) == found["credited"]
    assert parts["ordered"] == {
        "PRODUCT": 4250, "SHIPPING": 500, "HANDLING": 0, "FEE": 0, "TAX": 165,
    }  # fmt: skip


def test_documents_are_filed_where_somebody_wants_to(world: World) -> None:
    """BIL-103, BIL-108: paid and used documents wait for *File*, once."""
    filing = {"workflow.invoiceFiling": True, "workflow.creditMemoFiling": True}
    world.settings.put_settings(COMPANY, "COMPANY", filing)
    order_id, record = shipped(world)
    invoice = record.billing.invoices[0].id
    line = {"invoiceId": invoice, "lineNo": 2, "quantity": 1}
    post(world, order_id, "credit-memos", {"kind": "RETURN", "reason": "X", "units": [line]})
    world.run(order_id)
    memo = stored(world, order_id).billing.credit_memos[0].id
    for path, closed in ((f"invoices/{invoice}", "invoice.closed"),
                         (f"credit-memos/{memo}", "credit_memo.closed")):  # fmt: skip
        told = [fact.type for fact in world.orders.facts(COMPANY, order_id, 0)]
        assert closed not in told
        assert post(world, order_id, f"{path}/file").status == 200
        assert post(world, order_id, f"{path}/file", key="2").body["code"] == "STATE"
        told = [fact.type for fact in world.orders.facts(COMPANY, order_id, 0)]
        assert told.count(closed) == 1
    assert post(world, order_id, "invoices/inv_x/file").status == 404


def test_customer_and_method_of_a_payment(world: World) -> None:
    """PAY-07: attach, detach, replace."""
    order_id = world.place()
    world.run(order_id)
    payment = f"payments/{stored(world, order_id).payments.tenders[0].id}"
    assert post(world, order_id, f"{payment}/attach", {"customer": "C-7"}).status == 200
    assert stored(world, order_id).payments.tenders[0].customer == "C-7"
    assert post(world, order_id, f"{payment}/detach").status == 200
    assert stored(world, order_id).payments.tenders[0].customer is None
    assert post(world, order_id, f"{payment}/replace", {"token": "tok_ok"}).status == 200
    world.run(order_id)
    first, second = stored(world, order_id).payments.tenders
    assert [held.void for held in first.authorizations] == [True]
    assert (second.replaces, second.authorizations[0].amount) == (first.id, 4915)
    seen = json.dumps(world.http("orders", "GET", f"/v1/orders/{order_id}").body)
    assert "tok_ok" not in seen


def test_process_is_refused_once_everything_is_covered(world: World) -> None:
    """PAY-07, PAY-01: nothing more is authorized than is missing; unknown methods have no way."""
    order_id = world.place()
    got = post(world, order_id, "payments", {"method": "CARD", "token": "tok_ok"})
    assert (got.status, got.body["code"]) == (422, "BALANCE_EXCEEDED")
    order_id = world.place("W-2", tenders=[{"method": "CARD", "token": "tok_ok", "limit": 4000}])
    got = post(world, order_id, "payments", {"method": "POINTS", "token": "x"})
    assert (got.status, got.body["code"]) == (400, "UNMAPPED_CODE")
    body = {"method": "CARD", "token": "tok_ok", "gateway": "test", "customer": "C-1"}
    assert post(world, order_id, "payments", body, key="2").status == 200
    world.run(order_id)
    assert totals(world, order_id)["authorized"] == 4915


def uncovered(world: World) -> str:
    """An order whose card was declined."""
    order_id = world.place(tenders=[{"method": "CARD", "token": "tok_decline_hard"}])
    world.run(order_id)
    return order_id


def by_link(world: World, verb: str, body: dict[str, Any]) -> Got:
    """A call without a token of ours."""
    return world.http("payments", "POST", f"/v1/payment-links/{verb}", body, claims={})


def test_whoever_has_the_link_pays_what_is_missing(world: World) -> None:
    """PAY-41: owed is read without an account, paid once, and the order goes on."""
    order_id = uncovered(world)
    made = post(world, order_id, "payment-links")
    token = made.body["token"]
    owed = by_link(world, "read", {"token": token})
    assert owed.body == {
        "orderNumber": stored(world, order_id).order.number, "currency": "USD", "amount": 4915,
        "state": "OPEN", "expiresAt": "2026-03-04T10:00:00.000Z",
    }  # fmt: skip
    card = {"token": token, "method": "CARD", "paymentToken": "tok_ok", "lastFour": "4242"}
    paid = by_link(world, "pay", card)
    assert (paid.status, paid.body["state"], paid.body["amount"]) == (202, "PENDING", 0)
    world.run(order_id)
    assert by_link(world, "read", {"token": token}).body["state"] == "PAID"
    assert stored(world, order_id).fulfillment.orders, "the order goes on"
    again = by_link(world, "pay", card)
    assert (again.status, again.body["code"]) == (422, "LINK_USED")


def test_a_link_is_secret_and_kept_as_a_hash(world: World) -> None:
    """PAY-41: 256 bits, in no record, view or fact; a repeated call gets no token."""
    order_id = uncovered(world)
    made = post(world, order_id, "payment-links")
    token = made.body["token"]
    secret = token.rpartition(".")[2]
    assert len(secret) == 43
    kept = json.dumps(encode(stored(world, order_id)))
    assert secret not in kept
    assert "tokenHash" not in json.dumps(world.http("orders", "GET", f"/v1/orders/{order_id}").body)
    assert "payment.link_created" in kept
    again = post(world, order_id, "payment-links")
    assert (again.body["token"], again.headers["idempotent-replayed"]) == (None, "true")
    agent = post(world, order_id, "payment-links", key="2", claims=user(groups="[service_agent]"))
    assert agent.status == 403


@pytest.mark.parametrize("change", ["secret", "order", "company", "shape"])
def test_a_guessed_token_tells_nothing(world: World, change: str) -> None:
    """PAY-41: every wrong token gets the same 404."""
    order_id = uncovered(world)
    company, order, secret = post(world, order_id, "payment-links").body["token"].split(".")
    token = {
        "secret": f"{company}.{order}.{'A' * 43}", "order": f"{company}.ord_x.{secret}",
        "company": f"zeta.{order}.{secret}", "shape": secret,
    }[change]  # fmt: skip
    for name, body in (
        ("read", {"token": token}),
        ("pay", {"token": token, "method": "CARD", "paymentToken": "tok_ok"}),
    ):
        got = by_link(world, name, body)
        assert (got.status, got.body["code"]) == (404, "LINK_NOT_FOUND")


def test_a_link_ends_after_three_days(world: World) -> None:
    """PAY-41."""
    order_id = uncovered(world)
    token = post(world, order_id, "payment-links").body["token"]
    world.now = world.now.replace(day=4)
    assert by_link(world, "read", {"token": token}).body["state"] == "EXPIRED"
    got = by_link(world, "pay", {"token": token, "method": "CARD", "paymentToken": "tok_ok"})
    assert (got.status, got.body["code"]) == (422, "LINK_EXPIRED")


def test_a_card_number_is_not_taken_by_link(world: World) -> None:
    """PAY-05."""
    order_id = uncovered(world)
    token = post(world, order_id, "payment-links").body["token"]
    card = {"token": token, "method": "CARD", "paymentToken": "4111111111111111"}
    assert by_link(world, "pay", card).body["code"] == "CARD_NUMBER"


def test_an_orphan_is_given_to_an_order_and_distributed(world: World, inbox: Inbox) -> None:
    """PAY-35, PAY-52, GTW-07, ACC-047: 75.00 over invoices of 50.00 and 40.00."""
    order_id = two_invoices(world)
    webhook(world, metadata={"company": COMPANY, "paymentId": "pay_1"}, **seventy_five())
    (item,) = [i for i in world.items.open_items(COMPANY, 20, None)[0] if i.order_id is None]
    event_id = item.data["eventId"]
    assert (item.type, item.data["amount"], (COMPANY, event_id) in inbox.kept) == (
        "ORPHAN_PAYMENT", "7500", True,
    )  # fmt: skip
    assert post(world, order_id, "payments/adopt", {"eventId": event_id}).status == 200
    assert [i for i in world.items.open_items(COMPANY, 20, None)[0] if i.order_id is None] == []
    record = stored(world, order_id)
    first, second = (i for i in record.billing.invoices if i.posted_at)
    orphan = record.payments.tenders[-1]
    path = f"payments/{orphan.id}/distribute"
    wrong = shares((first.id, 5000), (second.id, 2000))
    got = post(world, order_id, path, wrong)
    assert (got.status, got.body["code"]) == (422, "APPLICATION_SUM_MISMATCH")
    assert (
        post(world, order_id, path, shares((first.id, 5000), (second.id, 2500)), "2").status == 200
    )
    due = [i.total - i.applied for i in stored(world, order_id).billing.invoices if i.posted_at]
    assert due == [0, 1500]


def test_an_orphan_is_given_once(world: World, inbox: Inbox) -> None:
    """PAY-35: to one order; the same order again changes nothing; another currency has no place."""
    webhook(world, metadata=None, **seventy_five())
    first, second = world.place("W-1"), world.place("W-2")
    body = {"eventId": "evt_00000042"}
    assert post(world, first, "payments/adopt", body).status == 200
    assert post(world, first, "payments/adopt", body, key="2").status == 200
    assert totals(world, first)["captured"] == 7500
    got = post(world, second, "payments/adopt", body)
    assert (got.status, got.body["code"]) == (422, "STATE")
    got = post(world, second, "payments/adopt", {"eventId": "evt_x"})
    assert (got.status, got.body["code"]) == (404, "ORPHAN_NOT_FOUND")
    webhook(world, id_="evt_2", metadata=None, **seventy_five() | {"currency": "EUR"})
    got = post(world, second, "payments/adopt", {"eventId": "evt_2"})
    assert got.body["code"] == "CURRENCY_MISMATCH"


def test_refund_without_return(world: World) -> None:
    """ACC-049, REF-01, REF-05: up to captured less refunded, not a cent more; reason required."""
    order_id, record = shipped(world)
    path = f"payments/{record.payments.tenders[0].id}/refund"
    assert post(world, order_id, path, {"amount": 1915, "reason": "LATE"}).status == 200
    world.run(order_id)
    assert post(world, order_id, path, {"amount": 3000, "reason": "LATE"}, key="2").status == 200
    got = post(world, order_id, path, {"amount": 1, "reason": "LATE"}, key="3")
    assert (got.status, got.body["reasons"][0]["code"]) == (422, "BALANCE_EXCEEDED")
    world.run(order_id)
    kinds = {memo.kind for memo in stored(world, order_id).billing.credit_memos}
    assert (totals(world, order_id)["refunded"], kinds) == (4915, {"GOODWILL"})


def seventy_five() -> dict[str, Any]:
    """A capture of 75.00 that nobody here asked for."""
    return {
        "kind": "CAPTURE", "key": None, "reference": "cap_75", "amount": 7500,
        "approvedAmount": 7500, "currency": "USD", "parentReference": None,
    }  # fmt: skip


def shares(*rows: tuple[str, int]) -> dict[str, Any]:
    return {"invoices": [{"invoiceId": name, "amount": amount} for name, amount in rows]}


def two_invoices(world: World) -> str:
    """Two lines of 50.00 and 40.00 on terms, shipped one after the other."""
    lines = [
        {"sku": "A", "quantity": 1, "unitPrice": 5000},
        {"sku": "B", "quantity": 1, "unitPrice": 4000},
    ]
    order_id = world.place(
        "W-9", lines=lines, groups=[world.order()["groups"][0] | {"shipping": 0}],
        tenders=[{"method": "TERMS", "limit": 9000}], adjustments=[], statedTotal=9000,
    )  # fmt: skip
    world.run(order_id)
    fo_id = stored(world, order_id).fulfillment.orders[0].id
    for line_no in (1, 2):
        unit = {"lines": [{"lineNo": line_no, "quantity": 1}]}
        package = {"packages": [{"contents": unit["lines"], "box": "M"}]}
        for name, body in (("pick", unit), ("pack", package), ("ship", {"carrier": "UPS"})):
            headers = {"Idempotency-Key": f"{name}-{line_no}"}
            got = verb(world, order_id, fo_id, name, body, headers=headers)
            assert got.status == 200, got.body
    return order_id
