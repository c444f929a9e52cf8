"""The objects of a kind, as a table or for a program, once or as they change."""

import click

from flagger_py.refs import Key, Kind

from ..access import Access, with_access
from ..kind_names import KindName
from ..reach import reach_of, reach_options


@click.command()
@click.argument("kind", type=KindName(), default="canaries")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("-A", "--all-namespaces", is_flag=True, help="List the objects of all namespaces.")
@click.option(
    *("-o", "--output"),
    type=click.Choice(("json", "yaml", "name")),
    help="Print whole objects, or their names, instead of a table.",
)
@click.option(
    "-w", "--watch", is_flag=True, help="Go on, and print each object again when it changes."
)
@reach_options
@click.pass_context
def get(
    context: click.Context,
    kind: Kind,
    name: str | None,
    *,
    all_namespaces: bool,
    output: str | None,
    watch: bool,
) -> None:
    """List Canaries, or the objects of another KIND: metricanalyses, trafficroutes or gates.

    With NAME, or NAMESPACE/NAME, it is that object alone.

    With --watch a row is added when it says something new; with -o, too, every change is an
    object of its own: JSON after JSON, or YAML documents. It ends when it is interrupted.
    """
    if name and all_namespaces:
        raise click.UsageError("NAME and --all-namespaces exclude one another")
    from ..listing import Wanted, show, show_on
    from ..outputs import Output

    async def listed(access: Access) -> None:
        form = Output(output) if output else None
        key = access.key(name) if name else Key("" if all_namespaces else access.namespace, "")
        wanted = Wanted(kind, key.namespace, form, key.name)
        await (show_on if watch else show)(access, wanted)

    with_access(reach_of(context), listed)
