"""Requests as a Canary describes them: matching, headers, rewriting, retries, CORS, mirrors.

The names are those of Istio's VirtualService and of the Gateway API, which Flagger took over.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from flagger_py.crd_marks import (
    Rule,
    at_most_one_field,
    exactly_one_field,
    refusal,
    stored,
    validated,
)
from flagger_py.wire import Wire

_DNS_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_GROUP = rf"^$|^{_DNS_NAME}(\.{_DNS_NAME})*$"
_SECTION = rf"^{_DNS_NAME}(\.{_DNS_NAME})*$"
_NAMESPACE = rf"^{_DNS_NAME}$"
_KIND = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"

MIRROR_PORT = "name the port of the Service, as in `port: 80`"


class StringMatch(Wire):
    """How a text is compared; at most one of the fields, none matches any text."""

    model_config = at_most_one_field()

    exact: str | None = Field(default=None, description="The text is this one.")
    prefix: str | None = Field(default=None, description="The text begins with this one.")
    regex: str | None = Field(default=None, description="The text matches this RE2 expression.")

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        if sum(way is not None for way in (self.exact, self.prefix, self.regex)) > 1:
            raise refusal("set only one of exact, prefix and regex")
        return self


class OriginMatch(Wire):
    """How an origin is compared; exactly one of the fields."""

    model_config = exactly_one_field()

    exact: str | None = Field(default=None, description="The origin is this one.")
    prefix: str | None = Field(default=None, description="The origin begins with this text.")
    regex: str | None = Field(default=None, description="The origin matches this RE2 expression.")

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        if sum(way is not None for way in (self.exact, self.prefix, self.regex)) != 1:
            raise refusal("set exactly one of exact, prefix and regex")
        return self


class RequestMatch(Wire):
    """Requests that a route takes; every field that is set has to hold."""

    name: str | None = Field(default=None, description="Name of this match, for the mesh's logs.")
    uri: StringMatch | None = Field(default=None, description="Path of the request.")
    ignore_uri_case: bool = Field(default=False, description="Compare the path without case.")
    scheme: StringMatch | None = Field(default=None, description="Scheme of the URI.")
    method: StringMatch | None = Field(default=None, description="HTTP method.")
    authority: StringMatch | None = Field(default=None, description="Host that was asked for.")
    headers: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Headers that the request has, by name in lower case."
    )
    without_headers: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Headers that the request does not have."
    )
    query_params: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Query parameters by name."
    )
    port: int | None = Field(default=None, description="Port that was addressed.")
    source_labels: Mapping[str, str] = Field(
        default_factory=dict, description="Labels of the workload that asks."
    )
    source_namespace: str | None = Field(
        default=None, description="Namespace of the workload that asks."
    )
    gateways: tuple[str, ...] = Field(default=(), description="Gateways where this match counts.")


class Rewrite(Wire):
    """What of a request is written anew before it reaches the backend."""

    uri: str | None = Field(default=None, description="Path, or prefix of it, to put in place.")
    authority: str | None = Field(default=None, description="Host header to put in place.")
    type: str | None = Field(
        default=None,
        description="ReplacePrefixMatch keeps the rest of the path; else all is replaced.",
    )


class Retries(Wire):
    """How often and when a failed request is sent again."""

    attempts: int | None = Field(default=None, description="Further attempts per request.")
    per_try_timeout: str | None = Field(default=None, description="Time limit of one attempt.")
    retry_on: str | None = Field(
        default=None, description="Comma-separated failures that are tried again, as Envoy names."
    )


class HeaderChange(Wire):
    """What happens to the headers on one way."""

    set: Mapping[str, str] = Field(default_factory=dict, description="Values to put in place.")
    add: Mapping[str, str] = Field(default_factory=dict, description="Values to append.")
    remove: tuple[str, ...] = Field(default=(), description="Names of headers to take away.")


class Headers(Wire):
    """What happens to headers on the way in and on the way out."""

    request: HeaderChange | None = Field(default=None, description="Changes before forwarding.")
    response: HeaderChange | None = Field(default=None, description="Changes before answering.")


class CorsPolicy(Wire):
    """Which pages of other origins a browser lets use the service."""

    allow_origins: tuple[OriginMatch, ...] = Field(
        default=(), description="Origins that may ask, each by one comparison."
    )
    allow_origin: tuple[str, ...] = Field(
        default=(), description="Origins that may ask, in Istio's older spelling."
    )
    allow_methods: tuple[str, ...] = Field(default=(), description="Methods that may be used.")
    allow_headers: tuple[str, ...] = Field(default=(), description="Headers that may be sent.")
    expose_headers: tuple[str, ...] = Field(
        default=(), description="Headers of the answer that pages may read."
    )
    allow_credentials: bool | None = Field(
        default=None, description="Whether cookies and credentials may be sent."
    )
    max_age: str | None = Field(
        default=None, description="How long a browser may remember this, as a duration."
    )


class MirrorBackend(Wire):
    """Who receives the copies."""

    model_config = validated(
        Rule("self.group != '' || self.kind != 'Service' || has(self.port)", MIRROR_PORT)
    )

    group: str = Field(
        default="",
        max_length=253,
        pattern=_GROUP,
        json_schema_extra=stored(""),
        description="API group of the receiver; empty for the core group.",
    )
    kind: str = Field(
        default="Service",
        min_length=1,
        max_length=63,
        pattern=_KIND,
        json_schema_extra=stored("Service"),
        description="Kind of the receiver.",
    )
    name: str = Field(min_length=1, max_length=253, description="Name of the receiver.")
    namespace: str | None = Field(
        default=None,
        min_length=1,
        max_length=63,
        pattern=_NAMESPACE,
        description="Namespace of the receiver, where it is another one.",
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of the receiving Service."
    )

    @model_validator(mode="after")
    def _service_has_port(self) -> Self:
        if self.group == "" and self.kind == "Service" and self.port is None:
            raise refusal(MIRROR_PORT)
        return self


class Mirror(Wire):
    """A receiver of copies of every request, whatever the phase (Gateway API)."""

    backend_ref: MirrorBackend | None = Field(
        default=None, description="Who receives the copies; without it nobody does."
    )


class GatewayRef(Wire):
    """A Gateway that routes attach to (Gateway API)."""

    group: str = Field(
        default="gateway.networking.k8s.io",
        max_length=253,
        pattern=_GROUP,
        json_schema_extra=stored("gateway.networking.k8s.io"),
        description="API group of the parent.",
    )
    kind: str = Field(
        default="Gateway",
        min_length=1,
        max_length=63,
        pattern=_KIND,
        json_schema_extra=stored("Gateway"),
        description="Kind of the parent.",
    )
    name: str = Field(min_length=1, max_length=253, description="Name of the parent.")
    namespace: str | None = Field(
        default=None,
        min_length=1,
        max_length=63,
        pattern=_NAMESPACE,
        description="Namespace of the parent, where it is another one.",
    )
    section_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        pattern=_SECTION,
        description="Listener of the parent; without it all that fit.",
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of the parent; without it all that fit."
    )
