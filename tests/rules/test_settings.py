"""Settings: where they come from, which wins, and what is said about bad ones (wire format, assumed: command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.settings import Settings, SettingsUnusable, read_settings
from simulator.timekeeping.instants import read_instant


def toml(folder: Path, text: str) -> Path:
    file = folder / "flexsim.toml"
    file.write_text(text, "utf-8")
    return file


def problems_of(given: dict | None = None, environ: dict | None = None, file: Path | None = None) -> list[str]:
    with pytest.raises(SettingsUnusable) as caught:
        read_settings(given or {}, environ or {}, file)
    return caught.value.problems


def test_without_anything_given_the_defaults_hold() -> None:
    """Wire format, assumed: --host 127.0.0.1, --port 8000, the demo fixture."""
    assert read_settings({}, {}) == Settings()
    assert (Settings().host, Settings().port, Settings().fixture) == ("127.0.0.1", 8000, "demo")


def test_the_command_line_wins_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    """Ours: the nearer to the user, the stronger."""
    file = toml(tmp_path, 'port = 1\nthreads = 2\nfixture = "empty"\n')
    settings = read_settings({"port": 5}, {"FLEXSIM_PORT": "3", "FLEXSIM_THREADS": "4"}, file)
    assert (settings.port, settings.threads, settings.fixture) == (5, 4, "empty")


def test_options_that_were_not_given_do_not_win(tmp_path: Path) -> None:
    """Ours: an option left out is None."""
    assert read_settings({"port": None}, {"FLEXSIM_PORT": "3"}).port == 3


def test_other_variables_are_left_alone() -> None:
    """Wire format, assumed: settings come from FLEXSIM_* variables."""
    assert read_settings({}, {"PORT": "1", "HOST": "example.org", "FLEX": "x"}) == Settings()


def test_every_kind_of_setting_can_be_a_variable() -> None:
    """Wire format, assumed: settings also come from FLEXSIM_* variables."""
    settings = read_settings({}, {
        "FLEXSIM_DATA": "/tmp/x", "FLEXSIM_NOW": "2026-11-02T16:00:00Z", "FLEXSIM_PORT": "0",
        "FLEXSIM_CONTRACTS": "participant=my.yaml", "FLEXSIM_CREDENTIALS": "market"})
    assert settings.data == Path("/tmp/x")
    assert settings.now == datetime(2026, 11, 2, 16, tzinfo=UTC)
    assert settings.contracts == {"participant": Path("my.yaml")}
    assert settings.credentials == "market"


def test_every_kind_of_setting_can_stand_in_the_file(tmp_path: Path) -> None:
    """Ours: TOML has times and tables of its own."""
    settings = read_settings({}, {}, toml(
        tmp_path, 'now = 2026-11-02T16:00:00Z\ndata = "worlds"\n[contracts]\nparticipant = "my.yaml"\n'))
    assert settings.now == datetime(2026, 11, 2, 16, tzinfo=UTC)
    assert settings.data == Path("worlds")
    assert settings.contracts == {"participant": Path("my.yaml")}


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    """Wire format, assumed: all errors are listed, not the first; the same holds for settings."""
    found = problems_of({"threads": 0, "credentials": "moon"}, {"FLEXSIM_PORT": "many", "FLEXSIM_PORTS": "1"},
                        toml(tmp_path, "nonsense = 1\nnow = 2026-11-02T16:00:00\n"))
    text = "\n".join(found)
    for part in ("threads must be at least 1", "credentials must be", "FLEXSIM_PORT: must be a whole number",
                 "'ports'", "'nonsense'", "now needs an offset"):
        assert part in text
    assert len(found) == 6


@pytest.mark.parametrize(("given", "says"), [
    ({"port": -1}, "port must be at least 0"),
    ({"session_hours": 0}, "session_hours must be at least 1"),
    ({"contracts": "my.yaml"}, "must look like participant=my.yaml"),
    ({"now": "tomorrow"}, "is not a time"),
    ({"now": "2026-11-02T16:00:00"}, "has no offset"),
    ({"control_token": " "}, "control_token is empty"),
])
def test_a_value_that_cannot_be_used_is_refused_in_plain_words(given: dict, says: str) -> None:
    """Ours: the message says which setting, and what it may be."""
    assert [says in problem for problem in problems_of(given)] == [True]


@pytest.mark.parametrize("text", ["port = ", "\x00", "[port]\nport = 1\nport = 2"])
def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """Ours: the message names the file."""
    file = toml(tmp_path, text)
    assert [str(file) in problem for problem in problems_of(file=file)] == [True]


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    """Ours: the message names the file."""
    assert [str(tmp_path / "none.toml") in problem for problem in problems_of(file=tmp_path / "none.toml")] == [True]


@pytest.mark.parametrize("text", ["1970-12-31T23:59:59Z", "9000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00"])
def test_market_time_stays_within_years_that_zones_and_timetables_can_express(text: str) -> None:
    """Ours: at the edges of the calendar, time-zone arithmetic fails."""
    with pytest.raises(ValueError, match="out of range"):
        read_instant(text)


def test_a_time_with_an_offset_becomes_utc() -> None:
    """Portal FAQ page (public): timestamps are UTC."""
    assert read_instant("2026-07-06T17:00:00+01:00").isoformat() == "2026-07-06T16:00:00+00:00"


@pytest.mark.parametrize(("host", "loopback"), [
    ("127.0.0.1", True), ("127.8.8.8", True), ("localhost", True), ("::1", True),
    ("0.0.0.0", False), ("::", False), ("192.168.0.7", False), ("example.org", False),
])
def test_loopback_is_known(host: str, loopback: bool) -> None:
    """Wire format, assumed: the console and /_sim are open on loopback only."""
    assert Settings(host=host).on_loopback is loopback
