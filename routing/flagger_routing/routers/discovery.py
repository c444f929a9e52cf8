"""Routers that other distributions bring, by entry points of the group `flagger_py.routers`."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from flagger_py.errors import SpecError

from . import ROUTERS
from .contract import Router

GROUP = "flagger_py.routers"
BUILT_IN = "flagger-routing"


def discover(points: Iterable[EntryPoint] | None = None) -> dict[str, tuple[Router, str]]:
    """Return every router with the distribution it comes from, by the provider it serves.

    Those of *points* are added to ours, by default of this environment. An entry point is a class
    without arguments, or an instance. One that serves a provider that is served already is a
    `SpecError`.
    """
    found = {name: (router, BUILT_IN) for name, router in ROUTERS.items()}
    for point in entry_points(group=GROUP) if points is None else points:
        origin = point.dist.name if point.dist else point.value
        if point.name in found:
            raise SpecError(
                f"entry point {point.value} of group {GROUP} offers the router {point.name!r}, "
                f"which {found[point.name][1]} has already; remove the package or rename it"
            )
        offered = point.load()
        found[point.name] = (offered() if isinstance(offered, type) else offered, origin)
    return found


def all_routers() -> Mapping[str, Router]:
    """Return every router by the provider it serves."""
    return {name: router for name, (router, _) in discover().items()}
