"""Which built-in queries a mesh or ingress provider has; the queries themselves are data beside."""

from collections.abc import Mapping

from flagger_py.errors import SpecError

from . import application, ingress, mesh
from .built_in import BUILT_INS, DURATION, SUCCESS_RATE, BuiltIn

__all__ = ["BUILT_INS", "DURATION", "PROVIDERS", "SUCCESS_RATE", "BuiltIn", "built_in_for"]

PROVIDERS: Mapping[str, BuiltIn] = {
    "apisix": ingress.APISIX,
    "appmesh": mesh.APPMESH,
    "contour": ingress.CONTOUR,
    "gatewayapi": application.HTTP,
    "gloo": ingress.GLOO,
    "istio": mesh.ISTIO,
    "knative": mesh.KNATIVE,
    "kubernetes": application.HTTP,
    "kuma": mesh.KUMA,
    "linkerd": mesh.LINKERD,
    "nginx": ingress.NGINX,
    "osm": mesh.OSM,
    "skipper": ingress.SKIPPER,
    "traefik": ingress.TRAEFIK,
}
"""By the provider's name without its version: `gatewayapi:v1` is found under `gatewayapi`."""


def built_in_for(provider: str) -> BuiltIn:
    """Return the built-in queries of *provider*, written as in a Canary: `traefik`, `smi:v1alpha1`.

    SMI tells nothing about metrics: its queries are those of the mesh named last
    (`smi:v1alpha1:istio`), Istio's where none is named, as in Flagger. A provider without built-in
    metrics is a `SpecError` that lists those with.
    """
    family, _, version = provider.partition(":")
    if family == "smi":
        family = version.partition(":")[2] or "istio"
    found = PROVIDERS.get(family)
    if found is None:
        raise SpecError(
            f"spec.target.provider: {provider!r} has no built-in metrics; known are "
            f"{', '.join(sorted(PROVIDERS))}; or give each metric a query or a templateRef",
            reason="UnknownProvider",
        )
    return found
