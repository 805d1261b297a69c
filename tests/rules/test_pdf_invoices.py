"""Invoices as PDF, read back by another program."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
from pypdf import PdfReader

from simulator.documents.bundles import bundle
from simulator.documents.figures import pounds
from simulator.documents.pdf_files import invoice_document, invoice_files, invoice_name
from simulator.market.invoices import Invoice, InvoiceState
from simulator.market.policy import DEFAULT_POLICY
from tests.example_events import example_invoice


def text_of(invoice: Invoice) -> str:
    """All text of its PDF, with single spaces."""
    reader = PdfReader(io.BytesIO(invoice_document(invoice, DEFAULT_POLICY)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_an_invoice_shows_its_lines_and_their_sums() -> None:
    """Portal guide §3.3, documented: FSPs use invoices for verification."""
    invoice = example_invoice(events=3, windows=2)
    text = text_of(invoice)
    for statement in invoice.statements:
        assert statement.event.id in text
    assert text.count("600.000 7.50 £4.50") == 2  # 150 kW for 4 hours at £7.50 per MW and hour
    assert f"Total {pounds(invoice.utilisation_pence)}" in text
    assert f"Total {pounds(invoice.availability_pence)}" in text
    assert pounds(invoice.pence) in text
    assert f"Utilisation {pounds(invoice.utilisation_pence)}, availability £9.00." in text


@pytest.mark.proves("rule/invoices.final")
@pytest.mark.parametrize(("state", "words"), [(InvoiceState.DRAFT, "to be reviewed and disputed"),
                                              (InvoiceState.FINAL, "it does not change any more")])
def test_an_invoice_is_a_draft_or_final_and_says_so(state: InvoiceState, words: str) -> None:
    """Domain, inferred: drafts on the 1st, final on the 15th."""
    invoice = example_invoice(state=state)
    text = text_of(invoice)
    assert state.value.upper() in text
    assert words in text
    assert invoice_name(invoice) == f"INV-2026-11-brindle-CMZ_T7B_SWA_0012_{state.value}.pdf"


@pytest.mark.proves("rule/invoices.final")
def test_an_invoice_says_that_payment_is_made_elsewhere() -> None:
    """Portal guide §3.3, documented: payments are made outside the portal."""
    assert "payment is made outside the portal" in text_of(example_invoice())


def test_all_events_of_a_full_month_are_on_it() -> None:
    """Ours: the table goes on for as many pages as it takes."""
    invoice = example_invoice(events=300, windows=0)
    text = text_of(invoice)
    assert all(statement.event.id in text for statement in invoice.statements)
    assert "No paid availability was accepted." in text


def test_the_zip_of_invoices_is_the_same_bytes_each_time() -> None:
    """Ours: same data, same bytes."""
    first, second = (bundle(invoice_files([example_invoice()], DEFAULT_POLICY)) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["INV-2026-11-brindle-CMZ_T7B_SWA_0012_final.pdf"]


def test_a_long_id_is_broken_at_a_hyphen() -> None:
    """Ours: the id of an event in two zones goes on below, with its zone in one piece."""
    invoice = example_invoice(events=1, windows=0)
    statement, = invoice.statements
    event = replace(statement.event, id="D-20261026-0001-CMZ_T7B_SWA_0012")
    text = text_of(replace(invoice, statements=(replace(statement, event=event),)))
    assert "CMZ_T7B_SWA_0012" in text.partition("Utilisation £")[2].partition("D-20261026-0001-")[2].split()
