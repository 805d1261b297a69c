"""A request to a contract as commands that run as they stand: curl in a shell, and Python."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pprint import pformat
from typing import Any

import orjson
from flask import request

from simulator.contracts import BEARER, BoundOperation, WireRequest


@dataclass(frozen=True)
class Example:
    """A request that runs, as curl and as Python, and what it is answered with. `curl` is empty for a long body;
    `message` is what the answer says to people, `later` what is said when more has been done than answered."""

    curl: str
    python: str
    status: int
    answer: str
    message: str = ""
    later: str = ""


def _with_token(operation: BoundOperation, wire: WireRequest, token: str | None) -> WireRequest:
    if token is None:
        return wire
    where, name, value = (operation.credential or BEARER).write(token)
    if where == "query":
        return replace(wire, query={**wire.query, name: value})
    others = {other: text for other, text in wire.headers.items() if other.lower() != name.lower()}
    return replace(wire, headers={name: value, **others})


def place_of_world() -> str:
    """The world's address as the reader of this page knows it."""
    return request.host_url.rstrip("/") + request.script_root


def as_curl(operation: BoundOperation, wire: WireRequest, token: str | None) -> str:
    """The request with the token, if there is one, as a command for a shell."""
    wire = _with_token(operation, wire, token)
    parts = [f"curl -X {wire.method} {shlex.quote(place_of_world() + wire.target)}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in wire.headers.items()]
    if wire.body:
        parts += [f"-H {shlex.quote(f'Content-Type: {wire.media_type}')}", f"-d {shlex.quote(wire.body.decode())}"]
    return " \\\n  ".join(parts)


def as_python(operation: BoundOperation, wire: WireRequest, token: str | None, data: str | None = None) -> str:
    """The request with the token as a Python program; `data` is an expression for the body, when it is too long."""
    return (f"import requests\n\nanswer = {python_call(operation, wire, token, data)}\n"
            "print(answer.status_code, answer.text)")


def python_call(operation: BoundOperation, wire: WireRequest, token: str | None, data: str | None = None) -> str:
    """The request as an expression of Python: a call of the library `requests`."""
    wire = _with_token(operation, wire, token)
    headers = dict(wire.headers)
    arguments = [repr(place_of_world() + wire.path)]
    if wire.query:
        arguments.append(f"params={_literal(dict(wire.query))}")
    body = json_of(wire) if data is None and wire.media_type == "application/json" else None
    if body is None and wire.body:
        headers["Content-Type"] = wire.media_type
    if headers:
        arguments.append(f"headers={_literal(headers)}")
    if body is not None:
        arguments.append(f"json={_literal(body)}")
    elif wire.body:
        arguments.append(f"data={data or repr(wire.body.decode())}")
    lines = "".join(f"    {argument},\n" for argument in [*arguments, "timeout=30"])
    return f"requests.{wire.method.lower()}(\n{lines})"


def many_of_one(two: WireRequest, three: WireRequest, count: int) -> str | None:
    """An expression of Python for a body with `count` times the one record that `two` and `three` requests repeat."""
    # The one item is what a third record adds, less its comma.
    length = len(three.body) - len(two.body) - 1
    parts = re.fullmatch(rb"(.*?)(.{%d}),\2(.*)" % length, two.body, re.S) if length > 0 else None
    if parts is None:
        return None
    before, item, after = (part.decode() for part in parts.groups())
    return f"{before!r} + ', '.join([{item!r}] * {count}) + {after!r}"


def _literal(value: Any) -> str:
    return pformat(value, width=88, sort_dicts=False).replace("\n", "\n    ")


def json_of(wire: WireRequest) -> Any:
    """The body as JSON; None when it is none."""
    try:
        return orjson.loads(wire.body)
    except orjson.JSONDecodeError:
        return None


def pretty(body: bytes) -> str:
    """A body as it is shown: JSON with a line for each value."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode() if body else ""
    except orjson.JSONDecodeError:
        return body.decode()
