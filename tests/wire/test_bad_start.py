"""Starting and ending the command: what cannot work ends with exit code 2 and a sentence.

Wire format, assumed: command line.
"""

from __future__ import annotations

import re
import signal
import socket
from importlib import resources
from pathlib import Path

import pytest
import requests

from tests.builders import reading
from tests.servers import NOW, run_flexsim, running, subprocess_server


def refused(*args: str, env: dict[str, str] | None = None) -> str:
    """What `flexsim serve` says to settings it cannot use."""
    result = run_flexsim("serve", *args, env=env)
    assert result.returncode == 2, f"{result.returncode}: {result.stdout}{result.stderr}"
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize(("args", "says"), [
    (["--colour", "red"], "No such option"),
    (["--port", "many"], "not a valid integer"),
    (["--port", "-1"], "port must be at least 0"),
    (["--port", "65536"], "port is at most 65535"),
    (["--now", "tomorrow"], "is not a time: write it like 2026-11-02T16:00:00Z"),
    (["--now", "2026-11-02T16:00:00"], "has no offset"),
    (["--now", "0001-01-01T00:00:00Z"], "out of range"),
    (["--fixture", "nope"], "The fixture nope cannot be used"),
    (["--fixture", "/"], "The fixture / cannot be used"),
    (["--contract", "my.yaml"], "must look like participant=my.yaml"),
    (["--contract", "nobody=my.yaml"], "there is no platform 'nobody'"),
    (["--contract", "participant=/nowhere.yaml"], "The file cannot be read"),
    (["--config", "/nowhere.toml"], "/nowhere.toml"),
    (["--host", "192.0.2.1", "--control-token", "x", "--port", "0"], "Cannot listen on 192.0.2.1"),
    (["--control-token", ""], "control_token is empty"),
    (["extra"], "unexpected extra argument"),
])
def test_what_cannot_work_is_said_in_a_sentence(args: list[str], says: str) -> None:
    """Wire format, assumed: exit code 2: wrong usage."""
    assert says in refused(*args)


def test_all_wrong_settings_are_said_at_once(tmp_path: Path) -> None:
    """Wire format, assumed: all errors, not the first."""
    config = tmp_path / "flexsim.toml"
    config.write_text("colour = 'red'\n", "utf-8")
    said = refused("--now", "tomorrow", "--config", str(config), env={"FLEXSIM_THREADS": "0", "FLEXSIM_PORT": "many"})
    for part in ("now: 'tomorrow'", "'colour'", "threads must be at least 1", "FLEXSIM_PORT: must be a whole number"):
        assert part in said


