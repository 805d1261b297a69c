"""Talking to a running server: the options that say which one, its answers, and what it says when it refuses."""

from __future__ import annotations

import functools
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import BaseHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

import click

from simulator.cli.progress import progress_shown
from simulator.settings import DEFAULT_WORLD, command_variable

DEFAULT_URL = "http://127.0.0.1:8000"
_SECONDS = 60
_JSON = "application/json"
_SAY_WHERE = "Say where the simulator is with --url or FLEXSIM_URL."


class CannotReach(click.ClickException):
    """No simulator answers; exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """The sentence, on standard error."""
        click.echo(self.message, err=True)


class SaidNo(CannotReach):
    """The server refused, or a check failed; exit code 1. `status` is that of the answer, None for a check of ours."""

    exit_code = 1

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirects(HTTPRedirectHandler):
    """The control token goes to the address that was given, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Server:
    """A running server, and the world there that a command is about.

    The command line's own client: it begins fast, shows how far large files are, and refuses in words for a terminal.
    Tests and programs have `simulator.testing.Server`.

    Paths are below the world: `server.ask("GET", "/_sim/clock")`. Raises CannotReach and SaidNo.
    """

    def __init__(self, url: str, world: str, control_token: str | None = None, ca_file: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self.world = world
        self._token = control_token
        self._ca_file = ca_file
        # No proxy: the server is on this machine, or a name of the user's own network.
        handlers: list[BaseHandler] = [ProxyHandler({}), _NoRedirects()]
        if self.url.startswith("https:"):
            handlers.append(HTTPSHandler(context=_trusting(ca_file)))
        self._opener = build_opener(*handlers)

    @property
    def world_url(self) -> str:
        """Address of the world; below it are the portal, the APIs and `/_sim`."""
        return self.url if self.world == DEFAULT_WORLD else f"{self.url}/w/{quote(self.world, safe='')}"

    def in_world(self, world: str | None) -> Server:
        """The same server, about another world; itself for None."""
        return self if world is None else Server(self.url, world, self._token, self._ca_file)

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None,
            seconds: float | None = _SECONDS) -> Any:
        """The JSON that the server answers; None when it answers nothing. `seconds`: how long to wait, None for ever.

        What is None in `query` and in a mapping as `body` is left out.
        """
        content = None
        if body is not None:
            content = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        with self._open(method, path, content, _JSON, query, seconds) as answer:
            return self._read(answer)

    def text(self, path: str) -> str:
        """What the server answers, as text."""
        with self._open("GET", path) as answer:
            return answer.read().decode()

    def fetch(self, path: str, target: IO[bytes], query: Mapping[str, Any] | None = None) -> None:
        """Write what the server answers to a file."""
        with (self._open("GET", path, query=query, seconds=None) as answer,
              progress_shown(answer, int(answer.headers.get("Content-Length") or 0), "Downloading") as source):
            copyfileobj(source, target)

    def send_file(self, path: str, file: Path, media_type: str) -> Any:
        """PUT a file, however large; the JSON of the answer."""
        length = file.stat().st_size
        with (file.open("rb") as opened, progress_shown(opened, length, "Uploading") as source,
              self._open("PUT", path, source, media_type, seconds=None, headers={"Content-Length": str(length)}
                         ) as answer):
            return self._read(answer)

    def _read(self, answer: Any) -> Any:
        content = answer.read()
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError:
            raise CannotReach(f"What answers at {self.url} is no simulator. {_SAY_WHERE}") from None

    @contextmanager
    def _open(self, method: str, path: str, content: Any = None, media_type: str = _JSON,
              query: Mapping[str, Any] | None = None, seconds: float | None = _SECONDS,
              headers: Mapping[str, str] | None = None) -> Iterator[Any]:
        """The answer, to read in the block."""
        with self._asked(method, path, content, media_type, query, seconds, headers or {}) as answer:
            try:
                yield answer
            except BrokenPipeError:
                raise  # whoever reads what we print has gone; the server has not
            except (HTTPException, ConnectionError, TimeoutError) as error:
                raise CannotReach(f"The answer of {self.url} broke off ({error or type(error).__name__}). The journal "
                                  "tells what was done.") from None

    def _asked(self, method: str, path: str, content: Any, media_type: str, query: Mapping[str, Any] | None,
               seconds: float | None, headers: Mapping[str, str]) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        address = self.world_url + path + (f"?{urlencode(given)}" if given else "")
        try:
            request = Request(address, content, {"Accept": _JSON, **headers}, method=method)
            if content is not None:
                request.add_header("Content-Type", media_type)
            if self._token is not None:
                request.add_header("Authorization", f"Bearer {self._token}")
            return self._opener.open(request, timeout=seconds)
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from None
        except (OSError, HTTPException, ValueError) as error:
            raise CannotReach(self._silence(error)) from None

    def _silence(self, error: Exception) -> str:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, BrokenPipeError | ConnectionResetError):
            return f"What answers at {self.url} broke off without an answer ({reason}). {_SAY_WHERE}"
        if isinstance(reason, ssl.SSLError):
            return (f"The certificate of {self.url} is not trusted ({reason}). Give its authority with --ca-file: "
                    "`flexsim serve --tls` says at its start which file that is.")
        return (f"No simulator answers at {self.url} ({reason or type(reason).__name__}). Start one with `flexsim "
                "serve`, or say where it is with --url or FLEXSIM_URL.")

    def _refusal(self, status: int, content: bytes) -> CannotReach:
        """What the server said, every error with its place, in sentences."""
        try:
            said = json.loads(content)
            lines = [str(said.get("detail") or said.get("title") or f"The server answered {status}.")]
            lines += [f"  {each.get('pointer') or 'the body'}: {each['message']}" for each in said.get("errors") or ()]
        except (ValueError, AttributeError, KeyError, TypeError):
            return CannotReach(f"What answers at {self.url} is no simulator (it answered {status}). {_SAY_WHERE}")
        if status == 401:
            lines.append("Give the secret with --control-token, or better in the variable FLEXSIM_CONTROL_TOKEN.")
        return SaidNo("\n".join(lines), status)


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise click.UsageError(f"--ca-file: {ca_file} is no certificate authority in PEM: {error}") from None
    return context


