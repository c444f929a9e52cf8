"""Which fields of a Canary this version cannot honour, or not as written: said, never ignored."""

from collections.abc import Iterator
from itertools import pairwise

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError
from flagger_py.refs import DEPLOYMENT

from .api import AnalysisSpec, CanarySpec

PORT_MAX = 65535


def refuse_unsupported(spec: CanarySpec, canary: str) -> None:
    """Raise `SpecError` naming every field of *canary* that nothing here would act on."""
    found = tuple(_unsupported(spec))
    if found:
        raise SpecError(
            f"Canary {canary}: this version does not support {', '.join(found)} yet; "
            f"keep Flagger for this Canary, or do without",
            reason=Reason.NOT_SUPPORTED,
        )


def _unsupported(spec: CanarySpec) -> Iterator[str]:
    analysis = spec.analysis
    kind = spec.target_ref.kind
    if kind != DEPLOYMENT.kind or spec.target_ref.api_version != DEPLOYMENT.api_version:
        known = f"{DEPLOYMENT.kind} of {DEPLOYMENT.api_version}"
        yield f"spec.targetRef.kind {kind} of {spec.target_ref.api_version} (only {known})"
    if spec.autoscaler_ref is not None:
        yield "spec.autoscalerRef"
    if spec.upstream_ref is not None:
        yield "spec.upstreamRef"
    if analysis.iterations > 0:
        yield "spec.analysis.iterations"
    if analysis.match:
        yield "spec.analysis.match"
    if analysis.mirror:
        yield "spec.analysis.mirror"
    if analysis.session_affinity is not None:
        yield "spec.analysis.sessionAffinity"
    if analysis.alerts:
        yield "spec.analysis.alerts"


def refuse_invalid(spec: CanarySpec, canary: str, *, no_cross_namespace: str | None) -> None:
    """Raise `SpecError` for a spec that no schema can refuse.

    *no_cross_namespace* is the Canary's namespace when references must not leave it.
    """
    if spec.service is None:
        raise SpecError(f"Canary {canary}: spec.service is missing; set at least spec.service.port")
    if not 1 <= spec.service.port <= PORT_MAX:
        raise SpecError(
            f"Canary {canary}: spec.service.port: {spec.service.port} is no port; "
            f"it must be from 1 to {PORT_MAX}"
        )
    if spec.progress_deadline_seconds <= 0:
        raise SpecError(
            f"Canary {canary}: spec.progressDeadlineSeconds: {spec.progress_deadline_seconds} "
            f"leaves pods no time to become ready; it must be greater than 0"
        )
    if not spec.skip_analysis:
        _refuse_steps(spec.analysis, canary)
    _refuse_ranges(spec.analysis, canary)
    names = [hook.name for hook in spec.analysis.webhooks]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise SpecError(
            f"Canary {canary}: spec.analysis.webhooks has {', '.join(double)} more than once; "
            f"each webhook needs a name of its own, because its Gate is named after it"
        )
    for metric in spec.analysis.metrics:
        ref = metric.template_ref
        if no_cross_namespace and ref and ref.namespace not in (None, no_cross_namespace):
            raise SpecError(
                f"can't access metric template {ref.name}.{ref.namespace}, "
                f"cross-namespace references are blocked",
                reason=Reason.ACCESS_DENIED,
            )


def _refuse_steps(analysis: AnalysisSpec, canary: str) -> None:
    """Refuse weights that would be played otherwise than they are written."""
    steps = analysis.step_weights
    if not steps and analysis.step_weight <= 0:
        raise SpecError(
            f"Canary {canary}: spec.analysis names no step; set spec.analysis.stepWeight to 1 to "
            f"100, or list the weights in spec.analysis.stepWeights"
        )
    if any(weight <= 0 for weight in steps):
        raise SpecError(
            f"Canary {canary}: spec.analysis.stepWeights must be greater than 0; "
            f"the canary's first weight is the first entry"
        )
    if any(after <= before for before, after in pairwise(steps)):
        raise SpecError(
            f"Canary {canary}: spec.analysis.stepWeights: {', '.join(map(str, steps))} do not "
            f"grow; list the canary's percent in each step, each greater than the one before"
        )


def _refuse_ranges(analysis: AnalysisSpec, canary: str) -> None:
    """Refuse a range that no value lies in."""
    for position, metric in enumerate(analysis.metrics):
        limits = metric.threshold_range
        if limits is None or limits.min is None or limits.max is None:
            continue
        if limits.min > limits.max:
            raise SpecError(
                f"Canary {canary}: spec.analysis.metrics[{position}].thresholdRange: min "
                f"{limits.min:g} is greater than max {limits.max:g}; no value can pass"
            )
