"""Why a Canary is where it is."""

import click

from flagger_py.clock import wall_clock

from ..access import Access, with_access
from ..explanation import explain as explained
from ..picture import look
from ..reach import reach_of, reach_options


@click.command()
@click.argument("canary", metavar="NAMESPACE/NAME")
@reach_options
@click.pass_context
def explain(context: click.Context, canary: str) -> None:
    """Say why a Canary is where it is.

    The last decision, the split in force, every reading with its value and rule, the answers of
    gates, recent events, and what you can do.
    """

    async def told(access: Access) -> None:
        picture = await look(access, access.key(canary))
        for number, section in enumerate(explained(picture, wall_clock())):
            click.echo(("\n" if number else "") + click.style(section.title, bold=True))
            for line in section.lines:
                click.echo(f"  {line}")

    with_access(reach_of(context), told)
