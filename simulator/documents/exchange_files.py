"""Recorded HTTP exchanges for other tools: one as a curl command, many as an HTTP archive (HAR 1.2).

What the journal did not keep is absent here, never made up: bodies of page forms, the rest of long bodies, and secrets,
whose values it masks. A command has a shell variable in the place of each masked value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import orjson

HAR_VERSION = "1.2"

_MADE_BY_CURL = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "expect",
                           "keep-alive"})
"""Headers that belong to one connection: curl makes its own."""

_UNKNOWN = "unknown"
_SAFE_IN_PATH = "/:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Recording:
    """How the journal keeps exchanges, and where they went.

    `origin` is where this server is reached, such as http://127.0.0.1:8000. `mask` stands in the place of secrets, and
    `characters` are kept of each body.
    """

    origin: str
    mask: str
    characters: int


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """An exchange of the journal: its entry's id, time and cause, and the data of the entry as it stands there."""

    entry: int
    at: datetime
    kind: str
    caused_by: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CurlCommand:
    """A command for a POSIX shell; the variables in it stand for secrets. `notes` say what it cannot repeat."""

    text: str
    variables: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Variable:
    """A shell variable in the place of a secret."""

    name: str


_Parts = list[str | _Variable]


# One exchange as a command


def curl_command(data: Mapping[str, Any], recording: Recording) -> CurlCommand:
    """The command that sends the request of an exchange again; `data` is that of its journal entry."""
    method = data["method"]
    url = _url_parts(data, recording)
    place = "".join(part for part in url if isinstance(part, str))
    command = ["curl"]
    if method == "HEAD":
        command.append("--head")
    elif method != "GET" or data.get("request_body"):
        command += ["-X", shlex.quote(method)]
    command += [option for option, pieces in (("--globoff", "[]{}"), ("--path-as-is", ("/./", "/../")))
                if any(piece in place for piece in pieces)]
    lines = [" ".join([*command, _shell_word(url)])]
    variables = _names_in(url)
    body, notes = _body_to_send(data, recording)
    if "://" not in place:
        notes.append("There was no endpoint to send it to: put its address in front of the path.")
    for parts in _header_arguments(data.get("request_headers", {}), recording, has_body=body is not None):
        lines.append(f"-H {_shell_word(parts)}")
        variables += _names_in(parts)
    if body is not None:
        lines.append(f"--data-raw {_shell_word(body)}")
        variables += _names_in(body)
    return CurlCommand(" \\\n  ".join(lines), tuple(dict.fromkeys(variables)), tuple(notes))


def _shell_word(parts: _Parts) -> str:
    return "".join(f'"${part.name}"' if isinstance(part, _Variable) else shlex.quote(part)
                   for part in parts if part != "") or "''"


def _names_in(parts: _Parts) -> list[str]:
    return [part.name for part in parts if isinstance(part, _Variable)]


def _variable_for(name: str) -> _Variable:
    """TOKEN for an authorization; else the name in capitals, and never one that shells give a meaning to."""
    if name.lower() == "authorization":
        return _Variable("TOKEN")
    capitals = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    is_plain = re.search(r"TOKEN|SECRET|PASSW|KEY|COOKIE|SIGNATURE|AUTHORI", capitals) and not capitals[0].isdigit()
    return _Variable(capitals if is_plain else f"SECRET_{capitals}".rstrip("_"))


def _url_parts(data: Mapping[str, Any], recording: Recording) -> _Parts:
    if "url" in data:
        return [data["url"]]
    parts: _Parts = [recording.origin + quote(data["path"], safe=_SAFE_IN_PATH)]
    for place, (name, value) in enumerate(data.get("query", {}).items()):
        parts.append(f"{'&' if place else '?'}{quote_plus(name)}=")
        parts.append(_variable_for(name) if value == recording.mask else quote_plus(value))
    return parts


def _header_arguments(headers: Mapping[str, str], recording: Recording, has_body: bool) -> Iterable[_Parts]:
    for name, value in headers.items():
        if name.lower() in _MADE_BY_CURL:
            continue
        if value == "":
            yield [f"{name};"]
        elif value == recording.mask or value.endswith(f" {recording.mask}"):
            yield [f"{name}: {value.removesuffix(recording.mask)}", _variable_for(name)]
        else:
            yield [f"{name}: {value}"]
    if has_body and not any(name.lower() == "content-type" for name in headers):
        # Without this curl would say that it is a form.
        yield ["Content-Type:"]


def _body_to_send(data: Mapping[str, Any], recording: Recording) -> tuple[_Parts | None, list[str]]:
    body = data.get("request_body")
    if body is None:
        if _announces_body(data):
            return None, ["The request had a body that the journal does not keep, such as a form or an uploaded file: "
                          "the command sends none."]
        return None, []
    if body == "":
        return None, []
    notes = []
    if "\0" in body:
        return None, ["The body has a zero byte, which no command line can carry: the command sends none."]
    if _is_cut(data, "request", recording):
        notes.append(f"The journal keeps {recording.characters:,} characters of a body, and this one is longer: the "
                     "command sends what was kept.")
    if "\ufffd" in body:
        notes.append("Some bytes of the body were no text; � stands for each of them.")
    return _masked_body(body, recording.mask), notes


def _announces_body(data: Mapping[str, Any]) -> bool:
    headers = {name.lower(): value for name, value in data.get("request_headers", {}).items()}
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _masked_body(body: str, mask: str) -> _Parts:
    """The body with a variable for each masked value of a JSON property; the quotes around it stay."""
    parts: _Parts = []
    reached = 0
    for found in re.finditer(rf'"([^"\\]*)"\s*:\s*"({re.escape(mask)})"', body):
        parts += [body[reached:found.start(2)], _variable_for(found[1])]
        reached = found.end(2)
    return [*parts, body[reached:]]


