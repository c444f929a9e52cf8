"""Which values an analysis asks for, in the order in which Flagger looks at them."""

from dataclasses import dataclass
from enum import StrEnum

from flagger_py.refs import Key

from .api import INTERVAL_DEFAULT, Metric, MetricAnalysisSpec
from .queries import BUILT_INS
from .render import Names


class Origin(StrEnum):
    """Where the query of a metric comes from."""

    BUILT_IN = "BuiltIn"
    INLINE = "Inline"
    TEMPLATE = "Template"
    NOWHERE = "Nowhere"


@dataclass(frozen=True, slots=True)
class Question:
    """One value to read; *position* is the metric's in the list, *template* where it refers to."""

    metric: Metric
    position: int
    origin: Origin
    template: Key | None = None

    @property
    def field(self) -> str:
        return f"spec.metrics[{self.position}]"

    @property
    def interval(self) -> str:
        return self.metric.interval or INTERVAL_DEFAULT


def questions(spec: MetricAnalysisSpec, namespace: str) -> tuple[Question, ...]:
    """List what is read: built-in and inline metrics first, templates in a second pass.

    One entry may ask several times, as in Flagger. An entry that asks nothing is a question from
    nowhere, which cannot be answered.
    """
    first: list[Question] = []
    second: list[Question] = []
    for position, metric in enumerate(spec.metrics):
        if metric.name in BUILT_INS:
            first.append(Question(metric, position, Origin.BUILT_IN))
        if metric.query:
            first.append(Question(metric, position, Origin.INLINE))
        if metric.template_ref is not None:
            ref = metric.template_ref
            key = Key(ref.namespace or namespace, ref.name)
            second.append(Question(metric, position, Origin.TEMPLATE, key))
        elif metric.name not in BUILT_INS and not metric.query:
            second.append(Question(metric, position, Origin.NOWHERE))
    return (*first, *second)


def names(spec: MetricAnalysisSpec, name: str, namespace: str, interval: str) -> Names:
    """Return what a query template may ask for; *name* and *namespace* are the analysis' own."""
    target = spec.target
    return Names(
        name=name,
        namespace=target.namespace or namespace,
        target=target.name,
        service=target.service or target.name,
        ingress=target.ingress or target.name,
        route=target.route or target.name,
        interval=interval,
    )
