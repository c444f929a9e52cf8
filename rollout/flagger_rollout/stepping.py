"""What follows a check that passed: the gate before the next step, the step, or the promotion."""

from flagger_py.conditions import Reason as StandingReason
from flagger_py.conditions import Standing, progressing, retrying

from . import asking, copying, judging
from .api_analysis import WebhookType as Hook
from .case import Case
from .move import Move, changed, recorded
from .phases import Phase
from .plan import next_weight, weight_max
from .telling import Reason, Told, Tolds


def before_step(case: Case, told: Tolds, why: str) -> Move:
    """Ask the gates before the next step, and take it where all are open; *why* is its reason."""
    asked, kind = gates(case)
    told = (*told, *gates_told(case, asked, kind))
    if asked.waiting is not None:
        return asking.question(case, asked, told)
    if asked.closed is not None or asked.foreign is not None:
        return _hold(case, asked, kind, told, why)
    return go_on(case, told, why)


def gates(case: Case) -> tuple[asking.Asked, Hook]:
    """Ask the gates before the next step: an increase, or the promotion."""
    kind = Hook.CONFIRM_PROMOTION if _complete(case) else Hook.CONFIRM_TRAFFIC_INCREASE
    asked = asking.ask(case, case.hooks(kind), "step", case.status.canary_weight)
    if asked.through:
        asked = judging.foreign_gates(case) or asked
    return asked, kind


def gates_told(case: Case, asked: asking.Asked, kind: Hook) -> Tolds:
    """Tell which gates opened and which one is closed, each once per step."""
    name = str(kind).capitalize()
    token = case.token("step", case.status.canary_weight)
    passed = tuple(
        Told(Reason.GATE_OPEN, f"{name} check {hook.name} passed", token) for hook in asked.passed
    )
    if asked.closed is None:
        return passed
    if kind is Hook.CONFIRM_PROMOTION:
        what, polls = "promotion approval", 0
    else:
        what, polls = "traffic increase approval", asked.polls
    message = f"Halt {case.canary_ref} advancement waiting for {what} {asked.closed.name}"
    closed = Told(
        Reason.GATE_CLOSED, message, case.token("step", case.status.canary_weight, polls), "Warning"
    )
    return (*passed, closed)


def gate_standing(case: Case, asked: asking.Asked) -> Standing:
    """Say which gate holds the release up."""
    hook = asked.closed or asked.waiting
    gate = asked.foreign if hook is None else case.seen.gates[hook.name]
    if gate is not None and gate.missing:
        return retrying(
            f"{case.step_sentence}; {gate.missing}", StandingReason.DEPENDENCY_NOT_READY
        )
    return progressing(f"{case.step_sentence}; waiting for {gate}", "GateClosed")


def _hold(case: Case, asked: asking.Asked, kind: Hook, told: Tolds, why: str) -> Move:
    phase = Phase.WAITING_PROMOTION if kind is Hook.CONFIRM_PROMOTION else case.phase
    weight = case.status.canary_weight
    status = changed(
        case,
        phase=phase,
        progress={
            "tick": case.progress.tick + 1,
            "next_check_at": case.after_interval(),
            "checked": True,
            **recorded(case, Reason.HELD, f"Held at {weight}% by a closed gate; {why}"),
        },
    )
    return Move(
        status,
        gate_standing(case, asked),
        told=told,
        gate_runs=asked.runs,
        foreign=judging.foreign_gate_runs(case),
        wake_s=case.interval_s,
    )


def go_on(case: Case, told: Tolds, why: str) -> Move:
    """Promote where the last weight was reached, else take the next step."""
    return promote(case, told, why) if _complete(case) else _advance(case, told, why)


def _advance(case: Case, told: Tolds, why: str) -> Move:
    analysis = case.spec.analysis
    weight = next_weight(case.status.canary_weight, analysis.step_weight, analysis.step_weights)
    status = changed(
        case,
        canary_weight=weight,
        progress={
            "tick": case.progress.tick + 1,
            "begun_at": case.now if case.idle else case.progress.begun_at,
            "weighted_at": case.now,
            "next_check_at": None,
            "checked": False,
            **recorded(case, Reason.ADVANCED, f"Advanced to {weight}%: {why}"),
        },
    )
    advanced = case.told(Reason.ADVANCED, f"Advance {case.canary_ref} canary weight {weight}")
    tick = case.progress.tick + 1
    return Move(
        status,
        progressing(
            f"{case.display}: weight {weight}%, check {tick}, "
            f"{status.failed_checks} of {case.spec.threshold_effective} failed checks"
        ),
        told=(*told, advanced),
        counts=judging.durations(case, case.due),
    )


def promote(case: Case, told: Tolds, why: str) -> Move:
    """Copy the revision under analysis, and no other, to the primary."""
    status = changed(
        case,
        phase=Phase.PROMOTING,
        progress={
            "checked": False,
            "next_check_at": None,
            **recorded(case, Reason.COPIED, f"The analysis is complete: {why}"),
        },
    )
    return Move(
        status,
        progressing(f"{case.display}: {case.primary_ref} takes the analysed revision"),
        told=(*told, copying_told(case, case.tick_token)),
        workloads=copying.copy_to_primary(case, replicas_for_primary(case)),
        counts=judging.durations(case, case.due),
    )


def copying_told(case: Case, token: str) -> Told:
    """Return Flagger's words about the copy of the target's template to the primary."""
    text = f"Copying {case.target_ref} template spec to {case.primary_ref}"
    return Told(Reason.COPIED, text, token)


def replicas_for_primary(case: Case) -> int | None:
    """Give the primary the canary's replicas, unless an autoscaler decides."""
    if case.spec.autoscaler_ref is not None:
        return None
    replicas: int = case.target["spec"].get("replicas", 1)
    return replicas


def _complete(case: Case) -> bool:
    analysis = case.spec.analysis
    top = weight_max(analysis.max_weight, analysis.step_weight, analysis.step_weights)
    return case.status.canary_weight >= top
