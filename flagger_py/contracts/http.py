"""Requests as Flagger's `spec.service` describes them: matching, rewriting, retries, headers, CORS.

The names are those of Istio's VirtualService and of the Gateway API, which Flagger took over.
"""

from collections.abc import Mapping
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from flagger_py.wire import Wire

PortNumber = Annotated[int, Field(ge=1, le=65535)]

Text = TypeVar("Text", bound=Wire)
Origin = TypeVar("Origin", bound=Wire)


class MatchOf(Wire, Generic[Text]):
    """Requests that a route takes, each text compared by a *Text*; every field has to hold."""

    name: str | None = Field(default=None, description="Name of this match, for the mesh's logs.")
    uri: Text | None = Field(default=None, description="Path of the request.")
    ignore_uri_case: bool | None = Field(default=None, description="Compare the path without case.")
    scheme: Text | None = Field(default=None, description="Scheme of the URI.")
    method: Text | None = Field(default=None, description="HTTP method.")
    authority: Text | None = Field(default=None, description="Host that was asked for.")
    headers: Mapping[str, Text] = Field(
        default_factory=dict, description="Headers that the request has, by name in lower case."
    )
    without_headers: Mapping[str, Text] = Field(
        default_factory=dict, description="Headers that the request does not have."
    )
    query_params: Mapping[str, Text] = Field(
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
        description="`ReplacePrefixMatch` replaces the matched prefix; else the whole path.",
    )


class Retries(Wire):
    """How often and when a failed request is sent again."""

    attempts: int | None = Field(default=None, description="Further attempts per request.")
    per_try_timeout: str | None = Field(default=None, description="Time limit of one attempt.")
    retry_on: str | None = Field(
        default=None,
        description="Comma-separated failures that are tried again, as Envoy names them.",
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


class CorsPolicy(Wire, Generic[Origin]):
    """Which pages of other origins a browser lets use the service, each known by an *Origin*."""

    allow_origins: tuple[Origin, ...] = Field(
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
