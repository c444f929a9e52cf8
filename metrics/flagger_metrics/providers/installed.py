"""Which metric providers this process has: ours and those of installed packages."""

from importlib.metadata import EntryPoint, entry_points

from flagger_py.errors import SpecError

from . import PROVIDERS, Provider, Providers

GROUP = "flagger_py.metric_providers"


def found() -> tuple[EntryPoint, ...]:
    """Return the entry points that offer a provider; their names are the types."""
    return tuple(entry_points(group=GROUP))


def installed() -> Providers:
    """Return every provider by type; a package that offers one of ours is a `SpecError`.

    An entry point is a class without arguments, or an instance.
    """
    providers: dict[str, Provider] = dict(PROVIDERS)
    for point in found():
        if point.name in providers:
            raise SpecError(
                f"entry point {point.value} of group {GROUP} offers the metric provider "
                f"{point.name!r}, which exists already; remove the package or rename it"
            )
        offered = point.load()
        providers[point.name] = offered() if isinstance(offered, type) else offered
    return providers
