"""A chart as SVG for a page: as wide as the page, its text as large as the page's, its colours those around it.

Lines differ in width and dashes, so that they are told apart in grey print and by who sees no colours. There is no
style sheet and no style attribute in it: pages forbid both.
"""

from __future__ import annotations

from html import escape

from simulator.documents.charts import Curve, Line, Point, PowerChart, Tick

_LEFT, _RIGHT = 11.0, 98.5
_TOP, _BOTTOM = 8.0, 82.0
"""Where the plot is, in percent of the drawing; the rest is for labels."""

_STROKES = {
    Curve.METERED: 'stroke="currentColor" stroke-width="2"',
    Curve.BASELINE: 'stroke="currentColor" stroke-width="1.5" stroke-dasharray="7 4" stroke-opacity=".75"',
    Curve.INSTRUCTED: 'stroke="#0b6fa8" stroke-width="2.5" stroke-dasharray="2 3"',
}

_WINDOW = 'fill="currentColor" fill-opacity=".07"'
_GAP = 'fill="#b3172a" fill-opacity=".16"'


def chart_svg(chart: PowerChart, name: str = "chart", height: int = 280) -> str:
    """The SVG element. `name` begins the ids in it, one for each chart of a page; `height` is in CSS pixels."""
    window = "" if chart.window is None else _band(chart.window, "chart-window", _WINDOW)
    return "".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="power-chart" width="100%" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-text" font-family="inherit" font-size="13" fill="currentColor">',
        f'<title id="{name}-title">{escape(chart.title)}</title>',
        f'<desc id="{name}-text">{escape(chart.description)}</desc>',
        window,
        *(_band(gap, "chart-gap", _GAP) for gap in chart.gaps),
        *(f'<line x1="{_LEFT}%" x2="{_RIGHT}%" y1="{_y(level.down)}%" y2="{_y(level.down)}%" stroke="currentColor" '
          f'stroke-opacity="{".6" if level.is_zero else ".16"}"/>'
          f'<text x="{_LEFT - 1}%" y="{_y(level.down)}%" dy=".35em" text-anchor="end">{escape(level.label)}</text>'
          for level in chart.levels),
        *(f'<line x1="{_x(tick.across)}%" x2="{_x(tick.across)}%" y1="{_BOTTOM}%" y2="{_BOTTOM + 1.5}%" '
          'stroke="currentColor" stroke-opacity=".6"/>'
          f'<text x="{_x(tick.across)}%" y="{_BOTTOM + 2.5}%" dy=".85em" text-anchor="middle">'
          f'{_on_two_lines(tick)}</text>'
          for tick in chart.ticks),
        f'<text x="{_LEFT - 1}%" y="1%" dy=".8em" text-anchor="end">kW</text>'
        f'<text x="50%" y="98.5%" text-anchor="middle">{escape(chart.axis)}</text>'
        f'<svg x="{_LEFT}%" y="{_TOP}%" width="{_RIGHT - _LEFT}%" height="{_BOTTOM - _TOP}%" viewBox="0 0 1000 1000" '
        'preserveAspectRatio="none" fill="none">',
        *(_line(line) for line in chart.lines),
        "</svg></svg>",
    ])


def _on_two_lines(tick: Tick) -> str:
    """The label of a tick; a clock's name stands below the time, for on a phone there is no room beside it."""
    time, _, zone = tick.label.partition(" ")
    below = f' <tspan x="{_x(tick.across)}%" dy="1.1em">{escape(zone)}</tspan>' if zone else ""
    return f"{escape(time)}{below}"


def legend(chart: PowerChart) -> list[tuple[str, str]]:
    """What is seen in the chart, for a list beside it: a small SVG, which says nothing by itself, and its name."""
    drawn = {line.curve for line in chart.lines}
    samples = [(_sample(f'<line x1="1" x2="33" y1="6" y2="6" {_STROKES[curve]}/>'), curve.value)
               for curve in Curve if curve in drawn]
    if chart.window is not None:
        samples.append((_sample(f'<rect width="34" height="12" {_WINDOW}/>'), "Event"))
    if chart.gaps:
        samples.append((_sample(f'<rect width="34" height="12" {_GAP}/>'), "No reading"))
    return samples


def _sample(drawing: str) -> str:
    return ('<svg xmlns="http://www.w3.org/2000/svg" class="chart-sample" width="34" height="12" aria-hidden="true" '
            f'focusable="false">{drawing}</svg>')


def _line(line: Line) -> str:
    return "".join(f'<polyline class="chart-{line.curve.name.lower()}" points="{_points(piece)}" '
                   f'{_STROKES[line.curve]} vector-effect="non-scaling-stroke" stroke-linejoin="round"/>'
                   for piece in line.pieces)


def _points(piece: tuple[Point, ...]) -> str:
    return " ".join(f"{across * 1000:.5g},{down * 1000:.5g}" for across, down in piece)


def _band(span: tuple[float, float], name: str, paint: str) -> str:
    left, right = _x(span[0]), _x(span[1])
    return (f'<rect class="{name}" x="{left}%" y="{_TOP}%" width="{round(right - left, 3)}%" '
            f'height="{_BOTTOM - _TOP}%" {paint}/>')


def _x(across: float) -> float:
    return round(_LEFT + across * (_RIGHT - _LEFT), 3)


def _y(down: float) -> float:
    return round(_TOP + down * (_BOTTOM - _TOP), 3)
