"""What the routing part says of the TrafficRoute that a Canary would make."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.clock import wall_clock
from flagger_py.contracts import ALL_TO_PRIMARY, Split
from flagger_py.errors import SpecError
from flagger_py.subject import Subject
from flagger_rollout.api import CanarySpec
from flagger_routing.api import TrafficRouteSpec, TrafficRouteStatus, left_to_another
from flagger_routing.case import Case, open_case
from flagger_routing.routers.contract import Capability
from flagger_routing.routers.discovery import all_routers
from flagger_routing.settings import RoutingSettings

_SHARED = Split(primary=99, canary=1)
"""A split as an analysis asks for it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Why the route cannot be made, if so, and which fields its router makes nothing of."""

    refusal: str = ""
    unused: tuple[str, ...] = ()


def asked_of_router(spec: CanarySpec, provider: str, manifest: Mapping[str, Any]) -> Heard:
    """Let the router of *provider* render what *spec*, that of the Canary *manifest*, leads to."""
    if spec.service is None or spec.route_ref is not None or left_to_another(provider):
        return Heard()  # Another finding, or another controller's business.
    try:
        return _heard(spec, _opened(spec, provider, manifest))
    except SpecError as error:
        return Heard(error.message)


def _opened(spec: CanarySpec, provider: str, manifest: Mapping[str, Any]) -> Case:
    body = {
        "provider": provider,
        "service": {**spec.service_wire(), "name": spec.apex_name},
        "names": {
            "apex": spec.apex_name,
            "primary": spec.primary_name,
            "canary": spec.canary_name,
        },
    }
    route = TrafficRouteSpec.read(body, "spec")
    subject = Subject(manifest, route, TrafficRouteStatus(), wall_clock())
    return open_case(subject, RoutingSettings(provider), all_routers())


def _heard(spec: CanarySpec, case: Case) -> Heard:
    service = case.subject.spec.service
    fields = [f"spec.service.{name}" for name in case.router.unused(service)]
    if spec.ingress_ref is not None:
        fields.append("spec.ingressRef")
    unused = tuple(f"{field}: means nothing to provider {case.provider}" for field in fields)
    if not spec.skip_analysis and Capability.WEIGHTS not in case.router.capabilities():
        return Heard(_no_shares(case.provider), unused)
    request = case.request(ALL_TO_PRIMARY if spec.skip_analysis else _SHARED)
    # What only objects of a cluster can tell is not judged here.
    known = not case.router.related(request, {})
    refusal = case.router.refusal(request, {}) if known else None
    case.router.render(request)
    return Heard(refusal or "", unused)


def _no_shares(provider: str) -> str:
    able = [n for n, one in all_routers().items() if Capability.WEIGHTS in one.capabilities()]
    *some, last = sorted(able)
    choices = f"{', '.join(some)} or {last}" if some else last
    return (
        f"spec.provider: {provider} gives no shares; set spec.skipAnalysis: true, or choose "
        f"{choices}"
    )
