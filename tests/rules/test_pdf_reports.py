"""Performance reports and earnings statements as PDF, read back by another program."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from simulator.documents.pdf_files import (
    earnings_statement,
    earnings_statement_name,
    event_files,
    performance_report,
    performance_report_name,
)
from simulator.market.intervals import Granularity
from simulator.market.performance import EventPerformance, ReportState
from simulator.market.policy import DEFAULT_POLICY
from simulator.operations.settling import outcome_of
from tests.example_events import BRINDLE, example_performance, example_statement


def report(performance: EventPerformance, organisation: str = BRINDLE) -> PdfReader:
    """The report, opened by a reader we did not write."""
    return PdfReader(io.BytesIO(performance_report(performance, organisation, DEFAULT_POLICY)))


def text_of(reader: PdfReader) -> str:
    """All text, with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_a_report_holds_each_period_with_all_its_figures() -> None:
    """Portal guide §3.3, documented: there is a performance report; its table is ours."""
    text = text_of(report(example_performance([-30, -60, None])))
    assert "16:00 to 16:30 −30.000 −180.000 150.000 150.000 75.000 100.00 %" in text
    assert "16:30 to 17:00 −60.000 −180.000 120.000 150.000 60.000 80.00 %" in text
    assert "17:00 to 17:30 no reading −180.000 0.000 150.000 0.000 0.00 %" in text


@pytest.mark.parametrize(("readings", "word"), [([-30], "GREEN"), ([-60], "AMBER"), ([-170], "RED")])
def test_a_report_says_its_status_and_the_rule_that_made_it(readings: list[int], word: str) -> None:
    """Domain, assumed: green from 95 %, amber from 63 %, red below."""
    performance = example_performance(readings)
    text = text_of(report(performance))
    assert word in text
    assert performance.rule in text


def test_missing_readings_are_named() -> None:
    """Domain, assumed: a period without a reading delivers nothing and is named in the report."""
    text = text_of(report(example_performance([-30, None, None, -30])))
    assert "MU-1001: 2 periods without a reading, 2 Nov 2026, 16:30 to 17:30 London time" in text
    assert "There is a reading for every period" in text_of(report(example_performance([-30])))


@pytest.mark.proves("rule/events.reports")
@pytest.mark.parametrize("state", ReportState)
def test_a_report_says_whether_it_is_provisional_or_final(state: ReportState) -> None:
    """Portal guide §3.3, documented: provisional after the event, final on the 15th."""
    performance = example_performance([-30], state=state)
    text = text_of(report(performance))
    assert state.value.upper() in text
    assert state.value in performance_report_name(performance)
    assert ("flagged late" in text) == (state is ReportState.FINAL)


def test_a_report_tells_the_day_on_which_this_world_finalises() -> None:
    """Domain: numbers of the month are settings, and documents show those in force."""
    content = performance_report(example_performance([-30]), BRINDLE, replace(DEFAULT_POLICY, finalising_day=21))
    assert "until the month is final on the 21st." in text_of(PdfReader(io.BytesIO(content)))


def test_every_page_is_marked_and_counted() -> None:
    """Ours: nobody takes a page for the operator's, even if it stands alone."""
    reader = report(example_performance([-30] * 120, granularity=Granularity.MINUTE))
    assert len(reader.pages) > 2
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        assert "SIMULATOR" in text
        assert "not affiliated with National Grid" in text
        assert "† Assumed: nobody outside the platforms can know" in text
        assert f"Page {number} of {len(reader.pages)}" in text


def test_no_row_is_lost_between_pages() -> None:
    """Ours: a table goes on, with its heading, on the next page."""
    reader = report(example_performance([-30] * 600, granularity=Granularity.MINUTE))
    text = text_of(reader)
    assert text.count("150.000 150.000 2.500 100.00 %") == 600
    assert "Period, London time" in reader.pages[5].extract_text()


def test_times_are_london_times_and_the_repeated_hour_is_told_apart() -> None:
    """Domain, public: days of 50 half-hours exist."""
    text = text_of(report(example_performance([-30] * 6, start="2026-10-24 23:30")))
    assert "01:30 BST to 01:00 GMT" in text
    assert "01:30 to 02:00 GMT" in text
    assert "Sunday 25 October 2026, 00:30 BST to 02:30 GMT" in text


def test_the_opposite_direction_is_said_in_words() -> None:
    """Domain, inferred: a negative change asks for demand turn up or generation turn down."""
    assert "−150 kW: demand turn up or generation turn down" in text_of(report(example_performance([-330], power=-150)))


def test_the_same_event_gives_the_same_bytes() -> None:
    """Ours: final documents can be compared byte by byte."""
    performance = example_performance([-30, None])
    assert performance_report(performance, BRINDLE, DEFAULT_POLICY) == performance_report(
        performance, BRINDLE, DEFAULT_POLICY)


