"""What would make a release impossible, said while nothing has happened yet."""

from flagger_py.conditions import Reason, Standing, retrying, stalled
from flagger_py.contracts import condition_of, status_of

from .case import Case


def found(case: Case) -> Standing | None:
    """Return the first fault of those a release would ask, None when there is none."""
    for child in case.seen.asked:
        if child.missing and child in (*case.seen.foreign_analyses, *case.seen.foreign_gates):
            return retrying(child.missing, Reason.DEPENDENCY_NOT_READY)
        if child.manifest is None or child.silent:
            continue
        status = status_of(child.manifest)
        said = condition_of(status, "Stalled")
        if said.get("status") == "True":
            return stalled(f"{child}: {said.get('message', '')}", said.get("reason", "Stalled"))
        said = condition_of(status, "Ready")
        if said.get("reason") == Reason.DEPENDENCY_NOT_READY:
            return retrying(f"{child}: {said.get('message', '')}", said["reason"])
    return None
