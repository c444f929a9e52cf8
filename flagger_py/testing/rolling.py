"""How a Deployment moves its pods to a new template, and what its status says meanwhile.

After Kubernetes' deployment controller (`pkg/controller/deployment`: `rolling.go`, `progress.go`
and `util/deployment_util.go`), without pausing and without proportional scaling.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_py.clock import rfc3339
from flagger_py.testing.pods import Pod
from flagger_py.wire import Manifest

DEADLINE_S = 600.0
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the spec of a Deployment asks for, with the API server's defaults filled in."""

    replicas: int
    surge: int
    unavailable: int
    recreate: bool
    min_ready_s: float
    deadline_s: float
    template_hash: str


@dataclass(frozen=True, slots=True)
class Move:
    """What the controller does next: stop these pods, then start so many of the new template."""

    stop: tuple[Pod, ...] = ()
    start: int = 0


def wanted(deployment: Manifest) -> Wanted:
    spec = deployment["spec"]
    replicas = int(spec.get("replicas", 1))
    strategy = spec.get("strategy") or {}
    bounds = strategy.get("rollingUpdate") or {}
    surge = _share(bounds.get("maxSurge", "25%"), replicas, math.ceil)
    unavailable = _share(bounds.get("maxUnavailable", "25%"), replicas, math.floor)
    return Wanted(
        replicas=replicas,
        surge=surge,
        unavailable=unavailable if surge or unavailable else 1,
        recreate=strategy.get("type") == "Recreate",
        min_ready_s=float(spec.get("minReadySeconds", 0)),
        deadline_s=float(spec.get("progressDeadlineSeconds", DEADLINE_S)),
        template_hash=template_hash(spec["template"]),
    )


