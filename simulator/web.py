"""The web application of pages and of `/_sim`: guards every route, journals every exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from flask import Blueprint, Flask, Request, Response, current_app, g, render_template, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from simulator import assets
from simulator.arrivals import ENTRY_KEY, ENVIRON_KEY
from simulator.exchanges import Exchange
from simulator.holding import ASK_AGAIN
from simulator.world import World
from simulator.worlds import Worlds

_UPLOAD_IN_MEMORY = 500_000

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Surface:
    """A part of the application: its routes, and the guard that every one of them passes but the `open_to_all`.

    A guard returns an answer to refuse the request, or None. Requests to `unrecorded` endpoints leave no journal
    entry: the calls that only watch. `large_bodies` are endpoints that take uploads, `snapshot_files` those that take
    snapshots.
    """

    name: str
    blueprint: Blueprint
    guard: Callable[[], Any] | None
    open_to_all: frozenset[str] = frozenset()
    unrecorded: frozenset[str] = frozenset()
    large_bodies: frozenset[str] = frozenset()
    snapshot_files: frozenset[str] = frozenset()
    prefix: str | None = None


def _current_world() -> World:
    return request.environ[ENVIRON_KEY]


current_world: World = LocalProxy(_current_world)  # type: ignore[assignment]
current_worlds: Worlds = LocalProxy(lambda: current_app.extensions["flexsim.worlds"])  # type: ignore[assignment]


def market_now() -> datetime:
    """Market time of the present request, UTC: one instant for all that a page tells, while the clock is moved too."""
    if "market_now" not in g:
        g.market_now = current_world.now()
    return g.market_now


def work_of_request() -> Any:
    """A write transaction caused by the present request."""
    return g.exchange.work()


@contextmanager
def stepped_out() -> Iterator[None]:
    """For what needs a world's files for itself: this request is not in its world for the length of the block."""
    with current_worlds.stepped_out(current_world._get_current_object()):  # type: ignore[attr-defined]
        yield


def json_answer(value: Any, status: int = 200, media_type: str = "application/json") -> Response:
    """A JSON answer; instants become RFC 3339."""
    return Response(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE), status, content_type=media_type)


def problem(status: int, title: str, detail: str, errors: Iterable[dict[str, Any]] = ()) -> Response:
    """An RFC 9457 problem; `errors` are `{pointer, code, message}`."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail,
                            "errors": list(errors)}
    return json_answer(body, status, "application/problem+json")


def world_url() -> str:
    """The world's address as the sender of this request knows it: http://127.0.0.1:8000/w/one."""
    return request.url_root.rstrip("/")


def ask_again(answer: Response, topic: str, seen: int, seconds: int) -> None:
    """Let the gateway hold an answer back: when more than `seen` announcements of a topic were made, it asks once more.

    After `seconds` the answer goes out as it is. No thread waits meanwhile.
    """
    answer.headers[ASK_AGAIN] = f"{topic} {seen} {seconds}"


class WorldCookies(SecureCookieSessionInterface):
    """Cookies of one world: own name, own path, own key, so that none is good in another."""

    def get_cookie_name(self, app: Flask) -> str:
        return f"flexsim-{current_world.name}"

    def get_cookie_path(self, app: Flask) -> str:
        return (request.script_root or "") + "/"

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            current_world.session_key, salt=self.salt, serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method})


class BodyRequest(Request):
    """A request whose uploads wait beside the worlds, where there is room: a container's /tmp is often memory."""

    def _get_file_stream(self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
                         content_length: int | None = None) -> IO[bytes]:
        return SpooledTemporaryFile(_UPLOAD_IN_MEMORY, dir=current_worlds.folder)


class Pages:
    """The application as the gateway takes it (WSGI)."""

    def __init__(self, application: Flask) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        return self._application.wsgi_app(environ, start_response)

    def largest_body(self, environ: dict[str, Any]) -> int:
        """How many bytes of a request's body are to be read: more than `max_body_bytes` only for a route that takes
        more, from somebody whom its guard lets in. Nothing is recorded, and nothing of the body is needed.
        """
        with self._application.request_context(environ):
            _begin_exchange()
            surface = surface_of_request()
            wanted = getattr(current_worlds.settings, _limit_setting())
            if surface is None or surface.guard is None:
                return wanted
            try:
                is_refused = request.endpoint not in surface.open_to_all and surface.guard() is not None
            except HTTPException:
                is_refused = True
            return min(wanted, current_worlds.settings.max_body_bytes) if is_refused else wanted


