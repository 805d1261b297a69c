"""The Journal page: everything that happened in the world, searched and read a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, render_template, request

from simulator.console.entry_words import GROUPS, group_of, kinds, label_of, line_of
from simulator.downloads import LONGEST_ARCHIVE, archive_answer
from simulator.operations import history
from simulator.operations.history import Entry, Search
from simulator.operations.participants import Participant, participants
from simulator.timekeeping.london import to_london
from simulator.web import current_world

PAGE_LENGTH = 100
_LONGEST_WORDS = 200
_FILTERS = ("kind", "unit", "dispatch", "participant", "q", "order")
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as a line of the page."""

    entry: Entry
    group: str
    label: str
    words: str


def add_routes(blueprint: Blueprint) -> None:
    """Read the journal, or take its exchanges away as a file."""
    blueprint.add_url_rule("/journal", "journal_page", journal_page)
    blueprint.add_url_rule("/journal/har", "journal_archive", archive)


def journal_page() -> Any:
    """Entries that the filters find, 100 a page."""
    given = {name: _given(name) for name in _FILTERS}
    newest_first = given["order"] != "oldest"
    with current_world.view() as view:
        everybody = participants(view)
        search = Search(_kinds_of(given["kind"]), tuple(_names(given, everybody)),
                        tuple(given["q"].split()[:_MOST_WORDS]))
        page = history.search_entries(view, search, _number("before"), _number("after"), PAGE_LENGTH, newest_first)
    edges = [entry.id for entry in page.entries]
    return render_template(
        "console/journal.html", days=_by_day([line(entry) for entry in page.entries]), given=given,
        filters={name: text for name, text in given.items() if text}, page=page, newest_first=newest_first,
        newest=max(edges, default=0), oldest=min(edges, default=0), kind_groups=_kind_groups(), everybody=everybody,
        is_filtered=search != Search(), most=LONGEST_ARCHIVE)


def _names(given: dict[str, str], everybody: list[Participant]) -> Iterator[tuple[str, ...]]:
    """The names to look for. A participant is known by its id, and by the address that its user logs in with."""
    yield from ((given[name],) for name in ("unit", "dispatch") if given[name])
    if given["participant"]:
        yield (given["participant"], *(each.account.email for each in everybody
                                       if each.organisation.id == given["participant"]))


def line(entry: Entry) -> Line:
    """An entry in words."""
    return Line(entry, group_of(entry.kind), label_of(entry.kind), line_of(entry.kind, entry.data))


def _given(name: str) -> str:
    return re.sub(r"[\x00-\x1f]", " ", request.args.get(name, "")[:_LONGEST_WORDS]).strip()


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _kinds_of(wanted: str) -> tuple[str, ...]:
    """The kinds of a group, or the one kind that was chosen."""
    return GROUPS.get(wanted, (wanted,) if wanted else ())


def _kind_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every group with its kinds and their labels."""
    by_group: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
    for kind in kinds():
        by_group.setdefault(group_of(kind), []).append((kind, label_of(kind)))
    return list(by_group.items())


def _by_day(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """Lines below the London day that they are of."""
    return [(day, list(those)) for day, those in groupby(
        lines, key=lambda each: f"{to_london(each.entry.at):%A %d %B %Y}")]


def archive() -> Response:
    """The last exchanges as an HTTP archive; the same as `GET /_sim/journal/har`, for browsers that have entered."""
    with current_world.view() as view:
        entries = history.last_exchanges(view, LONGEST_ARCHIVE)
    return archive_answer(entries)
