"""`flexsim mailbox`, `journal`, `participant`, `dispatch`, `fault` and `fixture` against a running server (ours)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.commands import Flexsim, run_command
from tests.servers import NOW, ROOT, WorldClient, fresh_name, side_by_side


@pytest.fixture
def flexsim(world: WorldClient) -> Flexsim:
    """The command, for a quiet world whose clock stands on Monday 2 November 2026, 17:00."""
    world.freeze(NOW)
    return Flexsim(world)


def test_mails_are_listed_with_filters(flexsim: Flexsim) -> None:
    """Wire format, assumed: the filters of the mailbox call."""
    assert len(flexsim.json("mailbox", "list")["messages"]) == 1
    assert flexsim.good("mailbox", "list", "--to", "nobody@there.example").out == "There is no such mail.\n"


def test_a_mail_is_shown_with_its_links(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: what a tester needs of a mail is its link, first of all."""
    shown = flexsim.good("mailbox", "show", "1").out
    assert f"Link     {world.mails()[0]['links'][0]}" in shown
    assert "Activate the account" in shown


def test_a_mail_is_shown_as_its_source(flexsim: Flexsim) -> None:
    """Wire format, assumed: as a mail server gets it."""
    assert "Subject: Activate" in flexsim.good("mailbox", "show", "1", "--source").out


def test_a_mail_that_is_there_is_not_waited_for(flexsim: Flexsim) -> None:
    """Ours: the oldest that fits."""
    assert flexsim.json("mailbox", "wait", "--to", "desk@tamar-flex.example")["id"] == 1


