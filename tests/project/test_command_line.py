"""The command line teaches: its help, its examples, its section of the documentation, and what a shell completes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from simulator import Simulator
from simulator.cli import main
from simulator.cli.loading import MORE, TaughtCommand, TaughtGroup
from simulator.settings import COMMAND_VARIABLES
from tests.commands import Ran, every_command, run_command
from tests.servers import (
    NOW,
    PATIENCE_SECONDS,
    ROOT,
    WorldClient,
    clean_environment,
    run_flexsim,
    running,
    subprocess_server,
)

COMMANDS = {" ".join(words): command for words, command in every_command()}
EXAMPLES = [example for command in COMMANDS.values() for example in command.examples]  # type: ignore[attr-defined]
ASKING = ("--url", "--world", "--control-token", "--ca-file", "--json")
"""What every command that talks to a server can be told."""

DOCUMENTATION = "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])


# Help

@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_is_for_in_one_sentence(name: str) -> None:
    """Ours: `--help` teaches; the sentence is whole in the list of commands."""
    sentence = COMMANDS[name].get_short_help_str(200)
    assert re.fullmatch(r"[A-Z].*[^.]", sentence.rstrip(".")), sentence
    assert not sentence.endswith("..."), sentence


def test_what_is_listed_without_loading_is_what_the_commands_say() -> None:
    """Ours: names and sentences stand twice, so that help need not load everything."""
    groups = [main, *(command for command in COMMANDS.values() if isinstance(command, TaughtGroup))]
    for group in groups:
        context = click.Context(group)
        assert group.sentences() == {name: group.get_command(context, name).get_short_help_str(200)
                                     for name in group.list_commands(context)}


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if isinstance(command, TaughtCommand)])
def test_every_command_has_an_example_of_itself(name: str) -> None:
    """Ours: an example that works, and where the documentation is."""
    shown = run_command(*name.split(), "--help").out
    examples = COMMANDS[name].examples  # type: ignore[attr-defined]
    assert examples
    assert all(example.startswith(f"flexsim {name}") and f"  {example}\n" in shown for example in examples)
    assert MORE in shown


def test_help_says_where_to_read_on() -> None:
    """Ours: the file and the section that it names are there."""
    section, file = re.fullmatch(r"More: the section “(.*)” of (\S+\.md)\.", MORE).groups()  # type: ignore[union-attr]
    assert re.search(rf"^#+ {section}$", (ROOT / file).read_text(), re.M)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """Ours: a sentence for each."""
    options = [option for option in COMMANDS[name].params if isinstance(option, click.Option)]
    assert all(option.help for option in options)


def test_help_loads_next_to_nothing() -> None:
    """Ours: `flexsim --help` within 0.1 s, so nothing of the server, of its settings or of the calls is loaded."""
    code = ("import sys\nfrom simulator.cli import main\ntry:\n    main(['--help'], prog_name='flexsim')\nfinally:\n"
            "    print(sorted(name for name in sys.modules if name.startswith('simulator.')), file=sys.stderr)\n"
            "    print([name for name in ('flask', 'sqlalchemy', 'urllib.request', 'yaml') if name in sys.modules],\n"
            "          file=sys.stderr)")
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Commands:" in run.stdout
    assert run.stderr == "['simulator.cli', 'simulator.cli.loading']\n[]\n"


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if isinstance(command, TaughtGroup)
                                  and name != "journal"])
def test_a_group_alone_shows_its_commands(name: str) -> None:
    """Ours: wrong usage, which teaches."""
    ran = run_command(*name.split())
    assert (ran.code, ran.out) == (2, "")
    assert "Commands:" in ran.err


# Documentation

def documented() -> list[str]:
    """The rows of the table of commands."""
    return DOCUMENTATION.split("<!-- commands -->")[1].split("<!-- /commands -->")[0].strip().splitlines()[2:]


def row_of(name: str, command: click.Command) -> str:
    """A command as the table has it: its words and arguments, its sentence, its own options."""
    arguments = [parameter.make_metavar(click.Context(command)) for parameter in command.params
                 if isinstance(parameter, click.Argument)]
    options = [parameter.opts[0] for parameter in command.params if isinstance(parameter, click.Option)]
    own = [option for option in options if option not in (ASKING if "--url" in options else ("--json",))]
    shown = " ".join(["flexsim", name, *arguments]).replace("|", "\\|")
    return f"| `{shown}` | {command.get_short_help_str(200)} | {', '.join(f'`{option}`' for option in own)} |"


def test_every_command_and_option_is_documented() -> None:
    """Ours: the table is the commands, each with its sentence and options."""
    rows = [row_of(name, command) for name, command in COMMANDS.items()
            if isinstance(command, TaughtCommand) or getattr(command, "invoke_without_command", False)]
    assert documented() == rows


def test_what_every_command_can_be_told_is_documented() -> None:
    """Ours: the options of all commands that talk to a server, and the variables in their place."""
    section = DOCUMENTATION.split("<!-- commands -->")[0][-3_000:]
    assert all(f"`{option}" in section for option in ASKING)
    assert all(variable in section for variable in COMMAND_VARIABLES)


def test_exit_codes_are_documented() -> None:
    """Wire format, assumed: 0 good, 1 a check failed, 2 wrong usage."""
    section = DOCUMENTATION.split("<!-- commands -->")[0][-3_000:]
    assert re.search(r"\*\*Exit codes\*\*: 0 .*, 1 .*, 2 ", section, re.S)


def test_commands_in_the_documentation_exist() -> None:
    """Ours: wherever the text says `flexsim …`, there is such a command."""
    named = re.findall(r"(?:`|^\s*|\$\(|&& )flexsim ([a-z][a-z -]*)", DOCUMENTATION, re.M)
    assert len(named) > 20
    for words in named:
        found: click.Command = main
        for word in words.split():
            if not isinstance(found, click.Group) or word.startswith("-"):
                break
            following = found.get_command(click.Context(found), word)
            assert following is not None, words
            found = following


# Examples

@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    """A server of its own: its world 'default' is what most examples are about."""
    with running(fixture="quiet") as simulator:
        prepare(simulator.url)
        yield simulator


def prepare(url: str) -> None:
    """The world 'default' as the examples take it: a snapshot, a dispatch, a fault and a mail are there."""
    client = WorldClient(url, "default")
    try:
        for method, path, body in (
                ("PUT", "/_sim/worlds/default", {"fixture": "quiet", "now": NOW}),
                ("PUT", "/_sim/clock", {"mode": "frozen"}),
                ("POST", "/_sim/dispatches", {
                    "participantId": "brindle", "programme": "OU", "meterableUnitIds": ["MU-1001"],
                    "startTime": "2026-11-02T17:30:00Z", "endTime": "2026-11-02T18:30:00Z", "powerChangeKw": 150}),
                ("POST", "/_sim/faults", {"match": {"surface": "portal"}, "effect": {"delayMs": 1}}),
                ("PUT", "/_sim/snapshots/monday", None)):
            answer = client.request(method, path, json=body)
            assert answer.ok, answer.text
    finally:
        client.close()


@pytest.fixture
def surroundings(served: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str | None]]:
    """A folder with the files that examples name, and 'default' as prepared; the variables that lead there."""
    client = WorldClient(served.url, "default")
    try:
        if not client.post("/_sim/snapshots/monday/restore").ok:
            prepare(served.url)
        (tmp_path / "saved.sqlite").write_bytes(client.get("/_sim/snapshots/monday/file").content)
        for name in client.get("/_sim/worlds").json()["worlds"]:
            if name != "default":
                client.delete(f"/_sim/worlds/{name}")
    finally:
        client.close()
    shutil.copy(ROOT / "fixtures/worlds/empty.yaml", tmp_path / "world.yaml")
    monkeypatch.chdir(tmp_path)
    yield {"FLEXSIM_URL": served.url, "FLEXSIM_PORT": str(served.port)}


FILES = {"world.yaml", "saved.sqlite"}


@pytest.mark.parametrize("example", [example for example in EXAMPLES if not example.startswith("flexsim serve")])
def test_every_example_works_as_it_stands(example: str, served: Simulator, surroundings: dict[str, str | None]) -> None:
    """Ours: help that does not work teaches nothing. Of the server, only the port is another."""
    words = shlex.split(example.split(" > ")[0])
    if words[:2] == ["flexsim", "health"]:
        words = [str(served.port) if word == "9000" else word for word in words]
    if "training" in words and "make" not in words:
        assert run_command("world", "make", "training", "--fixture", "empty", env=surroundings).code == 0
    ran = run_command(*words[1:], env=surroundings)
    assert ran.code == 0, ran
    written = {path.name for path in Path.cwd().iterdir()} - FILES
    assert ran.out or written
    if "--json" in words:
        assert json.loads(ran.out)


@pytest.mark.parametrize("example", COMMANDS["serve"].examples)  # type: ignore[attr-defined]
def test_every_example_of_serve_works(example: str, tmp_path: Path) -> None:
    """Ours: in a folder with the user's contract, on a port that is free."""
    shutil.copy(ROOT / "simulator/contracts/participant.yaml", tmp_path / "mine.yaml")
    words = shlex.split(example)[2:]
    if "--port" in words:
        place = words.index("--port")
        words = words[:place] + words[place + 2:]
    with subprocess_server(words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}) as server:
        assert run_flexsim("clock", "show", "--url", server.url).returncode == 0


