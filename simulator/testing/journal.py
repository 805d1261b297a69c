"""The journal of a world in a test: what happened, and assertions that say what came closest when they fail."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from simulator.testing.calls import ControlCalls
from simulator.testing.near_miss import NearMiss, closest, expectation, shown
from simulator.testing.waiting import NotSeen, wait_until

PATIENCE_SECONDS = 2.0
"""How long an assertion waits for what has not happened yet, unless told otherwise."""

_SENT = "http.out"
_PAGE = 10_000
_AROUND = 2
_LAST = 5


@dataclass(frozen=True)
class Entry:
    """An entry of the journal: its number, its market time (UTC), its kind, the entry that caused it, what it says."""

    id: int
    at: datetime
    kind: str
    caused_by: int | None
    data: Mapping[str, Any]

    @property
    def request(self) -> Any:
        """Of an exchange over HTTP: what the request's body says, out of its signature if it came in one; else None."""
        return _message(self.data.get("request_body"))

    @property
    def answer(self) -> Any:
        """Of an exchange over HTTP: what the answer's body says; else None."""
        return _message(self.data.get("answer_body"))

    def in_words(self) -> str:
        """One line for people."""
        data = self.data
        if self.kind in ("http.in", _SENT):
            # What the platform sent is told apart by what it says; what it got, by where it was sent.
            sent = f" {data.get('request_body')}" if self.kind == _SENT else ""
            outcome = data.get("status") or data.get("failure") or data.get("reason") or "no answer"
            words = f"{data.get('method')} {data.get('path') or data.get('url')} -> {outcome}{sent}"
        else:
            words = ", ".join(f"{name}={value}" for name, value in data.items() if value is not None)
        caused = "" if self.caused_by is None else f" (by #{self.caused_by})"
        line = f"#{self.id} {self.at:%Y-%m-%d %H:%M:%S} {self.kind}{caused} {words}".rstrip()
        return line if len(line) <= 180 else f"{line[:179]}…"


def _message(body: Any) -> Any:
    if not isinstance(body, str) or not body:
        return None
    parts = body.split(".")
    try:
        if len(parts) == 3 and not body.lstrip().startswith(("{", "[", '"')):
            body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode()
        return json.loads(body)
    except (ValueError, binascii.Error):
        return body