def test_a_port_in_use_is_said_with_a_way_out() -> None:
    """Wire format, assumed: exit code 2; the message says how to find a free port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused("--port", str(taken.getsockname()[1]))
    assert "Address already in use" in said
    assert "--port 0" in said


@pytest.mark.parametrize("place", ["file/below", "/proc/flexsim", "file"])
def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path, place: str) -> None:
    """Wire format, assumed: --data DIR."""
    (tmp_path / "file").write_text("not a folder")
    data = tmp_path / place
    assert str(data) in refused("--port", "0", "--data", str(data))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_off_loopback_a_control_token_is_demanded(host: str) -> None:
    """Wire format, assumed: bound to another address the server demands --control-token."""
    said = refused("--port", "0", "--host", host)
    assert "--control-token" in said
    assert "127.0.0.1" in said


def test_off_loopback_the_control_token_is_checked() -> None:
    """Wire format, assumed: and checks it; health is open, for those who watch over containers."""
    with subprocess_server(["--host", "0.0.0.0", "--control-token", "control-secret", "--now", NOW]) as server:
        client = server.client()
        assert client.get("/_sim/clock").status_code == 401
        assert client.get("/_sim/clock", headers={"Authorization": "Bearer control-secreT"}).status_code == 401
        assert client.get("/_sim/clock", headers={"Authorization": "Basic control-secret"}).status_code == 401
        assert client.get("/_sim/clock", headers={"Authorization": "Bearer control-secret"}).status_code == 200
        assert client.get("/_sim/health").status_code == 200
        assert client.send(reading()).status_code == 200
        client.close()


def test_the_greeting_says_what_it_is_and_how_to_get_in() -> None:
    """Ours: a new user gets in without reading; and it never claims to be the platform."""
    with subprocess_server() as server:
        greeting = server.output()
        assert "SIMULATION" in greeting
        assert server.url in greeting
        assert "operations@brindle.example with Brindle-demo-2026" in greeting
        path = re.search(rf"{server.url}(/_sim/participants/\S+)", greeting)[1]
        assert re.fullmatch(r"\d{6}", server.client().get(path).json()["code"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_good_order(number: signal.Signals) -> None:
    """Wire format, assumed: exit code 0; with a connection that is kept open, as clients do."""
    with subprocess_server(["--now", NOW]) as server:
        client = server.client()
        assert client.send(reading()).status_code == 200
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        client.close()
        assert "Traceback" not in server.output()


def test_help_and_version_answer() -> None:
    """Wire format, assumed: exit code 0."""
    assert "--control-token" in run_flexsim("serve", "--help").stdout
    assert re.match(r"flexsim, version \d", run_flexsim("--version").stdout)


def test_a_variable_sets_what_no_option_sets() -> None:
    """Wire format, assumed: settings also come from FLEXSIM_* variables."""
    with subprocess_server(env={"FLEXSIM_NOW": "2026-11-02T17:00:00Z", "FLEXSIM_FIXTURE": "empty"}) as server:
        assert server.client().now().startswith("2026-11-02T17:0")


def test_a_second_server_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    """Two servers on one folder would give the same journal ids to different things."""
    with subprocess_server(["--data", str(tmp_path)]):
        assert "another server uses the folder" in refused("--port", "0", "--data", str(tmp_path))
    with subprocess_server(["--data", str(tmp_path)]) as again:
        assert requests.get(f"{again.url}/_sim/health", timeout=30).status_code == 200


def test_a_server_that_is_refused_a_folder_leaves_it_as_it_is(tmp_path: Path) -> None:
    """Ours: the server that has the folder goes on making worlds of what it keeps there for them."""
    with running(data=tmp_path) as simulator:
        worlds = f"{simulator.url}/_sim/worlds"
        for name in ("one", "two"):
            made = requests.put(f"{worlds}/{name}", json={"fixture": "empty", "now": NOW}, timeout=60)
            assert made.status_code == 201, made.text
        kept = sorted(path.name for path in (tmp_path / "worlds" / ".filled").iterdir())
        assert "another server uses the folder" in refused("--port", "0", "--data", str(tmp_path))
        assert sorted(path.name for path in (tmp_path / "worlds" / ".filled").iterdir()) == kept != []
        for file in (tmp_path / "worlds" / ".filled").iterdir():
            file.unlink()
        answer = requests.put(f"{worlds}/three", json={"fixture": "empty", "now": NOW}, timeout=60)
        assert answer.status_code == 201, answer.text


def test_two_contracts_with_a_call_at_the_same_place_are_refused(tmp_path: Path) -> None:
    """Ours: nobody could tell which of them is meant."""
    contract = (resources.files("simulator.contracts") / "smp.yaml").read_text("utf-8")
    copy = tmp_path / "mine.yaml"
    copy.write_text(contract.replace("/smp/api/v1/units:", "/api/v2/readings:"), "utf-8")
    said = refused("--port", "0", "--contract", f"smp={copy}")
    assert "POST /api/v2/readings is postReadings of the participant contract and createUnit of the smp" in said


def test_a_key_that_was_never_written_is_made_anew(tmp_path: Path) -> None:
    """Ours: a server that was killed while it made the key of its forms leaves none that is empty for ever."""
    key = tmp_path / "server.key"
    key.touch()
    with running(data=tmp_path):
        made = key.read_text()
        assert made
        assert key.stat().st_mode & 0o777 == 0o600
    with running(data=tmp_path):
        assert key.read_text() == made
