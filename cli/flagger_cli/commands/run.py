"""The controllers as one process: `run` hands its words to the flags that controllers have."""

from importlib.metadata import version
from typing import Any

import click
from click.core import augment_usage_errors
from click.shell_completion import CompletionItem

from flagger_py.runtime import process
from flagger_py.runtime.flags import asks_for_help, asks_for_version, flag_lines

from ..composition import add_shared_flags, plan, run_parser
from ..reach import Reach, reach_of

_ABOUT = """\
Run the controllers, all four in this process or those that --controllers names.

Every flag takes one dash or two. Flagger's flags and Flux's are understood; one that nothing
would act on is refused.
"""


class ControllerCommand(click.Command):
    """Leaves its words alone: flags with one dash are not click's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.params["argv"] = tuple(args)
        return []

    def get_help(self, ctx: click.Context) -> str:
        formatter = ctx.make_formatter()
        formatter.write_usage(ctx.command_path, "[FLAGS]")
        with formatter.indentation():
            for paragraph in _ABOUT.strip().split("\n\n"):
                formatter.write_paragraph()
                formatter.write_text(paragraph)
        with formatter.section("Flags"):
            formatter.write_dl([(line.spelled, line.told) for line in flag_lines(run_parser())])
        return formatter.getvalue().rstrip("\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        spellings = ((f"--{line.name}", line.about) for line in flag_lines(run_parser()))
        return [
            CompletionItem(name, help=about)
            for name, about in spellings
            if name.startswith(incomplete)
        ]


@click.command("run", cls=ControllerCommand)
@click.pass_context
def run(context: click.Context, argv: tuple[str, ...]) -> int:
    """Run the controllers, all in one process or some of them."""
    if asks_for_help(argv):
        click.echo(context.get_help())
        return 0
    if asks_for_version(argv):
        click.echo(version("flagger-cli"))
        return 0
    with augment_usage_errors(context):
        chosen = plan((*_said_before(reach_of(context)), *argv))
    return process.main(chosen.program, chosen.parts, chosen.shared, add_shared_flags)


def _said_before(reach: Reach) -> list[str]:
    """Return the flags before the command as those of the process; what follows wins."""
    named: dict[str, Any] = {
        "kubeconfig": reach.kubeconfig,
        "context": reach.context,
        "namespace": reach.namespace,
    }
    return [f"--{name}={value}" for name, value in named.items() if value]
