"""Endpoints that never answer, drip, break off, or speak nonsense: each is told as what it is, and in time."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from simulator.outbound.transport import MOST_BODY_BYTES
from tests.endpoints import GOOD, Endpoint, drips, endpoint, is_silent, pours, reads_and_waits, says
from tests.sending import SHORT, failure_of, is_late, knows, send, steps_of
from tests.servers import PATIENCE_SECONDS


def test_a_name_server_that_never_answers() -> None:
    """Ours: one deadline for all of it, the look-up of the name included."""
    over = threading.Event()

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        over.wait(PATIENCE_SECONDS)
        return knows("127.0.0.1")(host, port)

    try:
        outcome = send("http://slow.test/", resolver=look_up, timeout_seconds=SHORT)
    finally:
        over.set()
    is_late(outcome, "The name slow.test was not looked up", "name server")
    assert steps_of(outcome) == ["total"]


def test_an_endpoint_that_never_answers() -> None:
    """Dispatch rules (public in outline): within 10 s. How far it got is told."""
    with endpoint(reads_and_waits) as server:
        outcome = send(server.url, timeout_seconds=SHORT)
    is_late(outcome, f"No answer from 127.0.0.1 port {server.port}", "name looked up, connected, request sent.")
    assert (steps_of(outcome), outcome.address) == (["dns", "tcp", "sent", "total"], "127.0.0.1")


def test_an_endpoint_that_reads_nothing() -> None:
    """Ours: sending is under the deadline too."""
    with endpoint(is_silent) as server:
        outcome = send(server.url, b"x" * 30_000_000, timeout_seconds=SHORT)
    is_late(outcome, "it got as far as: name looked up, connected. Does your endpoint read")


@pytest.mark.parametrize(("beginning", "drop", "status"), [
    (b"", b"H", None), (b"HTTP/1.1 ", b"2", None), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", None),
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n", None), (b"HTTP/1.1 200 OK\r\n\r\n", b"x", 200),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n", b"x", 200),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 200),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b"0", 200),
])
def test_an_endpoint_that_drips(beginning: bytes, drop: bytes, status: int | None) -> None:
    """Ours: the deadline is for the whole exchange; each byte comes in time, and all of them never do."""
    with endpoint(drips(beginning, drop)) as server:
        outcome = send(server.url, timeout_seconds=SHORT)
    is_late(outcome, "answer begun")
    assert outcome.status == status


def test_an_endpoint_that_keeps_the_connection_open_after_its_answer() -> None:
    """RFC 9112, 6.3: without a length, the body lasts as long as the connection. It is told what to look at."""
    with endpoint(drips(b"HTTP/1.1 200 OK\r\n\r\nok", b"")) as server:
        outcome = send(server.url, timeout_seconds=SHORT)
    is_late(outcome, "Content-Length")
    assert (outcome.status, outcome.body, outcome.acknowledged) == (200, b"ok", False)


@pytest.mark.parametrize(("answer", "words"), [
    (b"", "It sent no answer"), (b"HTT", "ends within the first line"), (b"HTTP/1.1 20", "ends within"),
    (b"HTTP/1.1 200 OK\r\nContent-Le", "ends within the headers"),
    (b"HTTP/1.1 200 OK\r\nA: b\r\n", "within the headers"),
    (b"HTTP/1.1 100 Continue\r\n\r\n", "It sent no answer"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour", "promised 6 more bytes"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfour", "last piece"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n", "last piece"),
])
def test_an_endpoint_that_closes_early(answer: bytes, words: str) -> None:
    """Ours: an answer that breaks off acknowledges nothing, whatever its status."""
    with endpoint(says(answer)) as server:
        outcome = send(server.url)
    assert words in failure_of(outcome, "closed_early")
    assert outcome.body in (b"", b"four")


def test_an_endpoint_that_resets_the_connection() -> None:
    """Ours: programs that crash end their connections in this way."""

    def reset(connection: socket.socket, server: Endpoint) -> None:
        says()(connection, server)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with endpoint(reset) as server:
        assert "reset" in failure_of(send(server.url), "closed_early")


def test_an_endpoint_that_hangs_up_while_it_is_being_sent_to() -> None:
    """Ours: told as such, and not as a missing answer."""

    def hang_up(connection: socket.socket, server: Endpoint) -> None:
        connection.recv(10)

    with endpoint(hang_up) as server:
        reason = failure_of(send(server.url, b"x" * 30_000_000), "closed_early")
    assert "before it had read the whole request" in reason


@pytest.mark.parametrize(("answer", "code", "words"), [
    (b"SSH-2.0-OpenSSH_9.6\r\n", "not_http", "begins with 'SSH-2.0-OpenSSH_9.6"), (b"\r\n", "not_http", "not HTTP"),
    (b"<html>Hello</html>", "not_http", "<html>"), (b"\0\xff\n" * 100, "not_http", "not HTTP"),
    (b"HTTP/1.1 two hundred\r\n\r\n", "not_http", "not HTTP"), (b"HTTP/1.1 99 Odd\r\n\r\n", "not_http", "not HTTP"),
    (b"HTTP/2.0 200 OK\r\n\r\n", "not_http", "answered in HTTP/2.0"), (b"\x15\x03\x01\0\2\2F", "not_http", "https://"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", "not_http", "in pieces"),
    (b"H" * 100_000, "headers_too_long", "more than"),
    (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70_000, "headers_too_long", ""),
    (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 150 + b"\r\n", "headers_too_long", "100 headers"),
])
def test_an_answer_that_is_not_http(answer: bytes, code: str, words: str) -> None:
    """Ours: another program listens on that port, or the endpoint is faulty; what came is shown."""
    with endpoint(says(answer)) as server:
        assert words in failure_of(send(server.url), code)


@pytest.mark.parametrize(("beginning", "water"), [
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), (b"HTTP/1.1 200 OK\r\n", b"A" * 10_000),
])
def test_headers_without_end(beginning: bytes, water: bytes) -> None:
    """Ours: reading stops at some size, and not only when the time is up."""
    with endpoint(pours(beginning, water)) as server:
        failure_of(send(server.url), "headers_too_long")


@pytest.mark.parametrize(("headers", "water"), [
    (b"", b"x" * 10_000), (b"Content-Length: 900000000\r\n", b"x" * 10_000),
    (b"Transfer-Encoding: chunked\r\n", b"5\r\nxxxxx\r\n" * 1000),
])
def test_a_body_without_end(headers: bytes, water: bytes) -> None:
    """Ours: at most 64 KiB of an answer are kept, and reading stops there; it acknowledges all the same."""
    with endpoint(pours(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n", water)) as server:
        outcome = send(server.url)
    assert (len(outcome.body), outcome.body_truncated, outcome.acknowledged) == (MOST_BODY_BYTES, True, True)
    assert set(outcome.body) == {ord("x")}


def test_pieces_that_are_nearly_all_lengths() -> None:
    """Ours: what surrounds the pieces of a body is limited as well."""
    with endpoint(pours(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"a" * 9_000 + b"\r\nx\r\n")
                  ) as server:
        assert "in pieces so small" in failure_of(send(server.url), "not_http")


@pytest.mark.parametrize("size", [0, 1, MOST_BODY_BYTES - 1, MOST_BODY_BYTES, MOST_BODY_BYTES + 1])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_is_cut_only_if_it_is_longer_than_what_is_kept(size: int, is_chunked: bool) -> None:
    """Ours: 64 KiB are kept."""
    body = b"x" * size
    chunk = b"%x\r\n%b\r\n" % (size, body) if size else b""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n" if is_chunked \
        else b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, body)
    with endpoint(says(answer)) as server:
        outcome = send(server.url)
    assert (outcome.body, outcome.body_truncated) == (body[:MOST_BODY_BYTES], size > MOST_BODY_BYTES)
    assert outcome.acknowledged


@pytest.mark.parametrize("before", [b"100 Continue\r\n\r\n", b"103 Early Hints\r\nLink: </a>\r\n\r\n",
                                    b"102 Wait\r\n\r\n"])
def test_what_is_said_before_the_answer_is_not_the_answer(before: bytes) -> None:
    """RFC 9110, 15.2: any number of 1xx answers may come before the final one."""
    with endpoint(says(b"HTTP/1.1 " + before, b"HTTP/1.1 " + before, GOOD)) as server:
        outcome = send(server.url)
    assert (outcome.status, outcome.body, outcome.headers) == (200, b"ok", (("Content-Length", "2"),))


def test_an_answer_in_pieces() -> None:
    """RFC 9112, 7.1: chunks are put together; extensions and trailers are left out."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = head + b"2;a=b\r\nok\r\n3\r\nay!\r\n0\r\nX-Trailer: 1\r\n\r\n"
    with endpoint(says(*(answer[place:place + 1] for place in range(len(answer))))) as server:
        outcome = send(server.url)
    assert (outcome.body, outcome.acknowledged, outcome.header("X-Trailer")) == (b"okay!", True, None)


def test_headers_are_told_in_their_order_with_repetitions_and_without_folds() -> None:
    """RFC 9110, 5.3: a name may come more than once. RFC 9112, 5.2: a line may go on in the next."""
    answer = b"HTTP/1.1 204 No Content\r\nB: 1\r\nA: caf\xe9\r\nb: 2\r\n  3\r\n\r\n"
    with endpoint(says(answer)) as server:
        assert send(server.url).headers == (("B", "1"), ("A", "caf\xe9"), ("b", "2 3"))
