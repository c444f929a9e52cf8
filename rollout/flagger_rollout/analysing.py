"""What must hold before a revision is checked: it is the one under analysis, ready, and routed."""

from flagger_py.conditions import progressing
from flagger_py.contracts import ALL_TO_PRIMARY

from . import asking, copying, ending, serving, stepping, ticking
from .api_status import Ending
from .case import Case
from .move import Move, begun, changed, recorded
from .readiness import Readiness, emptied
from .splits import split_for
from .telling import Reason, Told


def analyse(case: Case) -> Move:
    """Decide about a Canary in Progressing or WaitingPromotion."""
    if case.progress.ending is not None:
        return ending.end(case)
    if case.seen.target is None:
        return _target_gone(case)
    if case.revision != case.progress.revision:
        return _other_revision(case)
    if case.progress.emptying:
        return _empty(case)
    if case.commanded("rollback"):
        return _commanded_back(case)
    unanswered = _unanswered(case)
    if unanswered is not None:
        return unanswered
    blocked = serving.gone(case) or _not_ready(case) or _not_routed(case)
    if blocked is not None:
        return blocked
    if case.spec.skip_analysis:
        return _skip(case)
    if case.commanded("promote"):
        return stepping.promote(case, (), "promoted by command, before the analysis was complete")
    if case.progress.checked:
        return ticking.held(case)
    return ticking.tick(case)


def _target_gone(case: Case) -> Move:
    """Nobody serves the canary's share any more: take it back at once."""
    sentence = f"{case.spec.target_ref.kind} {case.target_ref} was deleted during its analysis."
    told = case.warned(Reason.TARGET_MISSING, sentence)
    return ending.begin(case, Ending.ROLL_BACK, told, sentence)


def _unanswered(case: Case) -> Move | None:
    """Roll back when somebody who was asked has been silent for the whole progress deadline."""
    limit_s = case.spec.progress_deadline_seconds
    for child in case.seen.asked:
        if child.waited_s >= limit_s:
            sentence = f"{child} has not been answered for {limit_s}s, the progress deadline."
            return ending.at_deadline(case, sentence, sentence)
    return None


def _other_revision(case: Case) -> Move:
    if case.revision == case.progress.promoted:
        return ending.begin(
            case,
            Ending.TAKE_BACK,
            Told(
                Reason.TAKEN_BACK,
                f"{case.target_ref} is back at the promoted revision, ending its analysis",
                case.tick_token,
            ),
            "The target went back to the promoted revision.",
        )
    return _restart(case)


def _commanded_back(case: Case) -> Move:
    text = f"Rolling back {case.canary_ref} by command"
    told = case.warned(Reason.ROLLING_BACK, text)
    return ending.begin(case, Ending.ROLL_BACK, told, "Rolled back by command.")


def _restart(case: Case) -> Move:
    """Take the traffic off before the new pods get any, and begin from the first weight."""
    record = recorded(case, Reason.RESTARTED, f"Another revision came: {case.revision}.")
    status = begun(case, 0, record)
    told = Told(
        Reason.RESTARTED,
        f"New revision detected! Restarting analysis for {case.target_ref}",
        case.token("restart", case.revision),
    )
    display = case.spec.revision or f"sha256:{case.revision}"
    return Move(
        status,
        progressing(f"{display}: weight 0%, the analysis starts again"),
        told=(told,),
        workloads=() if case.stale_pods else copying.scale_up(case),
    )


def _empty(case: Case) -> Move:
    """Replace pods that began with other configs; the template alone would not roll them."""
    sentence = f"{case.display}: replacing the pods of {case.target_ref}, their configs changed"
    if case.in_force_since(ALL_TO_PRIMARY) is None:
        return asking.wait_for_split(case, sentence)
    if case.target["spec"].get("replicas", 1) > 0:
        return Move(case.status, progressing(sentence), workloads=copying.scale_down(case))
    if not emptied(case.target):
        return Move(case.status, progressing(sentence))
    status = changed(case, progress={"emptying": False})
    return Move(status, progressing(sentence), workloads=copying.scale_up(case))


def _not_ready(case: Case) -> Move | None:
    primary = case.primary_readiness()
    if not primary.ready and not case.progress.primary_lost:
        return _late_or_wait(case, primary, f"{case.primary_ref} not ready: {primary.sentence}")
    canary = case.canary_readiness()
    if not canary.ready:
        sentence = f"canary deployment {case.target_ref} not ready: {canary.sentence}"
        return _late_or_wait(case, canary, sentence)
    return None


def _late_or_wait(case: Case, readiness: Readiness, sentence: str) -> Move:
    if readiness.late:
        return ending.at_deadline(case, sentence, f"Progress deadline exceeded: {sentence}")
    return Move(
        case.status,
        progressing(sentence),
        workloads=copying.scale_up(case) if case.idle else (),
        wake_s=readiness.wake_s,
    )


def _not_routed(case: Case) -> Move | None:
    split = split_for(case.status)
    if case.in_force_since(split) is not None:
        return None
    sentence = asking.never_routed(case, split)
    if sentence:
        return ending.at_deadline(case, sentence, f"{sentence}.")
    return asking.wait_for_split(case, case.step_sentence)


def _skip(case: Case) -> Move:
    token = case.token("copy")
    status = changed(
        case,
        progress={
            "ending": Ending.SKIP,
            **recorded(case, Reason.COPIED, "The analysis is skipped as spec.skipAnalysis says."),
        },
    )
    return Move(
        status,
        progressing(f"{case.primary_ref} takes the new revision without analysis"),
        told=(stepping.copying_told(case, token),),
        workloads=copying.copy_to_primary(case, stepping.replicas_for_primary(case)),
    )
