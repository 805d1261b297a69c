"""The simulator's letter paper and what is set on it: headings, facts, paragraphs, tables, charts.

Every page carries the SIMULATOR mark, says that it is no operator's document, and counts itself. What is assumed is
marked with a dagger, and the page's foot says what that means. Lengths are in points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.documents.certificate import MARK
from simulator.documents.charts import PowerChart
from simulator.documents.pdf_chart import draw_chart
from simulator.documents.pdf_ink import (
    HEIGHT,
    WIDTH,
    About,
    Colour,
    Page,
    Pen,
    clipped,
    is_short,
    pdf_file,
    width,
    wrapped,
    writable,
)

INK: Colour = (0.08, 0.2, 0.25)
QUIET: Colour = (0.29, 0.37, 0.41)
DEEP: Colour = (0.08, 0.26, 0.36)
WHITE: Colour = (1, 1, 1)
_PAPER: Colour = (0.957, 0.969, 0.973)
_LINE: Colour = (0.835, 0.871, 0.89)
_SUN: Colour = (1, 0.784, 0.27)
_ON_SUN: Colour = (0.14, 0.11, 0)

LEFT, RIGHT = 48.0, WIDTH - 48.0
ROOM = RIGHT - LEFT
_TOP, _FOOT = 62.0, HEIGHT - 58.0
_BAND = 24.0

NOTICE = "not affiliated with National Grid or any other operator"
ASSUMED = "\N{DAGGER}"
"""Mark of what is assumed."""

ASSUMED_TOO = f"\N{NO-BREAK SPACE}{ASSUMED}"
"""The same at the end of a text, so that it does not stand alone on the next line."""

ASSUMED_WORDS = (f"{ASSUMED} Assumed: nobody outside the platforms can know this rule or number; it is a setting of "
                 "this simulator.")
_TEXT = 9.0
_SMALL = 7.5
_SIZE_IN_TABLES = 8.0
_ROW, _LEAD = 14.5, 11.0
"""Height of a table's row, and of each further line of text in one."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: heading, share of the room, and whether it holds numbers, which stand to the right."""

    heading: str
    share: float
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is so called; `is_assumed` marks it."""

    name: str
    value: str
    is_assumed: bool = False


class Paper:
    """A document in the making: what is added stands below what was added before, on as many pages as it takes."""

    def __init__(self, about: About, kind: str, reference: str, status: str) -> None:
        self._about = about
        self._reference = reference
        self._status = status
        self._pages: list[Page] = []
        self._y = 0.0
        self._begin_page()
        self._letterhead(kind)

    # Pages

    def _begin_page(self) -> None:
        page = Page()
        page.box(0, 0, WIDTH, _BAND, _SUN)
        page.text(LEFT, 16, MARK, 9.5, _ON_SUN, bold=True)
        page.text(LEFT + width(MARK, 9.5, bold=True) + 8, 16, NOTICE, 8.5, _ON_SUN)
        self._pages.append(page)
        self._y = _TOP
        if len(self._pages) > 1:
            page.text(LEFT, 46, clipped(self._about.title, _SMALL, ROOM - 80), _SMALL, QUIET)
            page.text(RIGHT, 46, self._status, _SMALL, QUIET, bold=True, align="right")
            page.rule(LEFT, RIGHT, 51, Pen(_LINE, 0.7))
            self._y += 10

    def _letterhead(self, kind: str) -> None:
        page = self._pages[-1]
        page.text(LEFT, 50, self._about.author, _TEXT, QUIET)
        page.text(LEFT, 80, kind, 21, DEEP, bold=True)
        wide = width(self._status.upper(), 9, bold=True)
        page.box(RIGHT - wide - 18, 64, wide + 18, 20, DEEP)
        page.text(RIGHT - 9, 77.3, self._status.upper(), 9, WHITE, bold=True, align="right")
        page.text(LEFT, 98, clipped(self._reference, 10.5, ROOM), 10.5, INK)
        page.rule(LEFT, RIGHT, 110, Pen(DEEP, 1.2))
        self._y = 128

    def keep_together(self, height: float) -> None:
        """Begins a new page unless there is so much room left on this one."""
        if self._y + height > _FOOT:
            self._begin_page()

    def gap(self, height: float) -> None:
        """Some room."""
        self._y += height

    # What stands on them

    def heading(self, text: str, below: float = 66) -> None:
        """A heading, which stays with so much of what is below it."""
        self.keep_together(30 + below)
        self._y += 20
        self._pages[-1].text(LEFT, self._y, clipped(text, 12, ROOM, bold=True), 12, DEEP, bold=True)
        self._y += 8

    def paragraph(self, text: str, *, small: bool = False, bold: bool = False) -> None:
        """Running text."""
        size = _SMALL if small else _TEXT
        lead = size * 1.45
        for line in wrapped(writable(text), size, ROOM, bold):
            self.keep_together(lead)
            self._y += lead
            self._pages[-1].text(LEFT, self._y - size * 0.35, line, size, QUIET if small else INK, bold=bold)
        self._y += 3

    def facts(self, facts: Sequence[Fact]) -> None:
        """Names and values in two columns, read from left to right."""
        room = ROOM / 2 - 12
        for pair in (facts[place:place + 2] for place in range(0, len(facts), 2)):
            values = [wrapped(writable(fact.value + (ASSUMED_TOO if fact.is_assumed else "")), 10, room)
                      for fact in pair]
            height = 14 + 13 * max(map(len, values))
            self.keep_together(height)
            for place, (fact, lines) in enumerate(zip(pair, values, strict=True)):
                x = LEFT + place * (ROOM / 2)
                self._pages[-1].text(x, self._y + 8, fact.name, _SMALL, QUIET)
                for number, line in enumerate(lines):
                    self._pages[-1].text(x, self._y + 20 + 13 * number, line, 10, INK)
            self._y += height + 4

    def result(self, figure: str, word: str, colour: Colour, sentences: Sequence[str]) -> None:
        """A panel with the figure that matters, a word on it that has a colour, and the reasons."""
        lines = [line for sentence in sentences for line in wrapped(writable(sentence), _TEXT, ROOM - 160)]
        height = max(58.0, 22 + 13 * len(lines))
        self.keep_together(height + 10)
        page = self._pages[-1]
        page.box(LEFT, self._y, ROOM, height, _PAPER)
        page.box(LEFT, self._y, 5, height, colour)
        size = min(20.0, 20 * 118 / width(writable(figure), 20, bold=True))
        page.text(LEFT + 18, self._y + 27, figure, size, INK, bold=True)
        wide = width(writable(word.upper()), 8.5, bold=True)
        page.box(LEFT + 18, self._y + 35, wide + 14, 15, colour)
        page.text(LEFT + 25, self._y + 45.5, word.upper(), 8.5, WHITE, bold=True)
        for place, line in enumerate(lines):
            page.text(LEFT + 146, self._y + 21 + 13 * place, line, _TEXT, INK)
        self._y += height + 10

    def chart(self, chart: PowerChart, height: float = 172) -> None:
        """A chart as wide as the page, under its title."""
        self.heading(chart.title, height + 6)
        draw_chart(self._pages[-1], chart, LEFT, self._y + 4, ROOM, height)
        self._y += height + 10

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]],
              total: Sequence[str] | None = None) -> None:
        """A table whose heading is repeated on each page. Texts that are too long go on below; numbers never do."""
        scale = ROOM / sum(column.share for column in columns)
        edges = [LEFT]
        for column in columns:
            edges.append(edges[-1] + column.share * scale)
        # Where each column's text stands, and how much of it fits.
        places = [(edges[place + 1] - 4, "right") if column.is_number else (edges[place] + 4, "left")
                  for place, column in enumerate(columns)]
        rooms = [edges[place + 1] - edges[place] - 6 for place in range(len(columns))]
        texts = [place for place, column in enumerate(columns) if not column.is_number]
        headings = [wrapped(writable(column.heading), _SMALL, room, bold=True)
                    for column, room in zip(columns, rooms, strict=True)]
        self._table_head(headings, places)
        rows = list(rows)
        if any(not is_short(row[place], _SIZE_IN_TABLES, rooms[place]) for row in rows for place in texts):
            for count, row in enumerate(rows):
                self._row([writable(cell) for cell in row], places, rooms, texts, headings, is_shaded=count % 2 == 1)
        else:
            self._plain_rows(rows, places, headings)
        self._pages[-1].rule(LEFT, RIGHT, self._y, Pen(DEEP, 0.7))
        if total is not None:
            self._row([writable(cell) for cell in total], places, rooms, texts, headings, bold=True)
        self._y += 4

    def _table_head(self, headings: Sequence[Sequence[str]], places: Sequence[tuple[float, str]]) -> None:
        deep = max(map(len, headings))
        self.keep_together(12 + 10 * deep + 2 * _ROW)
        self._y += 4
        for line in range(deep):
            # Headings stand on the line below them, however many lines they have.
            pieces = [(x, lines[line - deep + len(lines)], align)
                      for lines, (x, align) in zip(headings, places, strict=True) if line - deep + len(lines) >= 0]
            self._y += 10
            self._pages[-1].words(pieces, self._y, _SMALL, QUIET, bold=True)
        self._y += 5
        self._pages[-1].rule(LEFT, RIGHT, self._y, Pen(DEEP, 0.7))

    def _plain_rows(self, rows: Sequence[Sequence[str]], places: Sequence[tuple[float, str]],
                    headings: Sequence[Sequence[str]]) -> None:
        """Rows of one line each, a page at a time."""
        done = 0
        while done < len(rows):
            fits = int((_FOOT - self._y) / _ROW)
            page, part = self._pages[-1], rows[done:done + fits]
            for place in range(done % 2 == 0, len(part), 2):
                page.box(LEFT, self._y + place * _ROW, ROOM, _ROW, _PAPER)
            if part:
                page.columns(part, places, self._y + 10, _ROW, _SIZE_IN_TABLES, INK)
            self._y += len(part) * _ROW
            done += len(part)
            if done < len(rows):
                self._pages[-1].rule(LEFT, RIGHT, self._y, Pen(_LINE, 0.7))
                self._begin_page()
                self._table_head(headings, places)

    def _row(self, cells: Sequence[str], places: Sequence[tuple[float, str]], rooms: Sequence[float],
             texts: Sequence[int], headings: Sequence[Sequence[str]], *, is_shaded: bool = False,
             bold: bool = False) -> None:
        long = {place: lines for place in texts
                if len(lines := wrapped(cells[place], _SIZE_IN_TABLES, rooms[place], bold)) > 1} if texts else {}
        height = _ROW - _LEAD + _LEAD * max((len(lines) for lines in long.values()), default=1)
        if self._y + height > _FOOT:
            self._pages[-1].rule(LEFT, RIGHT, self._y, Pen(_LINE, 0.7))
            self._begin_page()
            self._table_head(headings, places)
        page = self._pages[-1]
        if is_shaded:
            page.box(LEFT, self._y, ROOM, height, _PAPER)
        pieces = [(x, long[place][0] if place in long else cells[place], align)
                  for place, (x, align) in enumerate(places)]
        page.words(pieces, self._y + 10, _SIZE_IN_TABLES, INK, bold=bold)
        for place, lines in long.items():
            for number, line in enumerate(lines[1:], 1):
                page.words([(*places[place][:1], line, "left")], self._y + 10 + _LEAD * number, _SIZE_IN_TABLES, INK,
                           bold=bold)
        self._y += height

    def finished(self) -> bytes:
        """The document, its pages counted."""
        for number, page in enumerate(self._pages, 1):
            page.rule(LEFT, RIGHT, HEIGHT - 46, Pen(_LINE, 0.7))
            page.text(LEFT, HEIGHT - 34, ASSUMED_WORDS, 6.8, QUIET)
            page.text(LEFT, HEIGHT - 24, clipped(f"{self._status} · {self._about.title}", 6.8, ROOM - 70), 6.8, QUIET)
            page.text(RIGHT, HEIGHT - 24, f"Page {number} of {len(self._pages)}", 6.8, QUIET, align="right")
        return pdf_file(self._pages, self._about)
