"""Commands that teach, and that are loaded only when they are called for, so that `flexsim --help` answers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

MORE = "More: the section “Command line” of docs/command-line.md."


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Examples, one a line and never wrapped, for copying."""
    if examples:
        formatter.write("\nExamples:\n" + "".join(f"  {example}\n" for example in examples))


class TaughtCommand(click.Command):
    """A command whose help ends with examples that work as they stand, and says where to read on."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, and where to read on."""
        _write_examples(formatter, self.examples)
        formatter.write(f"\n{MORE}\n")


class TaughtGroup(click.Group):
    """A group of commands. `late` names those that are loaded when they are wanted: {name: (module, sentence)}.

    A late command stands in its module under the name `command`.
    """

    command_class = TaughtCommand

    def __init__(self, *args: Any, late: Mapping[str, tuple[str, str]] | None = None, examples: Sequence[str] = (),
                 **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples = tuple(examples)
        self.late = dict(late or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names: those that are there, then the late ones, each in the order in which they were given."""
        return [*self.commands, *self.late]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, loaded now if it is a late one; None when there is none."""
        if cmd_name in self.late:
            return import_module(self.late[cmd_name][0]).command
        return super().get_command(ctx, cmd_name)

    def sentences(self) -> dict[str, str]:
        """Every command's name and what it is for, loading none of them."""
        return {**{name: each.get_short_help_str(200) for name, each in self.commands.items()},
                **{name: sentence for name, (_, sentence) in self.late.items()}}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.sentences().items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The group's own examples, and how to learn more."""
        _write_examples(formatter, self.examples)
        formatter.write(f"\n`{ctx.command_path} COMMAND --help` explains a command, with examples.\n{MORE}\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands for the shell, loading none of them; and the group's own options."""
        found = [CompletionItem(name, help=sentence)
                 for name, sentence in self.sentences().items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]