def create_application(worlds: Worlds, surfaces: Iterable[Surface], prepare: Callable[[Flask], None]) -> Flask:
    """The Flask application with all pages and `/_sim`; requests come to it from the gateway, with their world.

    `prepare` adds extensions, after the exchange has begun and before any guard.
    """
    app = Flask("simulator", template_folder=str(assets.folder("templates")),
                static_folder=str(assets.folder("static")), static_url_path="/static")
    app.request_class = BodyRequest
    app.secret_key = worlds.server_key()
    app.config.update(
        MAX_CONTENT_LENGTH=worlds.settings.max_body_bytes, MAX_FORM_MEMORY_SIZE=200_000, MAX_FORM_PARTS=100,
        SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=worlds.settings.tls,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=worlds.settings.session_hours),
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1), BOOTSTRAP_SERVE_LOCAL=True, WTF_CSRF_TIME_LIMIT=None)
    app.url_map.strict_slashes = False  # people type /console/
    app.session_interface = WorldCookies()
    app.extensions["flexsim.worlds"] = worlds
    app.extensions["flexsim.surfaces"] = by_name = {surface.name: surface for surface in surfaces}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_begin_exchange)
    prepare(app)
    for surface in by_name.values():
        if surface.guard is not None:
            surface.blueprint.before_request(_guarding(surface))
        app.register_blueprint(surface.blueprint, url_prefix=surface.prefix)
    app.after_request(_finish_exchange)
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(Exception, _explain_failure)
    return app


def _guarding(surface: Surface) -> Callable[[], Any]:
    def guard() -> Any:
        return None if request.endpoint in surface.open_to_all else surface.guard()

    return guard


def surface_of_request() -> Surface | None:
    """The surface that the request's route belongs to."""
    return current_app.extensions["flexsim.surfaces"].get(request.blueprint)


def _begin_exchange() -> None:
    surface = surface_of_request()
    request.max_content_length = getattr(current_worlds.settings, _limit_setting())
    g.exchange = Exchange(current_world, surface.name if surface else "none", request.method,
                          request.script_root + request.path, request.args, request.headers,
                          request.environ.get(ENTRY_KEY))


def _is_recorded() -> bool:
    surface = surface_of_request()
    if surface is None:
        # Static files leave no trace; a path that no surface knows does, for that is what testers look for.
        return request.endpoint is None
    return request.endpoint not in surface.unrecorded


def _finish_exchange(response: Response) -> Response:
    exchange: Exchange = g.exchange
    # A call that deletes or replaces the very world it is sent to has no journal left to be noted in.
    if not current_world.deleted and not exchange.finished and (exchange.entry_id is not None or _is_recorded()):
        with exchange.work() as work:
            exchange.finish(work, response.status_code, response.headers, None)
    headers = response.headers
    headers["X-Request-Id"] = exchange.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def wants_page() -> bool:
    """Whether an error should be a page for a person rather than a problem for a program."""
    surface = surface_of_request()
    if surface is not None:
        return surface.name in ("portal", "console")
    return request.accept_mimetypes.accept_html and "text/html" in request.headers.get("Accept", "")


def _limit_setting() -> str:
    surface = surface_of_request()
    if surface is not None and request.endpoint in surface.snapshot_files:
        return "max_snapshot_bytes"
    return "max_upload_bytes" if surface is not None and request.endpoint in surface.large_bodies else "max_body_bytes"


def _explain(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    details = {
        404: f"There is nothing at {request.path[:200]}.",
        405: f"{request.method} is not possible at {request.path[:200]}.",
        413: f"What was sent is larger than {getattr(current_worlds.settings, _limit_setting()):,} bytes, which is all "
             f"that this address takes. Send less, or start the simulator with a larger "
             f"FLEXSIM_{_limit_setting().upper()}.",
    }
    said = error.description if error.description != type(error).description else None
    detail = said or details.get(status, error.description or error.name)
    if wants_page():
        response = Response(render_template("error.html", title=error.name, detail=detail), status)
    else:
        response = problem(status, error.name, detail)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _explain_failure(error: Exception) -> Any:
    current_app.logger.exception("%s %s failed", request.method, request.path)
    detail = "The simulator failed. This is its fault, not yours; the server's output says more."
    if wants_page():
        return Response(render_template("error.html", title="Internal Server Error", detail=detail), 500)
    return problem(500, "Internal Server Error", detail)
