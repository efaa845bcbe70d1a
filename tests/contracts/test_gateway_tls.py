"""The HTTP adapter over TLS: trust before sending, the same budget (GTW-03, GTW-04)."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from oms.payments.gateway import Capabilities, Outcome
from oms_aws import gateway_http
from oms_aws.gateway import GatewaySettings, HttpGateway

Serve = Callable[[socket.socket], None]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of the loopback address, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "gateway.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The adapter trusts the certificate, as the platform's own store would make it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    gateway_http._trust.cache_clear()
    yield
    gateway_http._trust.cache_clear()


@contextmanager
def server(serve: Serve, certificate: Path | None) -> Iterator[str]:
    """A server of one connection, over TLS if it has a certificate; yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            connection, _ = listener.accept()
            try:
                if certificate is not None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(certificate)
                    connection = context.wrap_socket(connection, server_side=True)
                serve(connection)
            except OSError:
                # The client hung up, which is what most of these tests are about.
                return
            finally:
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def adapter(url: str, budget_seconds: float = 60) -> HttpGateway:
    """The adapter under test."""
    return HttpGateway(GatewaySettings(url, "key-1", True, Capabilities(), budget_seconds))


def answer_never_seen(connection: socket.socket) -> None:
    """A complete answer to a lookup."""
    connection.recv(65_536)
    body = json.dumps({"error": {"code": "never_seen"}}).encode()
    connection.sendall(b"HTTP/1.1 404 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def silent(connection: socket.socket) -> None:
    """Read and say nothing until the client hangs up."""
    while connection.recv(65_536):
        continue


@pytest.mark.usefixtures("trusted")
def test_a_trusted_gateway_is_understood(certificate: Path) -> None:
    """GTW-02: the same API over TLS."""
    with server(answer_never_seen, certificate) as url:
        assert adapter(url).lookup("int_1").outcome is Outcome.NEVER_SEEN


def test_a_gateway_that_is_not_trusted_is_sent_nothing(certificate: Path) -> None:
    """GTW-03: the handshake fails, so the key and the token stay here."""
    received: list[bytes] = []
    with server(lambda connection: received.append(connection.recv(1)), certificate) as url:
        assert adapter(url).lookup("int_1").outcome is Outcome.UNREACHABLE
    assert not b"".join(received)


def test_a_server_without_tls_is_sent_nothing() -> None:
    """GTW-03: no handshake, no request."""
    received: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        received.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 400 X\r\n\r\n")

    with server(refuse, None) as url:
        assert adapter(url).lookup("int_1").outcome is Outcome.UNREACHABLE
    assert b"key-1" not in b"".join(received)


@pytest.mark.usefixtures("trusted")
def test_the_budget_ends_a_silent_handshake() -> None:
    """GTW-03: the request was not sent yet."""
    with server(silent, None) as url:
        assert adapter(url, 0.4).lookup("int_1").outcome is Outcome.UNREACHABLE


@pytest.mark.usefixtures("trusted")
def test_the_budget_ends_a_silent_answer(certificate: Path) -> None:
    """GTW-04: the request was sent, so nobody knows. The budget leaves time for the handshake."""
    with server(silent, certificate) as url:
        assert adapter(url, 3).lookup("int_1").outcome is Outcome.UNKNOWN