def template_hash(template: Manifest) -> str:
    """Name a pod template in ten characters, as the label `pod-template-hash` does."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:10])


def next_move(want: Wanted, pods: tuple[Pod, ...], now: datetime) -> Move:
    """Decide the next move of a rollout; an empty move means that only time can help."""
    new = tuple(pod for pod in pods if pod.template_hash == want.template_hash)
    old = tuple(pod for pod in pods if pod.template_hash != want.template_hash)
    if len(new) > want.replicas:
        return Move(stop=_worst(new, now)[: len(new) - want.replicas])
    if want.replicas == 0 or (want.recreate and old):
        return Move(stop=old)
    room = want.replicas + want.surge - len(pods)
    missing = want.replicas - len(new)
    if missing and (room > 0 or want.recreate):
        return Move(start=missing if want.recreate else min(missing, room))
    return Move(stop=_dispensable(want, new, old, now))


def next_event_s(want: Wanted, pods: tuple[Pod, ...], now: datetime) -> float | None:
    """Return the seconds until a pod becomes ready or available; None when none is on its way."""
    moments = [
        moment
        for pod in pods
        if pod.ready_at is not None
        for moment in (pod.ready_at, pod.ready_at + timedelta(seconds=want.min_ready_s))
        if moment > now
    ]
    return (min(moments) - now).total_seconds() if moments else None


def status(
    deployment: Manifest, want: Wanted, pods: tuple[Pod, ...], now: datetime
) -> dict[str, Any]:
    """Return the status of *deployment*, whose present status says what was so before."""
    before: Mapping[str, Any] = deployment.get("status") or {}
    updated = sum(pod.template_hash == want.template_hash for pod in pods)
    ready = sum(pod.ready(now) for pod in pods)
    available = sum(pod.ready(now, want.min_ready_s) for pod in pods)
    counts = {
        "replicas": len(pods),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(want.replicas, len(pods)) - available),
    }
    found: dict[str, Any] = {"observedGeneration": deployment["metadata"].get("generation", 0)}
    found.update({name: count for name, count in counts.items() if count})
    conditions = (
        _available(want, available, before, now),
        _progressing(want, counts, before, now),
    )
    found["conditions"] = [condition for condition in conditions if condition is not None]
    return found


def created_replica_set(deployment: Manifest, now: datetime) -> dict[str, Any]:
    """Return the condition that says a new template was taken up, which restarts its deadline."""
    return _condition(
        deployment.get("status") or {}, ("Progressing", "True", "NewReplicaSetCreated"), now, True
    )


def deadline_left_s(want: Wanted, found: Mapping[str, Any], now: datetime) -> float | None:
    """Return the seconds until a rollout without progress is called exceeded."""
    condition = _find(found, "Progressing")
    if condition is None or condition["reason"] in {
        "NewReplicaSetAvailable",
        "ProgressDeadlineExceeded",
    }:
        return None
    return max(0.0, want.deadline_s - (now - _moment(condition["lastUpdateTime"])).total_seconds())


def _available(
    want: Wanted, available: int, before: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    enough = available >= want.replicas - want.unavailable
    says = (
        ("Available", "True", "MinimumReplicasAvailable")
        if enough
        else ("Available", "False", "MinimumReplicasUnavailable")
    )
    return _condition(before, says, now, False)


def _progressing(
    want: Wanted, counts: Mapping[str, int], before: Mapping[str, Any], now: datetime
) -> dict[str, Any] | None:
    current = _find(before, "Progressing")
    updated, replicas = counts["updatedReplicas"], counts["replicas"]
    done = "NewReplicaSetAvailable"
    if current is not None and current["reason"] == done and replicas == updated:
        return current  # A finished rollout that is merely scaled has no deadline.
    if updated == replicas == counts["availableReplicas"] == want.replicas:
        return _condition(before, ("Progressing", "True", done), now, False)
    if _progressed(counts, before):
        return _condition(before, ("Progressing", "True", "ReplicaSetUpdated"), now, True)
    if current is not None and deadline_left_s(want, before, now) == 0.0:
        says = ("Progressing", "False", "ProgressDeadlineExceeded")
        return _condition(before, says, now, False)
    return current


def _progressed(counts: Mapping[str, int], before: Mapping[str, Any]) -> bool:
    def was(name: str) -> int:
        return int(before.get(name, 0))

    old_before = was("replicas") - was("updatedReplicas")
    return (
        counts["updatedReplicas"] > was("updatedReplicas")
        or counts["replicas"] - counts["updatedReplicas"] < old_before
        or counts["readyReplicas"] > was("readyReplicas")
        or counts["availableReplicas"] > was("availableReplicas")
    )


def _condition(
    before: Mapping[str, Any], says: tuple[str, str, str], now: datetime, renew: bool
) -> dict[str, Any]:
    """Return the condition (type, status, reason); *renew* moves its lastUpdateTime anyway."""
    kind, state, reason = says
    current = _find(before, kind)
    if current is not None and not renew and (current["status"], current["reason"]) == says[1:]:
        return current
    kept = current is not None and current["status"] == state
    return {
        "type": kind,
        "status": state,
        "reason": reason,
        "message": "",
        "lastUpdateTime": rfc3339(now),
        "lastTransitionTime": current["lastTransitionTime"] if kept and current else rfc3339(now),
    }


def _dispensable(
    want: Wanted, new: tuple[Pod, ...], old: tuple[Pod, ...], now: datetime
) -> tuple[Pod, ...]:
    """Return the old pods that can stop without too few being available."""
    available = sum(pod.ready(now, want.min_ready_s) for pod in (*new, *old))
    waiting = sum(not pod.ready(now, want.min_ready_s) for pod in new)
    room = len(new) + len(old) - (want.replicas - want.unavailable) - waiting
    if room <= 0 or not old:
        return ()
    unhealthy = tuple(pod for pod in old if not pod.ready(now))[:room]
    healthy = tuple(pod for pod in old if pod not in unhealthy)
    surplus = max(0, available - (want.replicas - want.unavailable))
    return (*unhealthy, *healthy[: min(surplus, room - len(unhealthy))])


def _worst(pods: tuple[Pod, ...], now: datetime) -> tuple[Pod, ...]:
    """Order *pods* as the controller prefers to delete them: not ready first, then the newest."""
    return tuple(sorted(pods, key=lambda pod: (pod.ready(now), -pod.started.timestamp())))


def _share(value: int | str, replicas: int, rounding: Any) -> int:
    if isinstance(value, str) and value.endswith("%"):
        return int(rounding(replicas * float(value[:-1]) / 100))
    return int(value)


def _find(found: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    return next((dict(c) for c in found.get("conditions", ()) if c["type"] == kind), None)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
