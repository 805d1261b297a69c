"""`/_sim/invoices`: drafts and final invoices of every participant."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from simulator.control.events import filters_in_query, line_as_json
from simulator.market.errors import NotFound
from simulator.market.invoices import Invoice
from simulator.market.saved_reports import InvoiceSummary
from simulator.operations import invoicing
from simulator.web import current_world, json_answer, problem


def add_routes(blueprint: Blueprint) -> None:
    """List invoices, look at one."""
    blueprint.add_url_rule("/invoices", "list_invoices", list_invoices)
    blueprint.add_url_rule("/invoices/<number>", "read_invoice", read)


def list_invoices() -> Response:
    """Invoices, the newest month first: of all or of `participant`, a `month` such as 2026-10, a `zone`."""
    try:
        with current_world.view() as view:
            owner, month, zone = filters_in_query(view)
            found = invoicing.invoices_of(view, owner, current_world.settings.market, current_world.now(), month, zone)
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({"invoices": [{**_head(each), "events": each.event_count} for each in found]})


def read(number: str) -> Response:
    """One invoice with every line."""
    try:
        with current_world.view() as view:
            found = invoicing.invoice(view, None, number, current_world.settings.market, current_world.now())
    except NotFound as error:
        return problem(404, "Not Found", str(error))
    return json_answer({
        **_head(found), "events": [
            {"eventId": each.event.id, "rag": each.rag.value, "pence": each.pence,
             "lines": [line_as_json(line) for line in each.lines]} for each in found.statements],
        "availability": [
            {"meterableUnitId": each.unit_id, "programme": each.programme, "startTime": each.start_at,
             "endTime": each.end_at, "line": line_as_json(each.line)} for each in found.availability]})


def _head(found: Invoice | InvoiceSummary) -> dict[str, Any]:
    return {
        "number": found.number, "participantId": found.organisation_id, "month": found.month, "zone": found.zone,
        "zoneName": found.zone_name, "state": found.state.value, "asOf": found.as_of,
        "utilisationPence": found.utilisation_pence, "availabilityPence": found.availability_pence,
        "pence": found.pence}
