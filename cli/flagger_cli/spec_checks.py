"""What the installed parts say of a spec by itself: their own code reads and refuses it here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from flagger_gating.api import INTERVAL_S_MIN as GATE_INTERVAL_S_MIN
from flagger_gating.api import GateSpec
from flagger_gating.api import Webhook as AskedWebhook
from flagger_gating.window import time_zone, window_open
from flagger_py.clock import wall_clock
from flagger_py.errors import SpecError
from flagger_py.quantities import duration_s
from flagger_py.subject import Subject
from flagger_py.wire import Wire
from flagger_rollout.api import INTERVAL_S_MIN, CanarySpec
from flagger_rollout.plan import FULL
from flagger_rollout.unsupported import refuse_invalid, refuse_unsupported
from flagger_routing.api import TrafficRouteSpec, TrafficRouteStatus, left_to_another
from flagger_routing.case import open_case
from flagger_routing.routers import router_for
from flagger_routing.routers.discovery import all_routers
from flagger_routing.settings import RoutingSettings

from .metric_checks import Finding, analysis_findings, template_findings, unbounded
from .resources import RESOURCES
from .route_checks import asked_of_router

Spec = TypeVar("Spec", bound=Wire)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is invalid, what may be, and what counts as something else than it says."""

    invalid: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def findings_of(kind: str, manifest: Mapping[str, Any], provider: str = "") -> Findings:
    """Return what the part that reconciles *kind* would say of *manifest* on its own.

    *provider* is the controllers' own where a Canary names none, empty where it is not known.
    """
    found = _Found()
    match kind:
        case "Canary":
            _canary(manifest, found, provider)
        case "TrafficRoute":
            _traffic_route(manifest, found)
        case "MetricAnalysis":
            spec = manifest.get("spec") or {}
            found.take(analysis_findings(spec, manifest))
            found.notes.extend(unbounded(spec, ""))
        case "MetricTemplate":
            found.take(template_findings(manifest))
        case "Gate":
            _gate(manifest, found)
        case _:
            model = next(one.spec for one in RESOURCES if one.kind.kind == kind)
            found.spec(model, manifest)
    return Findings(tuple(dict.fromkeys(found.invalid)), tuple(found.warnings), tuple(found.notes))


@dataclass(slots=True)
class _Found:
    """Findings as they are made; *invalid* may hold one twice."""

    invalid: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def spec(self, model: type[Spec], manifest: Mapping[str, Any]) -> Spec | None:
        """Read the spec of *manifest*; one that cannot be read is a finding, and None."""
        try:
            return model.read(manifest.get("spec") or {}, "spec")
        except SpecError as error:
            self.invalid.append(error.message)
            return None

    def take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            (self.warnings if finding.perhaps else self.invalid).append(finding.text)

    def attempt(self, act: Callable[[], object], at: str = "", own: str = "") -> None:
        """Let a part read something; its refusal is a finding *at* a field.

        *own* is how the part names the object or field, which we have said already.
        """
        try:
            act()
        except SpecError as error:
            self.invalid.append(f"{at}{error.message.removeprefix(own)}")


def _canary(manifest: Mapping[str, Any], found: _Found, provider: str) -> None:
    spec = found.spec(CanarySpec, manifest)
    if spec is None:
        return
    name = str(manifest["metadata"]["name"])
    own = f"Canary {name}: "
    found.attempt(lambda: refuse_unsupported(spec, name), own=own)
    found.attempt(lambda: refuse_invalid(spec, name, no_cross_namespace=None), own=own)
    _webhooks(spec, found)
    _metrics(spec, manifest, found)
    _route(spec, spec.provider or provider, manifest, found)
    found.notes.extend(_read_otherwise(spec))


def _webhooks(spec: CanarySpec, found: _Found) -> None:
    """Read each webhook as the Gate would that is made from it."""
    for position, hook in enumerate(spec.analysis.webhooks):
        sent: dict[str, Any] = {"url": hook.url, "retries": hook.retries}
        if hook.timeout:
            sent["timeout"] = hook.timeout
        found.attempt(partial(AskedWebhook.read, sent, f"spec.analysis.webhooks[{position}]"))