WITH_JSON = [name for name, command in COMMANDS.items()
             if command.examples and any("--json" in option.opts for option in command.params)]  # type: ignore


@pytest.mark.parametrize("name", WITH_JSON)
def test_json_is_all_that_standard_output_holds(name: str, surroundings: dict[str, str | None]) -> None:
    """Ours: --json prints machine-readable output on standard output, and nothing else."""
    words = shlex.split(COMMANDS[name].examples[0])  # type: ignore[attr-defined]
    if "training" in words and "make" not in words:
        assert run_command("world", "make", "training", "--fixture", "empty", env=surroundings).code == 0
    ran = run_command(*words[1:], *(["--json"] if "--json" not in words else []), env=surroundings)
    assert ran.code == 0, ran
    assert isinstance(ran.json, dict)


def test_the_example_of_the_documentation_works(surroundings: dict[str, str | None]) -> None:
    """Ours: as it stands, line by line."""
    section = DOCUMENTATION.split("<!-- commands -->")[0]
    lines = re.findall(r"```sh\n(.*?)```", section, re.S)[-1].splitlines()
    assert len(lines) == 5
    for line in lines:
        words = shlex.split(line)
        if words[0] == "export":
            surroundings |= dict([words[1].split("=")])
        else:
            ran = run_command(*words[1:], env=surroundings)
            assert ran.code == 0, ran


