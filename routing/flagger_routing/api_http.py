"""What requests are meant and what is done to them on the way, in Flagger's spelling."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from flagger_py.crd_marks import at_most_one_field, refusal
from flagger_py.wire import Wire

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class StringMatch(Wire):
    """How a text is compared; one of the fields is set."""

    model_config = at_most_one_field()

    exact: str | None = Field(default=None, description="The text is this one.")
    prefix: str | None = Field(default=None, description="The text begins with this one.")
    suffix: str | None = Field(default=None, description="The text ends with this one.")
    regex: str | None = Field(default=None, description="The text matches this RE2 expression.")

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        given = [name for name in ("exact", "prefix", "suffix", "regex") if getattr(self, name)]
        if len(given) > 1:
            raise refusal(f"give one of {' and '.join(given)}, not both")
        return self


class HTTPMatch(Wire):
    """Which requests are meant: all the fields hold together, several matches are alternatives."""

    name: str | None = Field(default=None, description="Name of this match.")
    uri: StringMatch | None = Field(default=None, description="Path of the request.")
    scheme: StringMatch | None = Field(default=None, description="Scheme of the URI.")
    method: StringMatch | None = Field(default=None, description="HTTP method.")
    authority: StringMatch | None = Field(default=None, description="Host that was asked for.")
    headers: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Headers that the request has, by name in lower case."
    )
    query_params: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Query parameters by name."
    )
    without_headers: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Headers that the request does not have."
    )
    ignore_uri_case: bool | None = Field(default=None, description="Compare the path without case.")
    port: PortNumber | None = Field(default=None, description="Port that was addressed.")
    gateways: tuple[str, ...] = Field(default=(), description="Gateways where this match counts.")
    source_labels: Mapping[str, str] = Field(
        default_factory=dict, description="Labels of the workload that asks."
    )
    source_namespace: str | None = Field(
        default=None, description="Namespace of the workload that asks."
    )


class Rewrite(Wire):
    """What the path and the host of a request become."""

    uri: str | None = Field(default=None, description="Path, or prefix of it, to put in place.")
    authority: str | None = Field(default=None, description="Host header to put in place.")
    type: str | None = Field(
        default=None,
        description="`ReplacePrefixMatch` replaces the matched prefix; else the whole path.",
    )


class HeaderChange(Wire):
    """Headers to add, to overwrite and to remove."""

    add: Mapping[str, str] = Field(default_factory=dict, description="Values to append.")
    set: Mapping[str, str] = Field(default_factory=dict, description="Values to put in place.")
    remove: tuple[str, ...] = Field(default=(), description="Names of headers to take away.")


class Headers(Wire):
    """Changes to the headers of requests and of responses."""

    request: HeaderChange | None = Field(default=None, description="Changes before forwarding.")
    response: HeaderChange | None = Field(default=None, description="Changes before answering.")


class Retries(Wire):
    """How often and on what a failed request is tried again."""

    attempts: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Further attempts per request."
    )
    per_try_timeout: str | None = Field(default=None, description="Time limit of one attempt.")
    retry_on: str | None = Field(
        default=None,
        description="Comma-separated failures that are tried again, as Envoy names them.",
    )


class MirrorBackend(Wire):
    """Who receives the copies; a Service needs a port."""

    group: str = Field(
        default="", description="API group of the receiver; empty for the core group."
    )
    kind: str = Field(default="Service", description="Kind of the receiver.")
    name: str = Field(min_length=1, max_length=253, description="Name of the receiver.")
    namespace: str | None = Field(
        default=None,
        max_length=63,
        description="Namespace of the receiver, where it is another one.",
    )
    port: PortNumber | None = Field(default=None, description="Port of the receiving Service.")


class MirrorTo(Wire):
    """A permanent mirror, whatever the split is."""

    backend_ref: MirrorBackend = Field(description="Who receives the copies.")


class CorsPolicy(Wire):
    """Cross-origin rules that the gateway answers with."""

    allow_credentials: bool | None = Field(
        default=None, description="Whether cookies and credentials may be sent."
    )
    allow_headers: tuple[str, ...] = Field(default=(), description="Headers that may be sent.")
    allow_methods: tuple[str, ...] = Field(default=(), description="Methods that may be used.")
    allow_origin: tuple[str, ...] = Field(
        default=(), description="Origins that may ask, in Istio's older spelling."
    )
    allow_origins: tuple[StringMatch, ...] = Field(
        default=(), description="Origins that may ask, each by one comparison."
    )
    expose_headers: tuple[str, ...] = Field(
        default=(), description="Headers of the answer that pages may read."
    )
    max_age: str | None = Field(
        default=None, description="How long a browser may remember this, as a duration."
    )
