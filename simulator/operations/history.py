"""Looking back: the journal of a world."""

from __future__ import annotations

from simulator.store import journal
from simulator.store.journal import Entry
from simulator.store.work import View


def journal_entries(view: View, kind: str | None = None, since: int = 0, limit: int = 1_000) -> list[Entry]:
    """Journal entries after the id `since`, oldest first; `kind` is exact, or a prefix when it ends with a dot."""
    return journal.entries(view.connection, kind, since, limit)


def entries_so_far(view: View) -> int:
    """How many entries the journal has seen; the oldest are forgotten."""
    return journal.last_id(view.connection)
