"""Which optional features a Gateway's class has: by what it declares, else by a table."""

from collections.abc import Mapping
from typing import Any

from flagger_py.contracts.gateways import GatewayRef
from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

from ..objects import Address

GATEWAY = Kind("gateway.networking.k8s.io", "v1", "Gateway", "gateways")
GATEWAY_CLASS = Kind(
    "gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses", namespaced=False
)
REQUEST_MIRROR = "HTTPRouteRequestMirror"
NEVER_MIRRORS = ("traefik.io/gateway-controller",)
"""Controllers that accept a mirror filter and then answer 500 to every request of the route."""


def gateway_of(ref: GatewayRef, namespace: str) -> Address | None:
    """Return where the Gateway of *ref* is; None where the parent is of another kind."""
    if (ref.group, ref.kind) != (GATEWAY.group, GATEWAY.kind):
        return None
    return Address(GATEWAY, Key(ref.namespace or namespace, ref.name))


def class_of(gateway: Manifest) -> Address:
    """Return where the class of *gateway* is."""
    return Address(GATEWAY_CLASS, Key("", gateway["spec"]["gatewayClassName"]))


def mirror_refusal(
    ref: GatewayRef, namespace: str, found: Mapping[Address, Manifest | None]
) -> str | None:
    """Say why requests cannot be mirrored behind *ref*, None where they can.

    A class that declares no features and is not in the table is believed.
    """
    address = gateway_of(ref, namespace)
    if address is None:
        return None
    gateway = found.get(address)
    if gateway is None:
        return f"Gateway {address.key} does not exist, so nobody can tell whether it mirrors"
    name = class_of(gateway).key.name
    body = found.get(class_of(gateway)) or {}
    controller = (body.get("spec") or {}).get("controllerName", "")
    if controller in NEVER_MIRRORS:
        return f"GatewayClass {name} ({controller}) accepts mirror filters and breaks the route"
    features = _features(body)
    if features and REQUEST_MIRROR not in features:
        return f"GatewayClass {name} does not list {REQUEST_MIRROR} in status.supportedFeatures"
    return None


def _features(gateway_class: Mapping[str, Any]) -> frozenset[str]:
    """Return the declared features; older versions of the API list bare names."""
    listed = (gateway_class.get("status") or {}).get("supportedFeatures") or ()
    return frozenset(item["name"] if isinstance(item, Mapping) else str(item) for item in listed)
