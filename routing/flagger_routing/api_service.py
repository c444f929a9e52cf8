"""Flagger's `spec.service` as a TrafficRoute takes it: with further ports, already resolved."""

from collections.abc import Iterable
from typing import Literal

from pydantic import ConfigDict, Field

from flagger_py.contracts.gateways import GatewayRef
from flagger_py.contracts.http import PortNumber
from flagger_py.contracts.service import CustomMetadata, ServiceOf, UnmanagedMetadata
from flagger_py.crd_marks import AnyObject, IntOrString
from flagger_py.wire import Wire

from .api_http import CorsPolicy, HTTPMatch, MirrorTo, Retries


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


class Service(ServiceOf[GatewayRef, HTTPMatch, MirrorTo, CorsPolicy, AnyObject]):
    """What is served, under which names and ports, and how requests are treated on the way."""

    model_config = ConfigDict(title="Service")

    name: str | None = Field(
        default=None,
        max_length=253,
        description="Name of the apex Service; without it the name of this object.",
    )
    port: PortNumber = Field(description="Port of the Services.")
    port_discovery: bool = Field(
        default=False,
        description="Said by a rollout that found the further ports; they are in ports.",
    )
    ports: tuple[ExtraPort, ...] = Field(
        default=(), description="Further ports of the Services, already resolved."
    )
    retries: Retries | None = Field(default=None, description="When a request is sent again.")
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
