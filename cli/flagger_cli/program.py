"""What the program is called, which commands it has, and how it ends.

Exit codes: 0 done, 1 refused or failed, 2 not understood, 130 interrupted.
"""

import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from flagger_py.errors import FlaggerError

from .reach import Reach, reach_of, reach_options

BINARY = "flagger-py"
FAILED = 1
MISUSED = 2
INTERRUPTED = 130

_PLUGINS = {"kubectl-flagger": "kubectl flagger", "flux-flagger": "flux flagger"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and what it does in one line; loading it may take a second."""

    module: str
    attribute: str
    about: str


COMMANDS: Mapping[str, Entry] = {
    "get": Entry("get", "get", "List Canaries, MetricAnalyses, TrafficRoutes or Gates."),
    "explain": Entry("explain", "explain", "Say why a Canary is where it is."),
    "approve": Entry("acts", "approve", "Answer a Gate that waits for a person."),
    "pause": Entry("acts", "pause", "Stop a Canary where it is; traffic stays as it is."),
    "resume": Entry("acts", "resume", "Let a paused Canary go on."),
    "promote": Entry("acts", "promote", "Promote the release under way without further checks."),
    "rollback": Entry("acts", "rollback", "Roll the release under way back."),
    "reconcile": Entry("reconcile", "reconcile", "Ask for a look at an object now, and wait."),
    "simulate": Entry("simulate", "simulate", "Play a Canary's release in virtual time."),
    "lint": Entry("lint", "lint", "Find unknown fields and invalid values in manifests."),
    "demo": Entry("demo", "demo", "Watch a good release promoted and a bad one rolled back."),
    "run": Entry("run", "run", "Run the controllers, all in one process or some of them."),
    "crds": Entry("crds", "crds", "Print, write or check the CustomResourceDefinitions."),
    "providers": Entry("installed", "providers", "List the metric providers that are installed."),
    "routers": Entry("installed", "routers", "List the traffic routers that are installed."),
    "completion": Entry("completion", "completion", "Print a completion script for a shell."),
}


class Program(click.Group):
    """Loads the command that is asked for, and turns what goes wrong into one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"flagger_cli.commands.{entry.module}")
        command = getattr(module, entry.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.{entry.attribute} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for, or the one that may be meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"no such command {name!r}{f'; did you mean {near[0]}?' if near else ''}")
        reach_of(ctx).command = name if name in COMMANDS else ""
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about) for name, entry in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names of commands without loading any."""
        found = [
            CompletionItem(name, help=entry.about)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; with *standalone_mode* exit, else return the exit code."""
        reach = extra.setdefault("obj", Reach())
        try:
            result = super().main(args, prog_name, complete_var, False, **extra)
            code = result if isinstance(result, int) else 0
        except Exception as error:  # The outermost shell: nothing above could say it better.
            if reach.debug:
                traceback.print_exc()
            code = _told(error, reach.command)
        if standalone_mode:
            sys.exit(code)
        return code


def program_name(argv0: str) -> str:
    """Return the name a user typed: `kubectl flagger` when kubectl ran us as its plugin."""
    name = os.path.basename(argv0).removesuffix(".exe")
    return _PLUGINS.get(name, BINARY)


def _told(error: Exception, command: str) -> int:
    """Say on stderr what went wrong in *command*, empty before one; returns the exit code."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message())
            return MISUSED
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else f"{BINARY} {command}".rstrip()
            what = " ".join(error.format_message().split()).rstrip(".")
            see = f" See {path} --help" if what.endswith("?") else f"; see {path} --help"
            first = what[:1] if what[1:2].isupper() else what[:1].lower()
            _say(f"{first}{what[1:]}{see}")
            return MISUSED
        case click.Abort():
            _say("interrupted")
            return INTERRUPTED
        case click.ClickException():
            _say(error.format_message())
            return error.exit_code
        case FlaggerError() | OSError():
            _say(str(error))
            return FAILED
        case _:
            _say(
                f"a defect of ours: {type(error).__name__}: {error}; "
                f"run the command again with --debug and report what it says"
            )
            return FAILED


def _say(sentence: str) -> None:
    click.echo(f"error: {sentence}", err=True)


@click.command(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flagger-cli", message="%(version)s")
@reach_options
def cli() -> None:
    """Progressive delivery in four parts: run the controllers, watch them and talk to them."""
