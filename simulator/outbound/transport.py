"""Sends one HTTP request to a safe target and tells all that happened: how far it got, and what was answered.

The address that was checked is the one connected to. One deadline covers everything from the look-up of the name to the
last byte of the answer, so an endpoint that drips one byte a second cannot hold anybody up. Redirects are not followed,
and proxies of the environment are not used: both would lead to places that nobody checked.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.outbound.connections import Deadline, Incoming, TooMuch, Wire, connect
from simulator.outbound.lookups import look_up_in_time
from simulator.outbound.outcomes import STEPS, Failure, Outcome
from simulator.outbound.targets import Resolver, Target, TargetRefused, TargetUnknown, resolve_target
from simulator.timekeeping.clock import stopwatch

USER_AGENT = "flexsim-simulator"
MOST_BODY_BYTES = 64 * 1024
"""Bytes of an answer's body that are kept; nothing is read after them."""

_MOST_HEAD_BYTES = 64 * 1024
_MOST_FRAMED_BYTES = 1024 * 1024  # the body with the lengths of its pieces, which may be longer than the pieces
_OURS = {"host", "content-length", "connection", "user-agent", "transfer-encoding"}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_ISSUER_UNKNOWN = {2, 18, 19, 20, 21}  # X509_V_ERR_…: issuers not found, self-signed certificates
_OTHER_HOST = {62, 64}  # X509_V_ERR_…: host name mismatch, address mismatch
_NO_TLS_SPOKEN = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}


@dataclass(frozen=True)
class Message:
    """A request to send. Raises ValueError for a method or headers that no HTTP request can have, and for a header that
    the transport sets itself (Host, Content-Length, Connection, Transfer-Encoding, User-Agent).
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method):
            raise ValueError(f"{self.method!r} is not an HTTP method")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"{name!r} cannot be a header of a message")
            if _CONTROL.search(value):
                # The value may be a secret.
                raise ValueError(f"The value of the header {name} has a line break or another character that headers "
                                 "cannot carry")


class Transport:
    """Sends messages to safe targets: loopback, private addresses, and hosts of `allow` (see `resolve_target`).

    `timeout_seconds` is for the whole of an exchange. `ca_file` (PEM) is trusted in addition to the machine's own
    certificate authorities; raises OSError or ssl.SSLError when it cannot be read. May be used by many threads.
    """

    def __init__(self, allow: frozenset[str], timeout_seconds: float = 10.0, ca_file: Path | None = None,
                 resolver: Resolver = socket.getaddrinfo) -> None:
        if timeout_seconds <= 0:
            raise ValueError("timeout_seconds must be more than 0")
        self.allow = allow
        self.timeout_seconds = timeout_seconds
        self.resolver = resolver
        self._ca_file = ca_file
        self._making_context = threading.Lock()
        self._context: ssl.SSLContext | None = None
        if ca_file is not None:
            self.tls_context()

    def send(self, message: Message) -> Outcome:
        """Send one request, once, and wait for its answer. Raises nothing that the network can cause."""
        return _Exchange(self, message).run()

    def tls_context(self) -> ssl.SSLContext:
        """What certificates are checked against; made on first use, because loading all authorities takes time."""
        with self._making_context:
            if self._context is None:
                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
                # Python 3.13 began to refuse what many home-made authorities leave out; all versions shall judge alike.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
                if self._ca_file is not None:
                    context.load_verify_locations(self._ca_file)
                self._context = context
            return self._context


class _Failed(Exception):
    """Ends an exchange without a complete answer."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.failure = Failure(code, reason)


