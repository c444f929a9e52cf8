"""Which metric providers and routers this installation has, and where they come from."""

import click

from ..printing import print_table
from ..rows import Table

_BUILT_IN = "flagger-metrics"


@click.command()
def providers() -> None:
    """List the metric providers, those of installed packages included."""
    from flagger_metrics.providers import LATER, PROVIDERS
    from flagger_metrics.providers.installed import found

    own = {name: _BUILT_IN for name in PROVIDERS}
    brought = {point.name: point.dist.name if point.dist else point.value for point in found()}
    rows = tuple(sorted({**brought, **own}.items()))
    print_table(Table(("NAME", "FROM"), rows))
    _say_missing(set(LATER) - set(brought))


@click.command()
def routers() -> None:
    """List the traffic routers, those of installed packages included."""
    from flagger_routing.routers import FLAGGERS_OTHERS
    from flagger_routing.routers.discovery import discover

    found = discover()
    rows = tuple(
        (name, origin, ", ".join(sorted(router.capabilities())))
        for name, (router, origin) in sorted(found.items())
    )
    print_table(Table(("NAME", "FROM", "CAPABILITIES"), rows))
    _say_missing(set(FLAGGERS_OTHERS) - set(found))


def _say_missing(names: set[str]) -> None:
    if names:
        click.echo(f"of Flagger's, not here: {', '.join(sorted(names))}", err=True)
