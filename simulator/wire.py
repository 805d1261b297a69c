"""Calls of the simulated APIs: read through the contract, done in one transaction, answered through the contract.

These calls do not pass the web framework: a contract says all there is to say about them, and a meter that posts every
minute should cost as little as possible (measured: half the time of the same call as a Flask view). Message, token
check, operation and journal entry of a call are one transaction; the message is read before it begins, so that nobody
waits while a large one is parsed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from simulator.contracts import BEARER, BoundOperation, NotReadable, WireAnswer, WireRequest
from simulator.contracts.answers import TITLES
from simulator.exchanges import MASK, Exchange, mask_body
from simulator.world import View, Work, World

_FEW_FAULTS_FIT = 1_000
"""Bytes of a body that cannot hold more faults than are told in about ten milliseconds."""

_FIRST_REFUSAL = 300

_log = logging.getLogger("flexsim")

Perform = Callable[[World, Work, BoundOperation, WireRequest, Any], WireAnswer]
"""Does a call inside its transaction. The last argument is the message the contract read, or why it could not."""


Whose = Callable[[World, View, BoundOperation, WireRequest], str | None]
"""Tells whose a call is: the id of the organisation that its token speaks for, if any."""


def _as_it_is(world: World, request: WireRequest) -> WireRequest:
    return request


def _nothing_more(world: World, operation: BoundOperation, request: WireRequest, message: Any) -> Any:
    return message


def _as_answered(world: World, answer: WireAnswer) -> WireAnswer:
    return answer


def _with_nothing(world: World, answer: WireAnswer) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class WireCall:
    """An operation of a contract and what it does. `surface` is the journal's name for the API it belongs to.

    Before the message is read, `open` takes off what it is wrapped in. Before the transaction begins, `prepare` does
    what takes long and needs none, such as comparing a password; what it gives takes the message's place. After it,
    `seal` signs the answer; the journal is written before that, and `sealed_as` tells it the headers that sealing adds,
    signatures masked. A call that `takes_long` is never answered on the server's event loop. One whose bodies are
    `secret` leaves no word of its request, nor of a good answer, in the journal: only the contract knows which of their
    words are the secret ones. Whose a call is that is `known_by_body` its body tells, and no token.
    """

    surface: str
    operation: BoundOperation
    perform: Perform
    whose: Whose
    open: Callable[[World, WireRequest], WireRequest] = _as_it_is
    prepare: Callable[[World, BoundOperation, WireRequest, Any], Any] = _nothing_more
    seal: Callable[[World, WireAnswer], WireAnswer] = _as_answered
    sealed_as: Callable[[World, WireAnswer], Mapping[str, str]] = _with_nothing
    takes_long: bool = False
    secret: bool = False
    known_by_body: bool = False


class CallsClash(Exception):
    """Two contracts put different calls at the same method and path."""

    def __init__(self, one: WireCall, other: WireCall) -> None:
        super().__init__(f"{one.operation.method} {other.operation.path} is {one.operation.operation_id} of the "
                         f"{one.surface} contract and {other.operation.operation_id} of the {other.surface} contract. "
                         "Give one of them another path.")


class WireCalls:
    """All calls of all simulated APIs, found by method and path. Raises CallsClash."""

    def __init__(self, calls: Iterable[WireCall]) -> None:
        self._exact: dict[str, dict[str, WireCall]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, WireCall]]] = []
        self._paths: dict[str, str] = {}
        for call in calls:
            there = self._methods_at(call.operation.path).setdefault(call.operation.method, call)
            if there is not call:
                raise CallsClash(there, call)
            self._paths[call.operation.operation_id] = call.operation.path

    def _methods_at(self, template: str) -> dict[str, WireCall]:
        if "{" not in template:
            return self._exact.setdefault(template, {})
        parts = re.split(r"\{([^}]+)\}", template)
        pattern = re.compile("".join(
            f"(?P<p{place}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)) + r"\Z")
        for known, methods in self._patterns:
            if known.pattern == pattern.pattern:
                return methods
        methods: dict[str, WireCall] = {}
        self._patterns.append((pattern, methods))
        return methods

    def path_of(self, operation_id: str) -> str:
        """The path template of an operation, in the contract in force. Raises KeyError."""
        return self._paths[operation_id]

    def find(self, path: str) -> tuple[dict[str, WireCall], tuple[str, ...]] | None:
        """The calls at a path by method, and the values of the path's parameters in order; None when it has none."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, ()
        for pattern, methods in self._patterns:
            found = pattern.match(path)
            if found is not None:
                return methods, found.groups()
        return None

    def _request(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
                 ) -> tuple[dict[str, WireCall], WireCall | None, WireRequest]:
        methods, values = self.find(path) or ({}, ())
        call = methods.get(method)
        request = WireRequest(method, dict(zip(_names(call), values, strict=True)) if call and values else {},
                              dict(parse_qsl(query, keep_blank_values=True)) if query else {},
                              headers, headers.get("Content-Type", ""), body, path)
        return methods, call, request

    def is_known_by_body(self, method: str, path: str) -> bool:
        """Whether `participant_of` needs the body of a request to tell whose it is."""
        methods, _ = self.find(path) or ({}, ())
        return method in methods and methods[method].known_by_body

    def participant_of(self, world: World, view: View, method: str, path: str, query: str, headers: Mapping[str, str],
                       body: bytes = b"") -> str | None:
        """Whose request this is; None when it is no call of an API, or says so with no token that is in force."""
        _, call, request = self._request(method, path, query, headers, body)
        if call is None:
            return None
        return call.whose(world, view, call.operation, call.open(world, request) if call.known_by_body else request)

    def with_other_token(self, method: str, path: str, query: str, headers: dict[str, str],
                         other: Callable[[str], str | None]) -> tuple[str, dict[str, str]]:
        """Query and headers of a request with another token in the place of its own, unless `other` gives none."""
        _, call, request = self._request(method, path, query, headers, b"")
        place = None if call is None else call.operation.credential
        token = None if place is None else place.read(request)
        replacement = None if token is None else other(token)
        if place is None or replacement is None:
            return query, headers
        where, name, value = place.write(replacement)
        if where == "header":
            return query, {**headers, name.title(): value}
        return urlencode({**request.query, name: value}), headers

    def exchange_of(self, world: World, method: str, prefix: str, path: str, query: str, headers: Mapping[str, str],
                    entry_id: int) -> Exchange:
        """The exchange of a request to a path that `find` knows, for those who end it before it is answered."""
        methods, _, request = self._request(method, path, query, headers, b"")
        return _exchange(world, methods, prefix, request, entry_id)

    def answer(self, world: World, method: str, prefix: str, path: str, query: str, headers: Mapping[str, str],
               body: bytes, at_once: bool = False, entry_id: int | None = None
               ) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """Answer a request to a path that `find` knows: status, headers and body. `entry_id` as for an `Exchange`.

        None, and nothing is done, when it has to be `at_once` and would take long, as a message with many faults does.
        """
        methods, call, request = self._request(method, path, query, headers, body)
        if at_once and call is not None and call.takes_long:
            return None
        exchange = _exchange(world, methods, prefix, request, entry_id)
        if call is not None:
            request = call.open(world, request)
        message = None
        if at_once and call is not None and len(body) > _FEW_FAULTS_FIT:
            message = _read(call, request, at_once)
            if message is None:
                return None
        answer = _refuse_method(methods) if call is None else _perform(world, call, exchange, request, message)
        if not exchange.finished:
            with exchange.work() as work:
                exchange.finish(work, answer.status, answer.headers, None)
        return _sent(answer, exchange)


