"""Notes, while tests run, which entries of the fidelity ledger each of them exercises.

The tests' own clients and endpoints call these functions with what they sent and got; nothing of the product is
touched. What belongs to a server with a changed contract is left out: it would prove nothing about ours.

Only parts of a contract are noted where they are seen: a message that has a field shows that there is the field. That a
page was open, a mail lay in the mailbox or a setting was set shows nothing of what is said of it: those are named by
the markers of tests that look.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.ledger_messages import ContractReader, Exchanged

_PLATFORMS = ("participant", "smp")
_CSV_HEADER = re.compile(rb"\r\n\r\n(?:\xef\xbb\xbf)?([a-z_]+(?:,[a-z_]+)+)\r?\n")


class Recording:
    """What the tests of this process exercised: node id -> entries seen, and entries that a marker names."""

    def __init__(self) -> None:
        self.test = ""
        self.seen: dict[str, set[str]] = defaultdict(set)
        self.marked: dict[str, set[str]] = defaultdict(set)
        self.foreign_tests: set[str] = set()
        self._foreign_ports: set[int] = set()

    @contextmanager
    def foreign(self, url: str, is_foreign: bool) -> Iterator[None]:
        """While a server runs: whether it has a contract of the test's own. The next one may have the same port."""
        port = urlsplit(url).port or 0
        if is_foreign:
            self._foreign_ports.add(port)
        try:
            yield
        finally:
            self._foreign_ports.discard(port)

    def note_exchange(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        """A client of the tests got an answer; as a hook of `requests`."""
        place = urlsplit(answer.request.url or "")
        if place.port in self._foreign_ports:
            self.foreign_tests.add(self.test)
            return
        seen = self.seen[self.test]
        path = re.sub(r"^/w/[^/]+", "", place.path)
        method = answer.request.method or ""
        if method == "POST" and path == "/api-testing/readings/uploads" and answer.status_code < 400:
            header = _CSV_HEADER.search(_bytes(answer.request.body)[:2_000])
            if header:
                seen |= _reader("participant").columns(header[1].decode().split(","))
        else:
            found = Exchanged(method, path, _small(answer.request.headers), _bytes(answer.request.body),
                              answer.status_code, _small(answer.headers), answer.content)
            for platform in _PLATFORMS:
                seen |= _reader(platform).exchange(found)

    def note_message(self, raw: bytes, test: str) -> None:
        """An endpoint read a request; `test` is the one that it belongs to, which may be over by now."""
        name, headers, body = _of_platform(raw)
        if name:
            platform = "participant" if name == "sendDispatch" else "smp"
            self.seen[test] |= _reader(platform).message(name, headers, body)

    def note_answer(self, raw: bytes, status: int, test: str) -> None:
        """An endpoint of a test answered such a request with a status."""
        name, _, _ = _of_platform(raw)
        if name:
            platform = "participant" if name == "sendDispatch" else "smp"
            self.seen[test] |= _reader(platform).answer_to_message(name, status)

    def as_json(self) -> dict[str, Any]:
        """`{test: {"seen": [...], "marked": [...]}}` of the tests that exercised something."""
        return {test: {"seen": sorted(self.seen[test]) if self._counts(test) else [],
                       "marked": sorted(self.marked[test])}
                for test in {*self.seen, *self.marked} if test and (self.seen[test] or self.marked[test])}

    def _counts(self, test: str) -> bool:
        return test not in self.foreign_tests and not test.startswith("tests/overrides/")


RECORDING = Recording()
"""Of this process."""


@cache
def _reader(platform: str) -> ContractReader:
    return ContractReader(platform)


def _of_platform(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    """The operationId of a message of the platforms, "" for anything else; its headers and body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    name = "sendDispatch" if "x-dispatch-id" in headers else "sendBatchReturn" if "x-delivery-id" in headers else ""
    return name, headers, body


def _small(headers: Any) -> dict[str, str]:
    return {name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
            for name, value in headers.items()}


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else b""