def test_a_report_has_title_language_and_the_market_time_it_was_made_at() -> None:
    """Ours: readers show and read out a document by these."""
    performance = example_performance([-30])
    reader = report(performance)
    assert reader.metadata is not None
    assert reader.metadata.title == "Performance report D-20261102-0007"
    assert BRINDLE in str(reader.metadata.subject)
    assert "SIMULATOR" in str(reader.metadata.subject)
    assert reader.metadata.creation_date == datetime(2026, 11, 2, 16, 30, tzinfo=UTC)
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"


def test_names_in_any_letters_and_of_any_length_are_written() -> None:
    """Ours: Western letters as they are, others by their base letter or a question mark; brackets do no harm."""
    text = text_of(report(example_performance([-30]), "Tŵr (Ynni) \\ Café £ 電"))
    assert "Twr (Ynni) \\ Café £ ?" in text
    assert "x" * 30 in text_of(report(example_performance([-30]), "x" * 400))


def test_the_chart_is_drawn_in_lines_and_not_as_a_picture() -> None:
    """Ours: it stays sharp in print."""
    reader = report(example_performance([-30, -60]))
    assert not reader.pages[0].images
    assert "Power of MU-1001" in text_of(reader)
    assert "London time (GMT), Mon 2 Nov 2026" in text_of(reader)


def test_an_earnings_statement_shows_line_factor_and_reason() -> None:
    """Domain, assumed: energy × price × factor; the factor is 1 from 95 % on, and falls below."""
    performance = example_performance([-60])
    statement = example_statement(performance)
    text = text_of(PdfReader(io.BytesIO(earnings_statement(statement, BRINDLE, DEFAULT_POLICY))))
    assert "60.000 240.00 0.55 £7.92" in text  # 80 % delivered: 1 − 3 × 15 % = 0.55; 0.06 MWh × £240 × 0.55
    assert "Total £7.92" in text
    assert statement.lines[0].because in text
    assert "£240.00 per MWh (assumed) †" in text
    assert earnings_statement_name(statement) == "2026-11-02_D-20261102-0007_earnings-statement_provisional.pdf"


@pytest.mark.proves("rule/events.reports", "rule/reports.pdfs")
def test_both_documents_of_an_event_have_their_own_names() -> None:
    """Portal guide §3.3, documented: the zip holds performance reports and earnings statements of the month."""
    performance = example_performance([-30], state=ReportState.FINAL)
    files = event_files(
        [outcome_of(performance, DEFAULT_POLICY)], {performance.event.id: performance}.__getitem__, BRINDLE,
        DEFAULT_POLICY)
    assert sorted(files) == ["2026-11-02_D-20261102-0007_earnings-statement_final.pdf",
                             "2026-11-02_D-20261102-0007_performance-report_final.pdf"]
    assert all(callable(content) and content().startswith(b"%PDF") for content in files.values())


def test_the_pdf_writer_is_loaded_with_the_first_document() -> None:
    """Ours: the simulator starts in a fraction of a second."""
    code = "import sys, simulator.documents.pdf_files, simulator.documents.chart_svg; print('reportlab' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


_CERTIFICATE = """
from hashlib import sha256
from simulator.documents.certificate import CertificateText
from simulator.documents.pdf_files import performance_report
from simulator.market.policy import DEFAULT_POLICY
from tests.example_events import BRINDLE, example_performance
if {month_first}:
    performance_report(example_performance([-30]), BRINDLE, DEFAULT_POLICY)
from simulator.documents.certificate_page import draw
text = CertificateText("Title", "Statement", (("Name", "Value"),), (("API", "flow", "now", "1"),))
print(sha256(draw(text)).hexdigest())
"""


def test_a_certificate_is_the_same_bytes_whatever_was_made_before() -> None:
    """Ours: documents can be compared byte by byte; how PDFs are written is set for the whole process."""
    digests = [subprocess.run([sys.executable, "-c", _CERTIFICATE.format(month_first=first)], capture_output=True,
                              text=True, check=True).stdout for first in (False, True)]
    assert len(digests[0]) == 65
    assert digests[0] == digests[1]


def test_nothing_long_runs_over_the_edge_of_the_page() -> None:
    """Ours: names of events are made from names that people gave."""
    long_id = "D-20261102-0007-" + "CMZ_" * 60
    reader = report(example_performance([-30] * 120, event_id=long_id, granularity=Granularity.MINUTE))
    edges: list[float] = []
    for page in reader.pages:
        page.extract_text(visitor_text=lambda text, _cm, matrix, _font, size: edges.append(
            matrix[4] + 0.4 * size * len(text.strip())))
    assert max(edges) < 595
