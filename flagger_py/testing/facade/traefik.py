"""Which kinds a real Traefik 3 insists on watching, so that a store can serve them all.

Traefik routes nothing until every kind of its providers has been listed, installed or not.
"""

from flagger_py.refs import Kind
from flagger_py.testing.served import Served, custom

_TRAEFIK = "traefik.io"
_NETWORKING = "networking.k8s.io"
_GATEWAY = "gateway.networking.k8s.io"


def _of(group: str, version: str, kind: str, plural: str = "", *, namespaced: bool = True) -> Kind:
    return Kind(group, version, kind, plural or f"{kind.lower()}s", namespaced)


TRAEFIK_KINDS: tuple[Served, ...] = tuple(
    custom(kind)
    for kind in (
        _of(_TRAEFIK, "v1alpha1", "IngressRouteTCP"),
        _of(_TRAEFIK, "v1alpha1", "IngressRouteUDP"),
        _of(_TRAEFIK, "v1alpha1", "Middleware"),
        _of(_TRAEFIK, "v1alpha1", "MiddlewareTCP"),
        _of(_TRAEFIK, "v1alpha1", "ServersTransport"),
        _of(_TRAEFIK, "v1alpha1", "ServersTransportTCP"),
        _of(_TRAEFIK, "v1alpha1", "TLSOption"),
        _of(_TRAEFIK, "v1alpha1", "TLSStore"),
        _of(_NETWORKING, "v1", "Ingress", "ingresses"),
        _of(_NETWORKING, "v1", "IngressClass", "ingressclasses", namespaced=False),
        _of(_GATEWAY, "v1", "GRPCRoute"),
        _of(_GATEWAY, "v1", "TLSRoute"),
        _of(_GATEWAY, "v1", "BackendTLSPolicy", "backendtlspolicies"),
        _of(_GATEWAY, "v1beta1", "ReferenceGrant"),
    )
)
"""What the providers kubernetesCRD, kubernetesIngress and kubernetesGateway watch beside the
kinds that every World serves."""