def _metrics(spec: CanarySpec, manifest: Mapping[str, Any], found: _Found) -> None:
    """Ask the metrics as the MetricAnalysis would that is made from them."""
    target = {"name": spec.target_ref.name, "kind": spec.target_ref.kind}
    if spec.provider and _routed(spec.provider, found):
        target["provider"] = spec.provider
    if spec.metrics_server:
        target["metricsServer"] = spec.metrics_server
    # What is wrong with a range was said above, in the rollout's words.
    metrics = [metric.wire() for metric in spec.analysis.metrics]
    asked = {"target": target, "metrics": metrics}
    if not spec.skip_analysis:
        found.notes.extend(map(_moved, unbounded(asked, "")))
    asked["metrics"] = [{**metric, "thresholdRange": None} for metric in metrics]
    for finding in analysis_findings(asked, manifest):
        found.take([replace(finding, text=_moved(finding.text))])


def _route(spec: CanarySpec, provider: str, manifest: Mapping[str, Any], found: _Found) -> None:
    """Ask the router as the TrafficRoute would that is made from the Canary."""
    if not provider:
        return  # The controllers' --mesh-provider decides.
    heard = asked_of_router(spec, provider, manifest)
    if heard.refusal:
        found.invalid.append(heard.refusal)
    found.notes.extend(heard.unused)


def _moved(text: str) -> str:
    """Name the fields of the Canary instead of those of the MetricAnalysis made from it."""
    moved = text.replace("spec.metrics", "spec.analysis.metrics")
    return moved.replace("spec.target.", "spec.")


def _read_otherwise(spec: CanarySpec) -> Iterator[str]:
    """Yield what counts as something else than it says, as it does for Flagger."""
    analysis = spec.analysis
    if analysis.interval and duration_s(analysis.interval) < INTERVAL_S_MIN:
        yield (
            f"spec.analysis.interval: {analysis.interval} counts as {INTERVAL_S_MIN:g}s, "
            f"the least there is"
        )
    if spec.skip_analysis:
        return
    if analysis.threshold < spec.threshold_effective:
        yield (
            f"spec.analysis.threshold: {analysis.threshold} counts as "
            f"{spec.threshold_effective}: the first failed check rolls back"
        )
    percents = {
        "stepWeights": max(analysis.step_weights, default=0),
        "stepWeight": analysis.step_weight,
        "maxWeight": analysis.max_weight,
    }
    for name, percent in percents.items():
        if percent > FULL:
            yield f"spec.analysis.{name}: {percent} counts as {FULL}, the whole of the requests"


def _routed(provider: str, found: _Found) -> bool:
    """Tell whether somebody may route *provider*; that nobody does is a finding."""
    if left_to_another(provider):
        return True
    before = len(found.invalid)
    found.attempt(lambda: router_for(provider, all_routers()))
    return len(found.invalid) == before


def _traffic_route(manifest: Mapping[str, Any], found: _Found) -> None:
    spec = found.spec(TrafficRouteSpec, manifest)
    if spec is None:
        return
    if left_to_another(spec.provider):
        return
    routers = all_routers()
    provider = spec.provider or next(iter(routers))
    subject = Subject(manifest, spec, TrafficRouteStatus(), wall_clock())
    found.attempt(lambda: open_case(subject, RoutingSettings(provider), routers))


def _gate(manifest: Mapping[str, Any], found: _Found) -> None:
    spec = found.spec(GateSpec, manifest)
    if spec is None:
        return
    window = spec.question.window
    if window is not None:
        where = "spec.question.window."
        now, utc = wall_clock(), time_zone("UTC")
        found.attempt(lambda: time_zone(window.time_zone), where)
        found.attempt(lambda: window_open(window.schedule, window.duration_s, utc, now), where)
    if spec.interval and duration_s(spec.interval) < GATE_INTERVAL_S_MIN:
        found.notes.append(
            f"spec.interval: {spec.interval} counts as {GATE_INTERVAL_S_MIN:g}s, the least there is"
        )
