"""Whether a Deployment's present template serves: ready, not yet, or past its deadline."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_py.contracts import condition_of, status_of
from flagger_py.wire import Manifest


@dataclass(frozen=True, slots=True)
class Readiness:
    """*ready*, or why not; *late* when the deadline has passed and waiting is over.

    *wake_s* is when the deadline passes by itself, None when nothing runs towards it.
    """

    ready: bool
    sentence: str = ""
    late: bool = False
    wake_s: float | None = None


READY = Readiness(True)


def readiness(
    deployment: Manifest, *, threshold_percent: int, deadline_s: int, now: datetime
) -> Readiness:
    """Judge *deployment* as Flagger does, from its spec and status alone.

    *threshold_percent* of the updated replicas must be available (rounded down). The deadline is
    the Deployment's own, or *deadline_s* after it became unavailable or its present template last
    made progress, whichever passes first.
    """
    missing = _missing(deployment, threshold_percent)
    if missing is None:
        return READY
    status = status_of(deployment)
    observed = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    progressing = condition_of(status, "Progressing")
    if observed and progressing.get("reason") == "ProgressDeadlineExceeded":
        name = deployment["metadata"]["name"]
        return Readiness(False, f'deployment "{name}" exceeded its progress deadline', late=True)
    left_s = _seconds_left(status, deadline_s, now) if observed and progressing else None
    if left_s is not None and left_s <= 0:
        return Readiness(False, missing, late=True)
    return Readiness(False, missing, wake_s=left_s)


def emptied(deployment: Manifest) -> bool:
    """Tell whether a Deployment that was scaled to zero has no pod left."""
    status = status_of(deployment)
    seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    return seen and not status.get("replicas", 0)


def unavailable(deployment: Manifest) -> bool:
    """Tell whether no pod of a Deployment serves."""
    return not status_of(deployment).get("availableReplicas", 0)


def _missing(deployment: Manifest, threshold_percent: int) -> str | None:
    status, spec = status_of(deployment), deployment["spec"]
    wait = "waiting for rollout to finish: "
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return f"{wait}observed deployment generation less than desired generation"
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    if updated < wanted:
        return f"{wait}{updated} out of {wanted} new replicas have been updated"
    old = status.get("replicas", 0) - updated
    if old > 0:
        return f"{wait}{old} old replicas are pending termination"
    available = status.get("availableReplicas", 0)
    if available < updated * threshold_percent // 100:
        return (
            f"{wait}{available} of {updated} (readyThreshold {threshold_percent}%) "
            f"updated replicas are available"
        )
    return None


def _seconds_left(status: Any, deadline_s: int, now: datetime) -> float | None:
    available = condition_of(status, "Available")
    if available.get("reason") != "MinimumReplicasUnavailable":
        return None
    # A fix that is pushed to pods that were never ready has all of the deadline before it.
    conditions = (available, condition_of(status, "Progressing"))
    moments = [c["lastUpdateTime"] for c in conditions if "lastUpdateTime" in c]
    if not moments:
        return None
    passed = now - max(map(datetime.fromisoformat, moments))
    return (timedelta(seconds=deadline_s) - passed).total_seconds()
