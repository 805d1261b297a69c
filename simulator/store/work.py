"""Units of work: what an operation reads and writes, in one transaction, with the journal entries it caused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from simulator.market.facts import Fact
from simulator.store import journal


class View:
    """A look at a world: queries on one consistent state."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class JournalIds:
    """Counts the journal entries of a world; used only in the writers' turn, so that ids follow the commits."""

    def __init__(self, last: int) -> None:
        self.last = last

    def next(self) -> int:
        """A fresh id."""
        self.last += 1
        return self.last


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much a world keeps, and whether its mails wait to be sent on by a mail server."""

    journal_limit: int
    mailbox_limit: int
    relays_mail: bool


class Work(View):
    """A transaction of a world at the market time `now`. `cause` is the id of the entry that brought it about."""

    def __init__(self, connection: Connection, now: datetime, ids: JournalIds, keeping: Keeping,
                 cause: int | None = None) -> None:
        super().__init__(connection)
        self.now = now
        self.cause = cause
        self._ids = ids
        self.keeping = keeping
        self._entries: list[journal.Entry] = []
        self.announced: set[str] = set()

    def announce(self, topic: str) -> None:
        """Tell those who wait for a topic, such as `mail`, that there is something new, once this is committed."""
        self.announced.add(topic)

    def reserve_entry(self) -> int:
        """An id for an entry that will be added later in this transaction."""
        return self._ids.next()

    def record(self, fact: Fact) -> int:
        """Note a fact in the journal; its entry id."""
        return self.add_entry(self.reserve_entry(), fact.kind, fact, self.cause)

    def add_entry(self, entry_id: int, kind: str, data: Any, caused_by: int | None = None) -> int:
        """Add an entry under an id reserved before."""
        self._entries.append(journal.Entry(entry_id, self.now, kind, caused_by, data))
        return entry_id

    def complete_entry(self, entry_id: int, data: Any) -> None:
        """Replace the data of an entry of an earlier transaction."""
        journal.complete(self.connection, entry_id, data)

    def flush(self) -> None:
        """Write the journal entries; called once, before the commit."""
        if self._entries:
            journal.append(self.connection, self._entries)
            for entry in self._entries:
                journal.prune(self.connection, entry.id, self.keeping.journal_limit)