# The command as a process

def test_the_variables_of_the_commands_do_not_trouble_the_server() -> None:
    """Ours: FLEXSIM_URL may be set where a server is started, though it is no setting of it."""
    variables = {"FLEXSIM_URL": "http://127.0.0.1:1", "FLEXSIM_WORLD": "one"}
    with subprocess_server(["--fixture", "empty"], env=variables) as server:
        assert run_flexsim("world", "list", env={"FLEXSIM_URL": server.url}).stdout.count("default") == 1


def test_a_pipe_that_closes_early_is_no_trouble(served: Simulator) -> None:
    """Ours: `flexsim journal … | head -1` says nothing on standard error."""
    command = shlex.join([sys.executable, "-m", "simulator", "journal", "--limit", "50", "--url", served.url])
    run = subprocess.run(["bash", "-c", f"{command} | head -1"], cwd=ROOT, capture_output=True, text=True,
                         env=clean_environment(), check=True)
    assert run.stdout.count("\n") == 1
    assert run.stderr == ""


def test_following_the_journal_ends_quietly_with_ctrl_c(served: Simulator) -> None:
    """Ours: it is how one ends it, so it is no error."""
    command = [sys.executable, "-m", "simulator", "journal", "--since", "0", "--follow", "--url", served.url]
    following = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=clean_environment())
    try:
        assert following.stdout is not None and "world.started" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=PATIENCE_SECONDS)
    finally:
        following.kill()
    assert (following.returncode, said) == (0, "")


def test_an_advance_shows_its_progress_to_people_only(served: Simulator) -> None:
    """Ours: no bar where standard error is no terminal."""
    run = run_flexsim("clock", "advance", "--by", "P60D", "--url", served.url)
    assert (run.returncode, run.stderr) == (0, "")


def in_terminal(*words: str) -> str:
    """What a person sees who runs the command."""
    code = f"import pty, sys; sys.exit(pty.spawn([sys.executable, '-m', 'simulator', *{list(words)!r}]))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                         env=clean_environment({"NO_COLOR": "1"}), stdin=subprocess.DEVNULL, check=True)
    return run.stdout


def test_an_advance_shows_its_progress_in_a_terminal(served: Simulator) -> None:
    """Ours: how far market time has come, while something becomes due on a long way."""
    shown = in_terminal("clock", "advance", "--by", "P300D", "--url", served.url)
    assert "Advancing  [" in shown
    assert re.search(r" \d+%  \w{3} \d\d \w{3} 20\d\d", shown)
    assert not re.search(r"\x1b\[[0-9;]*m", shown), "NO_COLOR"


def test_the_transfer_of_a_snapshot_shows_its_progress_in_a_terminal(
        served: Simulator, surroundings: dict[str, str | None], tmp_path: Path) -> None:
    """Ours: a large file takes a while; the shares are of its bytes."""
    place, file = ("--url", served.url, "--world", "big"), tmp_path / "big.sqlite"
    for words in (("world", "make", "big"), ("world", "snapshot", "all", *place[2:])):
        assert run_command(*words, env=surroundings).code == 0
    downloaded = in_terminal("world", "download", "all", str(file), *place)
    uploaded = in_terminal("world", "upload", "again", str(file), *place)
    assert re.search(r"Downloading  \[#+\]  100%", downloaded)
    assert re.search(r"Uploading  \[#+\]  100%", uploaded)


# Completion

def complete(typed: str) -> Ran:
    """What bash is told when a user presses Tab behind these words."""
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(shlex.split(typed)) - (not typed.endswith(" ")))}
    return run_command(env={**words, "_FLEXSIM_COMPLETE": "bash_complete"})


@pytest.mark.parametrize(("typed", "offered"), [
    ("flexsim cl", "clock"), ("flexsim clock ad", "advance"), ("flexsim fixture ch", "check"),
    ("flexsim fault on part", "participant"), ("flexsim clock advance --b", "--by")])
def test_the_shell_completes_commands_and_options(typed: str, offered: str) -> None:
    """Ours: for people who type."""
    assert complete(typed).out.splitlines() == [f"plain,{offered}"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_for_flexsim(shell: str) -> None:
    """Ours: click's own scripts."""
    script = run_command("completion", shell).out
    assert "_FLEXSIM_COMPLETE" in script
    assert shell != "bash" or subprocess.run(["bash", "-n"], input=script, text=True, check=True)
