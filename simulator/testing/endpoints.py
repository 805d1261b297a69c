"""An endpoint of a participant in the test's own process: notes what the platform sends, and answers as it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulator import signing
from simulator.testing.near_miss import closest, expectation
from simulator.testing.waiting import NotSeen, wait_until
from simulator.testing.worlds import World

PATIENCE_SECONDS = 5.0
"""How long `wait_for` waits, unless told otherwise."""

KEYS = "getKeys"
"""The operation of the SMP contract that publishes the platform's keys."""

NO_ANSWER = 0
"""In place of a status: the message is taken, and the connection closed without an answer."""

_LOOK_FOR_THE_END_SECONDS = 0.02
_CALLER_MAY_BE_SLOW_SECONDS = 10.0
_LAST = 5


class NotSigned(AssertionError):
    """A message is not signed as it should be; the text says what is wrong with it."""


@dataclass(frozen=True)
class Message:
    """A message as it came. Header names are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """What the body says, out of its signature if it came in one, unverified. Raises ValueError."""
        return json.loads(signing.open_compact(self.body) if self._is_compact else self.body)

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1."""
        return int(self.headers.get("x-attempt", "1"))

    @property
    def is_test(self) -> bool:
        """Whether it is a test message of the page Dispatch V2 Testing."""
        return self.headers.get("x-test", "").lower() == "true"

    def check_hmac(self, secret: str) -> None:
        """Raises NotSigned unless `X-Signature` is made of exactly these bytes with the secret (assumed)."""
        __tracebackhide__ = True
        given = self.headers.get("x-signature")
        wanted = f"sha256={hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()}"
        if given is None or not hmac.compare_digest(given.encode(), wanted.encode()):
            raise NotSigned(f"X-Signature is {given or 'not there'}; of this body and this secret it is {wanted}")

    def check_signature(self, world: World) -> None:
        """Raises NotSigned unless the platform of a world signed exactly these bytes, by its published keys.

        The signature is a detached JWS in `X-JWS-Signature`, or the body is a JWS (assumed). The check is the
        simulator's own; a client under test does well to use another library.
        """
        __tracebackhide__ = True
        keys = world.http.get(world.server.contracts.path("smp", KEYS)).must_be().text
        signature = self.headers.get("x-jws-signature")
        try:
            known = signing.read_public_keys(keys)
            if self._is_compact:
                signing.verify_compact(known, self.body)
            elif signature is None:
                raise NotSigned("there is no header X-JWS-Signature, and the body is no signed message")
            else:
                signing.verify_detached(known, self.body, signature)
        except (signing.SignatureBad, signing.KeysUnusable) as error:
            raise NotSigned(str(error)) from error

    def in_words(self) -> str:
        """One line for people."""
        text = self.body.decode("utf-8", "replace")
        return f"{self.method} {self.path} {text if len(text) <= 140 else text[:139] + '…'}"

    def in_fields(self) -> dict[str, Any]:
        """What `wait_for` compares."""
        try:
            said = self.json()
        except (ValueError, signing.SignatureBad):
            said = self.body.decode("utf-8", "replace")
        return {"path": self.path, "headers": dict(self.headers), "body": said}

    @property
    def _is_compact(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == signing.JOSE


class Endpoint:
    """A running endpoint. `messages` are what it got, oldest first; it answers 200 unless told otherwise.

        participant.take_messages_at(endpoint.url)
        endpoint.answer_next(503)
        message = endpoint.wait_for(instruction="START")
        assert message.attempt == 2

    Take `running_endpoint()` for one.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.messages: list[Message] = []
        self._standing = 200
        self._next: deque[int] = deque()
        self._lock = threading.Lock()

    def answer_next(self, *statuses: int) -> None:
        """Answer the next messages with these statuses, one each, and then as before."""
        with self._lock:
            self._next.extend(statuses)

    def answer_always(self, status: int) -> None:
        """Answer every message with this status, after what `answer_next` has said."""
        with self._lock:
            self._standing = status

    def forget(self) -> None:
        """Forget what came."""
        with self._lock:
            self.messages.clear()

    def take(self, message: Message) -> int:
        """Note a message; the status to answer with."""
        with self._lock:
            self.messages.append(message)
            return self._next.popleft() if self._next else self._standing

    def wait_for(self, *, path: str | None = None, headers: Mapping[str, Any] | None = None,
                 within: float = PATIENCE_SECONDS, **body: Any) -> Message:
        """The latest message whose body has these fields, as soon as there is one; what can be expected of a field:
        `simulator.testing.near_miss`. Raises NotSeen, an AssertionError, which says what came closest.
        """
        __tracebackhide__ = True
        named = {name.lower(): value for name, value in (headers or {}).items()}
        wanted = {"path": path, "headers": named or None, "body": body or None}
        expected = {name: value for name, value in wanted.items() if value is not None}

        def look() -> Message | None:
            seen = list(self.messages)
            miss = closest(expected, [each.in_fields() for each in seen])
            return seen[miss.index] if miss is not None and miss.fits else None

        found = wait_until(look, within)
        if found is None:
            raise NotSeen(self._explain(expected, within))
        return found

    def wait_for_count(self, count: int, within: float = PATIENCE_SECONDS) -> list[Message]:
        """All messages, as soon as there are so many. Raises NotSeen, an AssertionError."""
        __tracebackhide__ = True
        found = wait_until(lambda: list(self.messages) if len(self.messages) >= count else None, within)
        if found is None:
            raise NotSeen("\n".join([f"{len(self.messages)} of {count} messages came to {self.url} within {within:g} s",
                                     *[f"    {each.in_words()}" for each in self.messages]]))
        return found

    def _explain(self, expected: Mapping[str, Any], within: float) -> str:
        lines = [f"no message like this came to {self.url} within {within:g} s:",
                 *(expectation(expected) or ["  (any)"])]
        seen = list(self.messages)
        miss = closest(expected, [each.in_fields() for each in seen])
        if miss is None:
            return "\n".join([*lines, "no message came at all. Is this the participant's address? "
                                      "(participant.take_messages_at, smp.return_batches_to)"])
        return "\n".join([*lines, f"closest of {len(seen)}: message {miss.index + 1}, {miss.score} of "
                          f"{len(miss.fields)} fields fit", *miss.in_words(), "the last messages:",
                          *[f"    {each.in_words()}" for each in seen[-_LAST:]]])


class _Taking(BaseHTTPRequestHandler):
    """Takes one message and answers it. The connection is closed then."""

    timeout = _CALLER_MAY_BE_SLOW_SECONDS
    server: _Listening

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.server.endpoint.take(Message(self.command, self.path, headers, body))
        if status == NO_ANSWER:
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take

    def log_message(self, *words: object) -> None:
        """Say nothing: the test reads the messages."""


class _Listening(ThreadingHTTPServer):
    """A server on a free port of this machine; it ends when its answers are sent."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.endpoint = Endpoint(f"http://127.0.0.1:{self.server_address[1]}")

    def _let_go(self, request: Any, client_address: Any) -> None:
        """A caller that goes away in the middle is no failure of the test: faults do that."""

    handle_error = _let_go


@contextmanager
def running_endpoint() -> Iterator[Endpoint]:
    """An endpoint on a free port of 127.0.0.1 for the length of a block."""
    listening = _Listening()
    thread = threading.Thread(target=listening.serve_forever, args=(_LOOK_FOR_THE_END_SECONDS,),
                              name="flexsim-endpoint", daemon=True)
    thread.start()
    try:
        yield listening.endpoint
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
