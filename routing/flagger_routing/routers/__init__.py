"""The routers by provider name; an unknown name is an error, never a fallback."""

from collections.abc import Mapping

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError

from .contract import Router
from .gateway_api import GatewayApi
from .kubernetes import Kubernetes
from .traefik import Traefik

ROUTERS: Mapping[str, Router] = {
    "gatewayapi:v1": GatewayApi("v1"),
    "gatewayapi:v1beta1": GatewayApi("v1beta1"),
    "kubernetes": Kubernetes(),
    "traefik": Traefik(),
}
"""What this version routes by itself."""

FLAGGERS_OTHERS = (
    "apisix",
    "appmesh",
    "appmesh:v1beta2",
    "contour",
    "gloo",
    "istio",
    "knative",
    "kuma",
    "linkerd",
    "nginx",
    "osm",
    "skipper",
    "smi:v1alpha1",
    "smi:v1alpha2",
    "smi:v1alpha3",
)
"""Providers of Flagger that this version does not route."""


def router_for(provider: str, routers: Mapping[str, Router]) -> Router:
    """Return the router of *provider*; `SpecError` lists those there are."""
    found = routers.get(provider)
    if found is not None:
        return found
    known = ", ".join(sorted(routers))
    if provider in FLAGGERS_OTHERS or provider.startswith("smi:"):
        raise SpecError(
            f"spec.provider: {provider} is a provider of Flagger that this version does not "
            f"route; choose one of {known}",
            reason=Reason.NOT_SUPPORTED,
        )
    if not provider:
        raise SpecError(
            f"spec.provider is missing and the controller has no default; name one of {known}"
        )
    raise SpecError(
        f"spec.provider: {provider!r} is unknown; choose one of {known}, or a domain-qualified "
        "name to leave this object to the controller of that name"
    )
