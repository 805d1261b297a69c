"""The files that go with the e-mails of portal guide §3.6. That there are any, and their names, is assumed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from simulator.documents import pdf_files
from simulator.documents.csv_files import write_rows
from simulator.documents.month_csv import acceptance_csv
from simulator.market.acceptance import Decision
from simulator.market.dispatches import Dispatch
from simulator.market.invoices import Invoice
from simulator.market.letters import Attachment
from simulator.market.policy import MarketPolicy
from simulator.market.quantities import kw_text
from simulator.timekeeping.london import london_text, to_london

SCHEDULE_COLUMNS = ("dispatch_id", "programme", "meterable_unit_ids", "start", "end", "power_change_kw", "state")
"""Of the file of the next 24 hours' dispatches; assumed. Times are London times with their offset."""

_CSV = "text/csv"


class MailAttachments:
    """Makes the files; what `operations.ports.MonthFiles` asks for."""

    def invoice(self, invoice: Invoice, policy: MarketPolicy) -> Attachment:
        """An invoice as PDF."""
        return Attachment(pdf_files.invoice_name(invoice), "application/pdf",
                          pdf_files.invoice_document(invoice, policy))

    def acceptances(self, week: date, decisions: Sequence[Decision]) -> Attachment:
        """The Acceptance CSV of the week of that Monday."""
        return Attachment(f"accepted-declarations-{week.isoformat()}.csv", _CSV, acceptance_csv(decisions))

    def schedule(self, start: datetime, dispatches: Sequence[Dispatch]) -> Attachment:
        """The dispatches of the 24 hours from `start` on, as CSV."""
        rows = [[found.id, found.programme, " ".join(found.unit_ids), london_text(found.start_at),
                 london_text(found.end_at), Decimal(kw_text(found.power_milliwatts)), found.state.value]
                for found in dispatches]
        return Attachment(f"daily-schedule-{to_london(start).date().isoformat()}.csv", _CSV,
                          write_rows(SCHEDULE_COLUMNS, rows))
