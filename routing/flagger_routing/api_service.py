"""Flagger's `spec.service` as a TrafficRoute takes it: ports, hosts, metadata, and the rest."""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import ConfigDict, Field

from flagger_py.crd_marks import AnyObject, IntOrString
from flagger_py.wire import Wire

from .api_http import CorsPolicy, Headers, HTTPMatch, MirrorTo, PortNumber, Retries, Rewrite


class GatewayRef(Wire):
    """A Gateway (or another parent) that a Gateway API route attaches to."""

    group: str = Field(default="gateway.networking.k8s.io", description="API group of the parent.")
    kind: str = Field(default="Gateway", description="Kind of the parent.")
    name: str = Field(min_length=1, max_length=253, description="Name of the parent.")
    namespace: str | None = Field(
        default=None, max_length=63, description="Namespace of the parent, where it is another one."
    )
    section_name: str | None = Field(
        default=None, description="Listener of the parent; without it all that fit."
    )
    port: PortNumber | None = Field(
        default=None, description="Port of the parent; without it all that fit."
    )


class CustomMetadata(Wire):
    """Labels and annotations of one of the Services."""

    labels: Mapping[str, str] = Field(default_factory=dict, description="Labels to set.")
    annotations: Mapping[str, str] = Field(default_factory=dict, description="Annotations to set.")


class UnmanagedMetadata(Wire):
    """Keys of labels and annotations that others write on our Services."""

    labels: tuple[str, ...] = Field(default=(), description="Keys of labels to leave alone.")
    annotations: tuple[str, ...] = Field(
        default=(), description="Keys of annotations to leave alone."
    )


class ExtraPort(Wire):
    """A further port of the Services, as port discovery resolved it."""

    name: str = Field(min_length=1, max_length=63, description="Name of the port.")
    port: PortNumber = Field(description="Port of the Services.")
    target_port: IntOrString | None = Field(
        default=None, description="Port of the pods, by number or name; port without it."
    )
    protocol: Literal["TCP", "UDP", "SCTP"] = Field(
        default="TCP", description="Transport protocol."
    )
    app_protocol: str | None = Field(
        default=None, description="Application protocol, as Services name it."
    )


class Service(Wire):
    """What is served, under which names and ports, and how requests are treated on the way."""

    model_config = ConfigDict(title="Service")

    name: str | None = Field(
        default=None,
        max_length=253,
        description="Name of the apex Service; without it the name of this object.",
    )
    port: PortNumber = Field(description="Port of the Services.")
    port_name: str | None = Field(default=None, description="Name of that port; http without it.")
    target_port: IntOrString | None = Field(
        default=None, description="Port of the pods, by number or name; port without it."
    )
    app_protocol: str | None = Field(
        default=None, description="Application protocol of the port, as Services name it."
    )
    port_discovery: bool = Field(
        default=False,
        description="Said by a rollout that found the further ports; they are in ports.",
    )
    ports: tuple[ExtraPort, ...] = Field(
        default=(), description="Further ports of the Services, already resolved."
    )
    headless: bool = Field(default=False, description="Make Services without a cluster IP.")
    traffic_distribution: str | None = Field(
        default=None, description="Which endpoints of a Service are preferred."
    )
    timeout: str | None = Field(default=None, description="Time limit of a whole request.")
    backend_timeout: str | None = Field(
        default=None, description="Time limit of one attempt at a backend (Gateway API)."
    )
    gateways: tuple[str, ...] = Field(default=(), description="Istio gateways to attach to.")
    gateway_refs: tuple[GatewayRef, ...] = Field(
        default=(), max_length=32, description="Gateways to attach to (Gateway API)."
    )
    hosts: tuple[str, ...] = Field(default=(), description="Host names that users ask for.")
    delegation: bool = Field(
        default=False, description="Make a delegate VirtualService, without hosts and gateways."
    )
    match: tuple[HTTPMatch, ...] = Field(
        default=(), description="Requests that the route takes; all of them without it."
    )
    rewrite: Rewrite | None = Field(default=None, description="What is rewritten on the way in.")
    retries: Retries | None = Field(default=None, description="When a request is sent again.")
    headers: Headers | None = Field(default=None, description="Headers changed on the way.")
    mirror: tuple[MirrorTo, ...] = Field(
        default=(), description="Receivers of copies of every request (Gateway API)."
    )
    cors_policy: CorsPolicy | None = Field(
        default=None, description="Which pages of other origins may use the service."
    )
    traffic_policy: AnyObject | None = Field(
        default=None, description="How Istio's proxies treat primary and canary."
    )
    mesh_name: str | None = Field(default=None, description="Mesh of the workloads (App Mesh).")
    backends: tuple[str, ...] = Field(
        default=(), description="Services that the target itself calls (App Mesh)."
    )
    apex: CustomMetadata = Field(
        default=CustomMetadata(), description="Metadata of the apex Service and of the route."
    )
    primary: CustomMetadata = Field(
        default=CustomMetadata(), description="Metadata of the primary's Service."
    )
    canary: CustomMetadata = Field(
        default=CustomMetadata(), description="Metadata of the canary's Service."
    )
    unmanaged_metadata: UnmanagedMetadata = Field(
        default=UnmanagedMetadata(),
        description="Keys on the Services that stay as others wrote them.",
    )

    @property
    def resolved_target_port(self) -> int | str:
        """Flagger reads a target port of 0 as none, and none as the port itself."""
        return self.target_port or self.port if self.target_port != "0" else self.port


def given(value: Wire, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of the fields *names* (as on the wire) say something."""
    written = value.wire()
    return tuple(name for name in names if written.get(name) not in (None, False, (), [], {}, ""))
