"""Which values of shared flags make no sense: told before anything starts, not by each object."""

from argparse import Namespace
from urllib.parse import urlsplit

import click

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError
from flagger_routing.api import left_to_another
from flagger_routing.routers import router_for
from flagger_routing.routers.discovery import all_routers

_SCHEMES = ("http", "https")


def warnings(flags: Namespace) -> tuple[str, ...]:
    """Return what should be known before the controllers start.

    Raises `click.UsageError` for a mesh provider that nobody knows, and for a metrics server that
    is no URL. A provider that only Flagger routes is warned of: Canaries may name their own.
    """
    if flags.metrics_server and not _is_address(flags.metrics_server):
        raise click.UsageError(
            f"--metrics-server={flags.metrics_server} is no http or https URL; "
            "write for example --metrics-server=http://prometheus:9090"
        )
    return _of_provider(flags.mesh_provider) if flags.mesh_provider else ()


def _of_provider(provider: str) -> tuple[str, ...]:
    if left_to_another(provider):
        return ()  # The controller of that name routes the objects.
    routers = all_routers()
    known = ", ".join(sorted(routers))
    try:
        router_for(provider, routers)
    except SpecError as error:
        if error.reason == Reason.NOT_SUPPORTED:
            return (
                f"--mesh-provider={provider} is a provider of Flagger that this version does not "
                f"route; only Canaries whose spec.provider is one of {known} are routed",
            )
        raise click.UsageError(
            f"--mesh-provider={provider} is unknown; choose one of {known}"
        ) from error
    return ()


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # Raised for a port that is no number.
        return False
