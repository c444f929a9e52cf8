"""The completion protocol of Cobra, by which flux and kubectl ask their plugins.

`PLUGIN __complete WORD… INCOMPLETE` prints a line for each candidate, with a tab before its
description, and at last a colon and a number that says what the shell may do with them
(cobra, "Shell completion", `ShellCompDirective`).
"""

import sys
from collections.abc import Sequence

import click
from click.shell_completion import ShellComplete

from .program import BINARY, cli
from .reach import Reach

NO_FILES = 4
FILES = 0
_FILE_TYPES = ("file", "dir")


def main(request: str, words: Sequence[str]) -> int:
    """Answer *request*, `__complete` or `__completeNoDesc`, about the words typed so far."""
    candidates, directive = complete(words)
    described = request != "__completeNoDesc"
    for value, about in candidates:
        click.echo(f"{value}\t{about}" if described and about else value)
    click.echo(f":{directive}")
    return 0


def kubectl() -> int:
    """Answer kubectl, which runs `kubectl_complete-flagger WORD… INCOMPLETE`."""
    return main("__complete", sys.argv[1:])


def complete(words: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return the candidates for the last of *words*, each with what it is, and the directive."""
    *before, incomplete = words or ("",)
    shell = ShellComplete(cli, {"obj": Reach()}, BINARY, "")
    items = shell.get_completions(list(before), incomplete)
    named = tuple((str(item.value), item.help or "") for item in items if item.type == "plain")
    files = any(item.type in _FILE_TYPES for item in items)
    return named, FILES if files else NO_FILES
