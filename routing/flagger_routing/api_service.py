"""Flagger's `spec.service` as a TrafficRoute takes it: ports, hosts, matches and what is done to
requests."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from flagger_py.crd_marks import AnyObject, IntOrString, at_most_one_field, refusal
from flagger_py.wire import Wire

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class StringMatch(Wire):
    """How a text is compared; one of the fields is set."""

    model_config = at_most_one_field()

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    regex: str | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        given = [name for name in ("exact", "prefix", "suffix", "regex") if getattr(self, name)]
        if len(given) > 1:
            raise refusal(f"give one of {' and '.join(given)}, not both")
        return self


class HTTPMatch(Wire):
    """Which requests are meant: all the fields hold together, several matches are alternatives."""

    name: str | None = None
    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: Mapping[str, StringMatch] = Field(default_factory=dict)
    query_params: Mapping[str, StringMatch] = Field(default_factory=dict)
    without_headers: Mapping[str, StringMatch] = Field(default_factory=dict)
    ignore_uri_case: bool | None = None
    port: PortNumber | None = None
    gateways: tuple[str, ...] = ()
    source_labels: Mapping[str, str] = Field(default_factory=dict)
    source_namespace: str | None = None


class GatewayRef(Wire):
    """A Gateway (or another parent) that a Gateway API route attaches to."""

    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    name: str = Field(min_length=1, max_length=253)
    namespace: str | None = Field(default=None, max_length=63)
    section_name: str | None = None
    port: PortNumber | None = None


class Rewrite(Wire):
    """What the path and the host of a request become."""

    uri: str | None = None
    authority: str | None = None
    type: str | None = Field(
        default=None,
        description="`ReplacePrefixMatch` replaces the matched prefix; else the whole path.",
    )


class HeaderChange(Wire):
    """Headers to add, to overwrite and to remove."""

    add: Mapping[str, str] = Field(default_factory=dict)
    set: Mapping[str, str] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()


class Headers(Wire):
    """Changes to the headers of requests and of responses."""

    request: HeaderChange | None = None
    response: HeaderChange | None = None


class Retries(Wire):
    """How often and on what a failed request is tried again."""

    attempts: Annotated[int, Field(ge=0)] | None = None
    per_try_timeout: str | None = None
    retry_on: str | None = None


class MirrorBackend(Wire):
    """Who receives the copies; a Service needs a port."""

    group: str = ""
    kind: str = "Service"
    name: str = Field(min_length=1, max_length=253)
    namespace: str | None = Field(default=None, max_length=63)
    port: PortNumber | None = None


class MirrorTo(Wire):
    """A permanent mirror, whatever the split is."""

    backend_ref: MirrorBackend


class CorsPolicy(Wire):
    """Cross-origin rules that the gateway answers with."""

    allow_credentials: bool | None = None
    allow_headers: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_origin: tuple[str, ...] = ()
    allow_origins: tuple[StringMatch, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: str | None = None


class CustomMetadata(Wire):
    """Labels and annotations of one of the Services."""

    labels: Mapping[str, str] = Field(default_factory=dict)
    annotations: Mapping[str, str] = Field(default_factory=dict)


class UnmanagedMetadata(Wire):
    """Keys of labels and annotations that others write on our Services."""

    labels: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()


class ExtraPort(Wire):
    """A further port of the Services, as port discovery resolved it."""

    name: str = Field(min_length=1, max_length=63)
    port: PortNumber
    target_port: IntOrString | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    app_protocol: str | None = None


class Service(Wire):
    """What is served, under which names and ports, and how requests are treated on the way."""

    model_config = ConfigDict(title="Service")

    name: str | None = Field(default=None, max_length=253)
    port: PortNumber
    port_name: str | None = None
    target_port: IntOrString | None = None
    app_protocol: str | None = None
    port_discovery: bool = False
    ports: tuple[ExtraPort, ...] = Field(
        default=(), description="Further ports of the Services, already resolved."
    )
    headless: bool = False
    traffic_distribution: str | None = None
    timeout: str | None = None
    backend_timeout: str | None = None
    gateways: tuple[str, ...] = ()
    gateway_refs: tuple[GatewayRef, ...] = Field(default=(), max_length=32)
    hosts: tuple[str, ...] = ()
    delegation: bool = False
    match: tuple[HTTPMatch, ...] = ()
    rewrite: Rewrite | None = None
    retries: Retries | None = None
    headers: Headers | None = None
    mirror: tuple[MirrorTo, ...] = ()
    cors_policy: CorsPolicy | None = None
    traffic_policy: AnyObject | None = None
    mesh_name: str | None = None
    backends: tuple[str, ...] = ()
    apex: CustomMetadata = CustomMetadata()
    primary: CustomMetadata = CustomMetadata()
    canary: CustomMetadata = CustomMetadata()
    unmanaged_metadata: UnmanagedMetadata = UnmanagedMetadata()

    @property
    def resolved_target_port(self) -> int | str:
        """Flagger reads a target port of 0 as none, and none as the port itself."""
        return self.target_port or self.port if self.target_port != "0" else self.port


def given(value: Wire, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of the fields *names* (as on the wire) say something."""
    written = value.wire()
    return tuple(name for name in names if written.get(name) not in (None, False, (), [], {}, ""))
