"""Charts of power: steps over metering periods in London time, gaps left open, and the same facts in words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest

from simulator.documents.chart_svg import chart_svg, legend
from simulator.documents.charts import ChartPeriod, Curve, PowerChart, power_chart
from tests.builders import instant

KW = 1_000_000
HALF_HOUR = timedelta(minutes=30)


def periods(start: str, metered: list[int | None], baseline: int = 0) -> list[ChartPeriod]:
    """Consecutive half-hours with metered power and a flat baseline, both in kW."""
    first = int(instant(start).timestamp())
    return [ChartPeriod(first + place * 1800, first + (place + 1) * 1800,
                        None if power is None else power * KW, baseline * KW) for place, power in enumerate(metered)]


def chart(start: str, metered: list[int | None], baseline: int = 0,
          window: tuple[datetime, datetime] | None = None) -> PowerChart:
    """A chart of half-hours."""
    return power_chart("Power", periods(start, metered, baseline), window)


def test_a_period_is_a_step_because_a_reading_is_an_average() -> None:
    """Portal FAQ page (public): a reading is of a whole minute or half-hour."""
    line = next(line for line in chart("2026-11-02 16:00", [0, 100]).lines if line.curve is Curve.METERED)
    assert [across for across, _ in line.pieces[0]] == [0.0, 0.5, 0.5, 1.0]
    assert line.pieces[0][0][1] == line.pieces[0][1][1] > line.pieces[0][2][1]


def test_a_missing_reading_is_a_gap_and_no_guess() -> None:
    """Domain, assumed: a period without a reading delivers nothing and is named."""
    drawn = chart("2026-11-02 16:00", [5, None, None, 7])
    metered = next(line for line in drawn.lines if line.curve is Curve.METERED)
    assert len(metered.pieces) == 2
    assert drawn.gaps == ((0.25, 0.75),)
    assert "Readings are missing in 1 place." in drawn.description


def test_times_are_london_times() -> None:
    """Portal guide §3.6, documented: London time; readings are UTC."""
    assert chart("2026-07-06 16:00", [1, 2]).ticks[0].label == "17:00"
    assert chart("2026-11-02 16:00", [1, 2]).ticks[0].label == "16:00"


def test_the_hour_that_clocks_repeat_is_drawn_twice_and_the_axis_says_so() -> None:
    """Domain, public: days of 50 half-hours exist."""
    drawn = chart("2026-10-24 23:30", [1, 2, 3, 4, 5, 6])
    assert [tick.label for tick in drawn.ticks] == [
        "00:30", "01:00 BST", "01:30 BST", "01:00 GMT", "01:30 GMT", "02:00", "02:30"]
    assert drawn.axis == "London time (BST, then GMT), Sun 25 Oct 2026"


@pytest.mark.parametrize(("metered", "baseline"), [([0], 0), ([-180, -30], -180), ([1200, 1190], 1200), ([None], 0),
                                                   ([10_000_000, -10_000_000], 0)])
def test_every_level_and_point_lies_inside_the_drawing(metered: list[int | None], baseline: int) -> None:
    """Ours: the extremes that readings may have are drawn too."""
    drawn = chart("2026-11-02 16:00", metered, baseline)
    heights = [level.down for level in drawn.levels]
    heights += [down for line in drawn.lines for piece in line.pieces for _, down in piece]
    assert heights
    assert all(0 <= height <= 1 for height in heights)
    assert 1 <= len(drawn.levels) <= 7


def test_zero_is_drawn_unless_the_differences_would_vanish() -> None:
    """Ours: the sign of power matters, and so does seeing what was delivered."""
    assert any(level.is_zero for level in chart("2026-11-02 16:00", [-180, -30]).levels)
    assert not any(level.is_zero for level in chart("2026-11-02 16:00", [1200, 1190], 1200).levels)


def test_a_chart_of_nothing_is_refused() -> None:
    """Ours: a page without periods says so in words instead."""
    with pytest.raises(ValueError, match="one period"):
        power_chart("Power", [])


def test_the_svg_names_and_describes_itself_and_fits_any_width() -> None:
    """Ours: charts are read by people who do not see them, and on phones."""
    start = instant("2026-11-02 16:00")
    svg = chart_svg(chart("2026-11-02 16:00", [-180, None, -30], -180, (start, start + 2 * HALF_HOUR)), "event")
    tree = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    assert tree.get("role") == "img"
    assert tree.get("width") == "100%"
    assert tree.get("aria-labelledby") == "event-title event-text"
    assert tree.findtext(f"{space}title") == "Power"
    assert "Metered power in the event is −180 kW." in (tree.findtext(f"{space}desc") or "")
    assert tree.find(f".//{space}rect[@class='chart-window']") is not None
    assert tree.find(f".//{space}rect[@class='chart-gap']") is not None


def test_the_svg_needs_no_style_that_pages_forbid() -> None:
    """Ours: the pages' security policy allows no inline style."""
    drawn = chart("2026-11-02 16:00", [1, None])
    svg = "".join([chart_svg(drawn), *(sample for sample, _ in legend(drawn))])
    assert "style=" not in svg
    assert "<style" not in svg
    assert "<script" not in svg


def test_names_that_people_gave_cannot_break_the_svg() -> None:
    """Ours: a title may hold any text."""
    svg = chart_svg(power_chart('<b>&"', periods("2026-11-02 16:00", [1])))
    assert ElementTree.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") == '<b>&"'


def test_lines_and_shades_differ_without_colour() -> None:
    """Ours: charts are printed in grey."""
    start = instant("2026-11-02 16:00")
    first, second = periods("2026-11-02 16:00", [5, None])
    asked = [first._replace(instructed=5 * KW), second]
    samples = legend(power_chart("Power", asked, (start, start + HALF_HOUR * 2)))
    assert [name for _, name in samples] == ["Metered", "Baseline", "Instructed", "Event", "No reading"]
    plain = [re.sub(r'(stroke|fill)="[^"]*"|stroke-opacity="[^"]*"', "", sample) for sample, _ in samples]
    assert len(set(plain)) == len(samples)


def test_a_week_of_a_baseline_has_days_below_it_and_no_gaps() -> None:
    """Portal FAQ page (public): a template is one week, repeated; nothing is metered in it."""
    week = [period._replace(metered=None) for period in periods("2026-11-02 00:00", [0] * 336, -180)]
    drawn = power_chart("Baseline", week, axis="London time, every week")
    assert [tick.label for tick in drawn.ticks] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]
    assert [line.curve for line in drawn.lines] == [Curve.BASELINE]
    assert drawn.gaps == ()
    assert drawn.axis == "London time, every week"