def _exchange(world: World, methods: Mapping[str, WireCall], prefix: str, request: WireRequest,
              entry_id: int | None) -> Exchange:
    surface = next(iter(methods.values())).surface
    return Exchange(world, surface, request.method, prefix + request.path, *_without_token(methods, request), entry_id)


def _names(call: WireCall) -> list[str]:
    return re.findall(r"\{([^}]+)\}", call.operation.path)


def _without_token(methods: Mapping[str, WireCall], request: WireRequest
                   ) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Query and headers for the journal. A contract may put the token where nobody would look for a secret."""
    query, headers = request.query, request.headers
    for call in methods.values():
        if call.secret:
            outside = call.operation.outside_body(request)
            query = _masked(query, outside["query"])
            headers = _masked(headers, outside["headers"])
        place = call.operation.credential
        if place is None or place == BEARER:
            continue
        if place.where == "query":
            query = _masked(query, [place.name])
        else:
            headers = _masked(headers, [place.name])
    return query, headers


def _masked(values: Mapping[str, str], secret: Iterable[str]) -> Mapping[str, str]:
    names = {name.lower() for name in secret}
    return {name: MASK if name.lower() in names else value for name, value in values.items()} if names else values


def _read(call: WireCall, request: WireRequest, only_in_order: bool) -> Any:
    try:
        return call.operation.read_in_order(request) if only_in_order else call.operation.read(request)
    except NotReadable as error:
        return error


def _perform(world: World, call: WireCall, exchange: Exchange, request: WireRequest, message: Any) -> WireAnswer:
    kept = world.settings.journal_body_characters
    exchange.note(request_body=_told(call.secret, request.body, kept), request_bytes=len(request.body))
    if message is None:
        message = _read(call, request, False)
    try:
        message = call.prepare(world, call.operation, request, message)
        with exchange.work() as work:
            answer = call.perform(world, work, call.operation, request, message)
            is_secret = call.secret and answer.status < _FIRST_REFUSAL
            headers = {**answer.headers, **call.sealed_as(world, answer)}
            exchange.finish(work, answer.status, headers, _told(is_secret, answer.body, kept))
        answer = call.seal(world, answer)
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return plain_problem(500, "The simulator failed. This is its fault, not yours; its output says more.")
    return answer


def _told(is_secret: bool, body: bytes, characters: int) -> str:
    """What the journal keeps of a body."""
    return MASK if is_secret and body else mask_body(body, characters)


def refuse(operation: BoundOperation, outcome: str, detail: str, errors: list[dict[str, Any]] | None = None
           ) -> WireAnswer:
    """The contract's answer for an outcome that is not a success; `errors` are `{pointer, code, message}`, with an
    `index` where a contract tells it.
    """
    status = operation.status_of(outcome)
    return operation.answer(outcome, {
        "type": "about:blank", "title": TITLES.get(status, ""), "status": status, "detail": detail,
        "errors": errors or []})


def plain_problem(status: int, detail: str, headers: dict[str, str] | None = None) -> WireAnswer:
    """A problem that no contract has words for."""
    return WireAnswer(status, "application/problem+json", headers or {}, orjson.dumps({
        "type": "about:blank", "title": TITLES.get(status, ""), "status": status, "detail": detail, "errors": []}))


def _refuse_method(methods: Mapping[str, WireCall]) -> WireAnswer:
    allowed = ", ".join(sorted(methods))
    return plain_problem(405, f"This path takes {allowed}.", {"Allow": allowed})


def _sent(answer: WireAnswer, exchange: Exchange) -> tuple[int, list[tuple[str, str]], bytes]:
    # A contract may ask for that header in words of its own.
    own = [(name, value) for name, value in answer.headers.items() if name.lower() != "cache-control"]
    headers = [*own, ("X-Request-Id", exchange.request_id), ("X-Content-Type-Options", "nosniff"),
               ("Cache-Control", "no-store")]
    if answer.media_type:
        headers.append(("Content-Type", answer.media_type))
    return answer.status, headers, answer.body
