"""The page of one journal entry: its data, what led to it, what it brought about, and an exchange as a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, abort, render_template

from simulator import exchanges
from simulator.console.entry_words import kinds
from simulator.console.journal import Line, line
from simulator.documents.exchange_files import CurlCommand, curl_command
from simulator.downloads import recording
from simulator.market.errors import NotFound
from simulator.operations import history
from simulator.operations.history import Effect, Entry
from simulator.outbound import envelopes
from simulator.web import current_world

MOST_EFFECTS = 200

_LINES = frozenset({"query", "request_headers", "answer_headers"})
_BODIES = frozenset({"request_body", "answer_body"})


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """A line of what an entry brought about, with what that brought about."""

    line: Line
    effects: tuple[ShownEffect, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """A part of an entry's data. `is_block` is for text of several lines."""

    name: str
    label: str
    text: str
    is_block: bool


def add_routes(blueprint: Blueprint) -> None:
    """Look at one entry."""
    blueprint.add_url_rule("/journal/<int(max=9007199254740991):entry_id>", "entry_page", entry_page)


def entry_page(entry_id: int) -> Any:
    """One entry, with causes and effects."""
    try:
        with current_world.view() as view:
            entry = history.entry_by_id(view, entry_id)
            causes = history.causes_of(view, entry)
            effects, has_more = history.effects_of(view, entry, MOST_EFFECTS)
    except NotFound:
        abort(404, f"There is no journal entry {entry_id}, or it is forgotten by now.")
    is_cause_forgotten = entry.caused_by is not None and not causes
    return render_template(
        "console/entry.html", line=line(entry), entry=entry, causes=[line(cause) for cause in causes],
        effects=[_shown(effect) for effect in effects], has_more=has_more, most=MOST_EFFECTS,
        is_cause_forgotten=is_cause_forgotten, details=_details(entry.data), curl=_curl(entry),
        meaning=kinds().get(entry.kind))


def _shown(effect: Effect) -> ShownEffect:
    return ShownEffect(line(effect.entry), tuple(_shown(each) for each in effect.effects))


def _curl(entry: Entry) -> CurlCommand | None:
    if entry.kind not in (exchanges.KIND, envelopes.KIND) or "method" not in entry.data:
        return None
    return curl_command(entry.data, recording())


def _details(data: Mapping[str, Any]) -> list[Detail]:
    return [_detail(name, value) for name, value in data.items()]


def _detail(name: str, value: Any) -> Detail:
    label = "URL" if name == "url" else name.replace("_", " ").capitalize()
    if name == "ms":
        return Detail(name, "Took", f"{value} ms", False)
    if name in _LINES and isinstance(value, dict):
        text = "\n".join(f"{each}: {told}" for each, told in value.items())
        return Detail(name, label, text or "none", bool(text))
    if name == "steps":
        return Detail(name, "Time of each step", "\n".join(f"{step.replace('_', ' ')}: {ms} ms" for step, ms in value),
                      bool(value))
    if name in _BODIES:
        return Detail(name, label, _indented(value) or "empty", bool(value))
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict | list) for each in value)):
        return Detail(name, label, orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(), True)
    if isinstance(value, list):
        return Detail(name, label, ", ".join(map(str, value)) or "none", False)
    if value is None or isinstance(value, bool):
        return Detail(name, label, {None: "none", True: "yes", False: "no"}[value], False)
    return Detail(name, label, str(value), "\n" in str(value))


def _indented(body: str) -> str:
    """JSON with a line for each part; anything else, and JSON that was cut, as it is."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body
