"""`GET /_sim/journal`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from simulator.control.bodies import read_numbers
from simulator.operations.history import journal_entries
from simulator.web import current_world, json_answer

_MOST = 10_000


def add_routes(blueprint: Blueprint) -> None:
    """Read the journal."""
    blueprint.add_url_rule("/journal", "read_journal", read_journal)


def read_journal() -> Response:
    """Entries after `since`, oldest first; `kind` is exact, or a prefix when it ends with a dot."""
    numbers = read_numbers({"since": 0, "limit": 1_000})
    with current_world.view() as view:
        entries = journal_entries(view, request.args.get("kind"), numbers["since"], min(numbers["limit"], _MOST))
    return json_answer({"entries": [
        {"id": entry.id, "at": entry.at, "kind": entry.kind, "world": current_world.name,
         "causedBy": entry.caused_by, "data": entry.data} for entry in entries]})
