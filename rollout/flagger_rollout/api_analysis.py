"""How a new revision is judged: `spec.analysis` of a Canary."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from flagger_py.crd_marks import Rule, refusal, validated
from flagger_py.wire import Wire

from .api_audience import AnalysisMatch, SessionAffinity
from .api_metrics import Interval, MetricSpec, SiblingRef

ONE_STRATEGY = (
    "set only one of iterations (blue/green, or A/B testing with match), stepWeight and "
    "stepWeights (progressive canary): each stands for another strategy"
)


class Strategy(StrEnum):
    """How requests come to the new revision, under the names that Flagger's webhooks carry."""

    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    AB_TESTING = "ab-testing"


class WebhookType(StrEnum):
    """When a webhook is asked."""

    CONFIRM_ROLLOUT = "confirm-rollout"
    PRE_ROLLOUT = "pre-rollout"
    ROLLOUT = "rollout"
    CONFIRM_TRAFFIC_INCREASE = "confirm-traffic-increase"
    CONFIRM_PROMOTION = "confirm-promotion"
    POST_ROLLOUT = "post-rollout"
    ROLLBACK = "rollback"
    EVENT = "event"


class Severity(StrEnum):
    """From which severity on an alert is sent."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Alert(Wire):
    """Who is told about the release, and from which severity on."""

    name: str = Field(description="Name of the alert.")
    severity: Annotated[
        Severity,
        BeforeValidator(lambda given: given or Severity.INFO),
        WithJsonSchema({"type": "string", "enum": ["", *Severity]}),
    ] = Field(default=Severity.INFO, description="Least severity that is sent; info without it.")
    provider_ref: SiblingRef = Field(description="AlertProvider that delivers it.")


class Webhook(Wire):
    """A question to, or a note for, a service of the user's."""

    name: str = Field(description="Name of the webhook.")
    type: Annotated[
        WebhookType,
        BeforeValidator(lambda given: given or WebhookType.ROLLOUT),
        WithJsonSchema({"type": "string", "enum": ["", *WebhookType]}),
    ] = Field(default=WebhookType.ROLLOUT, description="When it is asked; rollout without it.")
    url: str = Field(description="Address that receives the POST.")
    timeout: Interval | None = Field(
        default=None, description="Time limit of one attempt; 10s without it."
    )
    retries: int = Field(default=0, description="Further attempts after a failed one.")
    disable_tls: bool = Field(
        default=False,
        alias="disableTLS",  # The generator would write Tls.
        description="Accept any certificate.",
    )
    mute_alert: bool = Field(default=False, description="Send no alert about this webhook.")
    metadata: Mapping[str, str] = Field(
        default_factory=dict, description="Texts that are sent along."
    )


class ContractRef(Wire):
    """An object of any kind whose status answers a contract, in the Canary's namespace."""

    api_version: str = Field(min_length=1, description="Group and version of the object.")
    kind: str = Field(min_length=1, description="Kind of the object.")
    name: str = Field(min_length=1, max_length=253, description="Name of the object.")


class AnalysisSpec(Wire):
    """How requests come to the new revision, and what has to hold meanwhile."""

    model_config = validated(
        Rule(
            "[has(self.iterations) && self.iterations > 0, "
            "has(self.stepWeight) && self.stepWeight > 0, "
            "has(self.stepWeights) && size(self.stepWeights) > 0]"
            ".filter(chosen, chosen).size() <= 1",
            ONE_STRATEGY,
        )
    )

    interval: Interval | None = Field(
        default=None, description="Length of a step; below 10s it counts as 10s."
    )
    threshold: int = Field(
        default=1, description="Failed readings that end the analysis; below 1 it counts as 1."
    )
    iterations: int = Field(
        default=0, description="Number of steps of a blue/green release or an A/B test."
    )
    step_weight: int = Field(default=0, description="Percent that each step adds to the canary.")
    step_weights: tuple[int, ...] = Field(
        default=(), description="The canary's percent in each step, one after another."
    )
    max_weight: int = Field(
        default=100, description="Greatest percent of the canary before promotion; 100 without it."
    )
    step_weight_promotion: int = Field(
        default=0, description="Percent per step on the way back to the primary; 0 is all at once."
    )
    mirror: bool = Field(
        default=False, description="Copy requests to the canary before it answers any."
    )
    mirror_weight: int = Field(default=0, description="Percent of requests to copy (Istio).")
    primary_ready_threshold: int = Field(
        default=100, description="Percent of the primary's pods to be available; 100 without it."
    )
    canary_ready_threshold: int = Field(
        default=100, description="Percent of the canary's pods to be available; 100 without it."
    )
    match: tuple[AnalysisMatch, ...] = Field(
        default=(), description="Requests the canary's share is confined to; one has to match."
    )
    metrics: tuple[MetricSpec, ...] = Field(default=(), description="What is read in every step.")
    webhooks: tuple[Webhook, ...] = Field(default=(), description="Who is asked, and when.")
    alerts: tuple[Alert, ...] = Field(default=(), description="Who is told, and about what.")
    session_affinity: SessionAffinity | None = Field(
        default=None, description="Keep users on the side that answered first."
    )
    analysis_refs: tuple[ContractRef, ...] = Field(
        default=(), description="Objects whose status carries a verdict that has to be Passed."
    )
    gate_refs: tuple[ContractRef, ...] = Field(
        default=(), description="Objects whose condition Open has to be True."
    )

    @model_validator(mode="after")
    def _one_strategy(self) -> Self:
        chosen = (self.iterations > 0, self.step_weight > 0, bool(self.step_weights))
        if sum(chosen) > 1:
            raise refusal(ONE_STRATEGY)
        return self

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what does not say when to look, how often to fail and how requests shift."""
        given = self.model_fields_set
        said = {
            "analysis.interval": bool(self.interval),
            "analysis.threshold": "threshold" in given,
            "analysis.stepWeight": bool(given & {"iterations", "step_weight", "step_weights"}),
        }
        return tuple(name for name, there in said.items() if not there)
