"""The three e-mails of portal guide §3.6, documented: their London instants, what they summarise, what is attached."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from simulator import Simulator
from simulator.market.declarations import ACCEPTANCE_COLUMNS
from simulator.market.settlement import pounds_text
from tests.dispatching import plan
from tests.servers import WorldClient, fresh_world

BRINDLE = "operations@brindle.example"
MONDAY = "2026-11-02T12:00:00Z"
THURSDAY = "2026-11-05T12:05:00Z"


@pytest.fixture
def month(server: Simulator) -> Iterator[WorldClient]:
    """A demo world on a Monday; Brindle gets all three e-mails."""
    with fresh_world(server.url, "demo", now=MONDAY) as client:
        client.freeze(MONDAY)
        yield client


def mail_of(world: WorldClient, kind: str, to: str) -> dict[str, Any]:
    """The newest mail of a kind after moving the clock."""
    world.advance(to=to)
    return [mail for mail in world.mails(to=BRINDLE) if mail["kind"] == kind][-1]


def content_of(world: WorldClient, mail: dict[str, Any], number: int = 0) -> bytes:
    """An attached file."""
    return world.session.get(mail["attachments"][number]["url"], timeout=60).content


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_invoices_of_the_month_before_are_attached_on_the_first_at_four(month: WorldClient) -> None:
    """Portal guide §3.6, documented: 1st of every month at 04:00 London time, to review and to dispute."""
    mail = mail_of(month, "monthly_invoices", "2026-12-01T04:00:00Z")
    assert mail["at"] == "2026-12-01T04:00:00+00:00" and mail["subject"] == "Monthly Invoices: November 2026"
    invoices = month.get("/_sim/invoices?participant=brindle&month=2026-11").json()["invoices"]
    assert len(invoices) == 2
    assert sorted(each["filename"] for each in mail["attachments"]) == sorted(
        f"{each['number']}_draft.pdf" for each in invoices)
    for invoice in invoices:
        assert pounds_text(invoice["pence"]) in mail["text"] and pounds_text(invoice["pence"]) in mail["html"]
    assert pounds_text(sum(each["pence"] for each in invoices)) in mail["text"]


def test_each_attached_invoice_is_a_document_that_can_be_read(month: WorldClient) -> None:
    """Ours: the month's invoices attached as PDF, each with its number and its total."""
    mail = mail_of(month, "monthly_invoices", "2026-12-01T04:00:00Z")
    for number, attachment in enumerate(mail["attachments"]):
        assert attachment["mediaType"] == "application/pdf"
        text = PdfReader(io.BytesIO(content_of(month, mail, number))).pages[0].extract_text()
        found = month.get(f"/_sim/invoices/{attachment['filename'].removesuffix('_draft.pdf')}").json()
        assert found["number"] in text and pounds_text(found["pence"]) in text and "SIMULATOR" in text


def test_drafts_say_until_when_they_can_change_and_what_is_assumed(month: WorldClient) -> None:
    """Inferred: drafts on the 1st, final on the 15th; how it is worked out is assumed, and said so."""
    mail = mail_of(month, "monthly_invoices", "2026-12-01T04:00:00Z")
    assert "readings that arrive until 15 December 2026, 00:00 London time still count" in mail["text"]
    assert "assumed" in mail["text"] and "Payment is made outside the portal" in mail["text"]


def test_an_organisation_without_events_is_told_that_there_are_none(server: Simulator) -> None:
    """Ours: an e-mail that was opted in to always comes."""
    with fresh_world(server.url, "quiet", now=MONDAY) as world:
        world.freeze(MONDAY)
        mail = mail_of(world, "monthly_invoices", "2026-12-01T04:00:00Z")
        assert "There are no invoices for November 2026: nothing was earned in it." in mail["text"]
        assert mail["attachments"] == []


def test_decisions_come_on_thursday_five_past_twelve(month: WorldClient) -> None:
    """Portal guide §3.6, documented: every Thursday at 12:05; public: decisions are out at 12:00."""
    mail = mail_of(month, "weekly_accepted_declarations", THURSDAY)
    assert mail["at"] == "2026-11-05T12:05:00+00:00"
    assert mail["subject"] == "Weekly Accepted Declarations: week of 9 November 2026"
    decisions = [each for each in month.get("/_sim/weeks/2026-11-09").json()["decisions"]
                 if each["participantId"] == "brindle"]
    accepted = sum(each["decision"] == "accepted" for each in decisions)
    assert f"{len(decisions)} windows declared: {accepted} accepted" in mail["text"]
    for each in decisions:
        assert each["meterableUnitId"] in mail["text"]
    assert not any(unit in mail["text"] for unit in ("MU-2001", "tamar"))


def test_the_acceptance_csv_is_attached(month: WorldClient) -> None:
    """Portal guide §3.2, documented: all declarations of the week, accepted or not."""
    mail = mail_of(month, "weekly_accepted_declarations", THURSDAY)
    rows = rows_of(content_of(month, mail))
    decisions = [each for each in month.get("/_sim/weeks/2026-11-09").json()["decisions"]
                 if each["participantId"] == "brindle"]
    assert tuple(rows[0]) == ACCEPTANCE_COLUMNS
    assert [row["meterable_unit_id"] for row in rows] == [each["meterableUnitId"] for each in decisions]
    assert [row["decision"] for row in rows] == [each["decision"] for each in decisions]


