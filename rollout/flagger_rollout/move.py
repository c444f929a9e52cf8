"""What a decider of one phase returns, and how it becomes a decision with all its actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flagger_py.conditions import Condition, Standing
from flagger_py.contracts import GateRun, Run
from flagger_py.decision import Action, Apply, Count, Decision, Force, Gauge, Observe
from flagger_py.refs import PRIMARY

from . import children, claims
from .api import CanaryStatus
from .api_analysis import WebhookType as Hook
from .api_status import LastDecision
from .case import Case
from .phases import Phase, enter, promoted_condition
from .splits import split_for
from .telling import Reason, Told, deliveries, emits

_FAILED, _OK, _PROGRESSING = 2, 1, 0


@dataclass(frozen=True, slots=True)
class Move:
    """The status that follows, what to say, and what to ask or do beside the usual children.

    *workloads* are applied after the route's split and the questions; *counts* are told once the
    status is written. *apex_ready* is set when the primary begins to serve.
    """

    status: CanaryStatus
    standing: Standing
    told: tuple[Told, ...] = ()
    workloads: tuple[Action, ...] = ()
    analysis_run: Run | None = None
    gate_runs: Mapping[str, GateRun] = field(default_factory=dict)
    foreign: tuple[Apply, ...] = ()
    wake_s: float | None = None
    apex_ready: bool = False
    counts: tuple[Count | Observe, ...] = ()
    domain: tuple[Condition, ...] = ()


def changed(case: Case, **changes: Any) -> CanaryStatus:
    """Return the status with *changes*; those under `progress` change that part alone."""
    inner = changes.pop("progress", None)
    status = case.status
    if inner:
        progress = case.progress.model_copy(update=inner)
        status = status.model_copy(update={"progress": progress})
    if "phase" in changes:
        changes["phase"] = str(enter(case.phase, changes["phase"]))
    return status.model_copy(update=changes)


def entered(case: Case, phase: Phase, weight: int, **changes: Any) -> CanaryStatus:
    """Return the status in *phase* at *weight* percent, every counter at zero, with *changes*."""
    return changed(
        case, phase=phase, canary_weight=weight, failed_checks=0, iterations=0, **changes
    )


def begun(case: Case, weight: int, record: Mapping[str, Any], **progress: Any) -> CanaryStatus:
    """Return the status in which an analysis of the target's present revision begins."""
    return entered(
        case,
        Phase.PROGRESSING,
        weight,
        last_applied_spec=case.template_hash,
        tracked_configs=case.tracked,
        progress={
            "revision": case.revision,
            "run": case.progress.run + 1,
            "tick": 0,
            "next_check_at": None,
            "checked": False,
            "emptying": case.stale_pods,
            **progress,
            **record,
        },
    )


def recorded(case: Case, reason: Reason, sentence: str) -> dict[str, Any]:
    """Return the change of progress that keeps why the Canary moved, in one sentence."""
    return {"decision": LastDecision(at=case.now, reason=reason, sentence=sentence)}


def finish(case: Case, move: Move) -> Decision[CanaryStatus]:
    """Complete *move* by the children every pass wants, events, conditions and gauges."""
    status = move.status
    status = _stamped(case, status)
    actions: tuple[Action, ...] = (
        *_route(case, status, move),
        *_analysis(case, move),
        *(
            children.gate(case, hook, status, move.gate_runs.get(hook.name))
            for hook in case.spec.analysis.webhooks
            if hook.type is not Hook.EVENT
        ),
        *children.removals(case),
        *move.foreign,
        *move.workloads,
        *emits(move.told),
        *_deliveries(case, status, move),
        *move.counts,
    )
    return Decision(
        status=status,
        standing=move.standing,
        actions=actions,
        requeue_after_s=move.wake_s,
        conditions=(*promoted(case, status), *move.domain),
        gauges=gauges(case, status),
    )


def _deliveries(case: Case, status: CanaryStatus, move: Move) -> tuple[Action, ...]:
    if not move.told:
        return ()
    envelopes = case.envelope(case.status), case.envelope(status)
    return deliveries(move.told, envelopes, case.hooks(Hook.EVENT), case.settings.event_webhook)


def _stamped(case: Case, status: CanaryStatus) -> CanaryStatus:
    """Say when the status changed, if it did."""
    if status == case.status:
        return status
    return status.model_copy(update={"last_transition_time": case.now})


def without_children(case: Case, move: Move) -> Decision[CanaryStatus]:
    """Complete *move* for a Canary whose children cannot be said yet: status and events alone."""
    return Decision(
        _stamped(case, move.status),
        move.standing,
        emits(move.told),
        requeue_after_s=move.wake_s,
        conditions=promoted(case, move.status),
        gauges=gauges(case, move.status),
    )


def gauges(case: Case, status: CanaryStatus) -> tuple[Gauge, ...]:
    """Return Flagger's gauges; their `name` is the target's, as in Flagger."""
    target, namespace = case.spec.target_ref.name, case.subject.namespace
    phase = Phase(status.phase)
    value = _OK
    if phase is Phase.PROGRESSING:
        value = _PROGRESSING
    elif phase is Phase.FAILED:
        value = _FAILED
    labels = {"name": target, "namespace": namespace}
    weight = status.canary_weight
    released = case.progress.run > 0 or phase is Phase.WAITING
    return (
        Gauge("flagger_canary_total", {"namespace": namespace}, 1, shared=True),
        *((Gauge("flagger_canary_status", labels, value),) if case.selector else ()),
        *(_shares(target, namespace, weight) if released else ()),
        *_readings(case),
    )


def _shares(target: str, namespace: str, weight: int) -> tuple[Gauge, ...]:
    """Tell both weights, as Flagger does from the first release on."""
    return tuple(
        Gauge("flagger_canary_weight", {"workload": workload, "namespace": namespace}, share)
        for workload, share in ((f"{target}{PRIMARY}", 100 - weight), (target, weight))
    )


def _readings(case: Case) -> tuple[Gauge, ...]:
    judged = case.seen.analysis.judged
    if judged is None:
        return ()
    labels = {"name": case.spec.target_ref.name, "namespace": case.subject.namespace}
    return tuple(
        Gauge(
            "flagger_canary_metric_analysis",
            {**labels, "metric": found.name},
            found.value / 1000 if found.name == "request-duration" else found.value,
        )
        for found in judged.measurements
        if found.value is not None
    )


def _analysis(case: Case, move: Move) -> tuple[Action, ...]:
    """Ask nothing where nothing is measured: the kind need not even be installed then.

    An analysis that is there already is told that its last metric is gone.
    """
    if not case.spec.analysis.metrics and case.seen.analysis.manifest is None:
        return ()
    return (children.analysis(case, move.analysis_run),)


def _route(case: Case, status: CanaryStatus, move: Move) -> tuple[Action, ...]:
    """Ask for the split; a referenced route that does not exist is its user's to make."""
    if case.foreign_route:
        route = case.seen.route.manifest
        if route is None:
            return ()
        split = {"split": split_for(status).wire()}
        return (claims.ask(case, route, split, Force.UNLESS_GITOPS),)
    phase = Phase(status.phase)
    ready = move.apex_ready or children.apex_may_serve(case, phase)
    return (children.route(case, status, apex_ready=ready),)


def promoted(case: Case, status: CanaryStatus) -> tuple[Condition, ...]:
    """Return Flagger's condition of that name; none before the first look."""
    phase = Phase(status.phase)
    if phase is Phase.NEW:
        return ()
    value, message = promoted_condition(phase, case.spec.target_ref.kind)
    return (Condition(type="Promoted", status=value, reason=str(phase), message=message),)
