"""HTTP as the clients speak it: calls, answers, refusals in words. Nothing but the standard library.

Nothing is hidden from a test: redirects are not followed, nothing is sent twice, and a connection that breaks is an
error, `NoAnswer`. Connections are kept open between calls, and may be used from several threads.

Commands speak HTTP by `simulator.cli.asking` instead: one call each, files as streams, sentences for a terminal.
"""

from __future__ import annotations

import http.client
import json as json_text
import re
import select
import socket
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 60.0
"""How long a call may take, unless a client is told otherwise."""

Upload = tuple[str, bytes]
"""A file to upload: its name and what it holds."""

_BOUNDARY = "flexsim-part"
_TAG = re.compile(r"<[^>]*>")


class NoAnswer(ConnectionError):
    """The server cannot be reached, or the connection broke before the whole answer was there."""


class Refused(Exception):
    """An answer that says no. The text has all its errors; `status`, `codes` and `errors` are for tests."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.status = answer.status
        self.errors: list[dict[str, Any]] = answer.errors
        """Each with `pointer`, `code` and `message` (RFC 9457)."""
        self.codes: list[str] = [str(error.get("code")) for error in self.errors]
        super().__init__(answer.in_words())


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    method: str
    url: str
    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status says that it worked (2xx)."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def entry(self) -> int | None:
        """Number of the journal entry of this exchange (`X-Request-Id`); None for calls that only watch."""
        number = self.headers.get("X-Request-Id", "")
        return int(number) if number.isdigit() else None

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors that a refusal lists; empty if it lists none."""
        said = self._problem()
        found = said.get("errors") if isinstance(said, dict) else None
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def json(self) -> Any:
        """What the body says as JSON. Raises ValueError, with the beginning of the body, if it is none."""
        try:
            return json_text.loads(self.body)
        except ValueError:
            raise ValueError(f"{self.method} {self.url} answered {self.status} with what is no JSON: "
                             f"{self.text[:200]!r}") from None

    def must_be(self, *statuses: int) -> Answer:
        """This answer, if its status is one of these (or any 2xx when none is named). Raises Refused."""
        if self.status in statuses or (not statuses and self.ok):
            return self
        raise Refused(self)

    def in_words(self) -> str:
        """What was asked and what came, with all errors, each on a line of its own."""
        said = self._problem()
        detail = said.get("detail") or said.get("title") if isinstance(said, dict) else self._text_for_people()
        lines = [f"{self.method} {self.url} answered {self.status} {self.reason}: {detail or 'nothing more'}"]
        lines += [f"  {error.get('pointer') or 'body'} {error.get('code')}: {error.get('message')}"
                  for error in self.errors]
        return "\n".join(lines)

    def _text_for_people(self) -> str:
        """The beginning of a body that is no JSON; of a page, what stands in it."""
        text = self.text
        if self.headers.get_content_type() == "text/html":
            text = _TAG.sub(" ", text.partition("<main")[2].partition(">")[2].partition("</main")[0] or text)
        return " ".join(text.split())[:300]

    def _problem(self) -> Any:
        try:
            return json_text.loads(self.body)
        except ValueError:
            return None


class Connections:
    """Open connections to one server, taken from here for a call and given back."""

    def __init__(self, url: str, ca_file: Path | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"{url!r} is no address of a server: write it like http://127.0.0.1:8000")
        self.host, self.port, self.timeout = parts.hostname, parts.port, timeout
        self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
        self._idle: deque[http.client.HTTPConnection] = deque()

    def take(self) -> http.client.HTTPConnection:
        """A connection that is still good, or a new one."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if _is_quiet(connection.sock):
                return connection
            connection.close()
        if self._tls is not None:
            return http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout, context=self._tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        """Keep a connection for the next call, if the server keeps it too."""
        if connection.sock is not None:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is open and not in use."""
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


def _is_quiet(sock: socket.socket | None) -> bool:
    """Whether nothing has come on an idle connection: what comes then is its end."""
    if sock is None:
        return False
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)


