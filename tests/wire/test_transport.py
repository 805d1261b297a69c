"""What happens to a message on its way to an endpoint: real sockets on loopback, to endpoints good and bad."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from simulator.outbound import transport as transport_module
from simulator.outbound.outcomes import retry_after
from simulator.outbound.transport import Message, Transport
from tests.endpoints import GOOD, Authority, Endpoint, drips, endpoint, is_silent, make_authority, says
from tests.sending import NOBODY, SHORT, failure_of, is_late, knows, send, steps_of

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port of 127.0.0.1 that nothing listens on, and that nobody else can take meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


class Answering(BaseHTTPRequestHandler):
    """Python's own HTTP server, which we did not write: tells what it was sent, or does what the path says."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        said = json.dumps({"path": self.path, "headers": self.headers.items(), "line": self.requestline,
                           "body": self.rfile.read(length).decode()}).encode()
        self.send_response(int(self.path[1:4]))
        for name, value in {"/503": {"Retry-After": "120"}, "/302": {"Location": "/200/followed"}}.get(
                self.path, {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)
        self.server.paths.append(self.path)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[ThreadingHTTPServer]:
    """A running server of that kind; `paths` are what it was asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.paths = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority, and a server certificate for localhost."""
    return make_authority(tmp_path_factory.mktemp("authority"), "localhost", "xn--bcher-kva.test")


def test_an_answer_is_told_with_all_that_happened(answering: ThreadingHTTPServer) -> None:
    """Dispatch rules (public in outline): any 2xx acknowledges."""
    outcome = send(f"http://127.0.0.1:{answering.server_port}/200", b'{"a": 1}')
    assert (outcome.status, outcome.address, outcome.failure) == (200, "127.0.0.1", None)
    assert outcome.acknowledged
    assert outcome.header("server").startswith("BaseHTTP")
    assert steps_of(outcome) == ["dns", "tcp", "sent", "first_byte", "total"]
    assert outcome.steps[-1][1] >= max(milliseconds for _, milliseconds in outcome.steps[:-1])


def test_the_request_is_what_was_meant(answering: ThreadingHTTPServer) -> None:
    """RFC 9112: request line as given, Host with port, Content-Length; one request a connection."""
    path = "/200/a%20b/../c?x=%2F&y=a+b"
    said = json.loads(send(f"http://LOCALHOST:{answering.server_port}{path}", "£".encode(),
                           {"Content-Type": "application/json", "X-Test": "caf\xe9"}).body)
    headers = {name.lower(): value for name, value in said["headers"]}
    assert said["line"] == f"POST {path} HTTP/1.1"
    assert said["body"] == "£"
    assert headers == {
        "host": f"localhost:{answering.server_port}", "content-length": "2", "connection": "close",
        "user-agent": "flexsim-simulator", "accept-encoding": "identity", "content-type": "application/json",
        "x-test": "caf\xe9"}
    assert len(said["headers"]) == len(headers)


@pytest.mark.parametrize("beginning", ["", "?q=1"])
def test_a_url_without_a_path_asks_for_the_root(beginning: str) -> None:
    """RFC 9112, 3.2.1: an empty path is sent as /."""
    with endpoint(says(GOOD)) as server:
        assert send(server.url + beginning).acknowledged
        assert server.requests[0].startswith(f"POST /{beginning} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_acknowledges(answering: ThreadingHTTPServer, status: int) -> None:
    """Dispatch rules (public in outline): any 2xx within 10 s acknowledges."""
    assert send(f"http://127.0.0.1:{answering.server_port}/{status}").acknowledged


@pytest.mark.parametrize("status", [304, 400, 404, 429, 500, 503, 599])
def test_any_other_answer_does_not_acknowledge_and_is_no_failure_of_the_network(
        answering: ThreadingHTTPServer, status: int) -> None:
    """Dispatch rules (public in outline): what happens next is decided by the status, elsewhere."""
    outcome = send(f"http://127.0.0.1:{answering.server_port}/{status}")
    assert (outcome.status, outcome.failure, outcome.acknowledged) == (status, None, False)


def test_a_redirect_is_an_answer_and_not_followed(answering: ThreadingHTTPServer) -> None:
    """Dispatch rules (assumed): redirects are not followed: nobody has checked where they lead."""
    outcome = send(f"http://127.0.0.1:{answering.server_port}/302")
    assert (outcome.status, outcome.header("LOCATION"), outcome.acknowledged) == (302, "/200/followed", False)
    assert answering.paths == ["/302"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: a proxy would connect to places that nobody has checked."""
    with endpoint(says(GOOD)) as proxy, endpoint(says(GOOD)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(f"{server.url}/dispatch").acknowledged
        assert (len(server.requests), proxy.requests) == (1, [])


def test_an_unsafe_target_is_refused_before_anything_happens() -> None:
    """Dispatch rules (assumed): refused before a byte is sent, with the reason."""
    for url in ("http://8.8.8.8/dispatch", "http://169.254.169.254/", "http://127.1/", "nonsense"):
        outcome = send(url)
        failure_of(outcome, "refused_target")
        assert (outcome.address, outcome.status, steps_of(outcome)) == (None, None, ["total"])
    assert "--allow-target 8.8.8.8" in failure_of(send("http://8.8.8.8/dispatch"), "refused_target")
    assert "--allow-target a.test" in failure_of(send("http://a.test/", resolver=knows("8.8.8.8")), "refused_target")


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """Dispatch rules (assumed): a name is resolved once. Else it could be another by the time it is connected to."""
    answers = iter(["127.0.0.1", "8.8.8.8", "8.8.8.8"])
    with endpoint(says(GOOD)) as server:
        outcome = send(f"http://changing.test:{server.port}/",
                       resolver=lambda host, port, **_: knows(next(answers))(host, port))
        assert (outcome.acknowledged, outcome.address) == (True, "127.0.0.1")
        assert f"\r\nHost: changing.test:{server.port}\r\n".encode() in server.requests[0]
    assert list(answers) == ["8.8.8.8", "8.8.8.8"]


def test_the_next_address_of_a_name_is_tried_when_nothing_listens_on_the_first() -> None:
    """Ours: on many machines localhost is ::1 as well as 127.0.0.1, and few endpoints listen on both."""
    with endpoint(says(GOOD)) as server:
        outcome = send(f"http://localhost:{server.port}/", resolver=knows("::1", "127.0.0.1"))
    assert (outcome.acknowledged, outcome.address) == (True, "127.0.0.1")


def test_nothing_listens(deaf_port: int) -> None:
    """Ours: the most frequent mistake has the plainest words."""
    outcome = send(f"http://127.0.0.1:{deaf_port}/dispatch")
    assert failure_of(outcome, "connection_refused") == (
        f"Nothing listens on 127.0.0.1 port {deaf_port}: connection refused. Is your endpoint running?")
    assert steps_of(outcome) == ["dns", "total"]


def test_there_is_no_way_to_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: the words of the system are told. A network without a way out cannot be had here: its error is played."""

    def refuse(*_: Any) -> socket.socket:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(transport_module, "connect", refuse)
    reason = failure_of(send("http://10.0.0.1:8080/"), "unreachable")
    assert reason.startswith("There is no way to 10.0.0.1 port 8080: Network is unreachable.")


def test_a_name_that_is_not_known() -> None:
    """Ours: a misspelt name is told by its name."""

    def look_up(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert "feeder.tset could not be looked up" in failure_of(
        send("http://feeder.tset/", resolver=look_up), "unknown_host")


def test_an_answer_given_before_the_request_was_read_is_heard() -> None:
    """Ours: endpoints that find a message too large often do so; a 413 says more than a broken connection."""

    def refuse(connection: socket.socket, server: Endpoint) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1_000_000):
            pass

    with endpoint(refuse) as server:
        assert send(server.url, b"x" * 5_000_000).status == 413


def test_a_certificate_of_an_unknown_authority_is_not_accepted(authority: Authority) -> None:
    """Ours: as any careful client does; nothing of the message has been sent."""
    with endpoint(says(GOOD), authority.server) as server:
        outcome = send(f"https://localhost:{server.port}/dispatch")
    reason = failure_of(outcome, "tls")
    assert reason.startswith("The certificate of localhost was not accepted: unable to get local issuer certificate.")
    assert "authority of your own" in reason
    assert (steps_of(outcome), server.requests) == (["dns", "tcp", "total"], [])


def test_a_certificate_of_an_authority_that_was_given_is_accepted(authority: Authority) -> None:
    """Ours: test systems often have an authority of their own."""
    with endpoint(says(GOOD), authority.server) as server:
        outcome = send(f"https://localhost:{server.port}/dispatch", b"x" * 200_000, ca_file=authority.ca_file)
        assert b"\r\nHost: localhost:%d\r\n" % server.port in server.requests[0]
        assert server.requests[0].endswith(b"x" * 200_000)
    assert outcome.acknowledged
    assert steps_of(outcome) == ["dns", "tcp", "tls", "sent", "first_byte", "total"]


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.test"])
def test_a_certificate_for_another_host_is_not_accepted(authority: Authority, host: str) -> None:
    """RFC 9110, 4.3.4: the certificate is for the host of the URL, not for the address that was connected to."""
    with endpoint(says(GOOD), authority.server) as server:
        outcome = send(f"https://{host}:{server.port}/", ca_file=authority.ca_file, resolver=knows("127.0.0.1"))
    assert "The host in the URL must be one that the certificate is made out to" in failure_of(outcome, "tls")
    assert server.requests == []


def test_a_name_with_other_letters_is_checked_in_the_form_that_certificates_have(authority: Authority) -> None:
    """RFC 6125, 6.4.2: certificates have names in the form xn--."""
    with endpoint(says(GOOD), authority.server) as server:
        assert send(f"https://bücher.test:{server.port}/", ca_file=authority.ca_file,
                    resolver=knows("127.0.0.1")).acknowledged


def test_http_and_https_mixed_up_is_told(authority: Authority) -> None:
    """Ours: a frequent mistake whose usual error messages nobody understands."""

    def knows_no_tls(connection: socket.socket, server: Endpoint) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with endpoint(knows_no_tls) as server:
        assert "begin its URL with http://" in failure_of(send(f"https://127.0.0.1:{server.port}"), "tls")
    with endpoint(says(GOOD), authority.server) as server:
        assert "begin its URL with https://" in failure_of(send(server.url), "closed_early")


@pytest.mark.parametrize("behaviour", [is_silent, drips(b"", b"\x16\x03\x03\0\1\0")], ids=["silent", "dripping"])
def test_an_endpoint_that_never_agrees_on_tls(behaviour: Callable[..., None]) -> None:
    """Ours: one deadline for all of it, TLS included."""
    with endpoint(behaviour) as server:
        outcome = send(f"https://127.0.0.1:{server.port}", timeout_seconds=SHORT)
    assert "tls" not in steps_of(outcome)
    is_late(outcome, "it got as far as: name looked up, connected. Does it speak TLS?")


def test_a_body_that_drips_over_tls(authority: Authority) -> None:
    """Ours: the deadline holds inside of TLS."""
    with endpoint(drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), authority.server) as server:
        is_late(send(f"https://localhost:{server.port}", ca_file=authority.ca_file, timeout_seconds=2),
                "TLS agreed, request sent, answer begun", seconds=2)


def test_authorities_that_cannot_be_read_are_told_at_the_start(tmp_path: Path) -> None:
    """Ours: not only when the first message is due."""
    with pytest.raises(FileNotFoundError):
        Transport(NOBODY, ca_file=tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ssl.SSLError):
        Transport(NOBODY, ca_file=tmp_path / "empty.pem")


@pytest.mark.parametrize(("method", "headers"), [
    ("POST\r\nX: y", {}), ("", {}), ("PO ST", {}), ("POST", {"X-A": "1\r\nX-B: 2"}), ("POST", {"X-A": "1\n"}),
    ("POST", {"X-A": "\0"}), ("POST", {"X-A\r\n": "1"}), ("POST", {"X A": "1"}), ("POST", {"": "1"}),
    ("POST", {"X-A": "€"}), ("POST", {"host": "battery.example"}), ("POST", {"Content-Length": "1"}),
    ("POST", {"Transfer-Encoding": "chunked"}), ("POST", {"Connection": "keep-alive"}), ("POST", {"User-Agent": "x"}),
])
def test_a_message_that_would_be_two_cannot_be_made(method: str, headers: dict[str, str]) -> None:
    """CWE-93, CWE-113: line breaks in a method or header would begin other headers, or another request."""
    with pytest.raises(ValueError, match="method|header"):
        Message(method, "http://127.0.0.1", headers)


def test_retry_after_of_a_real_answer(answering: ThreadingHTTPServer) -> None:
    """Dispatch rules (assumed): Retry-After is honoured."""
    outcome = send(f"http://127.0.0.1:{answering.server_port}/503")
    assert (outcome.status, retry_after(outcome, NOON)) == (503, NOON + timedelta(minutes=2))