def test_a_mail_that_comes_ends_the_wait(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: as soon as it is there."""
    with_mail, _ = side_by_side([
        lambda: flexsim("mailbox", "wait", "--to", "desk@dart.example", "--timeout", "30", "--json"),
        lambda: world.post("/_sim/participants", {"name": "Dart", "portal": {"email": "desk@dart.example"}})])
    assert with_mail.json["to"] == "desk@dart.example"


def test_a_mail_that_does_not_come_is_a_failed_check(flexsim: Flexsim) -> None:
    """Wire format, assumed: exit code 1 is a check that failed."""
    ran = flexsim("mailbox", "wait", "--subject", "Nothing", "--timeout", "0")
    assert (ran.code, ran.out) == (1, "")
    assert "subject Nothing" in ran.err


def test_the_mailbox_is_emptied(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: DELETE of the mailbox."""
    flexsim.good("mailbox", "empty")
    assert world.mails() == []


def test_the_journal_shows_the_newest(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: what a tester looks for has just happened."""
    shown = flexsim.json("journal", "--limit", "2")["entries"]
    assert shown == world.journal()[-2:]


def test_the_journal_is_read_on_from_a_number(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: entries after `since`, oldest first."""
    assert flexsim.json("journal", "--since", "1", "--limit", "2")["entries"] == world.journal()[1:3]


def test_the_journal_is_told_by_kind(flexsim: Flexsim) -> None:
    """Wire format, assumed: a kind, or with a dot at its end all that begin so."""
    assert {entry["kind"] for entry in flexsim.json("journal", "--kind", "mail.")["entries"]} == {"mail.sent"}
    assert flexsim.good("journal", "--kind", "upload.refused").out == "There is no such entry.\n"


def test_an_exchange_is_one_line_of_the_journal(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: number, London time, UTC, kind, and the exchange."""
    world.send({"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:59:00Z", "powerKw": 1})
    line = flexsim.good("journal", "--kind", "http.in", "--limit", "1").out
    assert "Mon 02 Nov 2026 17:00:00 GMT  2026-11-02T17:00:00Z  http.in" in line
    assert line.endswith(f"POST /w/{world.name}/api/v2/readings → 200\n")


def test_a_line_of_the_journal_cannot_steer_the_terminal(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: what strangers send is shown without its control characters."""
    world.post("/_sim/participants", {"name": "Dart \x1b[31mLtd", "portal": {"email": "desk@dart.example"}})
    world.get("/api/v2/%1b%5b31m")
    for words in (("journal",), ("participant", "list"), ("mailbox", "list")):
        assert "\x1b" not in flexsim.good(*words).out


def test_the_journal_is_followed(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: an entry a line, as JSON too; --limit ends it."""
    last = world.journal()[-1]["id"]
    followed, _ = side_by_side([
        lambda: flexsim("journal", "--since", str(last), "--kind", "mailbox.", "--limit", "1", "--follow", "--json"),
        lambda: world.delete("/_sim/mailbox")])
    assert json.loads(followed.out)["kind"] == "mailbox.emptied"
    assert followed.out.count("\n") == 1


def test_a_world_that_is_put_back_is_followed_from_there(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: its numbers begin lower again. Regression: nothing was shown before they had passed the old ones."""
    for _ in range(5):
        world.delete("/_sim/mailbox")
    last = world.journal()[-1]["id"]
    followed, _ = side_by_side([
        lambda: flexsim("journal", "--since", str(last), "--limit", "1", "--follow", "--json"),
        lambda: world.post("/_sim/reset")])
    entry = json.loads(followed.out)
    assert (entry["kind"], entry["data"]["reason"]) == ("world.started", "reset")
    assert entry["id"] < last


def test_the_newest_entries_are_shown_though_the_journal_is_long(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: the newest, oldest first."""
    world.delete("/_sim/mailbox")
    newest = [entry["id"] for entry in world.journal()[-3:]]
    assert [entry["id"] for entry in flexsim.json("journal", "--limit", "3")["entries"]] == newest


def test_one_entry_is_shown_in_full(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: all its data."""
    assert flexsim.json("journal", "show", "1") == world.journal()[0]
    assert flexsim("journal", "show", "999999").code == 1


def test_the_exchanges_are_saved_as_an_archive(flexsim: Flexsim, world: WorldClient, tmp_path: Path) -> None:
    """Wire format, assumed: HAR 1.2; only the owner may read it, for it holds messages."""
    world.send({"meterableUnitId": "MU-1001", "timestamp": "2026-11-02T16:59:00Z", "powerKw": 1})
    file = tmp_path / "exchanges.har"
    flexsim.good("journal", "har", str(file))
    assert json.loads(file.read_text())["log"]["version"] == "1.2"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(flexsim.good("journal", "har", "-").out)["log"]["version"] == "1.2"


def test_participants_are_listed_and_shown(flexsim: Flexsim) -> None:
    """Wire format, assumed: the demo fixture's two."""
    assert [row[0] for row in flexsim.good("participant", "list").rows] == ["brindle", "tamar"]
    shown = flexsim.good("participant", "show", "brindle").out
    assert "Brindle Aggregation Ltd" in shown
    assert "MU-1001" in shown


def test_a_participant_is_invited(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: the invitation is in the mailbox at once."""
    flexsim.good("participant", "invite", "Dart Storage Ltd", "desk@dart.example", "--id", "dart")
    assert world.mails(to="desk@dart.example") != []
    assert world.get("/_sim/participants/dart").ok


def test_the_code_alone_is_printed(flexsim: Flexsim) -> None:
    """Ours: for `$(flexsim participant code brindle)`."""
    printed = flexsim.good("participant", "code", "brindle").out
    assert len(printed) == 7
    assert printed.strip().isdigit()


def test_an_authenticator_is_reset(flexsim: Flexsim) -> None:
    """Wire format, assumed: what Collar Support does."""
    flexsim.good("participant", "reset-authenticator", "brindle")
    assert flexsim("participant", "code", "brindle").code == 1


def test_an_endpoint_is_set_and_removed(flexsim: Flexsim, world: WorldClient) -> None:
    """Portal guide §3.1, documented: the "Participant endpoint base url"."""
    flexsim.good("participant", "endpoint", "brindle", "http://127.0.0.1:9000")
    assert world.get("/_sim/participants/brindle").json()["dispatch"]["baseUrl"] == "http://127.0.0.1:9000"
    flexsim.good("participant", "endpoint", "brindle", "--remove")
    assert world.get("/_sim/participants/brindle").json()["dispatch"]["baseUrl"] is None


def test_a_dispatch_is_sent_with_the_usual_notice_and_stopped(flexsim: Flexsim) -> None:
    """Portal guide and FAQ, public: 15 minutes' notice. Ours: as soon as that allows, for an hour."""
    sent = flexsim.json("dispatch", "send", "brindle", "MU-1001", "MU-1002", "--kw", "150")
    assert (sent["startTime"], sent["endTime"]) == ("2026-11-02T17:16:00+00:00", "2026-11-02T18:16:00+00:00")
    assert sent["startMessageAt"] == "2026-11-02T17:01:00+00:00"
    assert [row[0] for row in flexsim.good("dispatch", "list").rows] == [sent["dispatchId"]]
    flexsim.good("dispatch", "stop", sent["dispatchId"])
    assert "cancelled" in flexsim.good("dispatch", "show", sent["dispatchId"]).out


def test_a_dispatch_is_sent_for_times_in_words(flexsim: Flexsim) -> None:
    """Ours: words are London time; the end counts from the start."""
    sent = flexsim.json("dispatch", "send", "brindle", "MU-1001", "--kw", "-50", "--start", "tomorrow 16:00", "--end",
                        "18:00", "--programme", "SU", "--notice", "30")
    assert (sent["startTime"], sent["endTime"]) == ("2026-11-03T16:00:00+00:00", "2026-11-03T18:00:00+00:00")
    assert (sent["powerChangeKw"], sent["programme"], sent["noticeMinutes"]) == (-50, "SU", 30)


def test_faults_are_switched_on_listed_and_off(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: a fault's match, effect, when and seed."""
    made = flexsim.json("fault", "on", "participant", "status=503", "delayMs=5", "--route", "/api/*", "--participant",
                        "brindle", "--nth", "2", "--times", "3", "--probability", "0.5", "--seed", "7")
    assert made == {
        "id": made["id"], "match": {"surface": "participant", "route": "/api/*", "participant": "brindle"},
        "effect": {"status": 503, "delayMs": 5}, "when": {"nth": 2, "times": 3, "probability": 0.5}, "seed": 7,
        "seen": 0, "applied": 0}
    flexsim.good("fault", "on", "dispatch", "drop=answer", "duplicate")
    assert "drop answer, duplicate" in flexsim.good("fault", "list").out
    flexsim.good("fault", "off", str(made["id"]))
    assert len(world.get("/_sim/faults").json()["faults"]) == 1
    flexsim.good("fault", "off", "--all")
    assert flexsim.good("fault", "list").out == "No fault is on.\n"


def test_a_world_is_saved_as_a_fixture_and_loaded(flexsim: Flexsim, world: WorldClient, tmp_path: Path) -> None:
    """Ours: what was saved makes a world like it; the file holds secrets, so nobody else may read it."""
    file, name = tmp_path / "saved.yaml", fresh_name("loaded")
    saved = flexsim("fixture", "save", str(file))
    assert saved.code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    try:
        assert flexsim.good("fixture", "load", str(file), "--world", name).out.startswith(f"The world '{name}' is made")
        assert flexsim.json("participant", "show", "tamar", "--world", name)["name"] == "Tamar Flexibility CIC"
    finally:
        flexsim("world", "delete", name)


def test_what_a_fixture_leaves_out_is_told_beside_it(flexsim: Flexsim) -> None:
    """Ours: standard output is the YAML, and nothing else."""
    saved = flexsim("fixture", "save", "-", "--no-secrets")
    assert saved.code == 0
    assert "organisations" in yaml.safe_load(saved.out)
    assert saved.err.startswith("Left out: ")


def test_a_fixture_comes_by_standard_input(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: - is standard input."""
    empty = flexsim.good("fixture", "show", "empty").out
    ran = flexsim("fixture", "load", "-", "--replace", "--now", "2026-11-02T16:00:00Z", typed=empty)
    assert ran.code == 0, ran
    assert world.get("/_sim/participants").json() == {"participants": []}


def test_a_wrong_fixture_is_refused_with_every_problem(flexsim: Flexsim, tmp_path: Path) -> None:
    """Ours: by the check without a server as by the server; exit code 1, and nothing is made."""
    file, name = tmp_path / "wrong.yaml", fresh_name("wrong")
    file.write_text("about: Wrong in two ways.\nclock: sometimes\nzones: []\norganisations: 5\n")
    for ran in (flexsim("fixture", "check", str(file)), flexsim("fixture", "load", str(file), "--world", name)):
        assert (ran.code, ran.out) == (1, "")
        assert "sometimes" in ran.err
        assert "organisations" in ran.err
    assert name not in flexsim.json("world", "list")["worlds"]


def test_shipped_fixtures_are_listed_shown_and_good(flexsim: Flexsim, tmp_path: Path) -> None:
    """Ours: each is a good start for one's own."""
    names = [each["name"] for each in flexsim.json("fixture", "list")["fixtures"]]
    assert names == sorted(path.stem for path in (ROOT / "fixtures/worlds").glob("*.yaml"))
    file = tmp_path / "mine.yaml"
    file.write_text(flexsim.good("fixture", "show", "demo").out)
    flexsim.good("fixture", "check", str(file))


def test_the_ledger_is_told_without_a_server() -> None:
    """Ours: built from the contracts and settings in force."""
    summary = run_command("fidelity", "--json").json
    assert summary["summary"]["unlabelled"] == 0
    assert {entry["label"] for entry in summary["entries"]} == {"documented", "public", "inferred", "assumed"}
    emails = run_command("fidelity", "--kind", "email", "--json").json["entries"]
    assert {entry["kind"] for entry in emails} == {"email"}
    assert "assumed  portal    number" in run_command("fidelity", "--search", "green_from_percent").out
