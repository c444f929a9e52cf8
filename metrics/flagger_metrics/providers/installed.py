"""Which metric providers this process has: ours and those of installed packages."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from flagger_py.errors import SpecError

from . import PROVIDERS, Provider, Providers

GROUP = "flagger_py.metric_providers"


def found() -> tuple[EntryPoint, ...]:
    """Return the entry points that offer a provider; their names are the types."""
    return tuple(entry_points(group=GROUP))


def installed(points: Iterable[EntryPoint] | None = None) -> Providers:
    """Return every provider by type, ours and those of *points*, by default of this environment.

    An entry point is a class without arguments, or an instance. One that offers a type that is
    there already is a `SpecError`.
    """
    providers: dict[str, Provider] = dict(PROVIDERS)
    for point in found() if points is None else points:
        if point.name in providers:
            raise SpecError(
                f"entry point {point.value} of group {GROUP} offers the metric provider "
                f"{point.name!r}, which exists already; remove the package or rename it"
            )
        offered = point.load()
        providers[point.name] = offered() if isinstance(offered, type) else offered
    return providers
