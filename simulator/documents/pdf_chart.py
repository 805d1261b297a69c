"""A chart on a PDF page: the same drawing as the SVG, in ink. Lines differ in width and dashes for grey print."""

from __future__ import annotations

from simulator.documents.charts import Curve, PowerChart
from simulator.documents.pdf_ink import Colour, Page, Pen, width

_INK: Colour = (0.08, 0.2, 0.25)
_QUIET: Colour = (0.29, 0.37, 0.41)
_WINDOW: Colour = (0.925, 0.94, 0.95)
_GAP: Colour = (0.97, 0.82, 0.83)
_SIZE = 7.5

PENS = {
    Curve.METERED: Pen(_INK, 1.4),
    Curve.BASELINE: Pen(_QUIET, 1.0, (5, 3)),
    Curve.INSTRUCTED: Pen((0.04, 0.44, 0.66), 1.6, (1.5, 2)),
}

_GRID, _ZERO = Pen((0.84, 0.87, 0.89), 0.5), Pen(_QUIET, 0.7)


def draw_chart(page: Page, chart: PowerChart, left: float, top: float, across: float, down: float) -> None:
    """Draws the chart with its legend and captions into a box of the page."""
    labels = max((width(level.label, _SIZE) for level in chart.levels), default=0.0)
    x0, x1 = left + labels + 6, left + across
    y0, y1 = top + 20, top + down - 27

    def x(part: float) -> float:
        return x0 + part * (x1 - x0)

    def y(part: float) -> float:
        return y0 + part * (y1 - y0)

    _draw_legend(page, chart, left, top)
    if chart.window is not None:
        start, end = chart.window
        page.box(x(start), y0, x(end) - x(start), y1 - y0, _WINDOW)
    for start, end in chart.gaps:
        page.box(x(start), y0, x(end) - x(start), y1 - y0, _GAP)
    for level in chart.levels:
        page.rule(x0, x1, y(level.down), _ZERO if level.is_zero else _GRID)
        page.text(x0 - 5, y(level.down) + 2.6, level.label, _SIZE, _QUIET, align="right")
    for tick in chart.ticks:
        page.path([(x(tick.across), y1), (x(tick.across), y1 + 3)], _ZERO)
        page.text(x(tick.across), y1 + 12, tick.label, _SIZE, _QUIET, align="middle")
    page.text((x0 + x1) / 2, top + down - 3, chart.axis, _SIZE, _QUIET, align="middle")
    for line in chart.lines:
        for piece in line.pieces:
            page.path([(x(point[0]), y(point[1])) for point in piece], PENS[line.curve])


def _draw_legend(page: Page, chart: PowerChart, left: float, top: float) -> None:
    """The unit, and a sample of each line and shade with its name."""
    page.text(left, top + 8, "kW", _SIZE, _QUIET)
    place = left + 26
    for line in sorted(chart.lines, key=lambda line: list(Curve).index(line.curve)):
        page.rule(place, place + 20, top + 5.5, PENS[line.curve])
        page.text(place + 25, top + 8, line.curve.value, _SIZE, _INK)
        place += 25 + width(line.curve.value, _SIZE) + 16
    for shade, name in ((_WINDOW if chart.window else None, "Event"), (_GAP if chart.gaps else None, "No reading")):
        if shade is not None:
            page.box(place, top + 1.5, 12, 8, shade)
            page.text(place + 17, top + 8, name, _SIZE, _INK)
            place += 17 + width(name, _SIZE) + 16
