"""The three e-mails that users opt in to (portal guide §3.6): what they say. Their wording and columns are ours.

Each summarises; whatever is longer than a mail should be is in the attached files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from simulator.market.acceptance import Decision, Verdict
from simulator.market.dispatches import Dispatch, State
from simulator.market.invoices import Invoice, InvoiceState
from simulator.market.letters import Attachment, BatchEmail, Block, Grid, Letter, Link, Paragraph
from simulator.market.months import drafts_from, final_from, month_words
from simulator.market.policy import MarketPolicy
from simulator.market.quantities import kw_text
from simulator.market.settlement import pounds_text
from simulator.timekeeping.london import to_london

MOST_ROWS = 100
"""A table in a mail has no more; the attached file has them all."""

_ASSUMED = ("How it is worked out is the simulator’s own and assumed: the real platform’s prices and payment rules are "
            "not public. Each document names the numbers it was made with.")
_ASSUMED_PRICES = ("Which offers are accepted, and the prices awarded, are the simulator’s own and assumed: the real "
                   "platform’s are not public.")
_VERDICTS = {
    Verdict.ACCEPTED: "accepted", Verdict.ACCEPTED_IN_PART: "accepted in part", Verdict.REJECTED: "not accepted",
    Verdict.UNDECIDED: "not decided yet",
}
_STATES = {
    State.PLANNED: "planned", State.SENT: "start message sent", State.ACKNOWLEDGED: "acknowledged",
    State.RUNNING: "running", State.FAILED: "message failed",
}


def monthly_invoices(organisation: str, month: str, invoices: Sequence[Invoice], documents: Sequence[Attachment],
                     policy: MarketPolicy, now: datetime) -> Letter:
    """Portal guide §3.6: summarises the invoices of the previous month, `2026-10`; `documents` are their PDFs."""
    name = month_words(month)
    blocks: list[Block] = [
        Paragraph(f"Invoices of {organisation} for {name}, for you to review. If you dispute a number, tell us.")]
    if invoices:
        blocks += [_invoice_table(invoices), Paragraph(_standing(invoices, month, policy)), Paragraph(_ASSUMED)]
    elif drafts_from(month, policy) > now:
        blocks.append(Paragraph(f"There are none yet; their drafts stand from {_day(drafts_from(month, policy))} on."))
    else:
        blocks.append(Paragraph(f"There are no invoices for {name}: nothing was earned in it."))
    return Letter(BatchEmail.MONTHLY_INVOICES.value, f"Monthly Invoices: {name}", (
        *blocks, Link("Look at the invoices", "/reports/invoices"), _preferences(BatchEmail.MONTHLY_INVOICES),
    ), tuple(documents))


def weekly_accepted_declarations(organisation: str, week: date, decisions: Sequence[Decision],
                                 table: Attachment) -> Letter:
    """Portal guide §3.6: which declarations of a week were accepted; `week` is its Monday, `table` the CSV file."""
    name = _date_words(week)
    blocks: list[Block] = [Paragraph(f"Declarations of {organisation} for the week commencing {name}.")]
    if decisions:
        blocks += [Paragraph(_counts(decisions)), _decision_table(decisions), *_more(len(decisions)),
                   Paragraph(_ASSUMED_PRICES)]
    else:
        blocks.append(Paragraph("There are no declarations in that week."))
    return Letter(BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS.value, f"Weekly Accepted Declarations: week of {name}", (
        *blocks, Link("Look at the decisions", f"/availability/acceptance-decisions?week={week.isoformat()}"),
        _preferences(BatchEmail.WEEKLY_ACCEPTED_DECLARATIONS),
    ), (table,))


def daily_schedules(organisation: str, start: datetime, end: datetime, dispatches: Sequence[Dispatch],
                    files: Sequence[Attachment]) -> Letter:
    """Portal guide §3.6: the dispatches scheduled for the next 24 hours, a reminder of commitments."""
    period = f"{_moment(start)} to {_moment(end)} London time"
    blocks: list[Block] = [Paragraph(f"Dispatches scheduled for {organisation}, {period}.")]
    if dispatches:
        blocks += [
            _schedule_table(dispatches), *_more(len(dispatches)),
            Paragraph("A positive power change asks for more generation or less demand, a negative one for the "
                      "opposite. A dispatch that the control room plans later is not in this list.")]
    else:
        blocks.append(Paragraph("No dispatches are scheduled."))
    return Letter(BatchEmail.DAILY_SCHEDULES.value, f"Daily Schedules: {period}", (
        *blocks, _preferences(BatchEmail.DAILY_SCHEDULES)), tuple(files))


def verdict_words(verdict: Verdict) -> str:
    """What became of an offer, for people."""
    return _VERDICTS[verdict]


def window_words(start: datetime, end: datetime) -> str:
    """A window of London time, such as Mon 9 Nov 16:00–20:00; it names the clocks where they change."""
    first, last = to_london(start), to_london(end)
    if first.utcoffset() != last.utcoffset():
        return f"{first:%a} {first.day} {first:%b %H:%M %Z}–{last:%H:%M %Z}"
    closing = "24:00" if (last.hour, last.minute) == (0, 0) and last.date() != first.date() else f"{last:%H:%M}"
    return f"{first:%a} {first.day} {first:%b %H:%M}–{closing}"


def _invoice_table(invoices: Sequence[Invoice]) -> Grid:
    rows = [(found.zone_name, str(len(found.statements)), pounds_text(found.utilisation_pence),
             pounds_text(found.availability_pence), pounds_text(found.pence)) for found in invoices]
    if len(rows) > 1:
        rows.append(("Together", str(sum(len(found.statements) for found in invoices)),
                     pounds_text(sum(found.utilisation_pence for found in invoices)),
                     pounds_text(sum(found.availability_pence for found in invoices)),
                     pounds_text(sum(found.pence for found in invoices))))
    return Grid(("Zone", "Events", "Utilisation", "Availability", "Total"), tuple(rows))


def _standing(invoices: Sequence[Invoice], month: str, policy: MarketPolicy) -> str:
    how = "The invoice is attached." if len(invoices) == 1 else f"The {len(invoices)} invoices are attached."
    if all(found.state is InvoiceState.FINAL for found in invoices):
        return f"{how} They are final. Payment is made outside the portal."
    return (f"{how} They are drafts: readings that arrive until {_day(final_from(month, policy))} still count; from "
            "then on the invoices are final. Payment is made outside the portal.")


def _counts(decisions: Sequence[Decision]) -> str:
    count = Counter(decision.verdict for decision in decisions)
    told = [f"{count[verdict]} {words}" for verdict, words in _VERDICTS.items() if count[verdict]]
    return f"{len(decisions)} window{'' if len(decisions) == 1 else 's'} declared: {', '.join(told)}."


def _decision_table(decisions: Sequence[Decision]) -> Grid:
    return Grid(("Programme", "Unit", "Declared", "Decision", "Accepted"), tuple(
        (decision.offer.declaration.programme, decision.offer.declaration.unit_id,
         _offer_words(decision.offer.start_at, decision.offer.end_at, decision.offer.declaration.power_milliwatts),
         _VERDICTS[decision.verdict], _accepted_words(decision)) for decision in decisions[:MOST_ROWS]))


def _accepted_words(decision: Decision) -> str:
    if decision.acceptance_start is None or decision.acceptance_end is None:
        return ""
    words = _offer_words(decision.acceptance_start, decision.acceptance_end, decision.accepted_milliwatts)
    bid, awarded = decision.utilisation_bid_price, decision.utilisation_awarded_price
    return words if awarded is None else f"{words}, £{_price(awarded)} a MWh (bid £{_price(bid)})"


def _offer_words(start: datetime, end: datetime, milliwatts: int) -> str:
    return f"{window_words(start, end)}, {kw_text(milliwatts)} kW"


def _schedule_table(dispatches: Sequence[Dispatch]) -> Grid:
    return Grid(("Dispatch", "Programme", "Units", "London time", "Power change", "State"), tuple(
        (found.id, found.programme, ", ".join(found.unit_ids), window_words(found.start_at, found.end_at),
         f"{kw_text(found.power_milliwatts)} kW".replace("-", "−"), _STATES.get(found.state, found.state.value))
        for found in dispatches[:MOST_ROWS]))


def _more(count: int) -> list[Block]:
    left = count - MOST_ROWS
    return [Paragraph(f"{left:,} more are in the attached file.")] if left > 0 else []


def _preferences(email: BatchEmail) -> Link:
    return Link(f"You opted in to the {email.title}. Change that", "/email-preferences")


def _price(pounds: Decimal | None) -> str:
    return "–" if pounds is None else f"{pounds:,.2f}"


def _date_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _day(instant: datetime) -> str:
    local = to_london(instant)
    return f"{_date_words(local.date())}, {local:%H:%M} London time"


def _moment(instant: datetime) -> str:
    return f"{to_london(instant):%a %d %b %H:%M}"
