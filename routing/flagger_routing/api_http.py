"""Requests as a TrafficRoute reads them, where it is stricter or wider than the contract."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from flagger_py.contracts import gateways, http
from flagger_py.contracts.http import PortNumber
from flagger_py.crd_marks import at_most_one_field, refusal
from flagger_py.wire import Wire


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


class HTTPMatch(http.MatchOf[StringMatch]):
    """Which requests are meant: all the fields hold together, several matches are alternatives."""

    port: PortNumber | None = Field(default=None, description="Port that was addressed.")


class Retries(http.Retries):
    """How often and when a failed request is sent again."""

    attempts: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Further attempts per request."
    )


class MirrorTo(Wire):
    """A permanent mirror, whatever the split is."""

    backend_ref: gateways.MirrorBackend = Field(description="Who receives the copies.")


CorsPolicy = http.CorsPolicy[StringMatch]