class HttpClient:
    """Calls of one address and what is below it: `HttpClient("http://127.0.0.1:8000").get("/_sim/health")`."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, connections: Connections | None = None,
                 ca_file: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self.headers = dict(headers or {})
        self.connections = connections or Connections(self.url, ca_file)

    def below(self, path: str, headers: Mapping[str, str] | None = None) -> HttpClient:
        """A client of what is below a path, with more headers, over the same connections."""
        return HttpClient(self.url + path, {**self.headers, **(headers or {})}, self.connections)

    def get(self, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
            ) -> Answer:
        """GET."""
        return self.request("GET", path, query=query, headers=headers)

    def post(self, path: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """POST of JSON; of nothing if None is given."""
        return self.request("POST", path, json=json, headers=headers)

    def request(self, method: str, path: str, *, json: Any = None, body: bytes | None = None,
                form: Sequence[tuple[str, str]] | None = None, files: Mapping[str, Upload] | None = None,
                query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Any call. What is sent: `json`, or these `body` bytes, or the fields of a `form` (with `files`, multipart).

        The answer is what came, whatever its status. Raises NoAnswer.
        """
        content, kind = _content(json, body, form, files)
        given = {key: str(value) for key, value in (query or {}).items() if value is not None}
        url = self.url + path + (f"{'&' if '?' in path else '?'}{urlencode(given)}" if given else "")
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Accept": "*/*", **({"Content-Type": kind} if kind else {}), **self.headers, **(headers or {})}
        return self._exchange(method, url, target, content, sent)

    def _exchange(self, method: str, url: str, target: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        connection = self.connections.take()
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise NoAnswer(f"{method} {url}: no whole answer ({type(error).__name__}: {error})") from error
        except BaseException:
            connection.close()
            raise
        self.connections.give_back(connection)
        return Answer(method, url, response.status, response.reason, response.headers, body)

    def close(self) -> None:
        """Close the connections, which may be shared with other clients: these open new ones when they need them."""
        self.connections.close()


def _content(json: Any, body: bytes | None, form: Sequence[tuple[str, str]] | None,
             files: Mapping[str, Upload] | None) -> tuple[bytes | None, str | None]:
    """What to send, and its content type."""
    if json is not None:
        return json_text.dumps(json).encode(), "application/json"
    if files:
        return _multipart(form or (), files)
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    return body, None


def _multipart(form: Sequence[tuple[str, str]], files: Mapping[str, Upload]) -> tuple[bytes, str]:
    parts = [(f'name="{name}"', value.encode()) for name, value in form]
    parts += [(f'name="{name}"; filename="{filename}"', content) for name, (filename, content) in files.items()]
    boundary = _BOUNDARY
    while any(boundary.encode() in content for _, content in parts):
        boundary += "-"
    pieces = [f"--{boundary}\r\nContent-Disposition: form-data; {names}\r\n\r\n".encode() + content + b"\r\n"
              for names, content in parts]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


class ControlCalls:
    """The simulator's own calls of a world, below `/_sim`: JSON in, JSON out, and `Refused` when one says no."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http

    def get(self, path: str, **query: Any) -> Any:
        """GET, such as `get("/events", month="2026-10")`."""
        return self._said(self.http.get(path, query))

    def post(self, path: str, json: Any = None) -> Any:
        """POST."""
        return self._said(self.http.post(path, json))

    def put(self, path: str, json: Any = None) -> Any:
        """PUT."""
        return self._said(self.http.request("PUT", path, json=json))

    def patch(self, path: str, json: Any) -> Any:
        """PATCH."""
        return self._said(self.http.request("PATCH", path, json=json))

    def delete(self, path: str) -> None:
        """DELETE."""
        self.http.request("DELETE", path).must_be()

    def _said(self, answer: Answer) -> Any:
        answer.must_be()
        return answer.json() if answer.body else None
