"""Who meets the canary: the requests that may reach it, and the cookie that keeps a user there."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from flagger_py.crd_marks import refusal, stored
from flagger_py.wire import Wire

from .api_mesh import ExactlyOne, StringMatch

DIFFERENT_COOKIES = "cookieName and primaryCookieName must differ; rename one of them"


class HeaderMatch(ExactlyOne):
    """How a header is compared; exactly one of the fields."""

    exact: str | None = Field(default=None, description="The header is this text.")
    prefix: str | None = Field(default=None, description="The header begins with this text.")
    suffix: str | None = Field(default=None, description="The header ends with this text.")
    regex: str | None = Field(default=None, description="The header matches this RE2 expression.")


class AnalysisMatch(Wire):
    """Requests that may reach the canary; every field that is set has to hold."""

    headers: Mapping[str, HeaderMatch] = Field(
        default_factory=dict, description="Headers that the request has, by name in lower case."
    )
    query_params: Mapping[str, StringMatch] = Field(
        default_factory=dict, description="Query parameters by name."
    )
    source_labels: Mapping[str, str] = Field(
        default_factory=dict, description="Labels of the workload that asks (Istio)."
    )


class SessionAffinity(Wire):
    """Cookie that keeps a user on the side that answered first."""

    cookie_name: str = Field(description="Cookie that marks users of the canary.")
    primary_cookie_name: str | None = Field(
        default=None, description="Cookie that marks users of the primary; none without it."
    )
    max_age: int = Field(
        default=86400,
        json_schema_extra=stored(86400),
        description="Seconds that the cookies live.",
    )
    domain: str | None = Field(default=None, description="Host that the cookies are sent to.")
    path: str | None = Field(default=None, description="Path that the cookies are sent for.")
    http_only: bool = Field(default=False, description="Keep the cookies from scripts.")
    secure: bool = Field(default=False, description="Send the cookies over HTTPS only.")
    partitioned: bool = Field(default=False, description="Store the cookies per top-level site.")
    same_site: Literal["Strict", "Lax", "None"] | None = Field(
        default=None, description="Whether requests from other sites carry the cookies."
    )

    @model_validator(mode="after")
    def _cookies_differ(self) -> Self:
        if self.cookie_name == self.primary_cookie_name:
            raise refusal(DIFFERENT_COOKIES)
        return self
