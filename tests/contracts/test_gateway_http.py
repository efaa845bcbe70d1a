"""The HTTP adapter against servers that misbehave in every way a network can (GTW-03, GTW-04)."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from oms.payments.gateway import (
    Capabilities,
    DeclineClass,
    GatewayMetadata,
    GatewayRequest,
    GatewayResult,
    Outcome,
    RequestKind,
)
from oms_aws.gateway import GatewaySettings, HttpGateway

OPERATION = {
    "key": "int_1",
    "status": "SUCCEEDED",
    "reference": "auth_1",
    "approvedAmount": 100,
}
REQUEST = GatewayRequest(
    RequestKind.AUTHORIZE,
    "int_1",
    100,
    "EUR",
    GatewayMetadata("ACME", "pay_1", "ord_1"),
    payment_token="tok_ok",
)
Behave = Callable[[socket.socket, bytes], None]


@contextmanager
def server(behave: Behave) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads one request and then does what `behave` says; yields its URL."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                requests.append(read_request(connection))
                try:
                    behave(connection, requests[0])
                except OSError:
                    # The client hung up first, which is what some of these tests are about.
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
        thread.join()


def read_request(connection: socket.socket) -> bytes:
    """All bytes of one request, as far as its head announces them."""
    data = b""
    while chunk := connection.recv(65_536):
        data += chunk
        head, end, body = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            ),
            0,
        )
        if end and len(body) >= length:
            break
    return data


def answer(status: int, body: object, *, missing: int = 0) -> Behave:
    """A JSON answer whose last bytes may be missing."""
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    return lambda connection, _: connection.sendall(head + content[: len(content) - missing])


def adapter(url: str, budget_seconds: float = 60) -> HttpGateway:
    """The adapter under test; the budget is long, so that only silence can use it up."""
    return HttpGateway(GatewaySettings(url, "key-1", True, Capabilities(), budget_seconds))


def authorize(behave: Behave, budget_seconds: float = 60) -> GatewayResult:
    """The result of a request to a server that behaves so."""
    with server(behave) as (url, _):
        return adapter(url, budget_seconds).authorize(REQUEST)


def lookup(behave: Behave) -> GatewayResult:
    """The result of a lookup at a server that behaves so."""
    with server(behave) as (url, _):
        return adapter(url).lookup("int_1")


def error(code: str) -> dict[str, dict[str, str]]:
    """An error as the gateway words it."""
    return {"error": {"code": code}}


def test_a_request_says_who_asks_under_which_key_and_names_ids_only() -> None:
    """GTW-01, GTW-02: idempotency key = intent id; nothing personal leaves."""
    with server(answer(200, OPERATION)) as (url, requests):
        result = adapter(url).authorize(REQUEST)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/authorizations HTTP/1.1"
    assert {"Idempotency-Key: int_1", "Authorization: Bearer key-1"} <= set(lines)
    assert json.loads(body) == {
        "amount": 100,
        "currency": "EUR",
        "paymentToken": "tok_ok",
        "metadata": {"company": "ACME", "orderId": "ord_1", "paymentId": "pay_1"},
    }
    assert (result.outcome, result.approved_amount) == (Outcome.SUCCEEDED, 100)


def refused_url() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_refused_connection_is_unreachable() -> None:
    """GTW-03: nothing was sent."""
    gateway = adapter(refused_url())
    assert gateway.authorize(REQUEST).outcome is Outcome.UNREACHABLE
    assert gateway.lookup("int_1").outcome is Outcome.UNREACHABLE


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    """GTW-03: nothing was sent."""
    result = adapter("http://gateway.invalid").authorize(REQUEST)
    assert result.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_request_turned_away_at_the_door_is_unreachable(status: int) -> None:
    """GTW-03: not processed and not declined: resending the same key is right."""
    result = authorize(answer(status, error("unauthorized")))
    assert (result.outcome, result.code) == (Outcome.UNREACHABLE, "unauthorized")
    assert lookup(answer(status, {})).outcome is Outcome.UNREACHABLE


def silent(connection: socket.socket, _: bytes) -> None:
    """Keep the connection open until the client hangs up."""
    connection.recv(1)


def trickle(connection: socket.socket, _: bytes) -> None:
    """Send one byte after the other, none of them late, and never come to an end."""
    connection.sendall(b"HTTP/1.1 200 X\r\n")
    pause = threading.Event()
    while not pause.wait(0.05):
        connection.sendall(b"X")


@pytest.mark.parametrize("behave", [silent, trickle])
def test_the_budget_ends_a_call_however_slowly_bytes_come(behave: Behave) -> None:
    """GTW-03, GTW-04: the call ends at all, and then it is not known what happened."""
    result = authorize(behave, budget_seconds=0.4)
    assert (result.outcome, result.code) == (Outcome.UNKNOWN, "no_answer")


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(lambda connection, _: connection.close(), id="closed"),
        pytest.param(answer(200, OPERATION, missing=5), id="cut off"),
        pytest.param(lambda connection, _: connection.sendall(b"hello\r\n\r\n"), id="not HTTP"),
        pytest.param(answer(200, ["no operation"]), id="another shape"),
        pytest.param(answer(200, OPERATION | {"key": "int_2"}), id="another key"),
        pytest.param(answer(200, OPERATION | {"approvedAmount": 1.5}), id="no amount"),
        pytest.param(answer(200, OPERATION | {"status": "?"}), id="no status"),
        pytest.param(answer(200, OPERATION | {"padding": "x" * 70_000}), id="too long"),
        pytest.param(answer(302, {}), id="redirect"),
        pytest.param(answer(400, "an HTML page"), id="somebody else's 400"),
        pytest.param(answer(404, {}), id="somebody else's 404"),
        pytest.param(answer(408, error("timeout")), id="408"),
        pytest.param(answer(409, error("still_processing")), id="409"),
        pytest.param(answer(500, error("internal")), id="500"),
        pytest.param(answer(502, {}), id="502"),
        pytest.param(answer(503, {}), id="503"),
        pytest.param(answer(504, {}), id="504"),
    ],
)
def test_whatever_leaves_doubt_after_sending_is_unknown(behave: Behave) -> None:
    """GTW-04: neither success nor decline may be concluded, by request or by lookup."""
    assert authorize(behave).outcome is Outcome.UNKNOWN
    assert lookup(behave).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "card_number_refused"), (404, "unknown_reference"), (422, "idempotency_mismatch")],
)
def test_a_refusal_in_the_gateways_own_words_is_a_hard_decline(status: int, code: str) -> None:
    """GTW-05: nothing happened and resending would not help."""
    assert authorize(answer(status, error(code))) == GatewayResult(
        Outcome.DECLINED, decline_class=DeclineClass.HARD, code=code
    )


def test_a_soft_decline_is_soft() -> None:
    """GTW-05: the gateway's class is kept."""
    declined = OPERATION | {
        "status": "DECLINED",
        "approvedAmount": 0,
        "declineClass": "SOFT",
        "code": "insufficient_funds",
    }
    result = authorize(answer(402, declined))
    assert (result.outcome, result.decline_class) == (Outcome.DECLINED, DeclineClass.SOFT)
    assert result.code == "insufficient_funds"


def test_only_the_gateway_can_say_that_it_never_saw_a_key() -> None:
    """GTW-04: a stray 404 must not cause a new attempt."""
    assert lookup(answer(404, error("never_seen"))).outcome is Outcome.NEVER_SEEN
    assert lookup(answer(404, error("no_such_resource"))).outcome is Outcome.UNKNOWN


def test_a_key_of_a_lookup_is_data() -> None:
    """GTW-04: whatever the key contains, it stays one parameter."""
    with server(answer(404, error("never_seen"))) as (url, requests):
        adapter(url).lookup("a&key=b c/é")
    assert requests[0].startswith(b"GET /v1/operations?key=a%26key%3Db%20c%2F%C3%A9 HTTP/1.1")


def test_settings_do_not_show_the_api_key() -> None:
    """What is printed by accident gives nobody access."""
    settings = GatewaySettings("http://x", "key-1", True, Capabilities())
    assert "key-1" not in repr(settings)
