"""Where every request comes in: finds its world, and hands it to an API call or to the pages.

The server listens first and loads the rest meanwhile: health is answered at once, everything else when what it needs is
there. API calls with short messages are answered on the server's event loop: with eight threads taking turns the same
calls took twice as long (measured: 1,200 against 2,300 posted readings/s). Pages, long messages, and calls to a world
that is busy go to a pool of threads, so that nobody waits for them.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, repeat
from typing import IO, TYPE_CHECKING, Any, Protocol

import orjson

from simulator import __version__
from simulator.arrivals import Arrival, FileBody, announced_length, arrival_of, environ_of, has_body
from simulator.bare_answers import UNRECORDED, bare_problem, no_such_world, strangers_name, too_large
from simulator.holding import Answer, Holding
from simulator.market.errors import NotFound
from simulator.own_names import is_strangers
from simulator.settings import DEFAULT_WORLD, Settings
from simulator.timekeeping.clock import wall_now

if TYPE_CHECKING:
    # For checkers only: these load the store, and this module must be there before it.
    from simulator.faults.inbound import InboundFaults, Struck
    from simulator.wire import WireCalls
    from simulator.worlds import Worlds

_SHORT_BODY = 150_000  # about a thousand readings: ten milliseconds
_BODY_IN_MEMORY = 500_000
_MORE_THAN_LIMIT_READ = 16
_MOST_DISCARDED = 100_000_000
"""So many bytes that nobody wants are read and forgotten: many clients listen only when they have sent all."""

HEALTH = "/_sim/health"


class Sender(Protocol):
    """Something that sends out of the simulator in the background, until it is told to stop."""

    def stop(self) -> None:
        """Send nothing more."""
        ...


class Pages(Protocol):
    """The web application of the pages and of `/_sim` (WSGI)."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        ...

    def largest_body(self, environ: dict[str, Any]) -> int:
        """How many bytes of a request's body are to be read, by where it goes and who sends it."""
        ...


class Engine:
    """What requests are answered with: the worlds, the calls of the APIs, and the pages, which load on first use.

    `senders` are stopped before the worlds are closed.
    """

    def __init__(self, worlds: Worlds, calls: WireCalls, load_pages: Callable[[], Pages],
                 faults: InboundFaults, senders: Sequence[Sender] = ()) -> None:
        self.worlds = worlds
        self.calls = calls
        self.faults = faults
        self._load_pages = load_pages
        self._senders = senders
        self._loading = threading.Lock()
        self._pages: Pages | None = None
        self._loader = threading.Thread(target=self.pages, name="flexsim-load-pages", daemon=True)

    def pages(self) -> Pages:
        """The web application of the pages, loaded by now."""
        with self._loading:
            if self._pages is None:
                self._pages = self._load_pages()
            return self._pages

    def load_pages_soon(self) -> None:
        """Load the pages in the background, before anybody asks for one."""
        self._loader.start()

    def close(self) -> None:
        """Close the worlds, when the pages are not being loaded any more: loading reads from the worlds' folder."""
        if self._loader.ident is not None:
            self._loader.join()
        for sender in self._senders:
            sender.stop()
        self.worlds.close()


@dataclass(frozen=True)
class _Broken:
    """An answer whose body breaks off: the connection closes before all that was announced has come."""

    answer: Answer
    length: int

    async def send(self, protocol: Any) -> None:
        status, headers, body = self.answer
        if len(body) <= self.length:
            protocol.response_bytes(status, headers, body)
            return
        stream = protocol.response_stream(status, [*headers, ("Content-Length", str(len(body)))])
        await stream.send_bytes(body[:self.length])


