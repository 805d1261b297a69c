"""`GET /_sim/journal`, and its exchanges as a file for other tools: `GET /_sim/journal/har`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from simulator.control.bodies import read_numbers, refuse
from simulator.downloads import LONGEST_ARCHIVE, archive_answer
from simulator.operations.history import journal_entries, last_exchanges
from simulator.web import current_world, json_answer

_MOST = 10_000


def add_routes(blueprint: Blueprint) -> None:
    """Read the journal."""
    blueprint.add_url_rule("/journal", "read_journal", read_journal)
    blueprint.add_url_rule("/journal/har", "read_archive", read_archive)


def read_journal() -> Response:
    """Entries after `since`, oldest first; `kind` is exact, or a prefix when it ends with a dot.

    They are the first `limit` of these, or the last `newest`.
    """
    numbers = read_numbers({"since": 0, "limit": 1_000, "newest": 0})
    newest = min(numbers["newest"], _MOST) if "newest" in request.args else None
    if newest is not None and "limit" in request.args:
        refuse([{"pointer": "query newest", "code": "one_of",
                 "message": "Give limit, for the first so many, or newest, for the last; not both."}])
    with current_world.view() as view:
        entries = journal_entries(view, request.args.get("kind"), numbers["since"], min(numbers["limit"], _MOST),
                                  newest)
    return json_answer({"entries": [
        {"id": entry.id, "at": entry.at, "kind": entry.kind, "world": current_world.name,
         "causedBy": entry.caused_by, "data": entry.data} for entry in entries]})


def read_archive() -> Response:
    """The last `limit` exchanges over HTTP, 10,000 unless told otherwise, as an HTTP archive (HAR 1.2)."""
    limit = min(read_numbers({"limit": LONGEST_ARCHIVE})["limit"], LONGEST_ARCHIVE)
    with current_world.view() as view:
        entries = last_exchanges(view, limit)
    return archive_answer(entries)
