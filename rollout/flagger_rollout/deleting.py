"""What happens to a deleted Canary: handed back where its user asked for it, else left to go."""

from datetime import datetime, timedelta

from flagger_py.conditions import progressing
from flagger_py.decision import Action, Decision, Delete, Emit, Hold, Release

from .api import CanaryStatus
from .case import Case
from .children import TRAFFIC_ROUTE
from .copying import scale_up
from .move import changed, gauges, promoted
from .phases import Phase
from .readiness import readiness
from .telling import Reason

FINALIZER = "finalizer.flagger.app"


def holds(case: Case) -> bool:
    return FINALIZER in case.subject.finalizers


def hold_or_release(case: Case) -> tuple[Action, ...]:
    """Keep the finalizer in step with `revertOnDeletion`."""
    if case.spec.revert_on_deletion and not holds(case):
        return (Hold(),)
    if not case.spec.revert_on_deletion and holds(case):
        return (Release(),)
    return ()


def delete(case: Case) -> Decision[CanaryStatus]:
    """Scale the target up, wait until it serves, hand the route back, then let go."""
    if not holds(case):
        return _wait(case, "being deleted")
    if not case.spec.revert_on_deletion:
        return _go(case, ())
    if _given_up(case):
        return _go(case, (_left_behind(case),))
    token = case.subject.uid
    told = Emit(Reason.TERMINATING, f"Terminating canary {case.canary_ref}", token=token)
    if case.seen.target is not None:
        serving = readiness(
            case.seen.target,
            threshold_percent=case.spec.analysis.canary_ready_threshold,
            deadline_s=case.spec.progress_deadline_seconds,
            now=case.now,
        )
        if case.seen.target["spec"].get("replicas", 1) == 0 or not serving.ready:
            sentence = f"waiting until {case.target_ref} serves: {serving.sentence}"
            return _wait(case, sentence, (told, *scale_up(case)))
    route = case.seen.route.manifest
    if route is not None and not case.foreign_route:
        return _wait(case, "waiting until the route is handed back", (told, *_delete_route(case)))
    gone = Emit(Reason.TERMINATED, f"Terminated canary {case.canary_ref}", token=token)
    return _go(case, (told, gone))


def _delete_route(case: Case) -> tuple[Action, ...]:
    route = case.seen.route.manifest
    if route is None or "deletionTimestamp" in route["metadata"]:
        return ()
    return (Delete(TRAFFIC_ROUTE, case.subject.key, route["metadata"]["uid"]),)


def _given_up(case: Case) -> bool:
    """Finalizers let go after the progress deadline: nothing may hang for ever."""
    asked = datetime.fromisoformat(case.subject.meta["deletionTimestamp"])
    return case.now - asked > timedelta(seconds=case.spec.progress_deadline_seconds)


def _left_behind(case: Case) -> Emit:
    left = [f"{case.spec.target_ref.kind} {case.target_ref} at its present replicas"]
    if case.seen.route.manifest is not None:
        left.append(str(case.seen.route))
    return Emit(
        Reason.LEFT_BEHIND,
        f"Canary {case.canary_ref} could not be handed back within "
        f"{case.spec.progress_deadline_seconds}s; left as it is: {', '.join(left)}",
        "Warning",
        case.subject.uid,
    )


def _wait(case: Case, sentence: str, actions: tuple[Action, ...] = ()) -> Decision[CanaryStatus]:
    if not holds(case):
        said = tuple(c for c in case.status.conditions if c.type == "Promoted")
        left = gauges(case, case.status)
        return Decision(case.status, progressing(sentence), actions, conditions=said, gauges=left)
    status = case.status
    if case.phase is not Phase.TERMINATING:
        changes = {"canary_weight": 0, "iterations": 0, "last_transition_time": case.now}
        status = changed(case, phase=Phase.TERMINATING, **changes)
    # The gauges stay at what was told last: the release ended nowhere.
    return Decision(
        status,
        progressing(sentence),
        actions,
        requeue_after_s=float(case.spec.progress_deadline_seconds),
        conditions=promoted(case, status),
    )


def _go(case: Case, told: tuple[Emit, ...]) -> Decision[CanaryStatus]:
    return Decision(case.status, progressing("handed back"), (*told, Release()))
