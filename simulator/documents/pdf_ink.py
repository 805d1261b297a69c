"""Ink on PDF pages: text, rules, boxes and lines, and the file that holds the pages. reportlab makes the file.

Pages are written before their number is known, so each keeps its own ink until the end. The two fonts are of those that
every reader has; they hold Western letters, and others lose their accents (ŵ becomes w) or become a question mark.
Lengths are in points (1/72 inch) from the top left corner of the page.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

# reportlab writes pages in letters, for mail programs of long ago, which takes it longer than all the rest of a report.
rl_config.useA85 = 0

WIDTH, HEIGHT = 595.28, 841.89
"""A4, upright."""

Colour = tuple[float, float, float]
"""Red, green and blue, from 0 to 1."""

_PLAIN, _BOLD = "FlexsimPlain", "FlexsimBold"
_NAMES = {False: "F1", True: "F2"}
"""What our files call the two: reportlab counts them."""

_MINUS_CODE = 0x81
"""A place that the Western encoding leaves free, where our fonts have a real minus sign."""


def _fonts() -> dict[bool, dict[str, float]]:
    """Registers the two fonts; width of each character at size 1, by whether the font is bold."""
    encoding = pdfmetrics.Encoding("FlexsimEncoding", "WinAnsiEncoding")
    encoding[_MINUS_CODE] = "minus"
    pdfmetrics.registerEncoding(encoding)
    widths = {}
    for is_bold, name, face in ((False, _PLAIN, "Helvetica"), (True, _BOLD, "Helvetica-Bold")):
        font = pdfmetrics.Font(name, face, encoding.name)
        pdfmetrics.registerFont(font)
        widths[is_bold] = {bytes([code]).decode("cp1252", "ignore"): font.widths[code] / 1000
                           for code in range(32, 256) if code != _MINUS_CODE}
        widths[is_bold]["\N{MINUS SIGN}"] = font.widths[_MINUS_CODE] / 1000
    return widths


_WIDTHS = _fonts()
_KNOWN = frozenset(_WIDTHS[False]) - {""}
_STAND_INS = {"\N{NARROW NO-BREAK SPACE}": " ", "\N{GREATER-THAN OR EQUAL TO}": ">=", "\N{LESS-THAN OR EQUAL TO}": "<="}


def writable(text: str) -> str:
    """The text in letters that the fonts have."""
    if text.isascii() and text.isprintable() or _KNOWN.issuperset(text):
        return text
    return "".join(letter if letter in _KNOWN else _stand_in(letter) for letter in unicodedata.normalize("NFC", text))


def _stand_in(letter: str) -> str:
    if letter in _STAND_INS:
        return _STAND_INS[letter]
    if letter.isspace():
        return " "
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base in _KNOWN else "?"


def width(text: str, size: float, bold: bool = False) -> float:
    """Width of a text that is `writable`."""
    return sum(map(_WIDTHS[bold].__getitem__, text)) * size


@lru_cache(1024)  # most texts of a report stand in all reports
def wrapped(text: str, size: float, room: float, bold: bool = False) -> tuple[str, ...]:
    """The lines of a text that is `writable`, none wider than `room`; a word that is too long is broken.

    Ids are broken after a hyphen, or else after a low line, or else anywhere.
    """
    lines: list[str] = []
    line = ""
    for word in filter(None, text.split(" ")):  # a no-break space stays
        joined = f"{line} {word}" if line else word
        if width(joined, size, bold) <= room:
            line = joined
            continue
        if line:
            lines.append(line)
        while width(word, size, bold) > room and len(word) > 1:
            fits = next(count for count in range(len(word) - 1, 0, -1)
                        if count == 1 or width(word[:count], size, bold) <= room)
            fits = next((place for sign in "-_" if (place := word.rfind(sign, 1, fits) + 1) > 1), fits)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return (*lines, line) if line else tuple(lines) or ("",)


def clipped(text: str, size: float, room: float, bold: bool = False) -> str:
    """As much of a text as fits into one line, with an ellipsis if that is not all."""
    words = writable(text)
    if width(words, size, bold) <= room:
        return words
    return wrapped(words, size, room - width("…", size, bold), bold)[0] + "…"


def _escapes() -> dict[int, str]:
    """How PDF writes characters that do not stand for themselves between brackets."""
    numbered = {ord(letter): f"\\{code:03o}" for code in range(128, 256) if code != _MINUS_CODE
                and (letter := bytes([code]).decode("cp1252", "ignore"))}
    numbered[ord("\N{MINUS SIGN}")] = f"\\{_MINUS_CODE:03o}"
    return numbered | {ord(letter): f"\\{letter}" for letter in "()\\"}


_ESCAPES = _escapes()


@lru_cache(8192)  # words, figures and times recur from row to row and from report to report
def _set(text: str, bold: bool) -> tuple[str, float]:
    """A text as PDF writes it between brackets, in ASCII, and its width at size 1."""
    words = writable(text)
    return words.translate(_ESCAPES), width(words, 1, bold)


def is_short(text: str, size: float, room: float) -> bool:
    """Whether a text fits in one line of a table."""
    return _set(text, False)[1] * size <= room


@dataclass(frozen=True, slots=True)
class Pen:
    """How a line is drawn: width and dashes in points."""

    colour: Colour
    width: float = 0.5
    dashes: tuple[float, ...] = ()


class Page:
    """One page and the ink on it so far."""

    def __init__(self) -> None:
        self._ink: list[str] = []

    def text(self, x: float, y: float, text: str, size: float, colour: Colour = (0, 0, 0), *, bold: bool = False,
             align: str = "left") -> None:
        """A line of text that stands on the height `y`; `x` is its left end, right end or middle."""
        self.words([(x, text, align)], y, size, colour, bold=bold)

    def words(self, pieces: Sequence[tuple[float, str, str]], y: float, size: float, colour: Colour, *,
              bold: bool = False) -> None:
        """Several texts on one height: (x, text, align) each."""
        ink = [f"BT /{_NAMES[bold]} {size:g} Tf {_rgb(colour)} rg"]
        for x, text, align in pieces:
            literal, wide = _set(text, bold)
            if align != "left":
                x -= wide * size / (1 if align == "right" else 2)
            ink.append(f"1 0 0 1 {x:.2f} {HEIGHT - y:.2f} Tm ({literal}) Tj")
        ink.append("ET")
        self._ink += ink

    def columns(self, rows: Iterable[Sequence[str]], places: Sequence[tuple[float, str]], y: float, step: float,
                size: float, colour: Colour) -> None:
        """Rows of short texts, one below the other: the first stands on `y`. It is quick, for there are many."""
        ink = [f"BT /{_NAMES[False]} {size:g} Tf {_rgb(colour)} rg"]
        ends = [(round(x * 10), size * 10 if align == "right" else 0.0) for x, align in places]
        across, down = 0, round((HEIGHT - y) * 10)
        move = down
        for row in rows:
            for (end, scale), text in zip(ends, row, strict=True):
                if text:
                    literal, wide = _set(text, False)
                    x = end - round(wide * scale) if scale else end
                    ink.append(f"{(x - across) / 10:g} {move / 10:g} Td ({literal}) Tj")
                    across, move = x, 0
            move -= round(step * 10)
        ink.append("ET")
        self._ink += ink

    def rule(self, left: float, right: float, y: float, pen: Pen) -> None:
        """A line across."""
        self.path([(left, y), (right, y)], pen)

    def path(self, points: Iterable[tuple[float, float]], pen: Pen) -> None:
        """A line through points."""
        places = [f"{x:.2f} {HEIGHT - y:.2f}" for x, y in points]
        dashes = " ".join(f"{dash:g}" for dash in pen.dashes)
        self._ink.append(f"{_rgb(pen.colour)} RG {pen.width:g} w [{dashes}] 0 d {places[0]} m "
                         f"{' '.join(f'{place} l' for place in places[1:])} S")

    def box(self, left: float, top: float, across: float, down: float, fill: Colour) -> None:
        """A filled box."""
        self._ink.append(f"{_rgb(fill)} rg {left:.2f} {HEIGHT - top - down:.2f} {across:.2f} {down:.2f} re f")

    @property
    def ink(self) -> str:
        """All of it as PDF operations."""
        return "\n".join(self._ink)


@lru_cache(64)
def _rgb(colour: Colour) -> str:
    return " ".join(f"{part:.3g}" for part in colour)


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself. `made_at` is market time, so the same document is the same bytes on any day."""

    title: str
    subject: str
    author: str
    made_at: datetime


def pdf_file(pages: Sequence[Page], about: About) -> bytes:
    """The pages as a PDF file: the same pages give the same bytes."""
    out = io.BytesIO()
    made = about.made_at.astimezone(UTC)
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1, initialFontName=_PLAIN, lang="en-GB")
    canvas.setTitle(about.title)
    canvas.setSubject(about.subject)
    canvas.setAuthor(about.author)
    canvas.setCreator(about.author)
    canvas.setDateFormatter(lambda *_: f"D:{made:%Y%m%d%H%M%S}Z")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    if [_name_in(canvas, font) for font in (_PLAIN, _BOLD)] != [_NAMES[False], _NAMES[True]]:
        raise RuntimeError("reportlab names fonts in another way than it did")
    for page in pages:
        canvas.addLiteral(page.ink)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _name_in(canvas: Canvas, font: str) -> str | None:
    """What the file calls a font; it gets its name when it is first set."""
    text = canvas.beginText()
    text.setFont(font, 1)
    found = re.search(r"/(\S+) 1 Tf", text.getCode())
    return found and found[1]
