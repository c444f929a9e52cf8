"""Requests as a Canary describes them, where its schema is another than the contract's.

It is Flagger's: looser where Flagger leaves numbers open, and as strict as the Gateway API where a
Gateway or a receiver of copies is named.
"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from flagger_py.contracts import gateways, http
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
_DOTTED = rf"{_DNS_NAME}(\.{_DNS_NAME})*"

Group = Annotated[str, Field(max_length=253, pattern=rf"^$|^{_DOTTED}$")]
KindName = Annotated[
    str, Field(min_length=1, max_length=63, pattern=r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
]
Namespace = Annotated[str, Field(min_length=1, max_length=63, pattern=rf"^{_DNS_NAME}$")]
Section = Annotated[str, Field(min_length=1, max_length=253, pattern=rf"^{_DOTTED}$")]

MIRROR_PORT = "name the port of the Service, as in `port: 80`"


def _stored(default: str, about: str) -> Any:
    """Return a field whose *default* the API server writes into stored objects."""
    return Field(default=default, json_schema_extra=stored(default), description=about)


class AtMostOne(Wire):
    """A model of whose fields no more than one is set."""

    model_config = at_most_one_field()

    @model_validator(mode="after")
    def _has_at_most_one(self) -> Self:
        if _count(self) > 1:
            raise refusal(f"set only one of {_listed(type(self))}")
        return self


class ExactlyOne(Wire):
    """A model of whose fields one is set, and no other."""

    model_config = exactly_one_field()

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if _count(self) != 1:
            raise refusal(f"set exactly one of {_listed(type(self))}")
        return self


class StringMatch(AtMostOne):
    """How a text is compared; at most one of the fields, none matches any text."""

    exact: str | None = Field(default=None, description="The text is this one.")
    prefix: str | None = Field(default=None, description="The text begins with this one.")
    regex: str | None = Field(default=None, description="The text matches this RE2 expression.")


class OriginMatch(ExactlyOne):
    """How an origin is compared; exactly one of the fields."""

    exact: str | None = Field(default=None, description="The origin is this one.")
    prefix: str | None = Field(default=None, description="The origin begins with this text.")
    regex: str | None = Field(default=None, description="The origin matches this RE2 expression.")


class RequestMatch(http.MatchOf[StringMatch]):
    """Requests that a route takes; every field that is set has to hold."""

    ignore_uri_case: bool = Field(default=False, description="Compare the path without case.")


class MirrorBackend(gateways.MirrorBackend):
    """Who receives the copies, checked as the Gateway API does."""

    model_config = validated(
        Rule("self.group != '' || self.kind != 'Service' || has(self.port)", MIRROR_PORT)
    )

    group: Group = _stored("", "API group of the receiver; empty for the core group.")
    kind: KindName = _stored("Service", "Kind of the receiver.")
    namespace: Namespace | None = Field(
        default=None, description="Namespace of the receiver, where it is another one."
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


class GatewayRef(gateways.GatewayRef):
    """A Gateway (or another parent) that a Gateway API route attaches to.

    It is checked as the Gateway API does.
    """

    group: Group = _stored("gateway.networking.k8s.io", "API group of the parent.")
    kind: KindName = _stored("Gateway", "Kind of the parent.")
    namespace: Namespace | None = Field(
        default=None, description="Namespace of the parent, where it is another one."
    )
    section_name: Section | None = Field(
        default=None, description="Listener of the parent; without it all that fit."
    )


def _count(choice: Wire) -> int:
    return sum(value is not None for _, value in choice)


def _listed(model: type[Wire]) -> str:
    """Name the alternatives as a manifest spells them, in the order of the model."""
    *others, last = [field.alias or name for name, field in model.model_fields.items()]
    return f"{', '.join(others)} and {last}"
