"""Commands of `flexsim` in the tests: run in this process, against a world of a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.testing import CliRunner

from simulator.cli import main
from tests.servers import WorldClient


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON: all of standard output."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The rows of the table it printed, without the names of the columns."""
        return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in self.out.splitlines()[1:]]


def run_command(*words: str, env: Mapping[str, str | None] | None = None, typed: str | None = None) -> Ran:
    """Run `flexsim` with these words. `typed` is what comes by standard input."""
    nothing = {"FLEXSIM_URL": None, "FLEXSIM_WORLD": None, "FLEXSIM_CONTROL_TOKEN": None}
    result = CliRunner().invoke(main, list(words), input=typed, env={**nothing, **(env or {})}, prog_name="flexsim")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


class Flexsim:
    """`flexsim` for one world: `flexsim("clock", "show")`."""

    def __init__(self, world: WorldClient) -> None:
        self.server_url = world.url.removesuffix(f"/w/{world.name}")
        self._env = {"FLEXSIM_URL": self.server_url, "FLEXSIM_WORLD": world.name}

    def __call__(self, *words: str, typed: str | None = None) -> Ran:
        """Run it, however it ends."""
        return run_command(*words, env=self._env, typed=typed)

    def good(self, *words: str, typed: str | None = None) -> Ran:
        """Run it; fails unless it ends well and says nothing on standard error."""
        ran = self(*words, typed=typed)
        assert (ran.code, ran.err) == (0, ""), ran
        return ran

    def json(self, *words: str) -> Any:
        """Run it with --json; the JSON that it prints."""
        return self.good(*words, "--json").json


def every_command() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group there is, with its words behind `flexsim`."""
    yield from _below((), main)


def _below(words: tuple[str, ...], found: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if words:
        yield words, found
    if isinstance(found, click.Group):
        context = click.Context(found)
        for name in found.list_commands(context):
            command = found.get_command(context, name)
            assert command is not None
            yield from _below((*words, name), command)
