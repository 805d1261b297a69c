"""The wheel holds all that is needed: it is built and installed by the Dockerfile's own steps, and used elsewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
import requests

ROOT = Path(__file__).parents[2]

# An image is made once and started often, so there pip compiles all modules; here that takes longer than the tests.
QUICK = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_COMPILE": "1"}


def dockerfile() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile: (word, rest of the line)."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def instruction(word: str) -> str:
    """The last instruction of a kind."""
    return [rest for name, rest in dockerfile() if name == word][-1]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment in which the Dockerfile's steps have been run; the folder of its commands."""
    root = tmp_path_factory.mktemp("container")
    venv.create(root / "venv", with_pip=True)
    steps = [rest for word, rest in dockerfile() if word == "RUN" and ("pip" in rest or "python" in rest)]
    assert len(steps) == 4, "the Dockerfile has other steps than this test knows"
    for step in steps:
        # The build stage works in the checkout, which stands for /build; /wheels and /opt are folders of this test.
        step = step.replace("/wheels", f"{root}/wheels").replace("/opt/flexsim", f"{root}/opt/flexsim")
        run = subprocess.run(
            step, shell=True, cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, **QUICK, "PATH": f"{root}/venv/bin:{os.environ['PATH']}"})
        assert run.returncode == 0, f"{step}\n{run.stdout}\n{run.stderr}"
    return root / "opt" / "flexsim" / "bin"


@pytest.fixture
def served(installation: Path, tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What the image starts, running in an empty folder: its address, and the environment it runs in."""
    variables = dict(pair.split("=", 1) for pair in shlex.split(instruction("ENV")))
    environ = {**os.environ, **variables, "FLEXSIM_DATA": str(tmp_path / "data"), "FLEXSIM_PORT": "0",
               "FLEXSIM_CONTROL_TOKEN": "a-secret-of-the-test", "PATH": f"{installation}:{os.environ['PATH']}"}
    command = json.loads(instruction("ENTRYPOINT")) + json.loads(instruction("CMD"))
    process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        greeting = process.stdout.readline()
        port = re.search(r"http://0\.0\.0\.0:(\d+)", greeting).group(1)
        yield f"http://127.0.0.1:{port}", {**environ, "FLEXSIM_PORT": port}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_installed_wheel_serves_the_portal_from_another_folder(served: tuple[str, dict[str, str]]) -> None:
    """Templates, static files and fixtures are part of the wheel (ours: project): sign in, and look at the units."""
    url, _ = served
    with requests.Session() as browser:
        page = browser.get(f"{url}/sign-in")
        assert browser.get(f"{url}/static/portal.css").status_code == 200
        assert browser.get(f"{url}/bootstrap/static/css/bootstrap.min.css").status_code == 200
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)
        page = browser.post(f"{url}/sign-in", data={
            "csrf_token": csrf, "email": "operations@brindle.example", "password": "Brindle-demo-2026"})
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)
        code = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").now()
        page = browser.post(f"{url}/sign-in/code", data={"csrf_token": csrf, "code": code})
        assert page.url == f"{url}/meterable-units"
        assert "MU-1001" in page.text


def test_the_health_check_tells_a_living_server_from_a_dead_one(served: tuple[str, dict[str, str]]) -> None:
    """The Dockerfile's HEALTHCHECK exits with 0 while the server answers, and with 1 when it does not."""
    _, environ = served
    check = json.loads(instruction("HEALTHCHECK").split("CMD", 1)[1])
    alive = subprocess.run(check, env=environ, capture_output=True, text=True)
    assert alive.returncode == 0, alive.stderr
    assert json.loads(alive.stdout)["status"] == "ok"
    dead = subprocess.run(check, env={**environ, "FLEXSIM_PORT": "1"}, capture_output=True, text=True)
    assert dead.returncode == 1
    assert "No answer from port 1" in dead.stderr


def test_the_container_does_not_run_as_root() -> None:
    """The Dockerfile ends as another user than root, by number: Kubernetes' runAsNonRoot asks for one."""
    user, group = instruction("USER").split(":")
    assert int(user) > 0 and int(group) > 0


def test_the_image_holds_only_what_was_installed() -> None:
    """The last stage copies the environment, and neither sources nor wheels nor pip's cache."""
    last_stage = dockerfile()[max(place for place, (word, _) in enumerate(dockerfile()) if word == "FROM"):]
    assert [rest for word, rest in last_stage if word == "COPY"] == ["--from=build /opt/flexsim /opt/flexsim"]
    assert all("--no-cache-dir" in rest for word, rest in dockerfile() if word == "RUN" and " install " in rest
               and rest.startswith("pip"))


def test_the_container_can_be_ended() -> None:
    """The simulator is the container's first process, so no shell swallows the signal that Docker sends it."""
    assert instruction("STOPSIGNAL") == signal.SIGTERM.name
    for word in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(instruction(word)), list)


def test_the_container_refuses_to_start_without_a_control_token(installation: Path, tmp_path: Path) -> None:
    """A container can be reached from other machines, so /_sim must not be open there (wire format, assumed: simulator
    surface).
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSIM_")}
    variables = dict(pair.split("=", 1) for pair in shlex.split(instruction("ENV")))
    run = subprocess.run(
        [installation / "flexsim", "serve"], capture_output=True, text=True, cwd=tmp_path,
        env={**environ, **variables, "FLEXSIM_DATA": str(tmp_path / "data"), "FLEXSIM_PORT": "0"})
    assert run.returncode == 2
    assert "--control-token" in run.stderr
    assert sys.executable not in run.stderr


def test_the_sample_project_passes_its_tests_with_the_installed_wheel(installation: Path, tmp_path: Path) -> None:
    """Ours: a project of its own, whose tests use the installed wheel and nothing else of this repository."""
    sample = tmp_path / "acme"
    shutil.copytree(ROOT / "examples" / "pytest_project", sample,
                    ignore=shutil.ignore_patterns("__pycache__", ".venv", ".pytest_cache"))
    wanted = tomllib.loads((sample / "pyproject.toml").read_text())["project"]
    others = [each for each in wanted["dependencies"] + wanted["optional-dependencies"]["test"]
              if not each.startswith("flex-platform-simulator")]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and "FLEXSIM" not in name}
    python = str(installation / "python")
    pip = [str(installation.parents[2] / "venv" / "bin" / "pip"), "--python", python]
    for command in ([*pip, "install", "--constraint", str(ROOT / "constraints.txt"), *others],
                    [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]):
        run = subprocess.run(command, cwd=sample, capture_output=True, text=True, env={**environ, **QUICK},
                             timeout=300, check=False)
        assert run.returncode == 0, f"{command}\n{run.stdout}\n{run.stderr}"
    assert re.search(r"^[1-9]\d* passed", run.stdout, re.M), run.stdout
