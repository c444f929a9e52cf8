"""Flux's status vocabulary: what Ready, Reconciling and Stalled say together.

A decider returns a `Standing`; `merge` turns it into conditions. The combinations follow the
status rules of Flux's `runtime/conditions/check` and are correct for kstatus in every state.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from flagger_py.contracts import Moment
from flagger_py.wire import Wire

Status = Literal["True", "False", "Unknown"]

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
MESSAGE_CHARS_MAX = 32_768


class Reason(StrEnum):
    """Reasons that every kind shares; a part declares its own beside its decider."""

    SUCCEEDED = "ReconciliationSucceeded"
    PROGRESSING = "Progressing"
    RETRYING = "ProgressingWithRetry"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    FIELD_MANAGER_CONFLICT = "FieldManagerConflict"
    NO_ANSWER = "NoAnswer"
    ASKED_BY_ANOTHER = "AskedByAnother"
    ACCESS_DENIED = "AccessDenied"
    INVALID_SPEC = "InvalidSpec"
    NOT_SUPPORTED = "NotSupported"
    LEFT_BEHIND = "LeftBehind"
    DEFINITION_TOO_OLD = "DefinitionTooOld"
    INTERNAL_ERROR = "InternalError"


class Condition(Wire):
    """A metav1.Condition."""

    type: str
    status: Status
    reason: str
    message: str = ""
    observed_generation: int | None = None
    last_transition_time: Moment | None = None
    last_update_time: Moment | None = None
    """Flagger's `Promoted` condition has it; nothing else writes it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an object stands at the end of a pass.

    *reconciling* and *stalled* exclude one another; *accepted* says whether
    `status.observedGeneration` moves to the present generation.
    """

    ready: Status
    reason: str
    message: str
    reconciling: str | None = None
    """The reason of Reconciling=True, or None where nothing is under way."""
    stalled: bool = False
    accepted: bool = True


def ready(message: str, reason: str = Reason.SUCCEEDED) -> Standing:
    return Standing("True", reason, message)


def progressing(message: str, reason: str = Reason.PROGRESSING) -> Standing:
    """Work is under way; *reason* says on what (`Progressing`, `GateClosed`, …)."""
    return Standing("Unknown", Reason.PROGRESSING, message, reconciling=reason)


def retrying(message: str, reason: str, *, accepted: bool = True) -> Standing:
    """Something we need is missing or down; we try again by ourselves."""
    return Standing("False", reason, message, reconciling=Reason.RETRYING, accepted=accepted)


def stalled(message: str, reason: str = Reason.INVALID_SPEC) -> Standing:
    """Only a user's change can help."""
    return Standing("False", reason, message, stalled=True)


def conditions_for(standing: Standing) -> tuple[Condition, ...]:
    """Return Stalled or Reconciling, where present, and Ready, in Flux's order."""
    message = standing.message[:MESSAGE_CHARS_MAX]
    found = []
    if standing.stalled:
        found.append(
            Condition(type=STALLED, status="True", reason=standing.reason, message=message)
        )
    elif standing.reconciling is not None:
        found.append(
            Condition(type=RECONCILING, status="True", reason=standing.reconciling, message=message)
        )
    found.append(
        Condition(type=READY, status=standing.ready, reason=standing.reason, message=message)
    )
    return tuple(found)


def merge(
    before: Iterable[Condition], wanted: Iterable[Condition], *, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """Date the *wanted* conditions: one that says what it said *before* keeps its time.

    Conditions of *before* that are not wanted are dropped: absence is how Flux says «not so».
    """
    known = {condition.type: condition for condition in before}
    merged = []
    for condition in wanted:
        old = known.get(condition.type)
        said_at = None
        if old is not None and _says(old) == _says(condition):
            said_at = old.last_transition_time
            kept = old.last_update_time == condition.last_update_time
            if said_at is not None and kept and old.observed_generation == generation:
                merged.append(old)
                continue
        since = said_at or now.replace(microsecond=0)
        update = {"observed_generation": generation, "last_transition_time": since}
        merged.append(condition.model_copy(update=update))
    return tuple(merged)


def find(conditions: Iterable[Condition], kind: str) -> Condition | None:
    return next((c for c in conditions if c.type == kind), None)


def _says(condition: Condition) -> tuple[str, str, str]:
    return condition.status, condition.reason, condition.message


class FluxSpec(Wire):
    """What the spec of every reconciled kind has: Flux's `suspend` and `serviceAccountName`."""

    suspend: bool = Field(
        default=False, description="Stop reconciling: nothing changes until it is false again."
    )
    service_account_name: str | None = Field(
        default=None,
        max_length=253,
        description=(
            "ServiceAccount in this namespace that is impersonated for every object "
            "this one makes or reads on its user's behalf."
        ),
    )


class FluxStatus(Wire):
    """What the status of every reconciled kind has."""

    observed_generation: int = -1
    conditions: tuple[Condition, ...] = ()
    last_handled_reconcile_at: str | None = None
    last_handled_force_at: str | None = None
    last_handled_reset_at: str | None = None