def part(name: object) -> str:
    """A name or id as one part of a path: what it has of slashes and such leads nowhere else."""
    text = quote(str(name), safe="")
    # Clients and servers resolve these two on the way.
    return text.replace(".", "%2E") if text in (".", "..") else text


def asks_server(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which server and world, and `server` and `as_json` as first arguments."""
    options = [
        click.option("--url", metavar="URL", help=f"Where the simulator is, or FLEXSIM_URL.  [{DEFAULT_URL}]"),
        click.option("--world", metavar="NAME", help=f"Which world, or FLEXSIM_WORLD.  [{DEFAULT_WORLD}]"),
        click.option("--control-token", metavar="SECRET",
                     help="The server's secret, if it has one; better in FLEXSIM_CONTROL_TOKEN, where no list of "
                          "processes shows it."),
        click.option("--ca-file", type=click.Path(dir_okay=False, path_type=Path),
                     help="Certificate authority (PEM) of a server with --tls."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else, on standard output."),
    ]

    @functools.wraps(function)
    def run(url: str | None, world: str | None, control_token: str | None, ca_file: Path | None, as_json: bool,
            **given: Any) -> Any:
        address = url or command_variable("FLEXSIM_URL") or DEFAULT_URL
        server = Server(_checked(address), world or command_variable("FLEXSIM_WORLD") or DEFAULT_WORLD,
                        control_token or command_variable("FLEXSIM_CONTROL_TOKEN"), ca_file)
        return function(server, as_json, **given)

    wrapped: Callable[..., Any] = run
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def _checked(url: str) -> str:
    try:
        split = urlsplit(url)
        good = split.scheme in ("http", "https") and bool(split.hostname) and (split.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise click.UsageError(f"--url must look like {DEFAULT_URL}, not {url!r}.")
    return url
