"""What the metrics part says of a MetricAnalysis or MetricTemplate before anything is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_metrics.api import MetricAnalysisSpec, MetricAnalysisStatus
from flagger_metrics.api_template import MetricTemplateSpec
from flagger_metrics.heard import Trouble
from flagger_metrics.promql_queries import PARSE_ERROR, parsed
from flagger_metrics.promql_vectors import PromqlFault
from flagger_metrics.providers import Access, provider_of
from flagger_metrics.providers.installed import installed
from flagger_metrics.queries import DURATION, SUCCESS_RATE
from flagger_metrics.questions import Origin, Question, names, questions
from flagger_metrics.render import check, render
from flagger_metrics.settings import MetricsSettings, SourceType
from flagger_metrics.sources import NOTHING_TO_ASK, Finder
from flagger_metrics.stage import Analysis
from flagger_metrics.thresholds import bounds
from flagger_py.clock import wall_clock
from flagger_py.errors import SpecError
from flagger_py.subject import Subject

_PROMQL = tuple(SourceType)
"""Types of providers whose queries are PromQL."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong; *perhaps* says that only the server that is asked can tell."""

    text: str
    perhaps: bool = False


def analysis_findings(given: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what keeps, or may keep, the analysis *given*, a spec, from being asked.

    *manifest* lends it name and namespace.
    """
    try:
        spec = MetricAnalysisSpec.read(given, "spec")
    except SpecError as error:
        yield Finding(error.message)
        return
    subject = Subject(manifest, spec, MetricAnalysisStatus(), wall_clock())
    for question in questions(spec, subject.namespace):
        found = _found(question, subject)
        if found is not None:
            yield found


def unbounded(given: Mapping[str, Any], namespace: str) -> Iterator[str]:
    """Yield a note for each metric of the analysis *given*, a spec, that no value can fail."""
    try:
        spec = MetricAnalysisSpec.read(given, "spec")
    except SpecError:
        return  # It is a finding already.
    for question in questions(spec, namespace):
        built_in = question.origin is Origin.BUILT_IN
        name = question.metric.name if built_in else ""
        limits = bounds(question.metric, name=name)
        # A share of requests is never negative: a least one of 0 refuses nothing.
        low = (limits.low or None) if name == SUCCESS_RATE else limits.low
        if low is not None or limits.high is not None:
            continue
        wanted = {SUCCESS_RATE: "min", DURATION: "max"}.get(name, "min or thresholdRange.max")
        yield (
            f"{question.field} ({question.metric.name}): no bound is set, so every value passes; "
            f"set thresholdRange.{wanted}"
        )


def template_findings(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with a MetricTemplate, whoever refers to it."""
    try:
        spec = MetricTemplateSpec.read(manifest.get("spec") or {}, "spec")
    except SpecError as error:
        yield Finding(error.message)
        return
    yield from map(Finding, _provider_faults(spec))
    try:
        check(spec.query)
    except SpecError as error:
        yield Finding(f"spec.query: {error.message}")
        return
    found = _unread("spec.query", _tried(spec.query), spec.provider.type)
    if found is not None:
        yield found


def _provider_faults(spec: MetricTemplateSpec) -> Iterator[str]:
    kind, own = spec.provider.type, "MetricTemplate: "
    try:
        provider = provider_of(kind, installed(), own.removesuffix(": "))
    except SpecError as error:
        yield error.message.removeprefix(own)
        return
    if spec.provider.secret_ref is not None:
        return  # Without the Secret nobody can tell whether the provider would take it.
    try:
        provider.admit(Access(kind, spec.provider.address or ""))
    except SpecError as error:
        yield f"spec.provider: {error.message}"


def _found(question: Question, subject: Analysis) -> Finding | None:
    """Return what keeps a question from being asked, as far as the object alone tells."""
    where = f"{question.field} ({question.metric.name})"
    match question.origin:
        case Origin.TEMPLATE:
            return None
        case Origin.NOWHERE:
            return Finding(
                f"{where}: {NOTHING_TO_ASK}; give it a query or a templateRef, or call it "
                f"request-success-rate or request-duration"
            )
        case Origin.BUILT_IN if not subject.spec.target.provider:
            return None
        case Origin.BUILT_IN | Origin.INLINE:
            source = Finder(MetricsSettings(), installed()).served(question, subject)
            if isinstance(source, Trouble):
                return Finding(source.advice)
            return _unread(where, source.query, source.access.type)


def _tried(query: str) -> str:
    """Fill in *query* for a target called app; empty where it needs variables of its asker's."""
    target = MetricAnalysisSpec.model_validate({"target": {"name": "app"}})
    try:
        return render(query, names(target, "app", "default", "1m"), {})
    except SpecError:
        return ""


def _unread(where: str, query: str, provider: str) -> Finding | None:
    """Return what our reader of PromQL could not read in *query*; an empty one is not judged.

    What exporters are scraped for we evaluate ourselves. A server with Prometheus' API may know
    more than PromQL, as VictoriaMetrics does: only it can tell.
    """
    if not query or provider not in _PROMQL:
        return None
    try:
        parsed(query)
    except PromqlFault as fault:
        if provider == SourceType.OPENMETRICS:
            return Finding(f"{where}: {fault}")
        unread = str(fault).removeprefix(PARSE_ERROR)
        return Finding(
            f"{where}: the query is no PromQL that we can read ({unread}); "
            f"it is asked of the server as it is written",
            perhaps=True,
        )
    return None
