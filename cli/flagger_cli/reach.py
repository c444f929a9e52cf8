"""Which cluster and namespace a command is about: what the flags before and after it said."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Reach:
    """What was said so far; click fills it from left to right, so that the last word counts."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    debug: bool = False
    command: str = ""
    """The command that these words are about, once it is known."""


def reach_options(command: F) -> F:
    """Give *command* the flags that every command understands."""
    for option in (
        click.option(
            "--debug",
            is_flag=True,
            expose_value=False,
            callback=_note,
            help="Show where in the program an error came from.",
        ),
        click.option(
            *("-n", "--namespace"),
            expose_value=False,
            callback=_note,
            help="Namespace; that of the kubeconfig's context if not given.",
        ),
        click.option(
            "--context",
            expose_value=False,
            callback=_note,
            help="Context of the kubeconfig; its current one if not given.",
        ),
        click.option(
            "--kubeconfig",
            expose_value=False,
            callback=_note,
            help="Path to a kubeconfig; $KUBECONFIG or ~/.kube/config if not given.",
        ),
    ):
        command = option(command)
    return command


def reach_of(context: click.Context) -> Reach:
    """Return what was said so far, to be read once every flag was."""
    return context.find_root().ensure_object(Reach)


def _note(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name:
        setattr(reach_of(context), parameter.name, value)
