"""The routing part as a controller, and its process of its own."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from functools import partial

from flagger_py.runtime.options import RuntimeOptions, flag, seconds
from flagger_py.runtime.part import Part
from flagger_py.runtime.process import main as run_main

from .api import FINALIZER, PART, TRAFFIC_ROUTE, TrafficRouteSpec, TrafficRouteStatus
from .case import Seen
from .decide import decide
from .observe import observe
from .routers.contract import Router
from .routers.discovery import all_routers
from .settings import RoutingSettings

RoutingPart = Part[TrafficRouteSpec, TrafficRouteStatus, Seen]


def part(
    settings: RoutingSettings,
    default_account: str | None = None,
    routers: Mapping[str, Router] | None = None,
) -> RoutingPart:
    """Return the part that owns every TrafficRoute; without *routers* it has all installed ones."""
    known = all_routers() if routers is None else routers
    return Part(
        name=PART,
        kind=TRAFFIC_ROUTE,
        spec=TrafficRouteSpec,
        status=TrafficRouteStatus,
        observe=partial(observe, settings=settings, routers=known),
        decide=partial(decide, settings=settings, routers=known),
        finalizer=FINALIZER,
        default_account=default_account,
    )


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this part to those of the process, under Flagger's names."""
    flag(parser, "mesh-provider", default="", help="Provider of objects that name none.")
    flag(parser, "ingress-class", default="", help="Accepted; no router of this version needs it.")
    flag(
        parser,
        "edge-lag",
        default=2.0,
        type=seconds,
        help="How long an edge without reports (Traefik) takes to follow what was written.",
    )


def settings_from(flags: Namespace) -> RoutingSettings:
    """Read the settings of this part from parsed *flags*."""
    return RoutingSettings(
        mesh_provider=flags.mesh_provider,
        ingress_class=flags.ingress_class,
        edge_lag_s=flags.edge_lag,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run this controller alone until it is told to stop; return the exit code."""
    return run_main("flagger-routing", _parts, argv, add_flags)


def _parts(options: RuntimeOptions, flags: Namespace) -> Sequence[RoutingPart]:
    return (part(settings_from(flags), options.default_service_account or None),)
