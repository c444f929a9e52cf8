"""What one answer means for one metric: the number judged, its verdict, and Flagger's sentence."""

import math
from collections.abc import Sequence
from datetime import datetime

from flagger_py.contracts import Verdict
from flagger_py.contracts.thresholds import Reduce

from .api import MetricAnalysisSpec, Reading
from .heard import Heard
from .providers import Answer
from .queries import DURATION, built_in_for
from .questions import Origin, Question
from .thresholds import UNBOUNDED, bounds, breach, measured, rule
from .verdict import Judged, counted

NO_VALUES = "no values found"
QUERY_CHARS_MAX = 4096
WARNINGS_MAX = 10
SEVERAL = "set reduce to max, min, avg, sum, first or last"


def judge(spec: MetricAnalysisSpec, namespace: str, heard: Heard, at: datetime) -> Judged:
    """Return the measurement of *heard* and what it counts as.

    *namespace* is the analysis' own. Only a number within the bounds is Passed: NaN is none, and
    an infinite one is none where there are no bounds. JSON has no infinity: only the sentence
    tells it.
    """
    question, metric = heard.question, heard.question.metric
    name = metric.name if question.origin is Origin.BUILT_IN else ""
    limits = bounds(metric, name=name)
    value: float | None = None
    if heard.trouble is not None:
        verdict, sentence = Verdict.ERROR, heard.trouble.sentence
    elif heard.answer is None or heard.answer.error is not None:
        verdict = Verdict.ERROR
        error = heard.answer.error if heard.answer else None
        sentence = _error(spec, question, error or "nothing was asked")
    elif (number := _number(heard.answer, metric.reduce)) is None:
        verdict = Verdict.INCONCLUSIVE
        sentence = f"{metric.name} answered {len(heard.answer.values)} series; {SEVERAL}"
    elif math.isnan(number) or (math.isinf(number) and limits == UNBOUNDED):
        verdict, sentence = Verdict.NO_DATA, _no_values(spec, question, namespace)
    else:
        value = _scaled(number, spec, question)
        broken = breach(value, limits, title=metric.name, name=name)
        verdict = Verdict.PASSED if broken is None else Verdict.FAILED
        fits = f"{measured(value, title=metric.name, name=name)} is {rule(limits, name=name)}"
        sentence = broken or fits
    reading = Reading(
        name=metric.name,
        verdict=verdict,
        sentence=sentence,
        query=_shown(heard.query),
        value=value if value is not None and math.isfinite(value) else None,
        rule=rule(limits, name=name),
        at=at,
        warnings=heard.answer.warnings[:WARNINGS_MAX] if heard.answer else (),
    )
    return Judged(reading, counted(verdict, metric.on_no_data, metric.on_error))


def _shown(query: str | None) -> str | None:
    """Return *query* in one line and cut to what a status can hold."""
    return None if query is None else " ".join(query.split())[:QUERY_CHARS_MAX]


def reduced(values: Sequence[float], how: Reduce) -> float:
    """Make one number of several; NaN when any of them is, whatever *how*."""
    if any(math.isnan(value) for value in values):
        return math.nan
    match how:
        case Reduce.MAX:
            return max(values)
        case Reduce.MIN:
            return min(values)
        case Reduce.SUM:
            return sum(values)
        case Reduce.AVG:
            return sum(values) / len(values)
        case Reduce.FIRST:
            return values[0]
        case Reduce.LAST:
            return values[-1]


def _number(answer: Answer, how: Reduce | None) -> float | None:
    """Return the number to judge: NaN for no series, None for several without a way to reduce."""
    if not answer.values:
        return math.nan
    if len(answer.values) == 1:
        return answer.values[0]
    return None if how is None else reduced(answer.values, how)


def _scaled(value: float, spec: MetricAnalysisSpec, question: Question) -> float:
    """Bring a built-in duration to whole milliseconds, cut off as Flagger cuts them.

    What is infinite stays so.
    """
    if question.origin is not Origin.BUILT_IN or question.metric.name != DURATION:
        return value
    seconds = built_in_for(spec.target.provider or "").seconds
    milliseconds = value * 1000 if seconds else value
    return float(int(milliseconds)) if math.isfinite(milliseconds) else milliseconds


def _no_values(spec: MetricAnalysisSpec, question: Question, namespace: str) -> str:
    name = question.metric.name
    match question.origin:
        case Origin.BUILT_IN:
            target = spec.target
            whose = f"{target.name}.{target.namespace or namespace}"
            return (
                f"{NO_VALUES} for {target.provider} metric {name} probably {whose} "
                f"is not receiving traffic: {_prefix(spec)}{NO_VALUES}"
            )
        case Origin.INLINE:
            return f"{NO_VALUES} for metric: {name}"
        case Origin.TEMPLATE | Origin.NOWHERE:
            return f"{NO_VALUES} for custom metric: {name}: {NO_VALUES}"


def _error(spec: MetricAnalysisSpec, question: Question, error: str) -> str:
    name = question.metric.name
    match question.origin:
        case Origin.BUILT_IN:
            return f"Prometheus query failed: {_prefix(spec)}{error}"
        case Origin.INLINE:
            return f"Prometheus query failed for {name}: {error}"
        case Origin.TEMPLATE | Origin.NOWHERE:
            return f"Metric query failed for {name}: {error}"


def _prefix(spec: MetricAnalysisSpec) -> str:
    """Return what Flagger puts before an error of the provider's built-in queries."""
    bare = built_in_for(spec.target.provider or "").bare_errors
    return "" if bare else "running query failed: "
