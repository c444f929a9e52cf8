"""How a release under way is ended: traffic first, pods only when the split is in force."""

from dataclasses import replace

from flagger_py.conditions import progressing
from flagger_py.contracts import ALL_TO_PRIMARY

from . import asking, closing, copying, rolling
from .api_status import Ending
from .case import Case
from .move import Move, changed, entered, recorded
from .phases import Phase
from .telling import Reason, Told

SKIPPED = "The revision was promoted without analysis."


def begin(
    case: Case,
    how: Ending,
    told: Told | tuple[Told, ...],
    sentence: str,
    *,
    failed_checks: int | None = None,
) -> Move:
    """Take the traffic off the canary at once; what follows waits until that is in force."""
    reason = Reason.TAKEN_BACK if how is Ending.TAKE_BACK else Reason.ROLLING_BACK
    changes = {} if failed_checks is None else {"failed_checks": failed_checks}
    status = changed(case, progress={"ending": how, **recorded(case, reason, sentence)}, **changes)
    return Move(
        status,
        progressing(f"{sentence} Waiting until the primary has all traffic"),
        told=told if isinstance(told, tuple) else (told,),
    )


def at_threshold(case: Case, told: tuple[Told, ...], failed: int, last: str) -> Move:
    """Roll back at the failed check that reaches the threshold; *last* says why it failed."""
    threshold = case.spec.threshold_effective
    rolling = f"Rolling back {case.canary_ref} failed checks threshold reached {failed}"
    return begin(
        case,
        Ending.ROLL_BACK,
        (*told, case.warned(Reason.ROLLING_BACK, rolling)),
        f"Rolled back after {failed} of {threshold} failed checks; the last: {last}",
        failed_checks=failed,
    )


def at_deadline(case: Case, why: str, sentence: str, told: tuple[Told, ...] = ()) -> Move:
    """Roll back since *why* has lasted for the progress deadline; *sentence* is the record."""
    rolling = f"Rolling back {case.canary_ref} progress deadline exceeded {why}"
    warned = case.warned(Reason.ROLLING_BACK, rolling)
    return begin(case, Ending.ROLL_BACK, (*told, warned), sentence)


def late(case: Case) -> Move:
    """Scale the target of a failed release down, once users are off it after all."""
    if case.in_force_since(ALL_TO_PRIMARY) is None:
        return Move(case.status, closing.at_rest(case, case.status), domain=closing.unfinished())
    sentence = "The primary has all traffic again, later than the progress deadline."
    status = changed(
        case, progress={"ending": None, **recorded(case, Reason.ROLLED_BACK, sentence)}
    )
    told = case.warned(Reason.ROLLED_BACK, f"Canary failed! Scaling down {case.canary_ref}")
    return Move(
        status,
        closing.at_rest(case, status),
        told=(told,),
        workloads=copying.scale_down(case),
        domain=closing.outcome(case, Phase.FAILED, ended=True),
    )


def end(case: Case) -> Move:
    """Go on with the ending that was begun."""
    match case.progress.ending:
        case Ending.SKIP:
            return _skip(case)
        case Ending.ROLL_BACK | Ending.TAKE_BACK | None:
            return _back(case)


def _back(case: Case) -> Move:
    """Scale the target down once nobody is sent to it any more."""
    if not case.progress.primary_lost and case.in_force_since(ALL_TO_PRIMARY) is None:
        sentence = asking.never_routed(case, ALL_TO_PRIMARY)
        if sentence:
            return _not_back(case, sentence)
        return asking.wait_for_split(case, "waiting until the primary has all traffic")
    return _taken_back(case) if case.progress.ending is Ending.TAKE_BACK else _failed(case)


def _failed(case: Case) -> Move:
    lost = case.progress.primary_lost
    status = entered(
        case,
        Phase.FAILED,
        100 if lost else 0,
        progress={"ending": None, "checked": False, "next_check_at": None},
    )
    status, _ = closing.closed(case, status)
    told = case.warned(Reason.ROLLED_BACK, f"Canary failed! Scaling down {case.canary_ref}")
    return Move(
        status,
        closing.at_rest(case, status),
        told=(replace(told, after=True),),
        workloads=() if lost else copying.scale_down(case),
        counts=closing.counted(case, "failures", "completed"),
        domain=closing.outcome(case, Phase.FAILED),
    )


def _not_back(case: Case, sentence: str) -> Move:
    """Fail with users still on the canary, whose pods stay; the split goes on being asked for."""
    message = f"{sentence}; {case.target_ref} keeps its pods until it is"
    status = entered(
        case,
        Phase.FAILED,
        0,
        progress={
            "checked": False,
            "next_check_at": None,
            **recorded(case, Reason.NOT_ROUTED, f"The rollback did not end: {message}."),
        },
    )
    status, _ = closing.closed(case, status)
    return Move(
        status,
        closing.at_rest(case, status),
        told=(case.warned(Reason.NOT_ROUTED, f"Canary failed! {message}"),),
        counts=closing.counted(case, "failures", "completed"),
        domain=closing.unfinished(),
    )


def _taken_back(case: Case) -> Move:
    promoted = case.progress.promoted
    status = entered(
        case,
        Phase.SUCCEEDED,
        0,
        last_applied_spec=case.status.last_promoted_spec,
        tracked_configs=case.tracked,
        progress={"ending": None, "revision": promoted, "checked": False, "next_check_at": None},
    )
    return Move(
        status,
        closing.at_rest(case, status),
        workloads=copying.scale_down(case),
    )


def _skip(case: Case) -> Move:
    """Finish a release without analysis: the target is kept until the primary is ready."""
    again = rolling.copy_again(case)
    waiting = rolling.unready(case, again)
    if waiting is not None:
        return waiting
    if case.progress.primary_lost:
        # A ready primary serves again: the traffic leaves the target before its pods do.
        status = changed(case, canary_weight=0, progress={"primary_lost": False})
        return Move(status, progressing(f"{case.primary_ref} is ready again"), workloads=again)
    if case.in_force_since(ALL_TO_PRIMARY) is None:
        return asking.wait_for_split(case, "waiting until the primary has all traffic", again)
    return closing.succeeded(case, "skipped", recorded(case, Reason.PROMOTED, SKIPPED))