class Gateway:
    """The application that the HTTP server calls (RSGI). It serves from the start, and in full after `ready`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._loading: Future[Engine] = Future()
        self._pool = ThreadPoolExecutor(settings.threads, "flexsim-page")
        self._under_way = 0
        self._quiet = threading.Event()
        self._quiet.set()
        self._draining = False
        self._holding = Holding()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        self._under_way += 1
        self._quiet.clear()
        try:
            answer = await self._answer(arrival_of(scope), protocol)
            if isinstance(answer, _Broken):
                await answer.send(protocol)
            elif answer is not None and isinstance(answer[2], FileBody):
                await self._send_file(protocol, *answer)
            elif answer is not None:
                protocol.response_bytes(*answer)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()
        if answer is None:
            # A fault has lost the answer: the connection stays, silent, until the other end gives up.
            await protocol.client_disconnect()

    async def _send_file(self, protocol: Any, status: int, headers: list[tuple[str, str]], body: FileBody) -> None:
        try:
            stream = protocol.response_stream(status, headers)
            while block := await asyncio.get_running_loop().run_in_executor(self._pool, body.read):
                await stream.send_bytes(block)
        finally:
            body.close()

    def ready(self, engine: Engine) -> None:
        """All is loaded: answer what has been waiting."""
        self._engine = engine
        self._loading.set_result(engine)
        engine.load_pages_soon()

    def drain(self, seconds: float) -> None:
        """Refuse what comes from now on, and wait for what is under way, at most for some seconds."""
        self._draining = True
        self._holding.release()
        self._loading.cancel()
        self._quiet.wait(seconds)

    def close(self) -> None:
        """End the pool's threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, arrival: Arrival, protocol: Any) -> Answer | _Broken | None:
        if self._draining:
            return bare_problem(503, "Service Unavailable", "The simulator is ending.")
        if is_strangers(arrival.headers.get("Host", ""), self._settings):
            return strangers_name(arrival)
        if arrival.path == HEALTH:
            return await self._health(arrival)
        engine = self._engine or await self._loaded()
        if engine is None:
            return bare_problem(503, "Service Unavailable", "The simulator could not start; its output says why.")
        world = engine.worlds.find(arrival.world)
        if world is not None and world.faulty_surfaces:
            if engine.faults.need_body(world, arrival):
                body = await _read(arrival, protocol, self._settings.max_body_bytes)
                if body is None:
                    return too_large(self._settings.max_body_bytes)
                arrival = replace(arrival, body=body)
            struck = await asyncio.get_running_loop().run_in_executor(self._pool, self._strike, engine, arrival)
            if struck is not None:
                return await self._go_wrong(engine, arrival, protocol, struck)
        return await self._answer_well(engine, arrival, protocol)

    def _strike(self, engine: Engine, arrival: Arrival) -> Struck | None:
        try:
            with engine.worlds.using(arrival.world) as world:
                return engine.faults.strike(world, arrival)
        except NotFound:
            return None

    def _return_first(self, engine: Engine, arrival: Arrival, struck: Struck) -> None:
        with suppress(NotFound), engine.worlds.using(arrival.world) as world:
            engine.faults.return_first(world, struck)

    async def _go_wrong(self, engine: Engine, arrival: Arrival, protocol: Any, struck: Struck
                        ) -> Answer | _Broken | None:
        """Answer as the faults want it that are on."""
        await asyncio.sleep(struck.delay_seconds)
        if struck.is_answered:
            touched = replace(arrival, entry=struck.entry, query=struck.query, headers=struck.headers)
            answer = await self._answer_well(engine, touched, protocol)
            if struck.returns_first:
                await asyncio.get_running_loop().run_in_executor(self._pool, self._return_first, engine, arrival,
                                                                 struck)
        elif "status" in struck.effects and not struck.loses_answer:
            answer = struck.answer(for_page=engine.calls.find(arrival.path) is None)
        if struck.loses_answer:
            return None
        return answer if struck.cut is None else _Broken(answer, struck.cut)

    async def _answer_well(self, engine: Engine, arrival: Arrival, protocol: Any) -> Answer:
        if engine.calls.find(arrival.path) is None:
            return await self._answer_page(engine, arrival, protocol)
        limit = self._settings.max_body_bytes
        body = await _read(arrival, protocol, limit) if arrival.body is None else arrival.body
        if body is None:
            return too_large(limit)
        is_short = len(body) <= _SHORT_BODY and arrival.entry is None
        answer = self._call_at_once(engine, arrival, body) if is_short else None
        if answer is None:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._call, engine, arrival, body)
        return answer

    async def _loaded(self) -> Engine | None:
        """The engine, when it is there; None when it will not come."""
        try:
            return await asyncio.shield(asyncio.wrap_future(self._loading))
        except asyncio.CancelledError:
            if self._draining:
                return None
            raise

    async def _health(self, arrival: Arrival) -> Answer:
        """`{"status": "ok", "version", "world", "now"}`: whether the server lives, and what time it is in the world."""
        if arrival.method not in ("GET", "HEAD"):
            status, headers, body = bare_problem(405, "Method Not Allowed", "This path takes GET.")
            return status, [*headers, ("Allow", "GET, HEAD")], body
        engine = self._engine
        if engine is None and (arrival.world != DEFAULT_WORLD or self._settings.data is not None):
            # Its clock stands in a file; a world that is being made shows the time it will start at.
            engine = await self._loaded()
        now = self._settings.now or wall_now()
        if engine is not None:
            world = engine.worlds.find(arrival.world)
            if world is None:
                return no_such_world(arrival)
            now = world.now()
        return 200, [("Content-Type", "application/json"), *UNRECORDED], orjson.dumps(
            {"status": "ok", "version": __version__, "world": arrival.world, "now": now})

    def _call_at_once(self, engine: Engine, arrival: Arrival, body: bytes) -> Answer | None:
        """Answer without waiting for anybody; None when the world is being replaced or written to, or it takes long."""
        try:
            world = engine.worlds.enter(arrival.world, wait=False)
        except NotFound:
            return no_such_world(arrival)
        if world is None:
            return None
        try:
            with world.turn_if_free() as is_mine:
                return engine.calls.answer(world, arrival.method, arrival.prefix, arrival.path, arrival.query,
                                          arrival.headers, body, at_once=True) if is_mine else None
        finally:
            engine.worlds.leave(world)

    def _call(self, engine: Engine, arrival: Arrival, body: bytes) -> Answer:
        try:
            with engine.worlds.using(arrival.world) as world:
                return engine.calls.answer(world, arrival.method, arrival.prefix, arrival.path, arrival.query,
                                          arrival.headers, body, entry_id=arrival.entry)
        except NotFound:
            return no_such_world(arrival)

    async def _answer_page(self, engine: Engine, arrival: Arrival, protocol: Any) -> Answer:
        in_pool = partial(asyncio.get_running_loop().run_in_executor, self._pool)
        limit, length = self._settings.max_body_bytes, announced_length(arrival)
        if has_body(arrival) and (length > limit or "Content-Length" not in arrival.headers):
            # Before anything of it is kept: who may not send it, or sends it to the wrong place, takes no room here.
            limit = await in_pool(self._largest_body, engine, arrival)
        body: IO[bytes] = io.BytesIO()
        try:
            # What is far longer than the page takes is not read at all: the page refuses it by its length.
            if has_body(arrival) and length <= limit + _MOST_DISCARDED:
                if length > _BODY_IN_MEMORY or "Content-Length" not in arrival.headers:
                    body = tempfile.SpooledTemporaryFile(_BODY_IN_MEMORY, dir=engine.worlds.folder)  # noqa: SIM115
                length = await _keep(protocol, body, limit)
            ask = partial(in_pool, self._page, engine)
            # An entry that was reserved for the request is written once, however often the page is asked.
            requests = chain([arrival], repeat(replace(arrival, entry=None)))
            return await self._holding.answer(lambda: ask(next(requests), body, length), arrival.world,
                                              engine.worlds.announcements)
        finally:
            body.close()

    def _largest_body(self, engine: Engine, arrival: Arrival) -> int:
        with suppress(NotFound), engine.worlds.using(arrival.world) as world:
            return engine.pages().largest_body(environ_of(arrival, io.BytesIO(), announced_length(arrival), world))
        return self._settings.max_body_bytes

    def _page(self, engine: Engine, arrival: Arrival, body: IO[bytes], length: int) -> Answer:
        try:
            with engine.worlds.using(arrival.world) as world:
                return _run_wsgi(engine.pages(), environ_of(arrival, body, length, world))
        except NotFound:
            return no_such_world(arrival)


async def _read(arrival: Arrival, protocol: Any, limit: int) -> bytes | None:
    """The whole body, or None when it is longer than `limit`."""
    if not has_body(arrival):
        return b""
    if "Content-Length" in arrival.headers and announced_length(arrival) <= limit:
        return await protocol()
    chunks = []
    length = 0
    async for chunk in protocol:
        length += len(chunk)
        if length <= limit:
            chunks.append(chunk)
        elif length > limit * _MORE_THAN_LIMIT_READ:
            break
    # What is a little too long was read to its end all the same: many clients listen only when they have sent all.
    return b"".join(chunks) if length <= limit else None


async def _keep(protocol: Any, body: IO[bytes], limit: int) -> int:
    """Write what comes to `body`, at most `limit` bytes and a block; how long it was, as far as it was read."""
    length = 0
    async for chunk in protocol:
        if length <= limit:
            body.write(chunk)
        length += len(chunk)
        if length > limit + _MOST_DISCARDED:
            break
    return length


def _run_wsgi(application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Answer:
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = [int(status[:3]), headers]

    result = application(environ, start_response)
    if isinstance(result, FileBody):
        return started[0], started[1], result
    try:
        body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    return started[0], started[1], body
