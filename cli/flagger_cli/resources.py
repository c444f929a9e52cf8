"""Every kind of ours, and what its names are on the command line."""

from flagger_gating.resources import RESOURCES as GATING
from flagger_metrics.resources import RESOURCES as METRICS
from flagger_py.crd import CustomResource
from flagger_py.errors import SpecError
from flagger_py.refs import Kind
from flagger_rollout.resources import RESOURCES as ROLLOUT
from flagger_routing.resources import RESOURCES as ROUTING

RESOURCES: tuple[CustomResource, ...] = (*ROLLOUT, *METRICS, *ROUTING, *GATING)


def resource_of(api_version: str, kind: str) -> CustomResource | None:
    """Return our resource of that name, None when it is not ours."""
    for resource in RESOURCES:
        if (resource.kind.api_version, resource.kind.kind) == (api_version, kind):
            return resource
    return None


def reconciled() -> tuple[CustomResource, ...]:
    """Return the kinds that a controller works on, Canaries first."""
    return tuple(resource for resource in RESOURCES if resource.status is not None)


def kind_called(word: str) -> Kind:
    """Return the reconciled kind by plural, singular or short name; `SpecError` lists them."""
    asked = word.lower()
    for resource in reconciled():
        if asked in (resource.kind.plural, resource.kind.kind.lower(), *resource.short_names):
            return resource.kind
    known = ", ".join(resource.kind.plural for resource in reconciled())
    raise SpecError(f"kind {word!r} is unknown; choose one of {known}")
