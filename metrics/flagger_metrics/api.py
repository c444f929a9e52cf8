"""What a user writes into a MetricAnalysis and what its controller answers."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.contracts import Measurement, Moment, Run, Verdict, thresholds
from flagger_py.contracts.thresholds import Policy, Reduce
from flagger_py.crd_marks import Duration, refusal
from flagger_py.refs import Kind, NameRef
from flagger_py.wire import Wire

METRIC_ANALYSIS = Kind("metrics.flagger.app", "v1alpha1", "MetricAnalysis", "metricanalyses")

HISTORY_MAX = 10
INTERVAL_DEFAULT = "1m"


class ThresholdRange(thresholds.ThresholdRange):
    """Bounds that a value may reach and must not pass, and that leave room for one.

    Flagger's own kind accepts any two.
    """

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise refusal(f"min {self.min:g} is greater than max {self.max:g}; no value can pass")
        return self


class Metric(Wire):
    """One entry of Flagger's `analysis.metrics`, and what an unclear answer means."""

    name: str = Field(
        min_length=1,
        description=(
            "request-success-rate (percent), request-duration (milliseconds), or any name for a "
            "metric with a query or a templateRef."
        ),
    )
    interval: Duration | None = Field(
        default=None,
        description="Window of the query, `{{ interval }}`; 1m by default.",
    )
    threshold: float | None = Field(
        default=None,
        description=(
            "Without thresholdRange: the smallest success rate, or the largest value of any "
            "other metric; 0 by default."
        ),
    )
    threshold_range: ThresholdRange | None = Field(
        default=None, description="Bounds within which the value passes, both included."
    )
    query: str | None = Field(default=None, description="PromQL asked of the metrics server.")
    template_ref: NameRef | None = Field(
        default=None, description="MetricTemplate that says whom to ask, and what."
    )
    template_variables: Mapping[str, str] = Field(
        default_factory=dict, description="What `{{ variables.x }}` stands for."
    )
    on_no_data: Policy = Field(
        default=Policy.FAIL, description="What it means that there is no value."
    )
    on_error: Policy = Field(
        default=Policy.FAIL, description="What it means that the value cannot be read."
    )
    reduce: Reduce | None = Field(
        default=None,
        description="How several series become one value; without it they are Inconclusive.",
    )


class Target(Wire):
    """Whose metrics are meant: what the query templates ask for."""

    name: str = Field(min_length=1, max_length=253, description="The target, `{{ target }}`.")
    namespace: str | None = Field(
        default=None, max_length=253, description="Its namespace; this one by default."
    )
    kind: str = Field(
        default="Deployment", description="Its kind, which tells how its pods are named."
    )
    service: str | None = Field(
        default=None, description="`{{ service }}`: the routed Service; by default the target."
    )
    ingress: str | None = Field(
        default=None, description="`{{ ingress }}`: the Ingress; by default the target."
    )
    route: str | None = Field(
        default=None, description="`{{ route }}`: the route object; by default the target."
    )
    provider: str | None = Field(
        default=None,
        description=(
            "Mesh or ingress provider whose built-in queries are asked: traefik, gatewayapi:v1, …"
        ),
    )
    metrics_server: str | None = Field(
        default=None,
        description="Prometheus for built-in and inline queries; by default the controller's.",
    )
    variables: Mapping[str, str] = Field(
        default_factory=dict,
        description="Variables for every metric; templateVariables win over them.",
    )


class MetricAnalysisSpec(FluxSpec):
    """Which metrics to read, of whom, and when.

    With *run* one verdict is given, once, at its *due*; with *interval* alone the metrics are
    judged again and again; with neither they are only checked for what could keep them from
    being read.
    """

    target: Target = Field(description="Whose metrics are meant.")
    metrics: tuple[Metric, ...] = Field(default=(), description="What is measured, in order.")
    interval: Duration | None = Field(
        default=None,
        description="Without run: judge continuously, this often.",
    )
    run: Run | None = Field(
        default=None,
        description="The question to answer: a token, since when to look, when to answer.",
    )


class Reading(Measurement):
    """A measurement with what its source remarked on it."""

    warnings: tuple[str, ...] = Field(
        default=(), description="What the provider remarked on the query."
    )


class Judgement(Wire):
    """A verdict given in the past."""

    run: str | None = Field(default=None, description="Token of the run; none without one.")
    verdict: Verdict = Field(description="What was said.")
    sentence: str = Field(description="Why, with the readings that it rests on.")
    at: Moment = Field(description="When it was said.")


class MetricAnalysisStatus(FluxStatus):
    """The answer to a run, or what a continuous analysis found last."""

    run: str | None = Field(default=None, description="Token of the run that is judged.")
    verdict: Verdict | None = Field(default=None, description="What was found about that run.")
    measurements: tuple[Reading, ...] = Field(
        default=(), description="The readings that gave the verdict, in the order of evaluation."
    )
    judged_at: Moment | None = Field(default=None, description="When the verdict was given.")
    history: tuple[Judgement, ...] = Field(
        default=(), description="The last verdicts, the newest first."
    )