class Journal:
    """The journal of one world.

        journal.assert_happened("dispatch.moved", dispatch=dispatch_id, after="acknowledged")
        journal.assert_sent("dispatch", to="brindle", instruction="START", status=200)

    What can be expected of a field besides a value: see `simulator.testing.near_miss`. Secrets are masked in the
    journal, and long bodies are cut (setting `journal_body_characters`).
    """

    def __init__(self, world: str, control: ControlCalls, console_url: str) -> None:
        self._world = world
        self._control = control
        self._console_url = console_url

    def entries(self, kind: str | None = None, since: int = 0) -> list[Entry]:
        """All entries after the number `since`, oldest first; `kind` is exact, or a beginning if it ends with a dot."""
        found: list[Entry] = []
        while True:
            page = self._read(kind=kind, since=since, limit=_PAGE)
            found += page
            if len(page) < _PAGE:
                return found
            since = page[-1].id

    def _read(self, **query: Any) -> list[Entry]:
        return [Entry(each["id"], datetime.fromisoformat(each["at"]), each["kind"], each["causedBy"], each["data"])
                for each in self._control.get("/journal", **query)["entries"]]

    def last(self, count: int = 20) -> list[Entry]:
        """The last entries, oldest first; at most 10,000."""
        return self._read(newest=min(count, _PAGE))

    def causes(self, entry: Entry) -> list[Entry]:
        """What led to an entry, the first cause first."""
        chain: list[Entry] = []
        while entry.caused_by is not None:
            found = self._read(since=entry.caused_by - 1, limit=1)
            if not found or found[0].id != entry.caused_by:
                break  # it is forgotten
            entry = found[0]
            chain.insert(0, entry)
        return chain

    def assert_happened(self, kind: str, /, *, within: float = PATIENCE_SECONDS, **data: Any) -> Entry:
        """The latest entry of a kind whose data has these fields. Waits `within` seconds for it.

        Raises NotSeen, an AssertionError, which says what was expected and which entry came closest.
        """
        __tracebackhide__ = True
        return self._expect(kind, data, lambda entry: entry.data, within, f"{kind} entry")

    def assert_not_happened(self, kind: str, /, **data: Any) -> None:
        """Fails if there is such an entry now: for what would have happened before this, such as after `advance`."""
        __tracebackhide__ = True
        self._expect_none(kind, data, lambda entry: entry.data, f"{kind} entry")

    def assert_sent(self, surface: str | None = None, /, *, to: str | None = None, status: int | None = None,
                    headers: Mapping[str, Any] | None = None, within: float = PATIENCE_SECONDS, **body: Any) -> Entry:
        """The latest message that the platform sent and whose body has these fields; each attempt is a message.

        `surface` is `dispatch` (dispatch messages) or `callback` (batch returns of the SMP); `to` a participant's id;
        `status` what its endpoint answered. Raises NotSeen, an AssertionError, which says what came closest.
        """
        __tracebackhide__ = True
        expected = _expected_message(surface, to, status, headers, body)
        return self._expect(_SENT, expected, _sent, within, f"{surface or 'outgoing'} message")

    def assert_not_sent(self, surface: str | None = None, /, *, to: str | None = None, status: int | None = None,
                        headers: Mapping[str, Any] | None = None, **body: Any) -> None:
        """Fails if such a message was sent by now: for what would have gone out before this, such as by `advance`."""
        __tracebackhide__ = True
        expected = _expected_message(surface, to, status, headers, body)
        self._expect_none(_SENT, expected, _sent, f"{surface or 'outgoing'} message")

    def _expect(self, kind: str, expected: Mapping[str, Any], view: Callable[[Entry], Any], within: float,
                what: str) -> Entry:
        __tracebackhide__ = True
        seen: list[Entry] = []

        def look() -> Entry | None:
            # All of them each time: the entry of a message is there when it is sent, and gets its answer later.
            seen[:] = self.entries(kind)
            miss = closest(expected, [view(entry) for entry in seen])
            return seen[miss.index] if miss is not None and miss.fits else None

        found = wait_until(look, within)
        if found is None:
            raise NotSeen(self._explain(kind, expected, view, seen, f"has no {what}", within))
        return found

    def _expect_none(self, kind: str, expected: Mapping[str, Any], view: Callable[[Entry], Any], what: str) -> None:
        __tracebackhide__ = True
        entries = self.entries(kind)
        miss = closest(expected, [view(entry) for entry in entries])
        if miss is not None and miss.fits:
            found = entries[miss.index]
            raise NotSeen("\n".join([f"the journal of the world {self._world} has a {what} that should not be there:",
                                     f"  {found.in_words()}", f"  {self._place(found)}", "what fits:",
                                     *miss.in_words()]))

    def _explain(self, kind: str, expected: Mapping[str, Any], view: Callable[[Entry], Any], seen: Sequence[Entry],
                 what: str, within: float) -> str:
        lines = [f"the journal of the world {self._world} {what} like this (waited {within:g} s):",
                 *(expectation(expected) or ["  (any)"])]
        everything = self.entries()
        miss = closest(expected, [view(entry) for entry in seen])
        if miss is None:
            lines += _nothing_sent() if kind == _SENT else _kinds(kind, everything)
            around: Sequence[Entry] = ()
        else:
            entry = seen[miss.index]
            place = next((index for index, each in enumerate(everything) if each.id == entry.id), 0)
            around = everything[max(0, place - _AROUND):place + _AROUND + 1]
            lines += self._near(entry, miss, len(seen), around)
        last = [entry for entry in everything[-_LAST:] if entry not in around]
        lines += ["the last entries:"] if last else []
        return "\n".join([*lines, *[f"    {each.in_words()}" for each in last]])

    def _near(self, entry: Entry, miss: NearMiss, count: int, around: Sequence[Entry]) -> list[str]:
        return [f"closest of {count} such: #{entry.id}, {miss.score} of {len(miss.fields)} fields fit "
                f"({self._place(entry)})", *miss.in_words(), "around it:",
                *[f"  {'>' if each.id == entry.id else ' '} {each.in_words()}" for each in around]]

    def _place(self, entry: Entry) -> str:
        return f"{self._console_url}/journal/{entry.id}"


def _nothing_sent() -> list[str]:
    return ["no message was sent at all. Does the participant have an endpoint (participant.take_messages_at, "
            "smp.return_batches_to), and has the clock come to when the message is due?"]


def _kinds(kind: str, everything: Sequence[Entry]) -> list[str]:
    counts = Counter(entry.kind for entry in everything)
    like = [name for name in get_close_matches(kind, counts, 3) if name != kind]
    listed = ", ".join(f"{name} ×{count}" for name, count in sorted(counts.items()))
    return [f"there is no {kind} entry at all" + (f"; did you mean {' or '.join(like)}?" if like else ""),
            f"kinds there are: {listed or 'none, the journal is empty'}"]


def _expected_message(surface: str | None, to: str | None, status: int | None, headers: Mapping[str, Any] | None,
                      body: Mapping[str, Any]) -> dict[str, Any]:
    named = {name.lower(): value for name, value in (headers or {}).items()}
    wanted = {"surface": surface, "to": to, "body": body or None, "headers": named or None, "status": status}
    return {name: value for name, value in wanted.items() if value is not None}


def _sent(entry: Entry) -> dict[str, Any]:
    """A message that was sent, by the names of `assert_sent`."""
    data = entry.data
    return {"surface": data.get("surface"), "to": data.get("participant"), "body": entry.request,
            "headers": {name.lower(): value for name, value in (data.get("request_headers") or {}).items()},
            "status": data.get("status"), "failure": shown(data.get("failure"))}
