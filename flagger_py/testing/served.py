"""Which kinds a World serves, and what is special about each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flagger_py.crd import CustomResource, definition
from flagger_py.refs import (
    CONFIG_MAP,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    NAMESPACE,
    SECRET,
    SERVICE,
    Kind,
)
from flagger_py.testing import allotted, defaults, schema, validation
from flagger_py.testing.allotted import Allot
from flagger_py.testing.defaults import Default
from flagger_py.testing.schema import Shape
from flagger_py.testing.validation import Validate

_GATEWAY_API = "gateway.networking.k8s.io"

POD = Kind("", "v1", "Pod", "pods")
EVENT = Kind("", "v1", "Event", "events")
NODE = Kind("", "v1", "Node", "nodes", namespaced=False)
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
DAEMON_SET = Kind("apps", "v1", "DaemonSet", "daemonsets")
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
HTTP_ROUTE = Kind(_GATEWAY_API, "v1", "HTTPRoute", "httproutes")
GATEWAY = Kind(_GATEWAY_API, "v1", "Gateway", "gateways")
GATEWAY_CLASS = Kind(_GATEWAY_API, "v1", "GatewayClass", "gatewayclasses", namespaced=False)
TRAEFIK_SERVICE = Kind("traefik.io", "v1alpha1", "TraefikService", "traefikservices")
INGRESS_ROUTE = Kind("traefik.io", "v1alpha1", "IngressRoute", "ingressroutes")


@dataclass(frozen=True, slots=True)
class Served:
    """A kind as the API server treats it.

    *kind* has the version in which objects are stored and watched, *versions* the others it can
    be read and written in. *status* is whether there is a status subresource, *generation*
    whether `metadata.generation` counts changes of anything but metadata and status.
    """

    kind: Kind
    versions: tuple[str, ...] = ()
    status: bool = True
    generation: bool = True
    annotations_count: bool = False
    """Whether a change of annotations counts as one of the spec, as Deployments have it."""
    shape: Shape = schema.CUSTOM
    default: Default = defaults.unchanged
    allot: Allot = allotted.nothing
    validate: Validate = validation.nothing
    versioned_updates: bool = False
    """Whether a PUT must say which resourceVersion it replaces, as custom resources must."""

    def kind_in(self, version: str) -> Kind | None:
        """Return the kind as *version* serves it, None when that version is not served."""
        if version == self.kind.version:
            return self.kind
        if version not in self.versions:
            return None
        kind = self.kind
        return Kind(kind.group, version, kind.kind, kind.plural, kind.namespaced)


def custom(
    kind: Kind,
    *,
    status: bool = True,
    versions: tuple[str, ...] = (),
    default: Default = defaults.unchanged,
    lists: Mapping[str, tuple[str, ...]] | None = None,
) -> Served:
    """Return *kind* as a permissive custom resource.

    *default* completes an object after each write (`defaults.unobserved` gives it Flux's
    `status.observedGeneration: -1`); *lists* names keyed lists: `{"spec.metrics": ("name",)}`.
    """
    return Served(
        kind,
        versions,
        status,
        shape=schema.with_lists(lists or {}),
        default=default,
        versioned_updates=True,
    )


def from_crd(crd: Mapping[str, Any]) -> Served:
    """Return the kind that a CustomResourceDefinition describes: lists, defaults, subresources.

    Schema validation and pruning are left to a real API server.
    """
    spec = crd["spec"]
    names = spec["names"]
    stored = next(version for version in spec["versions"] if version["storage"])
    others = (v["name"] for v in spec["versions"] if v["served"] and v is not stored)
    openapi = (stored.get("schema") or {}).get("openAPIV3Schema") or {}
    shape = schema.from_openapi(openapi)
    namespaced = spec["scope"] == "Namespaced"
    return Served(
        Kind(spec["group"], stored["name"], names["kind"], names["plural"], namespaced),
        tuple(others),
        status="status" in (stored.get("subresources") or {}),
        shape=Shape(fields={**shape.fields, "metadata": schema.METADATA}, rest=shape.rest),
        default=_observing(defaults.from_openapi(openapi)),
        versioned_updates=True,
    )


@cache
def served(resource: CustomResource) -> Served:
    """Return one of our own kinds as its CustomResourceDefinition has it served."""
    return from_crd(definition(resource))


def _observing(default: Callable[[dict[str, Any]], dict[str, Any]]) -> Default:
    """Default below `status` too where the schema gives a status as a whole or none."""

    def complete(manifest: dict[str, Any]) -> dict[str, Any]:
        found = default(manifest)
        if "status" in found:
            return found
        status = default({**found, "status": {}})["status"]
        return {**found, "status": status} if status else found

    return complete


def _plain(
    kind: Kind, shape: Shape = schema.CUSTOM, default: Default = defaults.unchanged
) -> Served:
    return Served(kind, status=False, generation=False, shape=shape, default=default)


_DAEMONS = allotted.status(
    currentNumberScheduled=0, numberMisscheduled=0, desiredNumberScheduled=0, numberReady=0
)

BUILT_IN: tuple[Served, ...] = (
    Served(
        SERVICE,
        generation=False,
        shape=schema.SERVICE,
        default=defaults.service,
        allot=allotted.service,
        validate=validation.service,
    ),
    Served(
        POD,
        shape=schema.POD,
        default=defaults.pod,
        allot=allotted.status(phase="Pending", qosClass="BestEffort"),
    ),
    _plain(CONFIG_MAP),
    _plain(SECRET, default=defaults.secret),
    _plain(EVENT, schema.EVENT),
    Served(
        NAMESPACE,
        generation=False,
        default=defaults.namespace,
        allot=allotted.namespace,
    ),
    Served(NODE, generation=False),
    _plain(SERVICE_ACCOUNT, schema.ACCOUNT),
    Served(
        DEPLOYMENT,
        annotations_count=True,
        shape=schema.WORKLOAD,
        default=defaults.deployment,
        allot=allotted.status(),
        validate=validation.workload,
    ),
    Served(
        REPLICA_SET,
        shape=schema.WORKLOAD,
        default=defaults.replica_set,
        allot=allotted.status(replicas=0),
        validate=validation.workload,
    ),
    Served(
        DAEMON_SET,
        shape=schema.WORKLOAD,
        default=defaults.daemon_set,
        allot=_DAEMONS,
        validate=validation.workload,
    ),
    Served(
        STATEFUL_SET,
        shape=schema.WORKLOAD,
        default=defaults.stateful_set,
        allot=allotted.status(replicas=0, availableReplicas=0),
        validate=validation.workload,
    ),
    Served(ENDPOINT_SLICE, status=False),
    _plain(LEASE),
    Served(
        HTTP_ROUTE,
        ("v1beta1",),
        default=defaults.http_route,
        validate=validation.http_route,
        versioned_updates=True,
    ),
    Served(GATEWAY, ("v1beta1",), shape=schema.GATEWAY, versioned_updates=True),
    Served(GATEWAY_CLASS, ("v1beta1",), shape=schema.GATEWAY_CLASS, versioned_updates=True),
    custom(TRAEFIK_SERVICE, status=False),
    custom(INGRESS_ROUTE, status=False),
)
"""What every World serves."""
