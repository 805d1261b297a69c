"""Reports, Invoices/Statements (portal guide §3.3): what was earned in a month and zone; payment is made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from simulator.documents import pdf_files
from simulator.documents.bundles import bundle_pieces, file_name
from simulator.downloads import file_to_keep
from simulator.market.errors import NotFound
from simulator.market.invoices import Invoice
from simulator.market.saved_reports import InvoiceSummary
from simulator.operations import invoicing
from simulator.paging import asked_page
from simulator.portal.guard import my_organisation
from simulator.portal.month_words import chosen_of, surroundings
from simulator.web import current_world

_PLACE = "/reports/invoices"
_WHAT = "invoices"
_LINES_A_PAGE = 100
_NUMBERS = ("draft_day", "finalising_day", "finalising_hour", "invoice_for_each", "green_from_percent",
            "amber_from_percent", "full_payment_from_percent", "payment_slope", "no_payment_up_to_percent")
_RULES = ("utilisation", "availability", "rounding")


def add_routes(blueprint: Blueprint) -> None:
    """The list, the zip of a month, an invoice with its lines, and its document."""
    blueprint.add_url_rule(_PLACE, "invoices_page", invoices_page)
    blueprint.add_url_rule(f"{_PLACE}/pdfs.zip", "download_invoice_pdfs", download_invoice_pdfs)
    blueprint.add_url_rule(f"{_PLACE}/<number>", "invoice_page", invoice_page)
    blueprint.add_url_rule(f"{_PLACE}/<number>/invoice.pdf", "invoice_document", invoice_document)


def invoices_page() -> Any:
    """The invoices of a month; the newest month unless `?month=` names another."""
    everything = _my_invoices()
    months, zones, month, zone = _filters(everything)
    found = [each for each in everything if each.month == month and zone in (None, each.zone)]
    return render_template(
        "portal/invoices.html", months=months, month=month, zones=zones, zone=zone, found=found,
        total=sum(each.pence for each in found), **surroundings(current_world.settings.market, _NUMBERS, _RULES))


def download_invoice_pdfs() -> Response:
    """A zip of all invoices of a month (portal guide §3.3)."""
    months, _, month, zone = _filters(_my_invoices())
    if "month" not in request.args or month is None:
        abort(404, f"Say which month: {request.path}?month={months[0] if months else '2026-10'}.")
    policy = current_world.settings.market
    with current_world.view() as view:
        found = invoicing.full_invoices(view, my_organisation().id, policy, current_world.now(), month, zone)
    return file_to_keep(bundle_pieces(pdf_files.invoice_files(found, policy)), "application/zip",
                        file_name((month, zone or "", "invoices"), ".zip"))


def invoice_page(number: str) -> Any:
    """One invoice with its lines and the reason of each, some at a time."""
    found = _invoice_or_404(number)
    page = asked_page(max(len(found.statements), len(found.availability)), _LINES_A_PAGE)
    return render_template(
        "portal/invoice.html", invoice=found, statements=page.part_of(found.statements),
        availability=page.part_of(found.availability), page=page,
        **surroundings(current_world.settings.market, _NUMBERS, _RULES))


def invoice_document(number: str) -> Response:
    """The invoice as PDF, draft or final."""
    found = _invoice_or_404(number)
    return file_to_keep(pdf_files.invoice_document(found, current_world.settings.market), "application/pdf",
                        pdf_files.invoice_name(found))


def _my_invoices() -> list[InvoiceSummary]:
    """All of them, the newest month first; drafts are worked out for it."""
    with current_world.view() as view:
        return invoicing.invoices_of(view, my_organisation().id, current_world.settings.market, current_world.now())


def _filters(everything: Sequence[InvoiceSummary],
             ) -> tuple[list[str], list[tuple[str, str]], str | None, str | None]:
    """Months and zones to choose from, and those that were chosen."""
    months = sorted({each.month for each in everything}, reverse=True)
    zones = sorted({(each.zone, each.zone_name) for each in everything})
    return (months, zones, chosen_of("month", months, _WHAT) or next(iter(months), None),
            chosen_of("zone", [code for code, _ in zones], _WHAT))


def _invoice_or_404(number: str) -> Invoice:
    try:
        with current_world.view() as view:
            return invoicing.invoice(view, my_organisation().id, number, current_world.settings.market,
                                     current_world.now())
    except NotFound as error:
        abort(404, str(error))
