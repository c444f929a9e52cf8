"""What the metrics part says of a MetricAnalysis or MetricTemplate before anything is asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from flagger_metrics.api import MetricAnalysisSpec, MetricAnalysisStatus
from flagger_metrics.api_template import MetricTemplateSpec
from flagger_metrics.heard import Trouble
from flagger_metrics.promql_queries import parsed
from flagger_metrics.promql_vectors import PromqlFault
from flagger_metrics.providers import Access, provider_of
from flagger_metrics.providers.installed import installed
from flagger_metrics.questions import Origin, Question, names, questions
from flagger_metrics.render import check, render
from flagger_metrics.settings import MetricsSettings
from flagger_metrics.sources import NOTHING_TO_ASK, Finder
from flagger_metrics.stage import Analysis
from flagger_py.clock import wall_clock
from flagger_py.errors import SpecError
from flagger_py.subject import Subject

_PROMQL = ("openmetrics", "prometheus")
"""Types of providers whose queries are PromQL."""


def analysis_faults(given: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what keeps the analysis *given*, a spec, from being asked.

    *manifest* lends it name and namespace.
    """
    try:
        spec = MetricAnalysisSpec.read(given, "spec")
    except SpecError as error:
        yield error.message
        return
    subject = Subject(manifest, spec, MetricAnalysisStatus(), wall_clock())
    for question in questions(spec, subject.namespace):
        fault = _fault(question, subject)
        if fault:
            yield fault


def template_faults(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a MetricTemplate, whoever refers to it."""
    try:
        spec = MetricTemplateSpec.read(manifest.get("spec") or {}, "spec")
    except SpecError as error:
        yield error.message
        return
    yield from _provider_faults(spec)
    try:
        check(spec.query)
    except SpecError as error:
        yield f"spec.query: {error.message}"
        return
    fault = _promql_fault(_tried(spec.query)) if spec.provider.type in _PROMQL else None
    if fault:
        yield f"spec.query: {fault}"


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


def _fault(question: Question, subject: Analysis) -> str | None:
    """Return what keeps a question from being asked, as far as the object alone tells."""
    where = f"{question.field} ({question.metric.name})"
    match question.origin:
        case Origin.TEMPLATE:
            return None
        case Origin.NOWHERE:
            return (
                f"{where}: {NOTHING_TO_ASK}; give it a query or a templateRef, or call it "
                f"request-success-rate or request-duration"
            )
        case Origin.BUILT_IN if not subject.spec.target.provider:
            return None
        case Origin.BUILT_IN | Origin.INLINE:
            source = Finder(MetricsSettings(), installed()).served(question, subject)
            if isinstance(source, Trouble):
                return source.advice
            fault = _promql_fault(source.query)
            return f"{where}: {fault}" if fault else None


def _tried(query: str) -> str:
    """Fill in *query* for a target called app; empty where it needs variables of its asker's."""
    target = MetricAnalysisSpec.model_validate({"target": {"name": "app"}})
    try:
        return render(query, names(target, "app", "default", "1m"), {})
    except SpecError:
        return ""


def _promql_fault(query: str) -> str | None:
    """Return what is wrong with *query*; an empty one is not judged."""
    if not query:
        return None
    try:
        parsed(query)
    except PromqlFault as fault:
        return str(fault)
    return None