class _Exchange:
    """One message on its way, and what is known of it so far."""

    def __init__(self, transport: Transport, message: Message) -> None:
        self._transport = transport
        self._message = message
        self._deadline = Deadline(transport.timeout_seconds)
        self._began = self._step_began = stopwatch()
        self._steps: dict[str, float] = {}
        self._target: Target | None = None
        self._name = ""
        self._address: str | None = None
        self._status: int | None = None
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()
        self._unsent: OSError | None = None

    def run(self) -> Outcome:
        """The whole exchange."""
        failure = None
        try:
            self._exchange()
        except _Failed as failed:
            failure = failed.failure
        except TimeoutError:
            failure = Failure("timeout", self._why_late())
        total = (stopwatch() - self._began) * 1000
        is_truncated = len(self._body) > MOST_BODY_BYTES
        return Outcome(self._address, self._status, self._headers, bytes(self._body[:MOST_BODY_BYTES]), is_truncated,
                       failure, (*self._steps.items(), ("total", round(total, 3))))

    def _exchange(self) -> None:
        target = self._target = self._resolve()
        self._got_through("dns")
        connection = self._connect(target)
        try:
            self._got_through("tcp")
            if target.scheme == "https":
                connection = self._secure(connection, target)
                self._got_through("tls")
            incoming = Incoming(connection, self._deadline, _MOST_HEAD_BYTES,
                                lambda: self._got_through("first_byte"))
            wire = Wire(connection, self._deadline, incoming)
            try:
                self._send(wire, target)
                self._receive(wire, incoming)
            except TimeoutError:
                raise
            except ssl.SSLError as error:
                raise _Failed("tls", f"TLS with {self._where()} broke: {_in_words(error)}.") from None
            except OSError as error:
                raise self._closed(f"The connection broke: {_in_words(error)}.") from None
        finally:
            connection.close()

    def _got_through(self, step: str) -> None:
        now = stopwatch()
        self._steps[step] = round((now - self._step_began) * 1000, 3)
        self._step_began = now

    def _resolve(self) -> Target:
        try:
            return resolve_target(self._message.url, self._transport.allow, self._look_up)
        except TargetRefused as refused:
            raise _Failed("refused_target", refused.reason) from None
        except TargetUnknown as unknown:
            raise _Failed("unknown_host", unknown.reason) from None

    def _look_up(self, name: str, port: int, **options: Any) -> list[tuple[Any, ...]]:
        self._name = name
        return look_up_in_time(self._transport.resolver, self._deadline.left(), name, port, **options)

    def _connect(self, target: Target) -> socket.socket:
        """A connection to the first address that takes one: `localhost` has two, and few endpoints listen on both."""
        errors: list[OSError] = []
        for index, address in enumerate(target.addresses):
            try:
                seconds = self._deadline.left() / (len(target.addresses) - index)
                connection = connect(address, target.port, seconds)
            except OSError as error:
                errors.append(error)
            else:
                self._address = address
                return connection
        where = f"{' and '.join(target.addresses)} port {target.port}"
        if any(isinstance(error, ConnectionRefusedError) for error in errors):
            raise _Failed("connection_refused",
                          f"Nothing listens on {where}: connection refused. Is your endpoint running?")
        if any(isinstance(error, TimeoutError) for error in errors):
            raise TimeoutError
        raise _Failed("unreachable", f"There is no way to {where}: {_in_words(errors[0])}. Is the address right, and "
                      "is this machine in that network?")

    def _secure(self, connection: socket.socket, target: Target) -> socket.socket:
        context = self._transport.tls_context()
        connection.settimeout(self._deadline.left())
        try:
            return context.wrap_socket(connection, server_hostname=target.host)
        except TimeoutError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise _Failed("tls", _why_not_trusted(error, target.host)) from None
        except ssl.SSLError as error:
            hint = " It seems to speak no TLS: if so, begin its URL with http://." if error.reason in _NO_TLS_SPOKEN \
                else ""
            raise _Failed("tls", f"TLS could not be agreed with {self._where()}: {_in_words(error)}.{hint}") from None
        except OSError as error:
            raise _Failed("tls", f"{self._where()} closed the connection while TLS was being agreed "
                          f"({_in_words(error)}). Does it speak TLS? If not, begin its URL with http://.") from None

    def _send(self, wire: Wire, target: Target) -> None:
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = wire
        path = target.path if target.path.startswith("/") else f"/{target.path}"
        connection.putrequest(self._message.method, path, skip_host=True)
        connection.putheader("Host", target.authority)
        connection.putheader("User-Agent", USER_AGENT)
        for name, value in self._message.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(self._message.body)))
        connection.putheader("Connection", "close")
        try:
            connection.endheaders(self._message.body)
        except (BrokenPipeError, ConnectionResetError) as error:
            # Some answer before they have read all, and close: what they said may be there.
            self._unsent = error
        else:
            self._got_through("sent")

    def _receive(self, wire: Wire, incoming: Incoming) -> None:
        response = self._receive_head(wire, incoming)
        self._status = response.status
        self._headers = tuple((name, re.sub(r"\s*\r?\n\s*", " ", value)) for name, value in response.getheaders())
        incoming.budget = incoming.received + _MOST_FRAMED_BYTES
        try:
            while len(self._body) <= MOST_BODY_BYTES:
                piece = response.read1(MOST_BODY_BYTES + 1 - len(self._body))
                if not piece:
                    break
                self._body += piece
        except http.client.HTTPException:
            if incoming.has_ended:
                raise self._closed("The last piece of its answer is missing.") from None
            raise _Failed("not_http", f"{self._where()} sent an answer in pieces (Transfer-Encoding: chunked) whose "
                          "lengths are not right.") from None
        except TooMuch:
            raise _Failed("not_http", f"{self._where()} sent an answer in pieces so small, or with lengths so long, "
                          f"that {_MOST_FRAMED_BYTES:,} bytes were not the end of it.") from None
        if response.length and len(self._body) <= MOST_BODY_BYTES:
            raise self._closed(f"Its Content-Length promised {response.length} more bytes than came.")

    def _receive_head(self, wire: Wire, incoming: Incoming) -> http.client.HTTPResponse:
        """The answer, its body still to be read; what is said before it (100 Continue, 103 Early Hints) is left out."""
        try:
            while True:
                response = http.client.HTTPResponse(wire, method=self._message.method)
                response.begin()
                if incoming.has_ended:
                    raise self._closed("Its answer ends within the headers.")
                if response.status >= 200 or response.status == 101:
                    return response
        except http.client.RemoteDisconnected:
            raise self._closed("It sent no answer.") from None
        except http.client.BadStatusLine as error:
            if incoming.has_ended and "HTTP/1.".startswith(error.line[:7]):
                raise self._closed("Its answer ends within the first line.") from None
            hint = "it seems to speak TLS: if so, begin its URL with https://" if error.line.startswith("\x15\x03") \
                else f"it begins with {error.line[:40]!r}"
            raise _Failed("not_http", f"The answer of {self._where()} is not HTTP: {hint}.") from None
        except http.client.UnknownProtocol as error:
            raise _Failed("not_http", f"{self._where()} answered in {str(error)[:20]}, and HTTP/1.1 was asked "
                          "for.") from None
        except (http.client.HTTPException, TooMuch):
            raise _Failed("headers_too_long", f"The answer of {self._where()} has more than 100 headers, or more than "
                          f"{_MOST_HEAD_BYTES:,} bytes of them.") from None

    def _closed(self, what: str) -> _Failed:
        when = "before it had read the whole request" if self._unsent else "before its answer was complete"
        is_mute = "first_byte" not in self._steps and self._target is not None and self._target.scheme == "http"
        hint = " If it speaks TLS, begin its URL with https://." if is_mute else ""
        return _Failed("closed_early", f"{self._where()} closed the connection {when}. {what} Does your endpoint say "
                       f"why, in its own log?{hint}")

    def _where(self) -> str:
        assert self._target is not None
        host = self._target.host
        return f"{host}{'' if host == self._address else f' ({self._address})'} port {self._target.port}"

    def _why_late(self) -> str:
        seconds = f"{self._transport.timeout_seconds:g} s"
        if self._target is None:
            return (f"The name {self._name} was not looked up within {seconds}. Does this machine's name server "
                    "answer? You can write the address instead of the name.")
        far = ", ".join(STEPS[step] for step in self._steps)
        if "tcp" not in self._steps:
            where = f"{' and '.join(self._target.addresses)} port {self._target.port}"
            return f"No connection to {where} within {seconds}; it got as far as: {far}. Does a firewall swallow it?"
        if "first_byte" in self._steps:
            return (f"The answer of {self._where()} was not over within {seconds}; it got as far as: {far}. Does your "
                    "endpoint send all of it, with a right Content-Length, or close the connection?")
        look = "Is your endpoint waiting for something?"
        if "sent" not in self._steps:
            look = "Does your endpoint read what it is sent?"
            if self._target.scheme == "https" and "tls" not in self._steps:
                look = "Does it speak TLS? If not, begin its URL with http://."
        return f"No answer from {self._where()} within {seconds}; it got as far as: {far}. {look}"


def _in_words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error) or type(error).__name__


def _why_not_trusted(error: ssl.SSLCertVerificationError, host: str) -> str:
    hint = ""
    if error.verify_code in _ISSUER_UNKNOWN:
        hint = " If an authority of your own has signed it, start the server with that authority's --ca-file."
    elif error.verify_code in _OTHER_HOST:
        hint = " The host in the URL must be one that the certificate is made out to."
    return f"The certificate of {host} was not accepted: {error.verify_message.rstrip('.')}.{hint}"
