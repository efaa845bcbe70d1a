"""The local gateway service by itself: API, durability and delivery of webhooks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.gateway_service.bank import Bank
from infra.local.gateway_service.behaviors import KINDS, Behavior, behavior_of
from infra.local.gateway_service.model import Instruction
from infra.local.gateway_service.store import Store
from tests.fakes.gateway_process import (
    GatewayProcess,
    WebhookReceiver,
    eventually,
    gateway_process,
)

AUTHORIZE = {"amount": 100, "currency": "EUR", "paymentToken": "tok_ok"}
BEARER = {"Authorization": "Bearer test"}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    data = tmp_path_factory.mktemp("gateway")
    with gateway_process("--secret", "s1", "--data", str(data)) as running:
        yield running


def post(
    process: GatewayProcess, key: str, body: object, path: str = "/v1/authorizations"
) -> tuple[int, Any]:
    """Status and answer of an operation."""
    headers = BEARER | {"Idempotency-Key": key}
    return process.request("POST", path, body, **headers)


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer[0], answer[1]["error"]["code"]


def test_a_card_number_is_refused_and_nowhere_kept(tmp_path: Path) -> None:
    """PAY-05: 400, and neither the state nor the output holds it."""
    with gateway_process("--secret", "s1", "--data", str(tmp_path)) as running:
        for token in ("4111111111111111", "tok_ok_4111-1111-1111-1111"):
            body = AUTHORIZE | {"paymentToken": token}
            assert code(post(running, "k-pan", body)) == (400, "card_number_refused")
        assert post(running, "k-pan", AUTHORIZE)[0] == 200
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"k-pan" in stored
    assert b"4111" not in stored


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"amount": 0}, "invalid_amount"),
        ({"amount": -5}, "invalid_amount"),
        ({"amount": 1.0}, "invalid_amount"),
        ({"amount": True}, "invalid_amount"),
        ({"currency": "eur"}, "invalid_currency"),
        ({"currency": None}, "invalid_currency"),
        ({"paymentToken": None}, "invalid_token"),
        ({"paymentToken": "tok_gift"}, "unknown_token"),
        ({"metadata": {"company": 5}}, "invalid_metadata"),
    ],
)
def test_a_malformed_operation_is_refused(
    process: GatewayProcess, change: dict[str, object], expected: str
) -> None:
    """GTW-11: deterministic in what it refuses too; the key stays free."""
    assert code(post(process, f"k-{expected}", AUTHORIZE | change)) == (400, expected)
    assert process.request("GET", f"/v1/operations?key=k-{expected}", **BEARER)[0] == 404


def test_a_body_that_is_no_object_is_refused(process: GatewayProcess) -> None:
    """The API answers nonsense with 400."""
    assert code(post(process, "k-list", [1])) == (400, "malformed_body")
    assert code(post(process, "", AUTHORIZE)) == (400, "idempotency_key_missing")
    assert code(process.request("POST", "/v1/_down", {"seconds": "x"})) == (400, "malformed_body")
    assert code(post(process, "k-path", AUTHORIZE, "/v1/gifts")) == (404, "no_such_resource")


def test_clients_need_their_key(process: GatewayProcess) -> None:
    """Without the bearer token nothing is carried out."""
    for headers in ({}, {"Authorization": "Bearer other"}):
        refused = process.request("POST", "/v1/authorizations", AUTHORIZE, **headers)
        assert code(refused) == (401, "unauthorized")


def test_statuses_tell_success_pending_and_decline(process: GatewayProcess) -> None:
    """GTW-11: 200, 202, 402 and the operation in each of them."""
    tokens = ("tok_ok", "tok_pending_then_ok", "tok_decline_hard")
    answers = [post(process, f"k-{t}", AUTHORIZE | {"paymentToken": t}) for t in tokens]
    assert [status for status, _ in answers] == [200, 202, 402]
    assert [body["status"] for _, body in answers] == ["SUCCEEDED", "PENDING", "DECLINED"]


def test_operations_survive_a_restart(tmp_path: Path) -> None:
    """GTW-01: the same key is answered by the stored operation, money does not move again."""
    options = ("--secret", "s1", "--data", str(tmp_path))
    with gateway_process(*options) as running:
        before = post(running, "k-1", AUTHORIZE)
    with gateway_process(*options) as running:
        assert post(running, "k-1", AUTHORIZE) == before
        figures = running.control("GET", "/v1/_stats")
    assert figures["moved"]["k-1"]["times"] == 1
    assert figures["totals"] == {"EUR": {"AUTHORIZE": 100}}


def test_webhooks_are_repeated_until_accepted_and_survive_a_restart(tmp_path: Path) -> None:
    """GTW-07: an event is not lost by a receiver or a gateway that was down."""
    with WebhookReceiver.listening() as receiver:
        receiver.status = 503
        options = ("--secret", "s1", "--data", str(tmp_path), "--retry-seconds", "0.05")
        with gateway_process(*options, "--webhook-url", receiver.url) as running:
            post(running, "k-1", AUTHORIZE)
            eventually(lambda: running.control("GET", "/v1/_stats")["webhooks"]["attempts"] >= 2)
        with gateway_process(*options) as running:
            receiver.status = 204
            eventually(lambda: running.control("GET", "/v1/_stats")["webhooks"]["waiting"] == 0)
    assert [json.loads(body)["data"]["key"] for _, body in receiver.received] == ["k-1"]


def test_the_endpoint_can_be_named_later_and_both_secrets_sign() -> None:
    """GTW-07: events wait for an endpoint; the signature holds for either secret."""
    with WebhookReceiver.listening() as receiver:
        secrets = ("--secret", "old", "--secret", "new")
        with gateway_process(*secrets, "--retry-seconds", "0.05") as running:
            post(running, "k-1", AUTHORIZE)
            refused = running.request("POST", "/v1/_webhooks/endpoint", {"url": "file:///x"})
            assert code(refused) == (400, "invalid_url")
            running.control("POST", "/v1/_webhooks/endpoint", {"url": receiver.url})
            eventually(lambda: len(receiver.received) == 1)
    headers, _ = receiver.received[0]
    assert headers["Gateway-Signature"].count("v1=") == 2


def test_pending_operations_settle_by_themselves() -> None:
    """GTW-06: nobody has to ask; the webhook of the end is sent."""
    with WebhookReceiver.listening() as receiver:
        options = ("--settle-seconds", "0.1", "--notify", "asynchronous")
        with gateway_process("--secret", "s", "--webhook-url", receiver.url, *options) as running:
            post(running, "k-ok", AUTHORIZE)
            post(running, "k-later", AUTHORIZE | {"paymentToken": "tok_pending_then_ok"})
            eventually(lambda: len(receiver.received) == 1)
            figures = running.control("GET", "/v1/_stats")
    event = json.loads(receiver.received[0][1])
    assert (event["type"], event["data"]["key"]) == ("authorize.succeeded", "k-later")
    assert figures["webhooks"]["events"] == 1


class TestAuthorizationExpiry:
    """GTW-11 `auth_expires_in_1m`, by a clock of our own."""

    def instruction(self, kind: str, key: str, parent: str | None) -> Instruction:
        """An operation of a short authorization."""
        token = None if parent else "tok_auth_expires_in_1m"
        return Instruction(key, kind, 0 if kind == "VOID" else 100, "EUR", token, parent, False, {})

    @pytest.mark.parametrize(
        ("elapsed", "expected"), [(59.9, None), (60.0, "authorization_expired")]
    )
    @pytest.mark.parametrize("kind", ["CAPTURE", "VOID"])
    def test_nothing_follows_a_lapsed_authorization(
        self, kind: str, elapsed: float, expected: str | None
    ) -> None:
        """GTW-11, PAY-23: valid for a minute and not longer."""
        now = 1_000.0
        store = Store(None)
        bank = Bank(store, lambda: now, 5, notify_all=False)
        first = bank.submit(self.instruction("AUTHORIZE", "k-1", None)).operation
        assert first is not None
        now += elapsed
        second = bank.submit(self.instruction(kind, "k-2", first.reference)).operation
        assert second is not None
        assert second.verdict.code == expected
        store.close()


@pytest.mark.parametrize("behavior", Behavior)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_can_be_narrowed_to_one_operation(behavior: Behavior, kind: str) -> None:
    """GTW-11: `_on_<operation>` moves the behavior there and nowhere else."""
    token = f"tok_{behavior}_on_{kind.lower()}_x"
    assert behavior_of(token, kind) is behavior
    assert {behavior_of(token, other) for other in KINDS if other != kind} == {Behavior.OK}
