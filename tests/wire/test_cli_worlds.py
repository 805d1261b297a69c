"""`flexsim clock` and `flexsim world` against a running server.

Wire format, assumed: command line; what is printed is ours.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Flexsim, run_command
from tests.endpoints import GOOD, endpoint, says
from tests.servers import NOW, WorldClient, fresh_name, running


@pytest.fixture
def flexsim(world: WorldClient) -> Flexsim:
    """The command, for a quiet world whose clock stands on Monday 2 November 2026, 17:00."""
    world.freeze(NOW)
    return Flexsim(world)


def test_the_clock_is_shown_in_london_and_in_utc(flexsim: Flexsim) -> None:
    """Ours: people of this market think in London time, programs in UTC."""
    flexsim("clock", "set", "2026-07-01T12:00:00Z")
    shown = flexsim.good("clock", "show").out
    assert "Wed 01 Jul 2026 13:00:00 BST" in shown
    assert "2026-07-01T12:00:00Z" in shown


def test_json_is_what_the_server_answered_and_nothing_else(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: --json prints machine-readable output and nothing else."""
    assert flexsim.json("clock", "show") == world.get("/_sim/clock").json()


def test_freezing_stops_the_clock(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: the mode frozen alone freezes where it stands."""
    flexsim.good("clock", "run")
    flexsim.good("clock", "freeze")
    assert world.get("/_sim/clock").json()["mode"] == "frozen"


@pytest.mark.parametrize(("options", "mode", "rate"), [((), "scaled", 1), (("--speed", "60"), "scaled", 60),
                                                       (("--real",), "real", 1)])
def test_the_clock_runs_as_told(flexsim: Flexsim, options: tuple[str, ...], mode: str, rate: float) -> None:
    """Ours: from where it stands, at any speed, or with the real time."""
    clock = flexsim.json("clock", "run", *options)
    assert (clock["mode"], clock["rate"]) == (mode, rate)


def test_a_clock_that_runs_begins_where_it_stood(flexsim: Flexsim) -> None:
    """Ours: only --real changes what time it is."""
    assert flexsim.json("clock", "run")["now"].startswith("2026-11-02T17:00:0")


@pytest.mark.parametrize(("words", "instant"), [("2026-11-15T12:00:00Z", "2026-11-15T12:00:00+00:00"),
                                                ("tomorrow 08:00", "2026-11-03T08:00:00+00:00")])
def test_the_clock_is_set_by_exact_times_and_by_words(flexsim: Flexsim, words: str, instant: str) -> None:
    """Ours: words are London time."""
    assert flexsim.json("clock", "set", words)["now"] == instant


def test_setting_a_clock_keeps_its_speed(flexsim: Flexsim) -> None:
    """Ours: the time is another, not how it passes."""
    flexsim.good("clock", "run", "--speed", "60")
    assert flexsim.json("clock", "set", "2026-11-15T12:00:00Z")["rate"] == 60


def test_an_advance_lists_the_jobs_that_ran(flexsim: Flexsim) -> None:
    """Wire format, assumed: the advance answers with the jobs; they are listed with both times and outcome."""
    ran = flexsim.good("clock", "advance", "--to", "next Thursday 12:05")
    assert "Market time is Thu 05 Nov 2026 12:05:00 GMT (2026-11-05T12:05:00Z)." in ran.out
    assert ["decide_next_week", "Thu 05 Nov 2026 12:00:00 GMT", "2026-11-05T12:00:00Z", "done"] in ran.rows


def test_an_advance_by_a_duration_goes_so_far(flexsim: Flexsim) -> None:
    """Wire format, assumed: `by` is an ISO 8601 duration."""
    assert flexsim.json("clock", "advance", "--by", "PT24H")["now"] == "2026-11-03T17:00:00+00:00"


def test_an_advance_takes_words_for_its_length(flexsim: Flexsim) -> None:
    """Ours: one way to write a length of time, on the command line, in `/_sim` and in the console."""
    assert flexsim.json("clock", "advance", "--by", "90 minutes")["now"] == "2026-11-02T18:30:00+00:00"


def test_an_advance_reads_times_as_setting_the_clock_does(flexsim: Flexsim) -> None:
    """Ours: a date and time without an offset is London's in both. Regression: the server was sent it as it stood."""
    assert flexsim.json("clock", "set", "2026-07-01T12:00:00")["now"] == "2026-07-01T11:00:00+00:00"
    assert flexsim.json("clock", "advance", "--to", "2026-07-01T13:00:00")["now"] == "2026-07-01T12:00:00+00:00"


def test_the_server_s_refusal_is_told_with_every_error_and_its_place(flexsim: Flexsim) -> None:
    """Ours: errors on standard error as the server's sentences, each with its pointer; exit code 1."""
    ran = flexsim("fault", "on", "portal", "delayMs=5", "unknown=4", "--participant", "brindle")
    assert (ran.code, ran.out) == (1, "")
    assert [line.strip().partition(": ")[0] for line in ran.err.splitlines()[1:]] == [
        "/effect/unknown", "/match/participant"]


@pytest.mark.parametrize(("words", "told"), [
    (("clock", "advance"), "Give either --by"),
    (("clock", "advance", "--by", "PT1H", "--to", "tomorrow 08:00"), "Give either --by"),
    (("clock", "advance", "--by", "soon"), "write it like PT24H"),
    (("clock", "advance", "--to", "someday"), "next Thursday 12:05"),
    (("clock", "set", "someday"), "next Thursday 12:05"),
    (("clock", "run", "--real", "--speed", "2"), "not both"),
    (("clock", "show", "--url", "localhost:8000"), "--url must look like http://127.0.0.1:8000"),
    (("clock", "show", "--url", "http://127.0.0.1:99999"), "--url must look like"),
    (("journal", "--limit", "5", "show", "1"), "Give the options behind show"),
    (("nothing",), "No such command"),
])
def test_wrong_usage_is_explained_with_exit_code_2(flexsim: Flexsim, words: tuple[str, ...], told: str) -> None:
    """Wire format, assumed: exit code 2 is wrong usage."""
    ran = flexsim(*words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_no_server_is_told_with_what_helps(flexsim: Flexsim) -> None:
    """Ours: exit code 2, and how to start one, or to say where it is."""
    ran = flexsim("clock", "show", "--url", "http://127.0.0.1:1")
    assert (ran.code, ran.out) == (2, "")
    assert "No simulator answers at http://127.0.0.1:1" in ran.err
    assert "flexsim serve" in ran.err
    assert "--url or FLEXSIM_URL" in ran.err


@pytest.mark.parametrize(("answer", "told"), [
    (GOOD, "is no simulator"),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nNope", "is no simulator (it answered 404)"),
    (b'HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n[]', "is no simulator (it answered 500)"),
    (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"now"', "broke off"),
    (b"", "broke off without an answer"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "is no simulator"),
])
def test_what_is_no_simulator_is_told_apart(answer: bytes, told: str) -> None:
    """Ours: exit code 2, and no more than the address that was given is asked."""
    with endpoint(says(answer)) as other:
        ran = run_command("clock", "show", "--url", other.url)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_world_is_made_listed_and_deleted(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: PUT and DELETE of a world."""
    name = fresh_name("made")
    made = flexsim.good("world", "make", name, "--fixture", "empty", "--now", "2026-11-02T16:00:00Z")
    assert f"{flexsim.server_url}/w/{name}/console" in made.out
    assert name in flexsim.json("world", "list")["worlds"]
    assert flexsim.good("clock", "show", "--world", name).out.count("2026-11-02T16:00:") == 1
    flexsim.good("world", "delete", name)
    assert name not in flexsim.json("world", "list")["worlds"]


def test_a_world_that_is_there_is_not_made_anew_by_accident(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: making it anew forgets all it holds, so it takes a word more."""
    ran = flexsim("world", "make", world.name)
    assert ran.code == 1
    assert "--replace" in ran.err
    assert world.now() == "2026-11-02T17:00:00+00:00"
    flexsim.good("world", "make", world.name, "--replace", "--fixture", "empty")
    assert world.get("/_sim/participants").json() == {"participants": []}


def test_a_world_is_reset(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: back to the world's fixture."""
    world.delete("/_sim/mailbox")
    flexsim.good("world", "reset")
    assert len(world.mails()) == 1


@pytest.mark.parametrize("name", ["../default", "..", ".", "a/b", "Über", "%2e%2e", "a\n"])
def test_no_name_leads_out_of_the_calls_of_worlds(flexsim: Flexsim, name: str) -> None:
    """Ours: a name is one part of a path, whatever it has in it."""
    for words in (("world", "make", name), ("world", "delete", name), ("clock", "show", "--world", name)):
        ran = flexsim(*words)
        assert (ran.code, ran.out) == (1, ""), words


def test_a_world_that_is_not_there_is_told(flexsim: Flexsim) -> None:
    """Ours: the server's sentence; exit code 1."""
    ran = flexsim("clock", "show", "--world", "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert "There is no world 'nowhere'" in ran.err


def test_open_prints_the_addresses(flexsim: Flexsim, world: WorldClient) -> None:
    """Ours: portal and console, for a browser that is elsewhere too."""
    assert flexsim.json("world", "open") == {
        "world": world.name, "portal": f"{world.url}/", "console": f"{world.url}/console"}
    assert f"{world.url}/console" in flexsim.good("world", "open", "--no-browser").out


def test_a_snapshot_is_taken_listed_and_restored(flexsim: Flexsim, world: WorldClient) -> None:
    """Wire format, assumed: snapshots are copies of the database."""
    flexsim.good("world", "snapshot", "before")
    assert [row["name"] for row in flexsim.json("world", "snapshots")["snapshots"]] == ["before"]
    world.delete("/_sim/mailbox")
    restored = flexsim.good("world", "restore", "before")
    assert "2026-11-02T17:00:00Z" in restored.out
    assert len(world.mails()) == 1
    flexsim.good("world", "forget", "before")
    assert flexsim.json("world", "snapshots") == {"snapshots": []}


def test_a_snapshot_goes_to_a_file_and_back(flexsim: Flexsim, world: WorldClient, tmp_path: Path) -> None:
    """Ours: the file holds secrets, so nobody else may read it; it is not written over another by accident."""
    file = tmp_path / "saved.sqlite"
    flexsim.good("world", "snapshot", "before")
    flexsim.good("world", "download", "before", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    again = flexsim("world", "download", "before", str(file))
    assert again.code == 2
    assert "--force" in again.err
    flexsim.good("world", "download", "before", str(file), "--force")
    flexsim.good("world", "forget", "before")
    world.delete("/_sim/mailbox")
    flexsim.good("world", "upload", "back", str(file))
    flexsim.good("world", "restore", "back")
    assert len(world.mails()) == 1


def test_a_download_that_fails_leaves_no_file(flexsim: Flexsim, tmp_path: Path) -> None:
    """Ours: a file is whole, or not there."""
    ran = flexsim("world", "download", "nothing", str(tmp_path / "saved.sqlite"))
    assert ran.code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_snapshot_is_refused(flexsim: Flexsim, tmp_path: Path) -> None:
    """Ours: the server says why; nothing is kept."""
    file = tmp_path / "no.sqlite"
    file.write_text("This is no database.")
    ran = flexsim("world", "upload", "back", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert flexsim.json("world", "snapshots") == {"snapshots": []}


def test_the_control_token_is_sent() -> None:
    """Wire format, assumed: a server with a control token wants it with every call; how to give it is told."""
    with running(fixture="empty", control_token="s3cret") as simulator:
        refused = run_command("clock", "show", "--url", simulator.url)
        assert refused.code == 1
        assert "FLEXSIM_CONTROL_TOKEN" in refused.err
        assert "s3cret" not in refused.err
        assert run_command("clock", "show", "--url", simulator.url, "--control-token", "s3cret").code == 0
        assert run_command("clock", "show", env={"FLEXSIM_URL": simulator.url,
                                                 "FLEXSIM_CONTROL_TOKEN": "s3cret"}).code == 0


def test_a_server_with_tls_is_trusted_by_its_authority() -> None:
    """Ours: --ca-file names the authority that `flexsim serve --tls` made; without it the way there is told."""
    with running(fixture="empty", tls=True) as simulator:
        refused = run_command("clock", "show", "--url", simulator.url)
        assert refused.code == 2
        assert "--ca-file" in refused.err
        assert run_command("clock", "show", "--url", simulator.url, "--ca-file", str(simulator.ca_file)).code == 0
