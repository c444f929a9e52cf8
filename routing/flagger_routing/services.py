"""The three Services: which pods the apex, the primary and the canary mean, on which ports."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flagger_py.contracts.service import CustomMetadata
from flagger_py.owned import applied_fields
from flagger_py.refs import SERVICE, Key
from flagger_py.wire import Manifest

from .api import MANAGER, Names, Selectors, TrafficRouteSpec
from .api_service import Service, given
from .objects import TOOLKIT_ANNOTATIONS, Address, annotated

SERVICE_NAME = "kubernetes.io/service-name"
"""The label by which an EndpointSlice says whose endpoints it holds."""


class Role(StrEnum):
    """What a Service is for."""

    CANARY = "canary"
    PRIMARY = "primary"
    APEX = "apex"


def address(namespace: str, names: Names, role: Role) -> Address:
    """Return where the Service of *role* is read."""
    return Address(SERVICE, Key(namespace, _name(names, role)))


def selector_key(selectors: Selectors | None) -> str | None:
    """Return the key of the pods' selector by which Flagger labels what belongs to a service."""
    return min(selectors.primary) if selectors else None


def render(
    spec: TrafficRouteSpec, namespace: str, names: Names, role: Role, live: Manifest | None
) -> dict[str, Any]:
    """Return the Service of *role* as we make it; the route's selectors must be known.

    What is settled at creation (headless, traffic distribution) stays as *live* has it.
    """
    if spec.selectors is None:
        raise AssertionError("without selectors no Service is ours")
    selector = spec.selectors.canary if role is Role.CANARY else spec.selectors.primary
    name = _name(names, role)
    custom = _custom(spec.service, role)
    kept = spec.service.unmanaged_metadata
    labels = {**custom.labels, str(selector_key(spec.selectors)): name}
    return {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": _ours(labels, kept.labels, live, "labels"),
            "annotations": _ours(
                annotated(custom.annotations), kept.annotations, live, "annotations"
            ),
        },
        "spec": {
            "ports": ports(spec.service),
            "selector": dict(selector),
            **_settled(spec.service, live),
        },
    }


def adopted(desired: Mapping[str, Any], *, akin: bool) -> dict[str, Any]:
    """Return the part of *desired* that is written onto a Service which was there before.

    Flagger writes its metadata where the Canary made it, as one is that is *akin* to us.
    """
    meta, spec = desired["metadata"], desired["spec"]
    found = {
        "name": meta["name"],
        "namespace": meta["namespace"],
        "annotations": dict(TOOLKIT_ANNOTATIONS),
    }
    return {
        **desired,
        "metadata": meta if akin else found,
        "spec": {"ports": spec["ports"], "selector": spec["selector"]},
    }


def left_out(service: Service, role: Role) -> tuple[str, ...]:
    """Return the metadata that is not written onto a Service which was there before."""
    custom = _custom(service, role)
    return tuple(f"{role}.{field}" for field in given(custom, ("labels", "annotations")))


def with_unmanaged(service: Service, live: Manifest | None) -> Service:
    """Return *service* with what others manage of the *live* apex: Flagger's routes carry it."""
    meta = (live or {}).get("metadata") or {}
    kept, apex = service.unmanaged_metadata, service.apex
    labels = _present(meta.get("labels"), kept.labels)
    annotations = _present(meta.get("annotations"), kept.annotations)
    if not labels and not annotations:
        return service
    update = {
        "labels": {**apex.labels, **labels},
        "annotations": {**apex.annotations, **annotations},
    }
    return service.model_copy(update={"apex": apex.model_copy(update=update)})


def ports(service: Service) -> list[dict[str, Any]]:
    """Return the main port first, then the others in the order they were resolved in."""
    main = {
        "name": service.port_name or "http",
        "port": service.port,
        "protocol": "TCP",
        "targetPort": service.resolved_target_port,
        **_app_protocol(service.app_protocol),
    }
    more = [
        {
            "name": port.name,
            "port": port.port,
            "protocol": port.protocol,
            "targetPort": port.target_port or port.port,
            **_app_protocol(port.app_protocol),
        }
        for port in service.ports
    ]
    return [main, *more]


def unchangeable(service: Service, live: Manifest, *, ours: bool) -> tuple[str, ...]:
    """Return the fields whose change comes too late for a Service that exists.

    One that is not *ours* may be headless where nobody asked for it.
    """
    spec = live.get("spec") or {}
    found = []
    headless = spec.get("clusterIP") == "None"
    if service.headless != headless and (ours or service.headless):
        found.append("headless")
    wanted = service.traffic_distribution
    if wanted is not None and wanted != spec.get("trafficDistribution"):
        found.append("trafficDistribution")
    return tuple(found)


def _settled(service: Service, live: Manifest | None) -> dict[str, Any]:
    if live is None:
        cluster_ip = "None" if service.headless else None
        distribution = service.traffic_distribution
    else:
        spec = live.get("spec") or {}
        cluster_ip = "None" if spec.get("clusterIP") == "None" else None
        distribution = spec.get("trafficDistribution")
    settled = {"clusterIP": cluster_ip, "trafficDistribution": distribution}
    return {name: value for name, value in settled.items() if value}


def _present(given: Mapping[str, str] | None, keys: tuple[str, ...]) -> dict[str, str]:
    return {key: given[key] for key in keys if given and key in given}


def _ours(
    wanted: Mapping[str, str], kept: tuple[str, ...], live: Manifest | None, field: str
) -> dict[str, str]:
    """Return *wanted* without the keys *kept* for others, but for those that nobody took up.

    A key that we gave a new Service stays ours until somebody else writes or removes it.
    """
    if live is None:
        return dict(wanted)
    present: Mapping[str, str] = live["metadata"].get(field) or {}
    owned = applied_fields(live, MANAGER).get("f:metadata", {}).get(f"f:{field}", {})
    return {
        key: value
        for key, value in wanted.items()
        if key not in kept or (f"f:{key}" in owned and present.get(key) == value)
    }


def _app_protocol(value: str | None) -> dict[str, str]:
    return {"appProtocol": value} if value else {}


def _custom(service: Service, role: Role) -> CustomMetadata:
    match role:
        case Role.APEX:
            return service.apex
        case Role.PRIMARY:
            return service.primary
        case Role.CANARY:
            return service.canary


def _name(names: Names, role: Role) -> str:
    match role:
        case Role.APEX:
            return names.apex
        case Role.PRIMARY:
            return names.primary
        case Role.CANARY:
            return names.canary
