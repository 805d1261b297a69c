"""`flexsim completion`: commands and options completed by the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from simulator.cli.loading import TaughtCommand

_VARIABLE = "_FLEXSIM_COMPLETE"


@click.command("completion", cls=TaughtCommand, examples=[
    "flexsim completion bash > flexsim-completion.bash", "flexsim completion zsh > _flexsim",
    "flexsim completion fish > flexsim.fish"])
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="bash|zsh|fish")
def command(shell: str) -> None:
    """Print what makes your shell complete flexsim's commands.

    \b
    bash: source the file in ~/.bashrc
    zsh:  source the file in ~/.zshrc, or put it in a folder of $fpath
    fish: put the file in ~/.config/fish/completions/
    """
    root = click.get_current_context().find_root().command
    found = get_completion_class(shell)
    assert found is not None  # one of the three
    click.echo(found(root, {}, "flexsim", _VARIABLE).source())