def test_the_daily_mail_lists_the_dispatches_of_the_next_24_hours(month: WorldClient) -> None:
    """Portal guide §3.6, documented: every day at 08:00, the scheduled dispatches of the next 24 hours."""
    today = plan(month, programme="OU", meterableUnitIds=["MU-1003"], startTime="2026-11-04T07:30:00Z",
                 endTime="2026-11-04T08:30:00Z")
    later = plan(month, programme="OU", meterableUnitIds=["MU-1003"], startTime="2026-11-05T08:00:00Z",
                 endTime="2026-11-05T09:00:00Z")
    mail = mail_of(month, "daily_schedules", "2026-11-04T08:00:00Z")
    assert today in mail["text"] and "Wed 4 Nov 07:30–08:30" in mail["text"], "it is still under way"
    assert later not in mail["text"], "it begins when the 24 hours are over"
    rows = rows_of(content_of(month, mail))
    assert [(row["dispatch_id"], row["start"], row["power_change_kw"]) for row in rows] == [
        (today, "2026-11-04T07:30+00:00", "150")]


def test_a_cancelled_dispatch_is_no_commitment(month: WorldClient) -> None:
    """Inferred: the e-mail reminds of commitments."""
    gone = plan(month, meterableUnitIds=["MU-1003"], startTime="2026-11-04T12:00:00Z", endTime="2026-11-04T13:00:00Z")
    assert month.post(f"/_sim/dispatches/{gone}/stop").status_code == 200
    mail = mail_of(month, "daily_schedules", "2026-11-04T08:00:00Z")
    assert gone not in mail["text"] and mail["attachments"] == []


def test_times_in_mails_are_london_times(server: Simulator) -> None:
    """Portal guide §3.6, documented: London time; in summer an hour ahead of UTC."""
    with fresh_world(server.url, "quiet", now="2026-07-01T12:00:00Z") as world:
        world.freeze("2026-07-01T12:00:00Z")
        plan(world, meterableUnitIds=["MU-1003"], startTime="2026-07-02T15:00:00Z", endTime="2026-07-02T16:00:00Z")
        mail = mail_of(world, "daily_schedules", "2026-07-02T07:00:00Z")
        assert "Thu 2 Jul 16:00–17:00" in mail["text"]


def test_text_and_html_have_the_same_tables(month: WorldClient) -> None:
    """Ours: who reads mails as text misses nothing."""
    mail = mail_of(month, "weekly_accepted_declarations", THURSDAY)
    assert "<table" in mail["html"]
    for words in ("Programme", "Declared", "Decision", "not accepted", "MU-1003"):
        assert words in mail["text"] and words in mail["html"]


def test_the_links_lead_to_pages_that_are_there(month: WorldClient) -> None:
    """Ours: a stranger is asked to sign in, so the page exists."""
    for kind, to in (("weekly_accepted_declarations", THURSDAY), ("monthly_invoices", "2026-12-01T04:00:00Z")):
        for link in mail_of(month, kind, to)["links"]:
            answer = month.session.get(link, allow_redirects=False, timeout=60)
            assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]


def test_the_cause_of_a_mail_is_its_job(month: WorldClient) -> None:
    """Ours: the console shows why a mail was sent."""
    mail_of(month, "weekly_accepted_declarations", THURSDAY)
    sent = [entry for entry in month.journal("mail.sent") if "Weekly" in entry["data"]["subject"]][-1]
    job = next(entry for entry in month.journal("job") if entry["id"] == sent["causedBy"])
    assert job["data"]["job"] == "send_weekly_acceptances"


def test_decisions_say_that_their_prices_are_assumed(month: WorldClient) -> None:
    """Ours: how offers are accepted and priced is not public, and the e-mail says so."""
    mail = mail_of(month, "weekly_accepted_declarations", THURSDAY)
    assert "the prices awarded, are the simulator’s own and assumed" in mail["text"]


@pytest.mark.parametrize(("day", "sent", "last", "following"), [
    ("2026-10-24T06:00:00Z", "2026-10-24T07:00:00Z", "2026-10-25T07:30:00Z", "2026-10-25T08:00:00Z"),
    ("2026-03-28T06:00:00Z", "2026-03-28T08:00:00Z", "2026-03-29T06:30:00Z", "2026-03-29T07:00:00Z"),
], ids=["25 hours", "23 hours"])
def test_the_daily_mail_reaches_to_the_next_one(server: Simulator, day: str, sent: str, last: str, following: str,
                                                ) -> None:
    """Portal guide §3.6, documented: every day at 08:00 London time; no dispatch falls between two of them (ours)."""
    with fresh_world(server.url, "quiet", now=day) as world:
        world.freeze(day)
        inside, outside = (plan(world, meterableUnitIds=["MU-1003"], startTime=start, endTime=f"{start[:11]}10:00:00Z")
                           for start in (last, following))
        mail = mail_of(world, "daily_schedules", sent)
        assert (inside in mail["text"], outside in mail["text"]) == (True, False)
