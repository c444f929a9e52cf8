"""How a release is closed: the hooks after it are asked, and its outcome is said."""

from collections.abc import Mapping
from typing import Any

from flagger_py.conditions import Condition, Standing, ready, stalled
from flagger_py.decision import Count

from . import asking, copying
from .api import CanaryStatus
from .api_analysis import WebhookType as Hook
from .case import Case
from .move import Move, changed, entered, recorded
from .phases import Phase
from .telling import Reason, Told


def at_rest(case: Case, status: CanaryStatus) -> Standing:
    """Say how the last release ended."""
    progress = status.progress
    if Phase(status.phase) is Phase.FAILED:
        sentence = progress.decision.sentence if progress and progress.decision else ""
        return stalled(sentence or "The last revision was rolled back.", "RolloutFailed")
    revision = case.spec.revision or f"sha256:{progress.promoted if progress else ''}"
    note = ""
    if not case.spec.revert_on_deletion:
        note = (
            f"; deleting this Canary leaves {case.spec.target_ref.name} at 0 replicas "
            f"(spec.revertOnDeletion is false)"
        )
    return ready(f"Promoted revision: {revision}{note}")


def outcome(case: Case, phase: Phase, *, ended: bool = False) -> tuple[Condition, ...]:
    """Return Healthy and Remediated for a release that was rolled back, if only now it *ended*."""
    if phase is not Phase.FAILED:
        return ()
    if case.phase is Phase.FAILED and case.progress.ending is not None and not ended:
        return unfinished()
    lost = case.progress.primary_lost
    return (
        Condition(type="Healthy", status="False", reason="RolloutFailed"),
        Condition(
            type="Remediated",
            status="False" if lost else "True",
            reason="PromotionFailed" if lost else "RolledBack",
        ),
    )


def unfinished() -> tuple[Condition, ...]:
    """Return Healthy and Remediated for a release whose users could not be taken off it."""
    return (
        Condition(type="Healthy", status="False", reason="RolloutFailed"),
        Condition(type="Remediated", status="False", reason=Reason.NOT_ROUTED),
    )


def close(case: Case) -> Move:
    """Ask the hooks after a release, in order; one that fails ends the list."""
    hooks = case.hooks(Hook.POST_ROLLOUT)
    token = case.token("closing")
    asked = asking.ask(case, hooks, "closing")
    told = [
        Told(Reason.GATE_OPEN, f"Post-rollout check {hook.name} passed", token)
        for hook in asked.passed
    ]
    if asked.waiting is not None:
        gate = case.seen.gates[asked.waiting.name]
        standing, wake_s = asking.waits_for_answer(case, gate, f"asking {gate} after the rollout")
        if standing.reconciling == "Progressing":
            standing = at_rest(case, case.status)
        return Move(
            case.status,
            standing,
            told=tuple(told),
            gate_runs=asked.runs,
            wake_s=wake_s,
            domain=outcome(case, case.phase),
        )
    if asked.closed is not None:
        message = f"Post-rollout hook {asked.closed.name} failed {asked.text}"
        told.append(Told(Reason.HOOK_FAILED, message, token, "Warning"))
    if case.phase is not Phase.FAILED:
        told.append(completed(case))
    status = changed(case, progress={"closing": False})
    return Move(status, at_rest(case, status), told=tuple(told), domain=outcome(case, case.phase))


def completed(case: Case) -> Told:
    """Return Flagger's last words about a promotion."""
    text = f"Promotion completed! Scaling down {case.target_ref}"
    if case.spec.skip_analysis:
        text = f"Promotion completed! Canary analysis was skipped for {case.target_ref}"
    return Told(Reason.PROMOTED, text, case.token("closing"), after=True)


def closed(case: Case, status: CanaryStatus) -> tuple[CanaryStatus, bool]:
    """Mark that hooks after the release are still to be asked; tell whether there are any."""
    hooks = bool(case.hooks(Hook.POST_ROLLOUT))
    if not hooks or status.progress is None:
        return status, False
    progress = status.progress.model_copy(update={"closing": True})
    return status.model_copy(update={"progress": progress}), True


def counted(case: Case, name: str, analysis: str) -> tuple[Count, ...]:
    """Count one release; *name* is successes or failures, *analysis* completed or skipped."""
    labels = {
        "name": case.spec.target_ref.name,
        "namespace": case.subject.namespace,
        "deployment_strategy": str(case.spec.strategy),
        "analysis_status": analysis,
    }
    return (Count(f"flagger_canary_{name}_total", labels),)


def succeeded(case: Case, analysis: str, record: Mapping[str, Any]) -> Move:
    """End a release well; *analysis* is completed or skipped, *record* says what was decided."""
    promoted = {"ending": None, "promoted": case.progress.revision, "primary_lost": False}
    status = entered(
        case,
        Phase.SUCCEEDED,
        0,
        last_promoted_spec=case.status.last_applied_spec,
        progress={**promoted, **record},
    )
    status, hooks = closed(case, status)
    return Move(
        status,
        at_rest(case, status),
        told=() if hooks else (completed(case),),
        workloads=copying.scale_down(case),
        counts=counted(case, "successes", analysis),
    )


def without_primary(case: Case, reason: Reason, message: str) -> CanaryStatus:
    """Return the status in which the target serves everybody, because no primary can."""
    return entered(
        case,
        Phase.FAILED,
        100,
        progress={
            "primary_lost": True,
            "ending": None,
            "checked": False,
            "next_check_at": None,
            **recorded(case, reason, message),
        },
    )


def lost(case: Case, sentence: str) -> Move:
    """The promotion broke the primary: the target's pods are the only ones that serve."""
    message = f"Promotion of {case.target_ref} failed, primary not ready: {sentence}"
    status, _ = closed(case, without_primary(case, Reason.PROMOTION_FAILED, message))
    return Move(
        status,
        stalled(
            f"{message}. All traffic is on {case.target_ref}; push a version that becomes ready, "
            f"or the last promoted one, and the primary is repaired",
            "PromotionFailed",
        ),
        told=(case.warned(Reason.PROMOTION_FAILED, message),),
        counts=counted(case, "failures", "completed"),
        domain=outcome(case, Phase.FAILED),
    )
