"""The objects of a kind, as a table."""

import click
from click.shell_completion import CompletionItem

from flagger_py.refs import Kind

from ..access import Access, with_access
from ..printing import print_table
from ..reach import reach_of, reach_options
from ..rows import table


class KindName(click.ParamType[Kind]):
    """The name of a kind that a controller works on: plural, singular or short."""

    name = "kind"

    def convert(
        self,
        value: str | Kind,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,  # noqa: ARG002 - click's signature
    ) -> Kind:
        from ..resources import kind_called

        return value if isinstance(value, Kind) else kind_called(value)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        from ..resources import reconciled

        return [
            CompletionItem(resource.kind.plural, help=resource.about)
            for resource in reconciled()
            if resource.kind.plural.startswith(incomplete)
        ]


@click.command()
@click.argument("kind", type=KindName(), default="canaries")
@click.option("-A", "--all-namespaces", is_flag=True, help="List the objects of all namespaces.")
@reach_options
@click.pass_context
def get(context: click.Context, kind: Kind, all_namespaces: bool) -> None:
    """List Canaries, or the objects of another KIND: metricanalyses, trafficroutes or gates."""

    async def listed(access: Access) -> None:
        namespace = "" if all_namespaces else access.namespace
        found = await access.every(kind, namespace)
        if not found:
            where = f" in namespace {namespace}" if namespace else ""
            click.echo(f"no {kind.plural} found{where}", err=True)
            return
        print_table(table(kind, found, namespaced=all_namespaces))

    with_access(reach_of(context), listed)
