"""What people ask by Flux's annotations: a retry of what was rolled back, counters at zero."""

from dataclasses import replace

from .case import Case
from .move import changed
from .phases import ACTIVE, Phase


def heard(case: Case) -> Case:
    """Return the case with what was asked for kept in its status, until it is done.

    The annotations count once, and a gate may have to be asked before the retry begins.
    """
    asked = case.subject.forced or case.subject.reset
    if asked and case.phase is Phase.FAILED:
        status = changed(case, progress={"retry": True})
    elif case.subject.reset and case.phase in ACTIVE:
        status = changed(case, failed_checks=0)
    else:
        return case
    return replace(case, subject=replace(case.subject, status=status))
