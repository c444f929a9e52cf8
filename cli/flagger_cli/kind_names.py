"""How a kind is said on the command line, and completed.

The kinds come with all four parts, a second to import: they are loaded when one is asked for, not
for the help of a command that takes one.
"""

import click
from click.shell_completion import CompletionItem

from flagger_py.errors import SpecError
from flagger_py.refs import Kind


class KindName(click.ParamType[Kind]):
    """The name of a kind that a controller works on: plural, singular or short."""

    name = "kind"

    def convert(
        self,
        value: str | Kind,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,
    ) -> Kind:
        from .resources import kind_called

        try:
            return value if isinstance(value, Kind) else kind_called(value)
        except SpecError as error:
            raise click.UsageError(error.message, ctx) from error

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        from .resources import reconciled

        return [
            CompletionItem(resource.kind.plural, help=resource.about)
            for resource in reconciled()
            if resource.kind.plural.startswith(incomplete)
        ]
