"""Whether the provider that an operator names for objects that name none is of any use."""

from collections.abc import Mapping

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError

from .api import left_to_another
from .routers import router_for
from .routers.contract import Router


def warnings(provider: str, routers: Mapping[str, Router]) -> tuple[str, ...]:
    """Return what should be known of *provider* before a controller starts; empty is none.

    One that only Flagger routes is warned of: objects may name their own. Raises `SpecError`,
    listing those there are, for one that nobody knows.
    """
    if not provider or left_to_another(provider):
        return ()  # The controller of that name routes the objects.
    known = ", ".join(sorted(routers))
    try:
        router_for(provider, routers)
    except SpecError as error:
        if error.reason != Reason.NOT_SUPPORTED:
            raise SpecError(f"{provider!r} is unknown; choose one of {known}") from error
        return (
            f"--mesh-provider={provider} is a provider of Flagger that this version does not "
            f"route; only objects whose spec.provider is one of {known} are routed",
        )
    return ()
