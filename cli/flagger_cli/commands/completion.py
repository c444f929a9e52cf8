"""Completion scripts for shells."""

import click
from click.shell_completion import get_completion_class

from ..program import BINARY, cli

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_FLAGGER_PY_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of flagger-py for a SHELL.

    Load it with `source <(flagger-py completion bash)`, or write it where the shell looks for
    such scripts. kubectl and flux complete their plugins by themselves.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is unknown")
    click.echo(found(cli, {}, BINARY, _VARIABLE).source())
