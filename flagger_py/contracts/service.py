"""Flagger's `spec.service`, as a Canary has it and as a TrafficRoute takes it over."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from pydantic import Field

from flagger_py.contracts.gateways import GatewayRef
from flagger_py.contracts.http import Headers, Retries, Rewrite
from flagger_py.crd_marks import IntOrString
from flagger_py.wire import Wire


class CustomMetadata(Wire):
    """Labels and annotations of a generated object."""

    labels: Mapping[str, str] = Field(default_factory=dict, description="Labels to set.")
    annotations: Mapping[str, str] = Field(default_factory=dict, description="Annotations to set.")


class UnmanagedMetadata(Wire):
    """Keys on generated Services that belong to somebody else."""

    labels: tuple[str, ...] = Field(default=(), description="Keys of labels to leave alone.")
    annotations: tuple[str, ...] = Field(
        default=(), description="Keys of annotations to leave alone."
    )


Parent = TypeVar("Parent", bound=GatewayRef)
Match = TypeVar("Match", bound=Wire)
Copies = TypeVar("Copies", bound=Wire)
Cors = TypeVar("Cors", bound=Wire)
TrafficPolicy = TypeVar("TrafficPolicy")


class ServiceOf(Wire, Generic[Parent, Match, Copies, Cors, TrafficPolicy]):
    """How an application is reached, under one name for users and one for each of its two sides.

    The parameters stand for the fields that one part reads more strictly than the other: Gateways
    to attach to, matches, mirrors, CORS and Istio's traffic policy.
    """

    name: str | None = Field(
        default=None, description="Name of the apex Service; the others add -primary and -canary."
    )
    port: int = Field(description="Port of the Services.")
    port_name: str | None = Field(default=None, description="Name of that port; http without it.")
    target_port: IntOrString | None = Field(
        default=None, description="Port of the pods, by number or name; port without it."
    )
    app_protocol: str | None = Field(
        default=None, description="Application protocol of the port, as Services name it."
    )
    port_discovery: bool = Field(
        default=False, description="Also serve every other port of the target's containers."
    )
    headless: bool = Field(default=False, description="Make Services without a cluster IP.")
    traffic_distribution: str | None = Field(
        default=None, description="Which endpoints of a Service are preferred."
    )
    timeout: str | None = Field(default=None, description="Time limit of a whole request.")
    backend_timeout: str | None = Field(
        default=None, description="Time limit of one attempt at a backend (Gateway API)."
    )
    hosts: tuple[str, ...] = Field(default=(), description="Host names that users ask for.")
    gateways: tuple[str, ...] = Field(
        default=(), description="Istio gateways to attach to; the mesh itself without them."
    )
    gateway_refs: tuple[Parent, ...] = Field(
        default=(), max_length=32, description="Gateways to attach to (Gateway API)."
    )
    delegation: bool = Field(
        default=False, description="Make a delegate VirtualService, without hosts and gateways."
    )
    match: tuple[Match, ...] = Field(
        default=(), description="Requests that the route takes; all of them without it."
    )
    rewrite: Rewrite | None = Field(default=None, description="What is rewritten on the way in.")
    retries: Retries | None = Field(default=None, description="When a request is sent again.")
    headers: Headers | None = Field(default=None, description="Headers changed on the way.")
    mirror: tuple[Copies, ...] = Field(
        default=(), description="Receivers of copies of every request (Gateway API)."
    )
    cors_policy: Cors | None = Field(
        default=None, description="Which pages of other origins may use the service."
    )
    traffic_policy: TrafficPolicy | None = Field(
        default=None, description="How Istio's proxies treat primary and canary."
    )
    mesh_name: str | None = Field(default=None, description="Mesh of the workloads (App Mesh).")
    backends: tuple[str, ...] = Field(
        default=(), description="Services that the target itself calls (App Mesh)."
    )
    apex: CustomMetadata | None = Field(
        default=None, description="Metadata of the apex Service and of the route."
    )
    primary: CustomMetadata | None = Field(
        default=None, description="Metadata of the primary's Service."
    )
    canary: CustomMetadata | None = Field(
        default=None, description="Metadata of the canary's Service."
    )
    unmanaged_metadata: UnmanagedMetadata | None = Field(
        default=None, description="Keys on the Services that stay as others wrote them."
    )
