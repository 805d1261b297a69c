"""Looking back: the journal of a world, searched, and followed from causes to effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.market.errors import NotFound
from simulator.store import journal
from simulator.store.journal import Entry, Search
from simulator.store.work import View

EXCHANGES = Search(kinds=("http.in", "http.out"))
"""The exchanges over HTTP, in both directions."""

PROBLEMS = (
    Search(kinds=("message.failed", "mail.relay_failed", "signature.refused", "upload.refused")),
    Search(kinds=("job",), names=(("failed",),)),
)
"""What went wrong: messages that nobody acknowledged, mails that were not taken, what was refused, failed jobs."""

_LONGEST_CHAIN = 100


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries in the order asked for, and whether the search finds newer and older ones."""

    entries: tuple[Entry, ...]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """An entry, and what it brought about."""

    entry: Entry
    effects: tuple[Effect, ...]


def journal_entries(view: View, kind: str | None = None, since: int = 0, limit: int = 1_000,
                    newest: int | None = None) -> list[Entry]:
    """Journal entries after the id `since`, oldest first; `kind` is exact, or a prefix when it ends with a dot.

    They are the first `limit` of these, or the last `newest` if that is given.
    """
    if newest is not None:
        return journal.entries(view.connection, kind, since, newest, newest=True)
    return journal.entries(view.connection, kind, since, limit)


def entries_so_far(view: View) -> int:
    """How many entries the journal has seen; the oldest are forgotten."""
    return journal.last_id(view.connection)


def entry_by_id(view: View, entry_id: int) -> Entry:
    """One entry. Raises NotFound, also for one that is forgotten by now."""
    found = journal.entry_by_id(view.connection, entry_id)
    if found is None:
        raise NotFound("journal entry", str(entry_id))
    return found


def search_entries(view: View, search: Search, before: int | None = None, after: int | None = None, limit: int = 100,
                   newest_first: bool = True) -> EntryPage:
    """A page of what a search finds: the entries next to the id `before` or `after`, or else the first in the order."""
    connection = view.connection
    backwards = before is not None or (after is None and newest_first)
    found = journal.find(connection, search, before, None if before is not None else after, limit + 1, backwards)
    more, found = len(found) > limit, found[:limit]
    others = False
    if found and (before is not None or after is not None):
        edge = {"after": found[0].id} if backwards else {"before": found[0].id}
        others = bool(journal.find(connection, search, limit=1, **edge))
    if backwards != newest_first:
        found.reverse()
    has_newer, has_older = (others, more) if backwards else (more, others)
    return EntryPage(tuple(found), has_newer, has_older)


def last_exchanges(view: View, limit: int) -> list[Entry]:
    """The last exchanges over HTTP, in both directions, oldest first."""
    return journal.find(view.connection, EXCHANGES, limit=limit)[::-1]


def recent_problems(view: View, limit: int) -> list[Entry]:
    """The last entries that tell of a problem, the newest first."""
    found = [entry for search in PROBLEMS for entry in journal.find(view.connection, search, limit=limit)]
    return sorted(found, key=lambda entry: -entry.id)[:limit]


def causes_of(view: View, entry: Entry) -> list[Entry]:
    """What led to an entry, the first cause first, as far as it is remembered."""
    chain: list[Entry] = []
    cause = entry.caused_by
    while cause is not None and len(chain) < _LONGEST_CHAIN:
        found = journal.entry_by_id(view.connection, cause)
        if found is None:
            break
        chain.append(found)
        # A cause is older than its effects; anything else would go round in circles.
        cause = found.caused_by if found.caused_by is None or found.caused_by < found.id else None
    return chain[::-1]


def effects_of(view: View, entry: Entry, limit: int) -> tuple[tuple[Effect, ...], bool]:
    """What an entry brought about, as a tree of at most `limit` entries, and whether there is more."""
    by_cause: dict[int, list[Entry]] = {}
    generation, left = [entry.id], limit
    while generation:
        found = journal.effects(view.connection, generation, left + 1)
        is_cut = len(found) > left
        for each in found[:left]:
            by_cause.setdefault(each.caused_by or 0, []).append(each)
        if is_cut:
            return tuple(_grown(entry.id, by_cause)), True
        left -= len(found)
        generation = [each.id for each in found if each.id > (each.caused_by or 0)]
    return tuple(_grown(entry.id, by_cause)), False


def _grown(entry_id: int, by_cause: dict[int, list[Entry]]) -> Iterator[Effect]:
    for each in by_cause.get(entry_id, []):
        yield Effect(each, tuple(_grown(each.id, by_cause)))