def _is_cut(data: Mapping[str, Any], side: str, recording: Recording) -> bool:
    """Whether the journal has a part of a body only."""
    body = data.get(f"{side}_body")
    if body is None:
        return False
    if len(body) >= recording.characters:
        size = data.get(f"{side}_bytes")
        return size is None or recording.mask in body or size > len(body.encode())
    return False


# Many exchanges as an archive


def http_archive(exchanges: Iterable[RecordedExchange], recording: Recording, world: str, version: str) -> bytes:
    """Exchanges as one HTTP archive, JSON; times are market time. `version` is the simulator's."""
    return orjson.dumps({"log": {
        "version": HAR_VERSION, "creator": {"name": "flexsim", "version": version}, "pages": [],
        "comment": f"Exchanges of the world {world}. Times are market time. Secrets are masked as {recording.mask}; "
                   f"bodies are cut after {recording.characters:,} characters, and bodies of page forms are not kept.",
        "entries": [_har_entry(exchange, recording) for exchange in exchanges]}}, option=orjson.OPT_APPEND_NEWLINE)


def _har_entry(exchange: RecordedExchange, recording: Recording) -> dict[str, Any]:
    data = exchange.data
    timings = _timings(data)
    told: dict[str, Any] = {
        "startedDateTime": exchange.at.isoformat(timespec="milliseconds"),
        "time": round(sum(ms for step, ms in timings.items() if ms > 0 and step != "ssl"), 2),
        "request": _har_request(data, recording), "response": _har_response(data, recording), "cache": {},
        "timings": timings, "_journalEntry": exchange.entry, "_causedBy": exchange.caused_by, "_kind": exchange.kind,
        "_surface": data.get("surface")}
    comment = data.get("reason") or ("" if data.get("ms") is not None else "No answer was noted.")
    return {**told, "comment": comment} if comment else told


def _har_request(data: Mapping[str, Any], recording: Recording) -> dict[str, Any]:
    url = "".join(recording.mask if isinstance(part, _Variable) else part for part in _url_parts(data, recording))
    query = data["query"].items() if "query" in data else parse_qsl(urlsplit(url).query, keep_blank_values=True)
    headers, body = data.get("request_headers", {}), data.get("request_body")
    told: dict[str, Any] = {
        "method": data["method"], "url": url, "httpVersion": "HTTP/1.1" if "url" in data else _UNKNOWN, "cookies": [],
        "headers": _pairs(headers.items()), "queryString": _pairs(query), "headersSize": -1,
        "bodySize": _body_size(data, "request", recording)}
    if body:
        told["postData"] = {"mimeType": _media_type(headers), "text": body}
        if _is_cut(data, "request", recording):
            told["postData"]["comment"] = _cut_comment(recording)
    elif body is None and _announces_body(data):
        told["comment"] = "The journal does not keep the body of this request."
    return told


def _har_response(data: Mapping[str, Any], recording: Recording) -> dict[str, Any]:
    status = data.get("status") or 0
    headers, body = data.get("answer_headers", {}), data.get("answer_body")
    size = _body_size(data, "answer", recording)
    content: dict[str, Any] = {"size": max(size, 0) if body is None else len(body.encode()),
                               "mimeType": _media_type(headers)}
    if body:
        content["text"] = body
    if _is_cut(data, "answer", recording):
        content["comment"] = _cut_comment(recording)
    elif body is None and status:
        content["comment"] = "The journal does not keep the body of this answer."
    told: dict[str, Any] = {
        "status": status, "statusText": _phrase(status), "httpVersion": "HTTP/1.1" if "url" in data else _UNKNOWN,
        "cookies": [], "headers": _pairs(headers.items()), "content": content, "headersSize": -1, "bodySize": size,
        "redirectURL": next((value for name, value in headers.items() if name.lower() == "location"), "")}
    return {**told, "_error": data["reason"]} if data.get("reason") else told


def _cut_comment(recording: Recording) -> str:
    return f"Cut: the journal keeps {recording.characters:,} characters of a body."


def _body_size(data: Mapping[str, Any], side: str, recording: Recording) -> int:
    """Bytes of a body, as far as they are known; -1 where they are not, which is the archive's word for it."""
    if f"{side}_bytes" in data:
        return data[f"{side}_bytes"]
    body = data.get(f"{side}_body")
    headers = {name.lower(): value for name, value in data.get(f"{side}_headers", {}).items()}
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit():
        return int(announced)
    if body is None or _is_cut(data, side, recording) or recording.mask in body:
        return -1
    return len(body.encode())


def _media_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "x-unknown")


def _pairs(values: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _timings(data: Mapping[str, Any]) -> dict[str, float]:
    """Milliseconds of the steps. In an archive the time to connect has the time of TLS in it, and -1 means: not so."""
    steps = dict(data.get("steps") or ())
    if not steps:
        return {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": data.get("ms") or 0,
                "receive": 0}
    tls = steps.get("tls", -1)
    known = {"dns": steps.get("dns", -1),
             "connect": steps["tcp"] + max(tls, 0) if "tcp" in steps else -1, "send": steps.get("sent", 0),
             "wait": steps.get("first_byte", 0)}
    rest = steps.get("total", 0) - sum(ms for ms in known.values() if ms > 0)
    return {"blocked": -1, **known, "ssl": tls, "receive": round(max(rest, 0), 2)}
