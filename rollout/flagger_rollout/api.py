"""What a user asks of a Canary: Flagger's spec, strictly widened."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from flagger_py.conditions import FluxSpec
from flagger_py.crd_marks import Rule, refusal, validated
from flagger_py.quantities import duration_s
from flagger_py.refs import CANARY, PRIMARY, Kind
from flagger_py.wire import Wire

from .api_analysis import AnalysisSpec, Strategy
from .api_service import ServiceSpec
from .api_status import CanaryStatus, Progress

__all__ = ["KIND", "AnalysisSpec", "CanarySpec", "CanaryStatus", "Progress", "ServiceSpec"]

KIND = Kind("flagger.app", "v1beta1", "Canary", "canaries")

INTERVAL_S_DEFAULT = 60.0
INTERVAL_S_MIN = 10.0

ANALYSIS_INCOMPLETE = (
    "say how to analyse: set analysis.interval, analysis.threshold and one of "
    "analysis.stepWeight and analysis.stepWeights; "
    "or set skipAnalysis: true to promote without an analysis"
)


class LocalRef(Wire):
    """An object in the Canary's namespace."""

    api_version: str = Field(description="Group and version of the object.")
    kind: str = Field(description="Kind of the object.")
    name: str = Field(description="Name of the object.")


class IngressRef(LocalRef):
    """An Ingress in the Canary's namespace."""

    kind: Literal["Ingress"] = Field(description="Kind of the object.")


class UpstreamRef(LocalRef):
    """A Gloo Upstream whose configuration is copied."""

    kind: Literal["Upstream"] = Field(description="Kind of the object.")
    namespace: str | None = Field(
        default=None, description="Namespace of the Upstream; the Canary's without it."
    )


class ScalerReplicas(Wire):
    """Limits of the primary's scaler."""

    min_replicas: int | None = Field(default=None, ge=1, description="Least number of replicas.")
    max_replicas: int | None = Field(default=None, ge=1, description="Greatest number of replicas.")


class AutoscalerRef(LocalRef):
    """The scaler of the target, of which the primary gets a copy."""

    kind: Literal["HorizontalPodAutoscaler", "ScaledObject"] = Field(
        description="Kind of the object."
    )
    primary_scaler_queries: dict[str, str] = Field(
        default_factory=dict,
        description="Queries of the primary's triggers by name of the trigger (KEDA).",
    )
    primary_scaler_replicas: ScalerReplicas | None = Field(
        default=None, description="Limits of the primary's scaler, where they are others."
    )


class CanarySpec(FluxSpec):
    """How new revisions of the target are released."""

    model_config = validated(
        Rule(
            "(has(self.skipAnalysis) && self.skipAnalysis) || (has(self.analysis) && "
            "has(self.analysis.interval) && has(self.analysis.threshold) && "
            "(has(self.analysis.iterations) || has(self.analysis.stepWeight) || "
            "has(self.analysis.stepWeights)))",
            ANALYSIS_INCOMPLETE,
        )
    )

    provider: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description=(
            "Who routes the requests: one of the built-in routers, an installed one, or a "
            "domain-qualified name that another controller answers to."
        ),
    )
    metrics_server: str | None = Field(
        default=None, description="URL of the Prometheus that built-in metrics are read from."
    )
    target_ref: LocalRef = Field(description="Workload or Service to release.")
    revision: str | None = Field(
        default=None,
        max_length=1024,
        description=(
            "Commit or digest of what is released; changed together with the target it makes "
            "a wait for this object see the new revision at once."
        ),
    )
    autoscaler_ref: AutoscalerRef | None = Field(
        default=None, description="Scaler of the target, of which the primary gets a copy."
    )
    ingress_ref: IngressRef | None = Field(
        default=None, description="Ingress to split (NGINX, Skipper)."
    )
    route_ref: LocalRef | None = Field(
        default=None,
        description=(
            "Route to split: an ApisixRoute, or any object whose status says which split is "
            "in force."
        ),
    )
    upstream_ref: UpstreamRef | None = Field(
        default=None, description="Upstream whose configuration is copied (Gloo)."
    )
    service: ServiceSpec | None = Field(default=None, description="How the target is reached.")
    analysis: AnalysisSpec = Field(
        default_factory=AnalysisSpec,
        description="How a new revision is judged; may be left out with skipAnalysis.",
    )
    progress_deadline_seconds: int = Field(
        default=600,
        description="Seconds in which pods have to become ready and other controllers to answer; "
        "600 without it.",
    )
    skip_analysis: bool = Field(
        default=False, description="Promote new revisions without analysing them."
    )
    revert_on_deletion: bool = Field(
        default=False, description="Hand target, Services and routes back on deletion."
    )

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, given: Any) -> Any:
        """Read `canaryAnalysis`, which Flagger's Go type still knows and its schema prunes."""
        if not isinstance(given, dict) or "canaryAnalysis" not in given:
            return given
        rest = {key: value for key, value in given.items() if key != "canaryAnalysis"}
        return {"analysis": given["canaryAnalysis"], **rest}

    @model_validator(mode="after")
    def _analysis_complete(self) -> Self:
        missing = () if self.skip_analysis else self.analysis.missing
        if missing:
            raise refusal(f"nothing says {' and '.join(missing)}; {ANALYSIS_INCOMPLETE}")
        return self

    @property
    def apex_name(self) -> str:
        """Name under which users reach the application."""
        return (self.service.name if self.service else None) or self.target_ref.name

    @property
    def primary_name(self) -> str:
        """Name of the primary's Service."""
        return f"{self.apex_name}{PRIMARY}"

    @property
    def canary_name(self) -> str:
        """Name of the canary's Service."""
        return f"{self.apex_name}{CANARY}"

    @property
    def strategy(self) -> Strategy:
        """How requests come to the new revision."""
        if self.analysis.iterations <= 0:
            return Strategy.CANARY
        return Strategy.AB_TESTING if self.analysis.match else Strategy.BLUE_GREEN

    @property
    def threshold_effective(self) -> int:
        """Failed readings that end the analysis, at least 1."""
        return max(1, self.analysis.threshold)

    def interval_s(self, minimum_s: float = INTERVAL_S_MIN) -> float:
        """Return the seconds of a step: 60 where nothing is said, never less than *minimum_s*."""
        text = self.analysis.interval
        asked_s = INTERVAL_S_DEFAULT if text is None else duration_s(text, "analysis.interval")
        return max(minimum_s, asked_s)

    def service_wire(self) -> dict[str, Any]:
        """Return `spec.service` as its user wrote it, empty where there is none."""
        if self.service is None:
            return {}
        return self.service.model_dump(
            mode="json", by_alias=True, exclude_unset=True, exclude_none=True
        )
