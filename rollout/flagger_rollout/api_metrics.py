"""What is read in every step: `spec.analysis.metrics` of a Canary."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from flagger_py.contracts.thresholds import Policy, Reduce, ThresholdRange
from flagger_py.crd_marks import duration_like, no_duration, readable_duration
from flagger_py.wire import Wire

INTERVAL_PATTERN = r"^([0-9]+(m|s)|([0-9]+(\.[0-9]+)?(ms|s|m|h))+$)"
"""All that Flagger's schema accepts, which looks at the beginning only, and every Flux duration."""


def _interval(text: str) -> str:
    if re.match(INTERVAL_PATTERN, text) is None:
        raise no_duration(text)
    return readable_duration(text)


Interval = Annotated[str, AfterValidator(_interval), duration_like(INTERVAL_PATTERN)]


class SiblingRef(Wire):
    """A reference to an object of the kind that the field is about."""

    name: str = Field(description="Name of the object.")
    namespace: str | None = Field(
        default=None, description="Namespace of the object; the Canary's without it."
    )


class MetricSpec(Wire):
    """A metric that is read in every step."""

    name: str = Field(
        description="Name; request-success-rate and request-duration bring their own queries."
    )
    interval: Interval | None = Field(
        default=None, description="Window that a reading looks back over."
    )
    threshold_range: ThresholdRange | None = Field(
        default=None, description="Values that pass; replaces threshold."
    )
    threshold: float | None = Field(
        default=None,
        description="Greatest value that passes, or the least for request-success-rate.",
    )
    query: str | None = Field(default=None, description="PromQL query; better use templateRef.")
    template_ref: SiblingRef | None = Field(
        default=None, description="MetricTemplate with provider and query."
    )
    template_variables: Mapping[str, str] = Field(
        default_factory=dict, description="Values for the template's own variables."
    )
    on_no_data: Policy = Field(
        default=Policy.FAIL,
        description=(
            "What no data, or no number, counts as: Fail counts against the threshold, "
            "Hold waits where it is, Ignore goes on without this metric. Fail without it."
        ),
    )
    on_error: Policy = Field(
        default=Policy.FAIL,
        description=(
            "What a provider that is down or refuses the query counts as: Fail, Hold or Ignore "
            "as for onNoData. Fail without it."
        ),
    )
    reduce: Reduce | None = Field(
        default=None,
        description="How several series become one value; without it they are Inconclusive.",
    )
