"""Routers that other distributions bring, by entry points of the group `flagger_py.routers`."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from . import ROUTERS
from .contract import Router

GROUP = "flagger_py.routers"
BUILT_IN = "flagger-routing"


def discover() -> dict[str, tuple[Router, str]]:
    """Return every router with the distribution it comes from; ours cannot be replaced."""
    found = {name: (router, BUILT_IN) for name, router in ROUTERS.items()}
    for point in entry_points(group=GROUP):
        origin = point.dist.name if point.dist else point.value
        found.setdefault(point.name, (point.load(), origin))
    return found


def all_routers() -> Mapping[str, Router]:
    """Return every router by the provider it serves."""
    return {name: router for name, (router, _) in discover().items()}
