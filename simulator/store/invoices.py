"""Final invoices, with what they pay for availability. They are written once; the database refuses to change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Row, select

from simulator.market.invoices import AvailabilityPayment, Invoice, InvoiceState
from simulator.market.saved_reports import InvoiceSummary
from simulator.store import events, month_tables
from simulator.store.engine import insert
from simulator.store.instants import from_micros, to_micros
from simulator.store.work import View, Work

_INVOICES, _PAYMENTS = month_tables.invoices, month_tables.availability_payments


def add_invoice(work: Work, invoice: Invoice) -> None:
    """Store a final invoice and its availability payments; its events name it themselves."""
    work.connection.execute(insert(_INVOICES), {
        "number": invoice.number, "organisation_id": invoice.organisation_id,
        "organisation_name": invoice.organisation_name, "month": invoice.month, "zone": invoice.zone,
        "zone_name": invoice.zone_name, "as_of": to_micros(invoice.as_of), "event_count": len(invoice.statements),
        "utilisation_pence": invoice.utilisation_pence, "availability_pence": invoice.availability_pence})
    if invoice.availability:
        work.connection.execute(insert(_PAYMENTS), [_payment_values(invoice.number, found)
                                                    for found in invoice.availability])


def find(view: View, organisation_id: str | None = None, month: str | None = None, zone: str | None = None,
         ) -> list[InvoiceSummary]:
    """Final invoices."""
    given = {"organisation_id": organisation_id, "month": month, "zone": zone}
    conditions = [_INVOICES.c[name] == value for name, value in given.items() if value is not None]
    query = select(_INVOICES).where(*conditions).order_by(_INVOICES.c.month.desc(), _INVOICES.c.number)
    return [_summary(row) for row in view.connection.execute(query)]


def by_number(view: View, number: str) -> Invoice | None:
    """One final invoice with all its lines."""
    row = view.connection.execute(select(_INVOICES).where(_INVOICES.c.number == number)).first()
    if row is None:
        return None
    payments = view.connection.execute(select(_PAYMENTS).where(_PAYMENTS.c.invoice == number).order_by(
        _PAYMENTS.c.number)).all()
    return Invoice(
        row.number, row.organisation_id, row.organisation_name, row.month, row.zone, row.zone_name, InvoiceState.FINAL,
        from_micros(row.as_of), tuple(outcome.statement for outcome in events.of_invoice(view, number)),
        _payments(row, payments))


def _payments(invoice: Row, rows: Sequence[Row]) -> tuple[AvailabilityPayment, ...]:
    return tuple(AvailabilityPayment(
        invoice.organisation_id, invoice.month, row.zone, row.zone_name, row.unit_id, row.programme,
        from_micros(row.start_at), from_micros(row.end_at), events.line_from(orjson.loads(row.line))) for row in rows)


def _payment_values(number: str, payment: AvailabilityPayment) -> dict[str, Any]:
    return {
        "invoice": number, "zone": payment.zone, "zone_name": payment.zone_name, "unit_id": payment.unit_id,
        "programme": payment.programme, "start_at": to_micros(payment.start_at), "end_at": to_micros(payment.end_at),
        "line": orjson.dumps(events.line_values(payment.line)).decode()}


def _summary(row: Row) -> InvoiceSummary:
    return InvoiceSummary(
        row.number, row.organisation_id, row.organisation_name, row.month, row.zone, row.zone_name, InvoiceState.FINAL,
        from_micros(row.as_of), row.event_count, row.utilisation_pence, row.availability_pence)
