"""What is written into a status: what was decided, or after a fault what was there before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from flagger_py.conditions import (
    READY,
    RECONCILING,
    STALLED,
    FluxStatus,
    Reason,
    Standing,
    conditions_for,
    merge,
    retrying,
    stalled,
)
from flagger_py.decision import Decision
from flagger_py.errors import Conflict, SpecError
from flagger_py.runtime.part import Part, Shell
from flagger_py.subject import FORCE_AT, REQUESTED_AT, RESET_AT
from flagger_py.wire import Manifest

Status = TypeVar("Status", bound=FluxStatus)


def status_in(part: Part[Any, Status, Any], manifest: Manifest) -> Status:
    """Read the status; one that cannot be read (another controller's) counts as none."""
    try:
        return part.status.read(manifest.get("status") or {}, "status")
    except SpecError:
        return part.status()


def dated(before: Status, decision: Decision[Status], manifest: Manifest, now: datetime) -> Status:
    """Complete the decided status: conditions with times, generation, handled annotations."""
    meta = manifest["metadata"]
    generation = int(meta.get("generation", 0))
    wanted = (*conditions_for(decision.standing), *decision.conditions)
    update: dict[str, Any] = {
        "conditions": merge(before.conditions, wanted, generation=generation, now=now)
    }
    if decision.standing.accepted:
        update["observed_generation"] = generation
    annotations: Mapping[str, str] = meta.get("annotations") or {}
    handled = [(REQUESTED_AT, "last_handled_reconcile_at")]
    if not decision.faulty:
        # A force or a reset that met a fault was not handled: the next pass tries it again.
        handled += [(FORCE_AT, "last_handled_force_at"), (RESET_AT, "last_handled_reset_at")]
    for annotation, name in handled:
        if annotation in annotations:
            update[name] = annotations[annotation]
    return decision.status.model_copy(update=update)


def kept(status: Status, standing: Standing) -> Decision[Status]:
    """Say where the object stands after a fault; all else in its status stays as it was."""
    own = tuple(c for c in status.conditions if c.type not in (STALLED, RECONCILING, READY))
    return Decision(status, standing, conditions=own, faulty=True)


def faulty(error: SpecError) -> Standing:
    return stalled(error.message, error.reason)


def fought(error: Conflict) -> Standing:
    return stalled(error.message, Reason.FIELD_MANAGER_CONFLICT)


def broken(error: Exception, part: Part[Any, Any, Any], shell: Shell) -> Standing:
    """Say that nobody foresaw *error*; its own words may have secrets, and are for the log."""
    where = f" of {shell.instance}" if shell.instance else ""
    return retrying(
        f"{type(error).__name__} in {part.manager}: a fault of the controller, not of this "
        f"object; the log{where} has it whole, please report it; the object is tried again",
        Reason.INTERNAL_ERROR,
    )


def identity(manifest: Manifest) -> dict[str, Any]:
    """Return an apply that says nothing yet about the object *manifest*."""
    meta = manifest["metadata"]
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
    }
