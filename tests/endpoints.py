"""Participants' endpoints for the tests: servers on loopback that answer as they are told, well or badly."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ledger_recording import RECORDING
from tests.servers import PATIENCE_SECONDS

DRIP_SECONDS = 0.02
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
"""The answer of an endpoint that is content."""


@dataclass
class Endpoint:
    """A server while it runs. `requests` are the bytes of what it has read; `over` is set when the test is done.

    `test` is the test that started it: what it reads and says is seen by that test, whichever is running then.
    """

    port: int
    requests: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    test: str = field(default_factory=lambda: RECORDING.test)

    @property
    def url(self) -> str:
        """Its base URL, by address."""
        return f"http://127.0.0.1:{self.port}"


Behaviour = Callable[[socket.socket, Endpoint], None]
"""What an endpoint does with a connection, which is closed afterwards."""


def says(*pieces: bytes) -> Behaviour:
    """Read the request, send these bytes, and close."""

    def behave(connection: socket.socket, endpoint: Endpoint) -> None:
        endpoint.requests.append(read_request(connection, endpoint))
        for piece in pieces:
            connection.sendall(piece)
        if pieces and (status := re.match(rb"HTTP/1\.[01] ([1-5]\d\d)", pieces[0])):
            RECORDING.note_answer(endpoint.requests[-1], int(status[1]), endpoint.test)

    return behave


def drips(beginning: bytes, drop: bytes) -> Behaviour:
    """Read the request, begin an answer, and then send one drop after the other for as long as somebody listens."""

    def behave(connection: socket.socket, endpoint: Endpoint) -> None:
        endpoint.requests.append(read_request(connection, endpoint))
        connection.sendall(beginning)
        while not endpoint.over.wait(DRIP_SECONDS):
            connection.sendall(drop)

    return behave


def pours(beginning: bytes, water: bytes) -> Behaviour:
    """Read the request, begin an answer, and send the same again and again, as fast as it is read."""

    def behave(connection: socket.socket, endpoint: Endpoint) -> None:
        endpoint.requests.append(read_request(connection, endpoint))
        connection.sendall(beginning)
        while not endpoint.over.is_set():
            connection.sendall(water)

    return behave


def is_silent(connection: socket.socket, endpoint: Endpoint) -> None:
    """Take the connection, and neither read nor send."""
    endpoint.over.wait(PATIENCE_SECONDS)


def reads_and_waits(connection: socket.socket, endpoint: Endpoint) -> None:
    """Read the request, and never answer."""
    endpoint.requests.append(read_request(connection, endpoint))
    endpoint.over.wait(PATIENCE_SECONDS)


def read_request(connection: socket.socket, endpoint: Endpoint) -> bytes:
    """One request as it came: headers, and as much body as its Content-Length says."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65_536)
        if not piece:
            return received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65_536)
    raw = head + b"\r\n\r\n" + body
    RECORDING.note_message(raw, endpoint.test)
    return raw


@contextmanager
def endpoint(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    """An endpoint on a free port of 127.0.0.1; with `tls` it speaks TLS."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = Endpoint(listener.getsockname()[1])
    threads = []

    def meet(connection: socket.socket) -> None:
        # What the client does to the connection is for the client's test to judge.
        with connection, suppress(OSError):
            connection.settimeout(PATIENCE_SECONDS)
            if tls is None:
                behaviour(connection, running)
            else:
                with tls.wrap_socket(connection, server_side=True) as secured:
                    behaviour(secured, running)

    def listen() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=meet, args=(listener.accept()[0],)))
                threads[-1].start()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        yield running
    finally:
        running.over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [listening, *threads]:
            thread.join(PATIENCE_SECONDS)


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own: its certificate in a file, and what a server of its needs."""

    ca_file: Path
    server: ssl.SSLContext


def make_authority(folder: Path, *hosts: str) -> Authority:
    """An authority, and a server's certificate of it that is made out to `hosts` (names and addresses)."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
    ca = _certificate(ca_name, ca_name, ca_key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(ca_key, hashes.SHA256())
    names = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Endpoint of a test")])
    certificate = _certificate(subject, ca_name, key.public_key()).add_extension(
        x509.SubjectAlternativeName(names), critical=False).sign(ca_key, hashes.SHA256())
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    server_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(server_file)
    return Authority(ca_file, server)


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1)))
