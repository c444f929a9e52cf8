"""What happens when a side that users are sent to has lost its pods."""

from flagger_py.conditions import progressing, stalled

from . import closing, ending
from .case import Case
from .move import Move, changed, recorded
from .phases import Phase
from .readiness import unavailable
from .telling import Reason


def gone(case: Case) -> Move | None:
    """Keep users on a side that has pods: neither side's share may meet nobody."""
    if case.seen.primary is None and not case.progress.primary_lost:
        return _primary_gone(case)
    if case.idle or case.progress.primary_lost or case.canary_readiness().late:
        return None
    return _canary_gone(case) if unavailable(case.target) else None


def _primary_gone(case: Case) -> Move | None:
    """Somebody deleted the primary: the canary is the only one who can serve."""
    if unavailable(case.target):
        return None
    message = (
        f"Deployment {case.primary_ref} was deleted during the analysis; all traffic is on "
        f"{case.target_ref}. Push a version that becomes ready, or the last promoted one, and "
        f"the primary is made again"
    )
    status = closing.without_primary(case, Reason.PRIMARY_MISSING, message)
    told = case.warned(Reason.PRIMARY_MISSING, message)
    return Move(status, stalled(message, Reason.PRIMARY_MISSING), told=(told,))


def _canary_gone(case: Case) -> Move:
    """No pod of the canary serves: its share goes back, and the analysis begins again.

    It counts as a failed check, so that a canary that comes and goes is rolled back in the end.
    """
    failed, threshold = case.status.failed_checks + 1, case.spec.threshold_effective
    why = f"No pod of {case.target_ref} is available"
    told = (case.warned(Reason.CANARY_UNAVAILABLE, f"{why}; its share went back to the primary."),)
    if failed >= threshold:
        return ending.at_threshold(case, told, failed, why)
    sentence = f"Check {failed} of {threshold} failed: {why}; its share went back to the primary."
    status = changed(
        case,
        phase=Phase.PROGRESSING,
        canary_weight=0,
        failed_checks=failed,
        iterations=0,
        progress={
            "run": case.progress.run + 1,
            "tick": 0,
            "next_check_at": None,
            "checked": False,
            **recorded(case, Reason.CANARY_UNAVAILABLE, sentence),
        },
    )
    return Move(status, progressing(sentence, "ProgressingWithRetry"), told=told)
