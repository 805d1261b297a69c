"""Faults of calls and pages: decided before the request is looked at, and told in the journal as its effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from simulator.contracts.answers import TITLES
from simulator.exchanges import Exchange
from simulator.faults.rules import Seam
from simulator.operations.batches import batch_of_request, end_batch
from simulator.operations.faulting import strike
from simulator.operations.smp_tokens import expired_copy
from simulator.wire import WireCalls
from simulator.world import World

_NOT_OF_THE_PORTAL = ("/_sim", "/console", "/static", "/bootstrap")

WORDS = "This is a fault that was switched on in the simulator; see /_sim/faults or its console."


class Request(Protocol):
    """A request as the gateway has it; the body is there only if `need_body` asked for it."""

    method: str
    prefix: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Struck:
    """What goes wrong with a request; `entry` is the journal entry it has, or will have when it is answered.

    `query` and `headers` are what it is answered by.
    """

    effects: dict[str, object]
    entry: int
    query: str
    headers: dict[str, str]

    @property
    def delay_seconds(self) -> float:
        """How much later it is taken up."""
        return int(self.effects.get("delayMs", 0)) / 1_000  # type: ignore[call-overload]

    @property
    def is_answered(self) -> bool:
        """Whether the request gets as far as being answered by what it is for."""
        return "status" not in self.effects and self.effects.get("drop") != "request"

    @property
    def loses_answer(self) -> bool:
        """Whether no answer ever comes."""
        return "drop" in self.effects

    @property
    def returns_first(self) -> bool:
        """Whether the batch that it submits is worked through, and its return sent, before it is answered."""
        return "callbackFirst" in self.effects

    @property
    def cut(self) -> int | None:
        """After how many bytes the answer's body breaks off."""
        return self.effects.get("truncate")  # type: ignore[return-value]

    def answer(self, for_page: bool) -> tuple[int, list[tuple[str, str]], bytes]:
        """The answer with the fault's own status."""
        status = int(self.effects["status"])  # type: ignore[call-overload]
        title = TITLES.get(status, "No Name")
        headers = [("X-Request-Id", str(self.entry)), ("Cache-Control", "no-store"),
                   ("X-Content-Type-Options", "nosniff")]
        if for_page:
            page = (f'<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>{status} {title}</title>'
                    f"<h1>{status} {title}</h1><p>{WORDS}</p></html>")
            return status, [*headers, ("Content-Type", "text/html; charset=utf-8")], page.encode()
        problem = f'{{"type":"about:blank","title":"{title}","status":{status},"detail":"{WORDS}","errors":[]}}'
        return status, [*headers, ("Content-Type", "application/problem+json")], problem.encode()


class InboundFaults:
    """Looks for faults of requests, before anything else does."""

    def __init__(self, calls: WireCalls) -> None:
        self._calls = calls

    def _surface_of(self, path: str) -> str | None:
        """The surface whose faults a request to a path may meet; None for what belongs to the simulator itself."""
        methods = self._calls.find(path)
        if methods is not None:
            return next(iter(methods[0].values())).surface
        return None if path.startswith(_NOT_OF_THE_PORTAL) else "portal"

    def need_body(self, world: World, request: Request) -> bool:
        """Whether `strike` has to see the body of a request to tell whose it is."""
        return (self._calls.is_known_by_body(request.method, request.path)
                and self._surface_of(request.path) in world.faulty_surfaces)

    def strike(self, world: World, request: Request) -> Struck | None:
        """What goes wrong with a request now, noted in the journal; None when nothing does."""
        surface = self._surface_of(request.path)
        if surface not in world.faulty_surfaces:
            return None
        with world.work() as work:
            entry = work.reserve_entry()
            participant = self._calls.participant_of(world, work, request.method, request.path, request.query,
                                                     request.headers, request.body or b"")
            effects = strike(work, surface, request.path, participant, entry, seam=Seam.REQUEST)
        if not effects:
            return None
        query, headers = request.query, request.headers
        if "expiredToken" in effects:
            query, headers = self._with_expired_token(world, request)
        struck = Struck(effects, entry, query, headers)
        if not struck.is_answered:
            self._note(world, surface, request, struck)
        return struck

    def _with_expired_token(self, world: World, request: Request) -> tuple[str, dict[str, str]]:
        """Query and headers with a token that has really expired, so that the call's own check refuses it."""
        key = world.server_key_if_made()
        with world.view() as view:
            return self._calls.with_other_token(
                request.method, request.path, request.query, request.headers,
                lambda token: expired_copy(view, world.token_rules, key, token, world.credential_now()))

    def return_first(self, world: World, struck: Struck) -> None:
        """Work the batch through that a call has submitted, and send its return, before anybody reads the answer."""
        with world.work() as work:
            found = batch_of_request(work, struck.entry)
            if found is None:
                return
            end_batch(work, world.batch_rules, found.id)
        world.time.finish_lane(found.id)

    def _note(self, world: World, surface: str, request: Request, struck: Struck) -> None:
        """A request that gets no further has its entry now."""
        if surface == "portal":
            exchange = Exchange(world, surface, request.method, request.prefix + request.path,
                                dict(parse_qsl(request.query, keep_blank_values=True)), request.headers, struck.entry)
        else:
            exchange = self._calls.exchange_of(world, request.method, request.prefix, request.path, request.query,
                                               request.headers, struck.entry)
        with exchange.work() as work:
            exchange.finish(work, struck.effects.get("status"), {}, None)
