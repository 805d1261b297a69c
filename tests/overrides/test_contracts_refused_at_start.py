"""A contract that cannot work: the command says every problem, with file, line and how to mend it, and ends with 2."""

from __future__ import annotations

import errno
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import Settings, Simulator
from simulator.settings import CannotStart
from tests.overrides.calling import contract_file
from tests.servers import run_flexsim

GOOD = contract_file("watts").read_text()
PATH = "/api/v2/readings:"


def changed(old: str, new: str) -> str:
    """The contract `watts` with something else in one place."""
    assert old in GOOD
    return GOOD.replace(old, new)


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which a part of the text stands first."""
    return text[:text.index(part)].count("\n") + 1


DISPATCH = """webhooks:
  dispatch:
    x-path: /dispatch/{id}
    post:
      operationId: sendDispatch
      requestBody: {content: {application/json: {schema: {properties: {instruction: {enum: [BEGIN]}}}}}}
      responses: {2XX: {description: Acknowledged}}
"""

# What is wrong -> the file's text, a part of the line that is named, and what is said of it.
BROKEN: dict[str, tuple[str, str, str]] = {
    "no YAML": (changed("info: {title:", "info: {title: x:"), "info:", "This is not YAML"),
    "a key twice": (GOOD + "paths: {}\n", "paths: {}", "stands here a second time"),
    "OpenAPI 3.0": (changed("openapi: 3.1.0", "openapi: 3.0.3"), "openapi:", "is OpenAPI 3.0.3"),
    "Swagger": (changed("openapi: 3.1.0", "swagger: '2.0'"), "swagger", "is OpenAPI 2.0"),
    "no paths": ("openapi: 3.1.0\ninfo: {title: a, version: '1'}\n", "openapi", "has no paths"),
    "no place for the unit": (changed("meterableUnitId: {", "mpid: {"), "post:", "no place for meterable_unit_id"),
    "no place for the time": (changed("timestamp: {", "at: {"), "post:", "no place for timestamp"),
    "no place for an amount": (re.sub(r"x-canonical: (power_kw|energy_kwh), x-unit: Wh?", "x-canonical: null", GOOD),
                               "post:", "no place for power_kw"),
    "unknown operationId": (changed("postReadings", "postReading"), "operationId", "Did you mean postReadings?"),
    "unknown unit of measure": (changed("x-unit: Wh", "x-unit: TWh"), "TWh", "is not a unit we know"),
    "unknown word": (changed("x-outcome: accepted", "x-outcome: fine"), "x-outcome", "fine is not a word we know"),
    "reference to nothing": (changed("$ref: '#/components/schemas/Reading'", "$ref: '#/components/schemas/Meter'"),
                             "#/components/schemas/Meter", "not there"),
    "the first page": (changed(PATH, "/:"), "post:", "The path / is the simulator's own first page"),
    "a page": (changed(PATH, "/sign-in:"), "post:", "begins with /sign-in, which belongs to the simulator"),
    "below a page": (changed(PATH, "/api-testing/readings:"), "post:", "begins with /api-testing"),
    "the control calls": (changed(PATH, "/_sim/readings:"), "post:", "begins with /_sim"),
    "a base path that is a page": (changed("paths:", "servers: [{url: 'https://x.example/meterable-units'}]\npaths:"),
                                   "post:", "begins with /meterable-units"),
    "a dispatch without its end": (GOOD + DISPATCH, "    post:\n      operationId: sendDispatch",
                                   "sendDispatch has no place for end_time"),
    "a dispatch with a path nobody can fill": (GOOD + DISPATCH, "    post:\n      operationId: sendDispatch",
                                               "no parameter says what it is"),
    "a dispatch with an unknown word": (GOOD + DISPATCH, "      requestBody: {content: {application/json",
                                        "The word 'BEGIN' has no meaning we know"),
    "a path that can be any": (
        changed("    post:", "    parameters:\n      - {in: path, name: any, required: true, schema: {type: string}, "
                             "example: a}\n    post:").replace(PATH, "/{any}/readings:"),
        "post:", "can mean /_sim"),
}


def refused(file: Path) -> subprocess.CompletedProcess[str]:
    """What the command says of a contract that it must refuse, with exit code 2, in words for people."""
    done = run_flexsim("serve", "--port", "0", "--contract", f"participant={file}")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    first, *problems = done.stderr.splitlines()
    assert first == "This contract cannot work:"
    assert problems
    for problem in problems:
        assert problem.startswith(str(file)), problem
        assert problem.endswith("."), problem
    return done


@pytest.mark.parametrize("name", BROKEN)
def test_the_command_names_file_line_and_cause(tmp_path: Path, name: str) -> None:
    """Say clearly at start what is wrong with a contract that cannot work. wire format, assumed: exit code 2."""
    text, part, said = BROKEN[name]
    file = tmp_path / "my.yaml"
    file.write_text(text)
    problems = refused(file).stderr.splitlines()[1:]
    place = re.compile(rf"{re.escape(str(file))}, line {line_of(text, part)}(:| \()")
    assert any(place.match(problem) and said in problem for problem in problems), problems


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    """Three faults are three lines, each with its own line number."""
    text = GOOD.replace("x-unit: Wh", "x-unit: TWh").replace("timestamp: {", "at: {").replace(": accepted\n", ": ok\n")
    file = tmp_path / "my.yaml"
    file.write_text(text)
    problems = refused(file).stderr
    for part in ("TWh", "post:", "x-outcome"):
        assert f"{file}, line {line_of(text, part)} " in problems


@pytest.mark.parametrize("make", [
    pytest.param(lambda file: None, id="not there"),
    pytest.param(lambda file: file.mkdir(), id="a folder"),
    pytest.param(lambda file: file.write_bytes(b"PK\x03\x04\x00\xff\xfe"), id="no text"),
    pytest.param(lambda file: file.write_bytes(b"\xe9t\xe9: 1"), id="not UTF-8"),
    pytest.param(lambda file: file.write_text(""), id="empty"),
    pytest.param(lambda file: file.write_text("- a list"), id="a list"),
    pytest.param(lambda file: file.write_text("openapi: 3.1.0\npaths: &a {x: *a}"), id="a loop"),
])
def test_a_file_that_cannot_be_read_is_said_in_words(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A wrong name, a folder, a spreadsheet: one sentence each, no traceback."""
    file = tmp_path / "my.yaml"
    make(file)
    assert len(refused(file).stderr.splitlines()) == 2


def test_an_unknown_platform_is_wrong_usage() -> None:
    """--contract participent=… is answered with the platforms there are."""
    done = run_flexsim("serve", "--port", "0", "--contract", f"participent={contract_file('watts')}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no platform 'participent'; known: participant" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("argument", ["my.yaml", "participant=", "=my.yaml"])
def test_a_contract_without_platform_or_file_is_wrong_usage(argument: str) -> None:
    """--contract takes PLATFORM=FILE."""
    done = run_flexsim("serve", "--port", "0", "--contract", argument)
    assert (done.returncode, done.stdout) == (2, "")
    assert "participant" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_listens_after_a_refusal(tmp_path: Path) -> None:
    """The library object raises CannotStart with the same words and leaves nothing running."""
    file = tmp_path / "my.yaml"
    file.write_text(BROKEN["a page"][0])
    simulator = Simulator(Settings(port=0, contracts={"participant": file}))
    with pytest.raises(CannotStart, match="begins with /sign-in"):
        simulator.start()
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", simulator.port or 0)) == errno.ECONNREFUSED
