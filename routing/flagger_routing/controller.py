"""The TrafficRoute controller: its part, its flags, its process."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from functools import partial

from flagger_py.errors import SpecError
from flagger_py.runtime.options import RuntimeOptions, flag, seconds
from flagger_py.runtime.part import Part

from .api import FINALIZER, PART, TRAFFIC_ROUTE, TrafficRouteSpec, TrafficRouteStatus
from .case import Seen
from .decide import decide
from .observe import observe
from .own_provider import warnings
from .routers.contract import Router
from .routers.discovery import all_routers
from .settings import RoutingSettings

PROGRAM = "flagger-routing"

RoutingPart = Part[TrafficRouteSpec, TrafficRouteStatus, Seen]


def part(settings: RoutingSettings, routers: Mapping[str, Router] | None = None) -> RoutingPart:
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
        default_account=settings.default_account,
        warnings=warnings(settings.mesh_provider, known),
    )


def add_flags(parser: ArgumentParser) -> None:
    """Teach *parser* the flags of this part, under Flagger's names where it has them."""
    flag(
        parser,
        "mesh-provider",
        default="",
        type=_provider,
        help="Provider of objects that name none.",
    )
    flag(parser, "ingress-class", default="", help="Accepted; no router of this version needs it.")
    flag(
        parser,
        "edge-lag",
        default=2.0,
        type=seconds,
        help="How long an edge without reports (Traefik) takes to follow what was written.",
    )


def settings_from(options: RuntimeOptions, flags: Namespace) -> RoutingSettings:
    """Collect this part's choices from those of the process and from parsed *flags*."""
    return RoutingSettings(
        mesh_provider=flags.mesh_provider,
        edge_lag_s=flags.edge_lag,
        default_account=options.default_service_account or None,
    )


def parts(options: RuntimeOptions, flags: Namespace) -> Sequence[RoutingPart]:
    """Return the one part of a process of its own."""
    return (part(settings_from(options, flags)),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run this controller alone until it is told to stop; return the exit code."""
    from flagger_py.runtime import process

    return process.main(PROGRAM, parts, argv, add_flags)


def _provider(text: str) -> str:
    """Read the name of a provider given as a flag; empty is none."""
    try:
        warnings(text, all_routers())
    except SpecError as error:
        raise ArgumentTypeError(error.message) from error
    return text
