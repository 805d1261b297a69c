"""The recipes for containers and CI are true: they parse, what they name exists, and their steps run."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.cli import main
from simulator.settings import read_settings
from tests.servers import clean_environment

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/containers-and-ci.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
WORKFLOWS: list[dict[str, Any]] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.S)]
SERVICE: dict[str, Any] = COMPOSE["services"]["flexsim"]


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a workflow's only job."""
    job, = workflow["jobs"].values()
    return job["steps"]


def settings_of(variables: dict[str, Any]) -> Any:
    """What the simulator makes of these variables; it refuses those that are no settings."""
    return read_settings({}, {name: str(value) for name, value in variables.items()})


def instruction(word: str) -> list[str]:
    """What the Dockerfile says in all lines that begin with a word."""
    return re.findall(rf"^{word} (.*)$", (ROOT / "Dockerfile").read_text(), re.M)


def test_there_are_two_workflows() -> None:
    """One starts the command in the job, the other takes the image."""
    assert len(WORKFLOWS) == 2
    assert "services" in WORKFLOWS[1]["jobs"]["test"] and "services" not in WORKFLOWS[0]["jobs"]["test"]


def test_all_variables_are_settings_that_can_be_used() -> None:
    """Compose file, both workflows, and the image's own."""
    job, service = WORKFLOWS[0]["jobs"]["test"], WORKFLOWS[1]["jobs"]["test"]["services"]["flexsim"]
    for variables in (job["env"], service["env"], SERVICE["environment"],
                      dict(pair.split("=", 1) for pair in instruction("ENV")[-1].split())):
        settings_of({name: value for name, value in variables.items() if not str(value).startswith("${")})


def test_a_container_without_a_token_is_refused_by_compose_already() -> None:
    """Compose stops at a variable that is not set, with the words after `:?`."""
    token = SERVICE["environment"]["FLEXSIM_CONTROL_TOKEN"]
    assert re.fullmatch(r"\$\{FLEXSIM_CONTROL_TOKEN:\?[^}]+\}", token)


def test_the_ports_are_those_that_are_served() -> None:
    """The image's port, published to this machine only; the mail catcher where the simulator sends its mails."""
    port, = instruction("EXPOSE")
    assert SERVICE["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert settings_of({}).port == int(port)
    host, smtp = SERVICE["environment"]["FLEXSIM_SMTP"].split(":")
    assert host in COMPOSE["services"] and smtp == "1025"
    assert f"{port}:{port}" in WORKFLOWS[1]["jobs"]["test"]["services"]["flexsim"]["ports"]


def test_the_worlds_are_kept_in_a_volume() -> None:
    """Compose's volume is where the image keeps its worlds, the one place that it writes to besides /tmp."""
    data = dict(pair.split("=", 1) for pair in instruction("ENV")[-1].split())["FLEXSIM_DATA"]
    volume, place = SERVICE["volumes"][0].split(":")
    assert place == data == instruction("VOLUME")[0]
    assert volume in COMPOSE["volumes"]
    assert SERVICE["read_only"] and SERVICE["tmpfs"] == ["/tmp"]


def test_compose_builds_what_is_here_and_starts_no_stub() -> None:
    """The simulator from this folder, a mail catcher of a fixed version, and nothing that could not run."""
    assert set(COMPOSE["services"]) == {"flexsim", "mail"}
    assert SERVICE["build"] == "."
    assert re.fullmatch(r"[a-z/]+:v\d+\.\d+", COMPOSE["services"]["mail"]["image"])


def test_the_image_has_the_time_that_it_needs_to_end() -> None:
    """Compose sends SIGKILL after the grace period; the server ends within two seconds."""
    assert SERVICE["stop_grace_period"] == "3s"


def test_the_steps_of_the_workflow_run_as_they_stand(tmp_path: Path) -> None:
    """The simulator is started, waited for, and its journal kept by the very lines; only the port is another one."""
    named = {step["name"]: step["run"] for step in steps(WORKFLOWS[0]) if "name" in step}
    commands = tmp_path / "bin"
    commands.mkdir()
    flexsim = commands / "flexsim"
    flexsim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simulator "$@"\n')
    flexsim.chmod(0o755)
    port = _free_port()
    script = "\n".join(["set -e", named["Start the simulator"],
                        named["Keep what happened"].replace(":8000/", f":{port}/"),
                        "kill $(cat flexsim.pid)", "wait"])
    script = script.replace("2>&1 &", "2>&1 & echo $! > flexsim.pid")
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120,
                         env={**clean_environment(WORKFLOWS[0]["jobs"]["test"]["env"]), "FLEXSIM_PORT": str(port),
                              "PYTHONPATH": str(ROOT), "PATH": f"{commands}:{os.environ['PATH']}"})
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"log"' in (tmp_path / "flexsim.har").read_text()[:200]
    kept = next(step for step in steps(WORKFLOWS[0]) if "upload-artifact" in step.get("uses", ""))["with"]["path"]
    assert all((tmp_path / name).is_file() for name in kept.split())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("line", re.findall(r"flexsim (serve|health)((?: --[a-z-]+(?: [^-`&>\s]\S*)?)*)", TEXT))
def test_commands_and_options_exist(line: tuple[str, str]) -> None:
    """Every option that the recipes give to a command is one of its options."""
    command, options = line
    known = main.get_command(None, command)  # type: ignore[arg-type]
    names = {name for option in known.params for name in option.opts} | {"--help"}
    assert set(re.findall(r"--[a-z-]+", options)) <= names
